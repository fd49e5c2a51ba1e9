//! How large and how deep a schema is, measured before anything recursive is done with it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::keywords::{Reach, subschemas, unescape};

/// How many levels of JSON a schema may have.
const MAX_NESTING: usize = 128;

/// How many levels there may be when references are followed, each definition once.
const MAX_LEVELS: usize = 2048;

/// How many schemas may apply to one value, each through another: walked once per level of a value, on the
/// stack of whoever validates.
const MAX_IN_PLACE: usize = 96;

/// How many JSON values there are in `value`, counted up to `limit`.
pub(super) fn size(value: &Value, limit: usize) -> usize {
    let mut count = 0;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        count += 1;
        if count >= limit {
            break;
        }
        open.extend(inside(value));
    }
    count
}

/// Refuses a schema that is too deep to be walked on an ordinary stack: nested too deep, or by a chain of
/// references through too many definitions.
///
/// # Errors
///
/// A sentence that says so.
pub(super) fn check_depth(schema: &Value) -> Result<(), String> {
    if nesting(schema) > MAX_NESTING {
        return Err(format!("it nests more than {MAX_NESTING} levels deep"));
    }
    if deepest(schema, false) > MAX_LEVELS {
        return Err(format!(
            "its references lead through more than {MAX_LEVELS} levels"
        ));
    }
    if deepest(schema, true) > MAX_IN_PLACE {
        return Err(format!(
            "more than {MAX_IN_PLACE} of its subschemas apply to one value, each through another"
        ));
    }
    Ok(())
}

fn inside(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values()),
        Value::Array(items) => Box::new(items.iter()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Box::new(std::iter::empty()),
    }
}

fn nesting(value: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        open.extend(inside(value).map(|value| (value, depth + 1)));
    }
    deepest
}

/// An upper bound for the longest way through the schema that follows references and enters no place twice:
/// the longest way through its strongly connected parts, each counted with all its places.
fn deepest(root: &Value, in_place: bool) -> usize {
    let graph = Graph::new(root, in_place);
    let parts = graph.parts();
    let mut weight: HashMap<usize, usize> = HashMap::new();
    for part in &parts {
        *weight.entry(*part).or_default() += 1;
    }
    // Parts are numbered so that an edge leads to a part with a smaller number, or stays in its own.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|node| parts[*node]);
    let mut below: HashMap<usize, usize> = HashMap::new();
    for node in order {
        let part = parts[node];
        let longest = graph.edges[node]
            .iter()
            .filter(|next| parts[**next] != part)
            .map(|next| below.get(&parts[*next]).copied().unwrap_or_default() + weight[&parts[*next]])
            .max()
            .unwrap_or_default();
        let known = below.entry(part).or_default();
        *known = (*known).max(longest);
    }
    below
        .iter()
        .map(|(part, below)| below + weight[part])
        .max()
        .unwrap_or_default()
}

/// The schema objects of a document and where they lead.
struct Graph {
    edges: Vec<Vec<usize>>,
}

impl Graph {
    fn new(root: &Value, in_place: bool) -> Self {
        // A place is known by the address of its value: the document does not move while it is borrowed.
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        let mut places: Vec<&Map<String, Value>> = Vec::new();
        let names = names(root);
        let mut open: Vec<&Value> = vec![root];
        while let Some(value) = open.pop() {
            let Value::Object(members) = value else { continue };
            if numbers.contains_key(&std::ptr::from_ref(members).addr()) {
                continue;
            }
            numbers.insert(std::ptr::from_ref(members).addr(), places.len());
            places.push(members);
            open.extend(steps(members).into_iter().map(|(value, _)| value));
            open.extend(target(root, members, &names));
        }
        let number = |value: &Value| {
            let members = value.as_object()?;
            numbers.get(&std::ptr::from_ref(members).addr()).copied()
        };
        let edges = places
            .iter()
            .map(|members| {
                steps(members)
                    .into_iter()
                    .filter(|(_, reach)| match reach {
                        Reach::Here | Reach::Test => true,
                        Reach::Child | Reach::ChildTest => !in_place,
                        Reach::Definition => false,
                    })
                    .map(|(value, _)| value)
                    .chain(target(root, members, &names))
                    .filter_map(number)
                    .collect()
            })
            .collect();
        Self { edges }
    }

    /// The strongly connected part of each node, by Tarjan's algorithm without recursion.
    fn parts(&self) -> Vec<usize> {
        const NONE: usize = usize::MAX;
        let count = self.edges.len();
        let (mut index, mut low, mut part) = (vec![NONE; count], vec![0; count], vec![NONE; count]);
        let (mut next_index, mut next_part) = (0, 0);
        let mut path = Vec::new();
        for start in 0..count {
            if index[start] != NONE {
                continue;
            }
            let mut calls = vec![(start, 0)];
            while let Some((node, edge)) = calls.pop() {
                if edge == 0 {
                    index[node] = next_index;
                    low[node] = next_index;
                    next_index += 1;
                    path.push(node);
                }
                if let Some(next) = self.edges[node].get(edge).copied() {
                    calls.push((node, edge + 1));
                    if index[next] == NONE {
                        calls.push((next, 0));
                    } else if part[next] == NONE {
                        low[node] = low[node].min(index[next]);
                    }
                    continue;
                }
                if low[node] == index[node] {
                    while let Some(member) = path.pop() {
                        part[member] = next_part;
                        if member == node {
                            break;
                        }
                    }
                    next_part += 1;
                }
                if let Some((caller, _)) = calls.last() {
                    low[*caller] = low[*caller].min(low[node]);
                }
            }
        }
        part
    }
}

/// The subschemas that the keywords of a schema hold.
fn steps(members: &Map<String, Value>) -> Vec<(&Value, Reach)> {
    let mut steps = Vec::new();
    for (keyword, value) in members {
        let Some((_, reach)) = subschemas(keyword) else {
            continue;
        };
        match value {
            Value::Object(_) => {
                steps.push((value, reach));
                // Schemas by name as well as a schema: what is no schema leads nowhere.
                steps.extend(
                    inside(value)
                        .filter(|value| value.is_object())
                        .map(|value| (value, reach)),
                );
            }
            Value::Array(items) => steps.extend(items.iter().map(|item| (item, reach))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    steps
}

/// What a schema refers to, as far as it is in the same document.
fn target<'a>(
    root: &'a Value,
    members: &'a Map<String, Value>,
    names: &HashMap<&'a str, &'a Value>,
) -> Vec<&'a Value> {
    ["$ref", "$dynamicRef", "$recursiveRef"]
        .iter()
        .filter_map(|keyword| members.get(*keyword)?.as_str())
        .filter_map(|reference| {
            names.get(reference).copied().or_else(|| {
                let (_, fragment) = reference.split_once('#')?;
                if fragment.is_empty() || fragment.starts_with('/') {
                    pointed(root, fragment)
                } else {
                    names.get(fragment).copied()
                }
            })
        })
        .collect()
}

/// What the pointer in a URI fragment leads to.
pub(super) fn pointed<'a>(root: &'a Value, fragment: &str) -> Option<&'a Value> {
    let mut value = root;
    for step in fragment.split('/').skip(1) {
        let step = unescape(step);
        value = match value {
            Value::Object(members) => members.get(&step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(value)
}

/// Anchors and addresses that a document gives its parts.
fn names(root: &Value) -> HashMap<&str, &Value> {
    let mut names = HashMap::new();
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        if let Value::Object(members) = value {
            for keyword in ["$anchor", "$dynamicAnchor", "$id", "id"] {
                if let Some(name) = members.get(keyword).and_then(Value::as_str) {
                    names
                        .entry(name.strip_prefix('#').unwrap_or(name))
                        .or_insert(value);
                }
            }
        }
        open.extend(inside(value));
    }
    names
}
