//! Values with names for what the code makes up.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const BIND: &str = "$bind";
const IS: &str = "$is";
const LITERAL: &str = "$literal";

/// JSON in which `{"$bind": "name"}`, `{"$is": "name"}` and `{"$literal": …}` have a meaning.
///
/// ```
/// use pastproof::scenario::file::Template;
/// use pastproof::scenario::json;
///
/// assert_eq!(Template::literal(&json!({"id": 7})).json(), &json!({"id": 7}));
/// // What would have a meaning is put into words that say it has none.
/// assert_eq!(
///     Template::literal(&json!({"note": {"$is": "x"}})).json(),
///     &json!({"note": {"$literal": {"$is": "x"}}})
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Template(Value);

/// What one value of a template is.
enum Part<'a> {
    Bind(&'a str),
    Is(&'a str),
    Literal(&'a Value),
    Object(&'a Map<String, Value>),
    Array(&'a [Value]),
    Scalar(&'a Value),
}

fn part(value: &Value) -> Result<Part<'_>, String> {
    match value {
        Value::Array(items) => Ok(Part::Array(items)),
        Value::Object(members) => {
            let Some((word, inside)) = members
                .iter()
                .find(|(name, _)| [BIND, IS, LITERAL].contains(&name.as_str()))
            else {
                return Ok(Part::Object(members));
            };
            if members.len() > 1 {
                return Err(format!(
                    "`{word}` stands alone in its object; if it is a member of the data, put the object into {{\"{LITERAL}\": …}}"
                ));
            }
            match (word.as_str(), inside) {
                (LITERAL, _) => Ok(Part::Literal(inside)),
                (BIND, Value::String(name)) if !name.is_empty() => Ok(Part::Bind(name)),
                (IS, Value::String(name)) if !name.is_empty() => Ok(Part::Is(name)),
                _ => Err(format!(
                    "`{word}` takes a name; if it is a member of the data, put the object into {{\"{LITERAL}\": …}}"
                )),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Part::Scalar(value)),
    }
}

/// Values by the names that a scenario gave them.
pub(super) type Bindings = BTreeMap<String, Value>;

/// The pointer of what is wrong, and why.
pub(super) type Refusal = (String, String);

/// What is told of a name: itself, its use and where it stands.
type Seen<'a> = dyn FnMut(&str, Use, &str) -> Result<(), Refusal> + 'a;

/// What a template does with a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Bind,
    Is,
}

impl Template {
    /// A template that means `value` and nothing else.
    pub fn literal(value: &Value) -> Self {
        Self(escape(value))
    }

    /// A template as it is written.
    pub fn written(json: Value) -> Self {
        Self(json)
    }

    /// The template as it is written.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The value, if there are no names in it.
    #[cfg(feature = "proptest")]
    pub(in crate::scenario) fn plain(&self) -> Option<Value> {
        self.fill(&Bindings::new()).ok()
    }

    /// The value, if no name is left open by `bindings`; else the name.
    pub(super) fn fill(&self, bindings: &Bindings) -> Result<Value, String> {
        fill(&self.0, bindings, &mut |name| Err(name.to_owned()))
    }

    /// The value that `actual` has to be, and what it gives names to on the way. Names that nothing stands for yet
    /// stay as they are written, which no actual value is taken for.
    pub(super) fn expect(&self, actual: Option<&Value>, bindings: &mut Bindings) -> Value {
        expect(&self.0, actual, bindings)
    }

    /// Calls `seen` with every name in the template, its use and the pointer below `pointer` where it stands.
    ///
    /// # Errors
    ///
    /// With the pointer of what is no template, and why.
    pub(super) fn names(&self, pointer: &str, seen: &mut Seen<'_>) -> Result<(), Refusal> {
        names(&self.0, &mut pointer.to_owned(), seen)
    }
}

fn escape(value: &Value) -> Value {
    match value {
        Value::Object(members)
            if members
                .keys()
                .any(|name| [BIND, IS, LITERAL].contains(&name.as_str())) =>
        {
            Value::Object(std::iter::once((LITERAL.to_owned(), value.clone())).collect())
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), escape(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(escape).collect::<Vec<_>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn fill(
    value: &Value,
    bindings: &Bindings,
    open: &mut dyn FnMut(&str) -> Result<Value, String>,
) -> Result<Value, String> {
    match part(value)? {
        Part::Bind(name) | Part::Is(name) => match bindings.get(name) {
            Some(value) => Ok(value.clone()),
            None => open(name),
        },
        Part::Literal(inside) => Ok(inside.clone()),
        Part::Scalar(scalar) => Ok(scalar.clone()),
        Part::Array(items) => items
            .iter()
            .map(|item| fill(item, bindings, open))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from),
        Part::Object(members) => members
            .iter()
            .map(|(name, value)| Ok((name.clone(), fill(value, bindings, open)?)))
            .collect::<Result<Map<_, _>, String>>()
            .map(Value::from),
    }
}

fn expect(value: &Value, actual: Option<&Value>, bindings: &mut Bindings) -> Value {
    match part(value) {
        // Refused when the file was read.
        Err(_) => value.clone(),
        Ok(Part::Bind(name)) => match actual {
            Some(actual) => {
                bindings.insert(name.to_owned(), actual.clone());
                actual.clone()
            }
            None => value.clone(),
        },
        Ok(Part::Is(name)) => bindings.get(name).unwrap_or(value).clone(),
        Ok(Part::Literal(inside)) => inside.clone(),
        Ok(Part::Scalar(scalar)) => scalar.clone(),
        Ok(Part::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| expect(item, actual.and_then(|actual| actual.get(index)), bindings))
            .collect::<Vec<_>>()
            .into(),
        Ok(Part::Object(members)) => members
            .iter()
            .map(|(name, value)| {
                let actual = actual.and_then(|actual| actual.get(name));
                (name.clone(), expect(value, actual, bindings))
            })
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn names(value: &Value, pointer: &mut String, seen: &mut Seen<'_>) -> Result<(), Refusal> {
    let length = pointer.len();
    match part(value).map_err(|error| (pointer.clone(), error))? {
        Part::Bind(name) => seen(name, Use::Bind, pointer),
        Part::Is(name) => seen(name, Use::Is, pointer),
        Part::Literal(_) | Part::Scalar(_) => Ok(()),
        Part::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                names(item, pointer, seen)?;
                pointer.truncate(length);
            }
            Ok(())
        }
        Part::Object(members) => {
            for (name, value) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                names(value, pointer, seen)?;
                pointer.truncate(length);
            }
            Ok(())
        }
    }
}
