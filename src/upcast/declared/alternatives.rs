//! A schema taken apart.

use serde_json::{Map, Value, json};

use super::image::Follower;
use super::places::{branches, excluded, is_of, merged};

/// The most alternatives that one place is taken apart into.
const ALTERNATIVES: usize = 256;
/// How many references are followed to one place.
const FOLLOWED: usize = 64;

impl Follower {
    /// The schema taken apart into schemas of one type, or one constant, each.
    pub(super) fn alternatives(&self, schema: &Value) -> Result<Vec<Value>, String> {
        let mut made = Vec::new();
        let mut open = vec![(schema.clone(), 0_usize)];
        while let Some((schema, followed)) = open.pop() {
            if made.len() + open.len() > ALTERNATIVES || followed > FOLLOWED {
                return Err(format!("a place has more than {ALTERNATIVES} alternatives"));
            }
            let mut members = match schema {
                Value::Object(members) => members,
                Value::Bool(false) => continue,
                _ => Map::new(),
            };
            if let Some(Value::String(reference)) = members.remove("$ref") {
                let name = crate::schema::definition_name(&reference);
                let Some(target) = name.and_then(|name| self.definitions.get(&name)) else {
                    return Err(format!("the reference `{reference}` is not followed"));
                };
                open.push((merged(target.clone(), members), followed + 1));
            } else if let Some(Value::Array(parts)) = members.remove("allOf") {
                let mut all = Value::Object(members);
                for part in parts {
                    let part = self.resolved(part, FOLLOWED)?;
                    let Value::Object(more) = all else { break };
                    all = merged(part, more);
                }
                open.push((all, followed + 1));
            } else if let Some((branches, rest)) = branches(&members) {
                for branch in branches.into_iter().rev() {
                    let branch = self.resolved(branch, FOLLOWED)?;
                    open.push((merged(branch, rest.clone()), followed + 1));
                }
            } else if let Some(constant) = members.get("const") {
                if !excluded(&members, constant) {
                    made.push(json!({ "const": constant }));
                }
            } else if let Some(Value::Array(values)) = members.get("enum") {
                let fits = |value: &&Value| {
                    members.get("type").is_none_or(|of| is_of(value, of)) && !excluded(&members, value)
                };
                made.extend(values.iter().filter(fits).map(|value| json!({ "const": value })));
            } else if let Some(Value::Array(types)) = members.get("type").cloned() {
                for of in types.into_iter().rev() {
                    let mut one = members.clone();
                    one.insert("type".to_owned(), of);
                    open.push((Value::Object(one), followed + 1));
                }
            } else if members.get("type").is_some_and(|of| of == "boolean") {
                made.extend([json!({"const": false}), json!({"const": true})]);
            } else {
                made.push(Value::Object(members));
            }
        }
        if made.len() > ALTERNATIVES {
            return Err(format!("a place has more than {ALTERNATIVES} alternatives"));
        }
        Ok(made)
    }

    /// A schema that is no bare reference.
    pub(super) fn resolved(&self, schema: Value, left: usize) -> Result<Value, String> {
        let Value::Object(mut members) = schema else {
            return Ok(schema);
        };
        match members.remove("$ref") {
            Some(Value::String(reference)) if left > 0 => {
                let name = crate::schema::definition_name(&reference);
                let target = name.and_then(|name| self.definitions.get(&name).cloned());
                let target = target.ok_or_else(|| format!("the reference `{reference}` is not followed"))?;
                let target = self.resolved(target, left - 1)?;
                Ok(merged(target, members))
            }
            Some(_) => Err("references lead in a circle".to_owned()),
            None => Ok(Value::Object(members)),
        }
    }
}
