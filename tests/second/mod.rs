//! The second opinion: a validator of other authors.

use serde_json::Value;

/// A schema that `boon` has compiled.
pub struct Second {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Second {
    /// Compiles `schema`, in `draft` if it names none. What it cannot compile it says.
    pub fn new(schema: &Value, draft: boon::Draft) -> Result<Self, String> {
        let mut schema = schema.clone();
        without_formats(&mut schema);
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.set_default_draft(draft);
        let place = "schema.json";
        compiler
            .add_resource(place, schema)
            .map_err(|error| format!("{error:#}"))?;
        let index = compiler
            .compile(place, &mut schemas)
            .map_err(|error| format!("{error:#}"))?;
        Ok(Self { schemas, index })
    }

    pub fn accepts(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

/// `format` and the like are annotations here in every draft; `boon` asserts them up to draft 7.
fn without_formats(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for annotation in ["format", "contentEncoding", "contentMediaType"] {
                if members.get(annotation).is_some_and(Value::is_string) {
                    members.remove(annotation);
                }
            }
            members.values_mut().for_each(without_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(without_formats),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
