//! From a schema in the common form to nodes.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::exact::{Exact, exact};
use super::node::{Graph, Id, Keys, Node, Which, kinds_of};

/// The name under which the common form keeps draft 4's `integer`, which goes by how a number is written.
pub(in crate::schema) const WRITTEN_INTEGER: &str = "integer4";

/// The member that says where a schema stands in the original.
pub(in crate::schema) const ORIGIN: &str = "$comment";

/// Puts schemas into a graph.
pub(super) struct Builder<'a> {
    pub(super) graph: &'a mut Graph,
    pub(super) which: Which,
    definitions: Option<&'a Map<String, Value>>,
    known: HashMap<&'a str, Definition>,
}

#[derive(Clone, Copy)]
enum Definition {
    /// It is being read.
    Open(u32),
    Done(Id),
}

/// The node of `schema`, which is in the common form, with its definitions under `$defs`.
pub(super) fn build(graph: &mut Graph, which: Which, schema: &Value) -> Id {
    let mut builder = Builder {
        graph,
        which,
        definitions: schema.get("$defs").and_then(Value::as_object),
        known: HashMap::new(),
    };
    builder.schema(schema)
}

impl<'a> Builder<'a> {
    pub(super) fn schema(&mut self, schema: &'a Value) -> Id {
        let members = match schema {
            Value::Object(members) => members,
            Value::Bool(false) => return self.graph.never(),
            _ => return self.graph.always(),
        };
        let pointer = members.get(ORIGIN).and_then(Value::as_str).unwrap_or_default();
        let mut parts = Vec::new();
        for (keyword, held) in members {
            let first = parts.len();
            self.keyword(keyword, held, members, pointer, &mut parts);
            for part in &parts[first..] {
                let at = format!("{pointer}/{}", original(keyword));
                self.graph.stands_at(*part, self.which, &at);
            }
        }
        let whole = self.graph.and(parts);
        self.graph.stands_at(whole, self.which, pointer);
        whole
    }

    fn opaque(&mut self, pointer: &str, keyword: &str, why: &str) -> Id {
        let at = format!("{pointer}/{keyword}");
        let id = self.graph.intern(Node::Opaque(
            format!(
                "{why} ({} {at})",
                if self.which == Which::First {
                    "first"
                } else {
                    "second"
                }
            )
            .into(),
        ));
        self.graph.opaque.push((self.which, at, why.to_owned()));
        id
    }

    fn keyword(
        &mut self,
        keyword: &str,
        held: &'a Value,
        members: &'a Map<String, Value>,
        pointer: &str,
        parts: &mut Vec<Id>,
    ) {
        let list = || held.as_array().map(Vec::as_slice).unwrap_or_default();
        match keyword {
            "$ref" => {
                let target = held.as_str().and_then(crate::schema::keywords::definition_name);
                let id = target.and_then(|name| self.definition(&name));
                let id = match id {
                    Some(id) => id,
                    None => self.opaque(pointer, keyword, "this reference leads nowhere"),
                };
                parts.push(id);
            }
            "type" => {
                let kinds = match held {
                    Value::String(name) => kinds_of(name),
                    _ => list()
                        .iter()
                        .filter_map(Value::as_str)
                        .fold(0, |kinds, name| kinds | kinds_of(name)),
                };
                self.graph.written |= match held {
                    Value::String(name) => name == WRITTEN_INTEGER,
                    _ => list().iter().any(|name| name == WRITTEN_INTEGER),
                };
                parts.push(self.graph.intern(Node::Types(kinds)));
            }
            "const" => parts.push(self.graph.values([held])),
            "enum" => parts.push(self.graph.values(list())),
            "allOf" => {
                for part in list() {
                    parts.push(self.schema(part));
                }
            }
            "anyOf" => {
                let branches: Vec<Id> = list().iter().map(|branch| self.schema(branch)).collect();
                parts.push(self.graph.or(branches));
            }
            "oneOf" => {
                let mut branches: Vec<Id> = list().iter().map(|branch| self.schema(branch)).collect();
                let never = self.graph.never();
                branches.retain(|branch| *branch != never);
                let one = match branches.as_slice() {
                    [] => never,
                    [only] => *only,
                    _ => {
                        branches.sort_unstable();
                        self.graph.intern(Node::One(branches))
                    }
                };
                parts.push(one);
            }
            "not" => {
                let inner = self.schema(held);
                parts.push(self.graph.not(inner));
            }
            "if" => {
                let condition = self.schema(held);
                let otherwise = self.graph.not(condition);
                if let Some(then) = members.get("then") {
                    let then = self.schema(then);
                    parts.push(self.graph.or([otherwise, then]));
                }
                if let Some(other) = members.get("else") {
                    let other = self.schema(other);
                    parts.push(self.graph.or([condition, other]));
                }
            }
            "minimum" => self.bound(
                held,
                |bound| Node::AtLeast(bound, false),
                (pointer, keyword),
                parts,
            ),
            "exclusiveMinimum" => self.bound(
                held,
                |bound| Node::AtLeast(bound, true),
                (pointer, keyword),
                parts,
            ),
            "maximum" => self.bound(
                held,
                |bound| Node::AtMost(bound, false),
                (pointer, keyword),
                parts,
            ),
            "exclusiveMaximum" => {
                self.bound(held, |bound| Node::AtMost(bound, true), (pointer, keyword), parts);
            }
            "multipleOf" => self.bound(held, Node::MultipleOf, (pointer, keyword), parts),
            "minLength" => self.least(held, Node::MinLength, parts),
            "maxLength" => self.most(held, Node::MaxLength, parts),
            "minItems" => self.least(held, Node::MinItems, parts),
            "maxItems" => self.most(held, Node::MaxItems, parts),
            "minProperties" => self.least(held, Node::MinMembers, parts),
            "maxProperties" => self.most(held, Node::MaxMembers, parts),
            "pattern" => {
                if let Some(pattern) = held.as_str() {
                    parts.push(self.pattern(pattern));
                }
            }
            "format" => {
                if let Some(named) = held.as_str() {
                    parts.push(self.graph.intern(Node::Assertion("format", named.into())));
                }
            }
            "contentEncoding" | "contentMediaType" => {
                let of = |keyword: &str| members.get(keyword).and_then(Value::as_str);
                // What is encoded is looked at once it is decoded.
                let node = match (of("contentEncoding"), of("contentMediaType")) {
                    (Some(encoding), Some(media)) => {
                        Node::Assertion("content", format!("{encoding}\n{media}").into())
                    }
                    (Some(encoding), None) => Node::Assertion("contentEncoding", encoding.into()),
                    (None, Some(media)) => Node::Assertion("contentMediaType", media.into()),
                    (None, None) => return,
                };
                parts.push(self.graph.intern(node));
            }
            "uniqueItems" if *held == Value::Bool(true) => parts.push(self.graph.intern(Node::Unique)),
            "prefixItems" => {
                for (index, schema) in (0..).zip(list()) {
                    let schema = self.schema(schema);
                    self.item(index, Some(index + 1), schema, parts);
                }
            }
            "items" => {
                let from = members
                    .get("prefixItems")
                    .and_then(Value::as_array)
                    .map_or(0, Vec::len) as u64;
                let schema = self.schema(held);
                self.item(from, None, schema, parts);
            }
            "contains" => {
                let schema = self.schema(held);
                let least = members.get("minContains").and_then(count).unwrap_or(1);
                if least > 0 {
                    parts.push(self.graph.intern(Node::Contains(schema, least)));
                }
                if let Some(most) = members.get("maxContains").and_then(count) {
                    parts.push(self.graph.intern(Node::ContainsAtMost(schema, most)));
                }
            }
            "required" => {
                for name in list().iter().filter_map(Value::as_str) {
                    parts.push(self.graph.intern(Node::Has(name.into())));
                }
            }
            "properties" => {
                for (name, schema) in held.as_object().into_iter().flatten() {
                    let schema = self.schema(schema);
                    self.members(Keys::Name(name.as_str().into()), schema, parts);
                }
            }
            "patternProperties" => {
                for (pattern, schema) in held.as_object().into_iter().flatten() {
                    let schema = self.schema(schema);
                    self.members(Keys::Match(pattern.as_str().into()), schema, parts);
                }
            }
            "additionalProperties" => {
                let schema = self.schema(held);
                let names = |keyword: &str| {
                    let named = members.get(keyword).and_then(Value::as_object);
                    let mut names: Vec<Rc<str>> = named
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.as_str().into())
                        .collect();
                    names.sort_unstable();
                    names
                };
                let keys = Keys::Rest(names("properties"), names("patternProperties"));
                self.members(keys, schema, parts);
            }
            "propertyNames" => {
                let schema = self.schema(held);
                if schema != self.graph.always() {
                    parts.push(self.graph.intern(Node::Names(schema)));
                }
            }
            "dependentRequired" => {
                for (name, needed) in held.as_object().into_iter().flatten() {
                    let absent = self.absent(name);
                    for needed in needed.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        let has = self.graph.intern(Node::Has(needed.into()));
                        parts.push(self.graph.or([absent, has]));
                    }
                }
            }
            "dependentSchemas" => {
                for (name, schema) in held.as_object().into_iter().flatten() {
                    let absent = self.absent(name);
                    let schema = self.schema(schema);
                    parts.push(self.graph.or([absent, schema]));
                }
            }
            "unevaluatedProperties" | "unevaluatedItems" => {
                let rest = self.schema(held);
                let made = match self.unevaluated(members, keyword == "unevaluatedProperties", rest) {
                    Some(made) => made,
                    None => self.opaque(pointer, keyword, "what is evaluated here has too many cases"),
                };
                parts.push(made);
            }
            _ => {}
        }
    }

    /// That an object has no such member.
    pub(super) fn absent(&mut self, name: &str) -> Id {
        let never = self.graph.never();
        self.graph.intern(Node::Members(Keys::Name(name.into()), never))
    }

    pub(super) fn members(&mut self, keys: Keys, schema: Id, parts: &mut Vec<Id>) {
        if schema != self.graph.always() {
            parts.push(self.graph.intern(Node::Members(keys, schema)));
        }
    }

    pub(super) fn item(&mut self, from: u64, to: Option<u64>, schema: Id, parts: &mut Vec<Id>) {
        if schema == self.graph.always() {
            return;
        }
        // That there are no items from somewhere on is how many there are.
        if schema == self.graph.never() && to.is_none() {
            parts.push(self.graph.intern(Node::MaxItems(from)));
            return;
        }
        parts.push(self.graph.intern(Node::Items(from, to, schema)));
    }

    fn bound(
        &mut self,
        held: &Value,
        node: impl Fn(Exact) -> Node,
        (pointer, keyword): (&str, &str),
        parts: &mut Vec<Id>,
    ) {
        let Value::Number(number) = held else { return };
        parts.push(match exact(number) {
            Some(bound) => self.graph.intern(node(bound)),
            None => self.opaque(pointer, keyword, "this number is too large to reckon with"),
        });
    }

    fn least(&mut self, held: &Value, node: impl Fn(u64) -> Node, parts: &mut Vec<Id>) {
        if let Some(least) = count(held).filter(|least| *least > 0) {
            parts.push(self.graph.intern(node(least)));
        }
    }

    fn most(&mut self, held: &Value, node: impl Fn(u64) -> Node, parts: &mut Vec<Id>) {
        if let Some(most) = count(held) {
            parts.push(self.graph.intern(node(most)));
        }
    }

    /// A pattern; what it looks ahead for at its start is a pattern of its own.
    fn pattern(&mut self, pattern: &str) -> Id {
        let Some(split) = split_lookaheads(pattern) else {
            return self.graph.intern(Node::Pattern(pattern.into()));
        };
        let mut all = Vec::new();
        for (part, wanted) in split {
            let part = self.graph.intern(Node::Pattern(part.into()));
            all.push(if wanted { part } else { self.graph.not(part) });
        }
        // A refusal is one of texts only.
        let all = self.graph.and(all);
        let text = self.graph.intern(Node::Types(super::node::Kind::Text.bit()));
        let other = self.graph.not(text);
        self.graph.or([other, all])
    }

    fn definition(&mut self, name: &str) -> Option<Id> {
        match self.known.get(name) {
            Some(Definition::Done(id)) => return Some(*id),
            Some(Definition::Open(definition)) => {
                let definition = *definition;
                return Some(self.graph.intern(Node::Ref(definition)));
            }
            None => {}
        }
        let (name, schema) = self.definitions?.get_key_value(name)?;
        let definition = self.graph.declare();
        self.known.insert(name, Definition::Open(definition));
        let id = self.schema(schema);
        self.graph.define(definition, id);
        self.known.insert(name, Definition::Done(id));
        Some(id)
    }

    pub(super) fn target(&self, reference: &str) -> Option<&'a Value> {
        self.definitions?
            .get(&crate::schema::keywords::definition_name(reference)?)
    }
}

/// The name that a keyword of the common form mostly has in the original.
fn original(keyword: &str) -> &str {
    keyword
}

pub(super) fn count(held: &Value) -> Option<u64> {
    if let Some(count) = held.as_u64() {
        return Some(count);
    }
    // Counts are written as 2.0 as well.
    let float = held.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in range"
    )]
    (float.fract() == 0.0 && (0.0..9e15).contains(&float)).then_some(float as u64)
}

/// `^(?=A)(?!B)C` as `^(?:A)`, not `^(?:B)` and `^(?:C)`: what is looked for at the start takes up nothing.
fn split_lookaheads(pattern: &str) -> Option<Vec<(String, bool)>> {
    let mut rest = pattern.strip_prefix('^')?;
    let mut parts = Vec::new();
    loop {
        let (after, wanted) = match (rest.strip_prefix("(?="), rest.strip_prefix("(?!")) {
            (Some(after), _) => (after, true),
            (None, Some(after)) => (after, false),
            (None, None) => break,
        };
        let end = end_of_group(after)?;
        parts.push((format!("^(?:{})", &after[..end]), wanted));
        rest = &after[end + 1..];
    }
    if parts.is_empty() || rest.starts_with(['*', '+', '?', '{']) || at_top(rest, '|')?.is_some() {
        return None;
    }
    parts.push((format!("^(?:{rest})"), true));
    Some(parts)
}

/// Where the group ends whose inside starts here.
fn end_of_group(inside: &str) -> Option<usize> {
    at_top(inside, ')')?
}

/// Where `wanted` stands first outside groups, classes and escapes; nothing at all when the brackets do not match.
#[expect(clippy::option_option, reason = "absent is an answer, unreadable is none")]
fn at_top(pattern: &str, wanted: char) -> Option<Option<usize>> {
    let mut depth = 0u32;
    let mut in_class = false;
    let mut characters = pattern.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            ']' => in_class = false,
            '[' => in_class = true,
            _ if in_class => {}
            _ if depth == 0 && character == wanted => return Some(Some(index)),
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    (depth == 0 && !in_class).then_some(None)
}
