//! What applies to one value: the ways to satisfy all that is said of it, and all that is said near it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::schema::eval::Evaluator;

/// Ways to satisfy the choices of one schema that are followed.
const WAYS: usize = 24;

/// A schema object and the document that its references belong to.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) schema: &'a Value,
    pub(super) document: &'a Evaluator<'a>,
}

/// One way to satisfy a list of schemas: the objects that all apply.
#[derive(Clone)]
pub(super) struct Way<'a> {
    pub(super) objects: Vec<(&'a Map<String, Value>, &'a Evaluator<'a>)>,
    pub(super) possible: bool,
}

/// The ways to satisfy all of `has`.
pub(super) fn ways<'a>(has: &[At<'a>]) -> Vec<Way<'a>> {
    let mut done = Vec::new();
    let start = Way {
        objects: Vec::new(),
        possible: true,
    };
    let mut open: Vec<(Way<'a>, Vec<At<'a>>, usize)> = vec![(start, has.to_vec(), 0)];
    while let Some((mut way, mut rest, steps)) = open.pop() {
        if done.len() >= WAYS {
            break;
        }
        let Some(at) = rest.pop() else {
            done.push(way);
            continue;
        };
        let members = match at.schema {
            Value::Object(members) => members,
            Value::Bool(false) => continue,
            _ => {
                open.push((way, rest, steps));
                continue;
            }
        };
        // A schema that applies to a value by itself again says nothing new.
        let known = way.objects.iter().any(|(known, _)| std::ptr::eq(*known, members));
        if known || steps > 512 {
            open.push((way, rest, steps));
            continue;
        }
        way.objects.push((members, at.document));
        let inside = |schema: &'a Value| At {
            schema,
            document: at.document,
        };
        if let Some(target) = members
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| at.document.target(reference))
        {
            rest.push(inside(target));
        }
        if let Some(Value::Array(parts)) = members.get("allOf") {
            rest.extend(parts.iter().map(inside));
        }
        let mut cases: Vec<Vec<At<'a>>> = vec![Vec::new()];
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = members.get(keyword) {
                cases = product(&cases, branches.iter().map(|branch| vec![inside(branch)]));
            }
        }
        if let Some(condition) = members.get("if") {
            let then = members.get("then").map(inside);
            let otherwise: Vec<At<'a>> = members.get("else").map(inside).into_iter().collect();
            let met = std::iter::once(inside(condition)).chain(then).collect();
            cases = product(&cases, [otherwise, met].into_iter());
        }
        if let Some(Value::Object(dependent)) = members.get("dependentSchemas") {
            let met = dependent.values().map(|schema| vec![inside(schema)]);
            cases = product(&cases, std::iter::once(Vec::new()).chain(met));
        }
        // The last one is taken up first.
        for case in cases.into_iter().rev() {
            let rest = rest.iter().copied().chain(case).collect();
            open.push((way.clone(), rest, steps + 1));
        }
    }
    done
}

pub(super) fn product<'a>(
    cases: &[Vec<At<'a>>],
    more: impl Iterator<Item = Vec<At<'a>>>,
) -> Vec<Vec<At<'a>>> {
    let more: Vec<Vec<At<'a>>> = more.collect();
    cases
        .iter()
        .flat_map(|case| {
            more.iter()
                .map(|extra| case.iter().chain(extra).copied().collect())
        })
        .take(WAYS)
        .collect()
}

/// Every schema that says something about the value that these are about, whether it has to hold or not.
pub(super) fn reached<'a>(from: impl Iterator<Item = impl std::borrow::Borrow<At<'a>>>) -> Vec<At<'a>> {
    let mut open: Vec<At<'a>> = from.map(|at| *at.borrow()).collect();
    let mut reached: Vec<At<'a>> = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        let Some(members) = at.schema.as_object() else {
            continue;
        };
        if reached.len() >= 64 || !seen.insert(std::ptr::from_ref(at.schema).addr()) {
            continue;
        }
        reached.push(at);
        let inside = |schema: &'a Value| At {
            schema,
            document: at.document,
        };
        for keyword in ["allOf", "anyOf", "oneOf"] {
            open.extend(
                members
                    .get(keyword)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(inside),
            );
        }
        for keyword in ["not", "if", "then", "else"] {
            open.extend(members.get(keyword).map(inside));
        }
        let dependent = members.get("dependentSchemas").and_then(Value::as_object);
        open.extend(dependent.into_iter().flatten().map(|(_, schema)| inside(schema)));
        open.extend(
            members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| at.document.target(reference))
                .map(inside),
        );
    }
    reached
}

/// The schemas of a member: those that have to hold, and those of the other side.
pub(super) fn members_of<'a>(way: &Way<'a>, hints: &[At<'a>], name: &str) -> (Vec<At<'a>>, Vec<At<'a>>) {
    let of = |members: &'a Map<String, Value>, document: &'a Evaluator<'a>| {
        let mut found = Vec::new();
        found.extend(
            members
                .get("properties")
                .and_then(|properties| properties.get(name)),
        );
        for (pattern, schema) in members
            .get("patternProperties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if document.matches(pattern, name) {
                found.push(schema);
            }
        }
        if found.is_empty() {
            found.extend(members.get("additionalProperties").or_else(|| {
                members
                    .get("unevaluatedProperties")
                    .filter(|rest| rest.is_object())
            }));
        }
        found
            .into_iter()
            .map(move |schema| At { schema, document })
            .collect::<Vec<_>>()
    };
    let has = way
        .objects
        .iter()
        .flat_map(|(members, document)| of(members, document))
        .collect();
    let near = reached(hints.iter());
    let hints = near
        .iter()
        .filter_map(|at| Some(of(at.schema.as_object()?, at.document)))
        .flatten()
        .collect();
    (has, hints)
}

/// The schemas of an item, as [`members_of`].
pub(super) fn items_of<'a>(way: &Way<'a>, hints: &[At<'a>], index: usize) -> (Vec<At<'a>>, Vec<At<'a>>) {
    let of = |members: &'a Map<String, Value>, document: &'a Evaluator<'a>| {
        let positions = members.get("prefixItems").and_then(Value::as_array);
        positions
            .and_then(|positions| positions.get(index))
            .or_else(|| members.get("items"))
            .or_else(|| members.get("unevaluatedItems").filter(|rest| rest.is_object()))
            .map(|schema| At { schema, document })
    };
    let has = way
        .objects
        .iter()
        .filter_map(|(members, document)| of(members, document))
        .collect();
    let near = reached(hints.iter());
    let hints = near
        .iter()
        .filter_map(|at| of(at.schema.as_object()?, at.document))
        .collect();
    (has, hints)
}

pub(super) fn types_of<'a>(way: &Way<'a>) -> Option<Vec<&'a str>> {
    let mut types: Option<Vec<&'a str>> = None;
    for (members, _) in &way.objects {
        let named: Vec<&'a str> = match members.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        let allows = |named: &[&str], name: &str| {
            named.contains(&name) || (name == "integer" && named.contains(&"number"))
        };
        types = Some(match types {
            None => named,
            Some(known) => {
                let mut both: Vec<&str> = known
                    .iter()
                    .copied()
                    .filter(|name| allows(&named, name))
                    .collect();
                both.extend(named.iter().copied().filter(|name| allows(&known, name)));
                both.sort_unstable();
                both.dedup();
                both
            }
        });
    }
    types
}

pub(super) fn names(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn keys(object: Option<&Value>) -> Vec<String> {
    object
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}
