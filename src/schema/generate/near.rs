//! Values that miss a schema by one keyword.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::schema::draft::Draft;
use crate::schema::engine::{self, Compiled};
use crate::schema::error::SchemaError;
use crate::schema::keywords::{Reach, Shape, subschemas};

use super::choices::Choices;
use super::instance::Generator;

/// A value that a schema refuses because of one keyword alone: without that keyword, it would be accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// The value.
    pub value: Value,
    /// JSON pointer of the keyword in the schema.
    pub keyword: String,
}

/// How often a value is begun for one keyword.
const ATTEMPTS: usize = 12;
/// The most keywords that are looked at.
const KEYWORDS: usize = 400;

/// Makes near misses of one schema.
pub(crate) struct NearMisses {
    whole: Compiled,
    cases: Vec<Case>,
}

struct Case {
    keyword: String,
    /// The schema without the keyword, and the one that demands that it does not hold.
    without: Value,
    demanding: Value,
    draft: Draft,
    made: OnceCell<Option<Made>>,
}

struct Made {
    without: Generator,
    demanding: Option<Generator>,
}

impl NearMisses {
    /// Near misses of `schema`, in `draft` or the one it names.
    ///
    /// # Errors
    ///
    /// As [`Generator::new`].
    pub(crate) fn new(schema: &Value, draft: Option<Draft>) -> Result<Self, SchemaError> {
        // What is wrong with the schema is said once, for the whole.
        Generator::new(schema, draft)?;
        let draft = match draft {
            Some(draft) => draft,
            None => Draft::of(schema).map_err(SchemaError::input)?,
        };
        let whole = engine::compile(schema, draft)
            .map_err(|error| SchemaError::input(format!("the schema: {}", error.message())))?;
        let mut places = Vec::new();
        collect(schema, "", &mut places);
        let cases = places
            .into_iter()
            .take(KEYWORDS)
            .filter_map(|(pointer, keyword)| case(schema, draft, &pointer, &keyword))
            .collect();
        Ok(Self { whole, cases })
    }

    /// A near miss, or nothing when none was found.
    pub(crate) fn near_miss(&self, choices: &mut dyn Choices) -> Option<NearMiss> {
        for case in choices.shuffled(self.cases.iter().collect()) {
            if let Some(value) = case.value(&self.whole, choices) {
                let keyword = case.keyword.clone();
                return Some(NearMiss { value, keyword });
            }
        }
        None
    }

    #[cfg(feature = "proptest")]
    /// Whether `value` misses the schema by the keyword at `keyword` alone.
    pub(crate) fn misses(&self, value: &Value, keyword: &str) -> bool {
        !self.whole.is_valid(value)
            && self
                .cases
                .iter()
                .find(|case| case.keyword == keyword)
                .and_then(Case::made)
                .is_some_and(|made| made.without.accepts(value))
    }
}

impl Case {
    fn made(&self) -> Option<&Made> {
        self.made
            .get_or_init(|| {
                let without = Generator::new(&self.without, Some(self.draft)).ok()?;
                let demanding = Generator::new(&self.demanding, Some(self.draft)).ok();
                Some(Made { without, demanding })
            })
            .as_ref()
    }

    fn value(&self, whole: &Compiled, choices: &mut dyn Choices) -> Option<Value> {
        let made = self.made()?;
        let fits = |value: &Value| made.without.accepts(value) && !whole.is_valid(value);
        if let Some(demanding) = &made.demanding
            && let Some(value) = demanding.instance(choices).filter(fits)
        {
            return Some(value);
        }
        (0..ATTEMPTS).find_map(|_| made.without.instance(choices).filter(fits))
    }
}

/// Every keyword that asserts something, with the pointer of the schema object it stands in.
fn collect(schema: &Value, pointer: &str, places: &mut Vec<(String, String)>) {
    let Value::Object(members) = schema else { return };
    for (keyword, value) in members {
        if asserts(keyword) {
            places.push((pointer.to_owned(), keyword.clone()));
        }
        // What a refusal or a condition says is no demand.
        let Some((shape, reach)) = subschemas(keyword).filter(|(_, reach)| *reach != Reach::Test) else {
            continue;
        };
        let pointer = step(pointer, keyword);
        match (shape, value) {
            (Shape::List | Shape::OneOrList, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    collect(item, &format!("{pointer}/{index}"), places);
                }
            }
            (Shape::Map | Shape::MapOfSchemasOrNames, Value::Object(held)) => {
                for (name, held) in held {
                    collect(held, &step(&pointer, name), places);
                }
            }
            _ if reach == Reach::Definition => {}
            (_, held) => collect(held, &pointer, places),
        }
    }
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Keywords that by themselves refuse values. Those that only lead on, such as `properties` and `$ref`, are missed
/// by what they lead to.
fn asserts(keyword: &str) -> bool {
    matches!(
        keyword,
        "type"
            | "enum"
            | "const"
            | "anyOf"
            | "oneOf"
            | "not"
            | "if"
            | "required"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "propertyNames"
            | "minProperties"
            | "maxProperties"
            | "dependentRequired"
            | "dependentSchemas"
            | "dependencies"
            | "additionalItems"
            | "unevaluatedItems"
            | "contains"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "multipleOf"
    )
}

fn case(schema: &Value, draft: Draft, pointer: &str, keyword: &str) -> Option<Case> {
    let mut without = schema.clone();
    let members = without.pointer_mut(pointer)?.as_object_mut()?;
    let value = members.remove(keyword)?;
    // The keyword by itself means what it means beside these.
    let mut refused = Map::new();
    let any = if draft == Draft::Draft4 {
        json!({})
    } else {
        json!(true)
    };
    let beside: &[&str] = match keyword {
        "additionalProperties" | "unevaluatedProperties" => &["properties", "patternProperties"],
        "additionalItems" | "unevaluatedItems" => &["items", "prefixItems"],
        "contains" => &["minContains", "maxContains"],
        "if" => &["then", "else"],
        "minimum" if draft == Draft::Draft4 => &["exclusiveMinimum"],
        "maximum" if draft == Draft::Draft4 => &["exclusiveMaximum"],
        _ => &[],
    };
    for name in beside {
        let Some(value) = members.get(*name) else { continue };
        let value = match (*name, value) {
            ("properties" | "patternProperties", Value::Object(held)) => {
                held.keys().map(|name| (name.clone(), any.clone())).collect()
            }
            ("items" | "prefixItems", Value::Array(items)) => vec![any.clone(); items.len()].into(),
            (_, value) => value.clone(),
        };
        refused.insert((*name).to_owned(), value);
    }
    refused.insert(keyword.to_owned(), value);
    let mut demanding = without.clone();
    let members = demanding.pointer_mut(pointer)?.as_object_mut()?;
    let mut all = match members.remove("allOf") {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    };
    all.push(json!({ "not": refused }));
    members.insert("allOf".to_owned(), Value::Array(all));
    Some(Case {
        keyword: step(pointer, keyword),
        without,
        demanding,
        draft,
        made: OnceCell::new(),
    })
}
