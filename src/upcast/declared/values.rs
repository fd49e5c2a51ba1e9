//! What operations on one value make of its schema.

use serde_json::{Value, json};

use super::image::Follower;
use super::places::{Place, Presence, Taken, any_of, is_null, kind, names, object, shown, take};
use super::plan::{Kind, Operation, Otherwise, pointer};
use super::run;

impl Follower {
    pub(super) fn hoisted(&mut self, value: &Value, name: &str, at: &[String]) -> Result<Taken, String> {
        let mut found = Vec::new();
        let mut always = true;
        for alternative in self.alternatives(value)? {
            match object(alternative, at)? {
                Place::Null(null) => found.push(null),
                Place::Object(mut members) => {
                    let others: Vec<String> = names(&members).filter(|other| *other != name).collect();
                    for other in others {
                        self.image
                            .removed
                            .insert(format!("{}{}", pointer(at), pointer(&[other])));
                    }
                    match take(&mut members, name) {
                        Some((value, presence)) => {
                            always &= presence == Presence::Always;
                            found.push(value);
                        }
                        None => always = false,
                    }
                }
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let presence = if always { Presence::Always } else { Presence::Maybe };
        Ok(Some((any_of(found), presence)))
    }

    pub(super) fn mapped(
        &mut self,
        value: Value,
        values: &[(Value, Value)],
        otherwise: &Otherwise,
        at: &[String],
    ) -> Result<Value, String> {
        let results = || values.iter().map(|(_, to)| to.clone());
        let alternatives = self.alternatives(&value)?;
        let constants: Option<Vec<&Value>> = alternatives
            .iter()
            .map(|alternative| alternative.get("const"))
            .collect();
        if let Some(constants) = constants {
            let mut made = Vec::new();
            for constant in constants {
                match (run::listed(constant, values), otherwise) {
                    (Some(to), _) => made.push(to.clone()),
                    (None, Otherwise::Keep) => made.push(constant.clone()),
                    (None, Otherwise::Become(other)) => made.push(other.clone()),
                    (None, Otherwise::Refuse) => {
                        return Err(format!(
                            "the map does not list {constant}, which {} can be",
                            shown(at)
                        ));
                    }
                }
            }
            return Ok(json!({ "enum": made }));
        }
        let listed: Vec<Value> = values.iter().map(|(from, _)| from.clone()).collect();
        Ok(match otherwise {
            Otherwise::Become(other) => json!({"enum": results().chain([other.clone()]).collect::<Vec<_>>()}),
            Otherwise::Keep => json!({"anyOf": [
                {"allOf": [value, {"not": {"enum": listed}}]},
                {"enum": results().collect::<Vec<_>>()},
            ]}),
            Otherwise::Refuse => {
                self.must(
                    value,
                    json!({ "enum": listed }),
                    format!("the map lists every value of {}", shown(at)),
                );
                json!({ "enum": results().collect::<Vec<_>>() })
            }
        })
    }

    pub(super) fn converted(&mut self, schema: Value, to: Kind, at: &[String]) -> Result<Value, String> {
        if let Some(constant) = schema.get("const") {
            return run::converted(constant.clone(), to)
                .map(|made| json!({ "const": made }))
                .map_err(|why| format!("{} {why}", shown(at)));
        }
        let whole = json!({"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,17})$"});
        Ok(match (kind(&schema), to) {
            (Some("null"), _)
            | (Some("string"), Kind::String)
            | (Some("boolean"), Kind::Boolean)
            | (Some("integer" | "number"), Kind::Number)
            | (Some("integer"), Kind::Integer) => schema,
            (Some("integer"), Kind::String) => {
                let sign = if schema
                    .get("minimum")
                    .and_then(Value::as_f64)
                    .is_some_and(|least| least >= 0.0)
                {
                    ""
                } else {
                    "-?"
                };
                json!({"type": "string", "pattern": format!("^(0|{sign}[1-9][0-9]*)$")})
            }
            (Some("number"), Kind::String) => json!({"type": "string", "minLength": 1}),
            (Some("boolean"), Kind::String) => json!({"enum": ["true", "false"]}),
            (Some("boolean"), Kind::Integer | Kind::Number) => json!({"enum": [0, 1]}),
            (Some("number"), Kind::Integer) => {
                self.must(
                    schema,
                    json!({"type": "integer"}),
                    format!("{} has no fraction", shown(at)),
                );
                json!({"type": "integer"})
            }
            (Some("string"), Kind::Integer | Kind::Number) => {
                self.must(
                    schema,
                    whole,
                    format!("{} is written as a whole number", shown(at)),
                );
                json!({"type": "integer"})
            }
            (Some("string"), Kind::Boolean) => {
                self.must(
                    schema,
                    json!({"enum": ["true", "false"]}),
                    format!("{} is `true` or `false`", shown(at)),
                );
                json!({"type": "boolean"})
            }
            (Some("integer" | "number"), Kind::Boolean) => {
                self.must(
                    schema,
                    json!({"enum": [0, 1]}),
                    format!("{} is 0 or 1", shown(at)),
                );
                json!({"type": "boolean"})
            }
            (Some(other), _) => {
                return Err(format!(
                    "{} can be an {other}, which is no {}",
                    shown(at),
                    to.name()
                ));
            }
            (None, _) => return Err(format!("{} can be of any type", shown(at))),
        })
    }

    pub(super) fn items(
        &mut self,
        schema: Value,
        operations: &[Operation],
        at: &[String],
    ) -> Result<Value, String> {
        if is_null(&schema) {
            return Ok(schema);
        }
        if let Some(Value::Array(items)) = schema.get("const") {
            let items: Vec<Value> = items.iter().map(|item| json!({ "const": item })).collect();
            let length = items.len();
            let schema = json!({"type": "array", "prefixItems": items, "items": false, "minItems": length});
            return self.items(schema, operations, at);
        }
        let list = kind(&schema) == Some("array");
        let Value::Object(mut members) = schema else {
            return Err(format!("{} can be of any type", shown(at)));
        };
        if !list {
            return Err(format!("{} can be something else than an array", shown(at)));
        }
        for keyword in ["uniqueItems", "contains", "minContains", "maxContains", "not"] {
            members.remove(keyword);
        }
        for keyword in ["if", "then", "else", "unevaluatedItems"] {
            if members.contains_key(keyword) {
                return Err(format!("`{keyword}` at {} is not followed", shown(at)));
            }
        }
        if let Some(Value::Array(first)) = members.get("prefixItems").cloned() {
            let mut made = Vec::new();
            for item in first {
                made.push(self.operations(operations, item)?);
            }
            members.insert("prefixItems".to_owned(), Value::Array(made));
        }
        let rest = members.get("items").cloned().unwrap_or(Value::Bool(true));
        if rest != Value::Bool(false) {
            let made = self.operations(operations, rest)?;
            members.insert("items".to_owned(), made);
        }
        Ok(Value::Object(members))
    }
}
