//! The graph that both schemas become: shared nodes, equal where the schemas are.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::exact::{Exact, exact, shown};

/// A node.
pub(super) type Id = u32;

/// A constant, equal constants as JSON Schema has it being one.
pub(super) type Constant = u32;

/// Kinds of values that are told apart: a number by its value and by whether it is written with a point, which is
/// what draft 4 goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Text,
    /// A whole number, written as one.
    Whole,
    /// A whole number, written with a point.
    Point,
    /// A number that is not whole.
    Fraction,
    Array,
    Object,
}

pub(super) const KINDS: [Kind; 8] = [
    Kind::Null,
    Kind::Boolean,
    Kind::Text,
    Kind::Whole,
    Kind::Point,
    Kind::Fraction,
    Kind::Array,
    Kind::Object,
];

impl Kind {
    pub(super) fn bit(self) -> u8 {
        1 << (self as u8)
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Point | Self::Fraction)
    }

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
            Value::Number(number) => match exact(number) {
                Some(value) if !value.is_integer() => Self::Fraction,
                _ if is_written_whole(&number.to_string()) => Self::Whole,
                Some(_) => Self::Point,
                None => Self::Fraction,
            },
        }
    }
}

fn is_written_whole(text: &str) -> bool {
    !text.contains(['.', 'e', 'E'])
}

/// The kinds that the name of a type stands for. `integer4` is the `integer` of draft 4.
pub(super) fn kinds_of(name: &str) -> u8 {
    match name {
        "null" => Kind::Null.bit(),
        "boolean" => Kind::Boolean.bit(),
        "string" => Kind::Text.bit(),
        "integer" => Kind::Whole.bit() | Kind::Point.bit(),
        super::build::WRITTEN_INTEGER => Kind::Whole.bit(),
        "number" => Kind::Whole.bit() | Kind::Point.bit() | Kind::Fraction.bit(),
        "array" => Kind::Array.bit(),
        "object" => Kind::Object.bit(),
        _ => 0,
    }
}

/// A set of member names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Keys {
    Name(Rc<str>),
    /// Those that match a pattern.
    Match(Rc<str>),
    /// All but these names, which are in order, and those that match these patterns.
    Rest(Vec<Rc<str>>, Vec<Rc<str>>),
}

/// What a schema says. What is about one kind of values holds of all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    True,
    False,
    /// What a definition says, while it is being read.
    Ref(u32),
    And(Vec<Id>),
    Or(Vec<Id>),
    /// Exactly one of them.
    One(Vec<Id>),
    Not(Id),
    Types(u8),
    Values(Vec<Constant>),
    AtLeast(Exact, bool),
    AtMost(Exact, bool),
    MultipleOf(Exact),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Rc<str>),
    /// An assertion about texts that is asked of the validator: a keyword and what it holds.
    Assertion(&'static str, Rc<str>),
    MinItems(u64),
    MaxItems(u64),
    /// Items from one position to before another.
    Items(u64, Option<u64>, Id),
    Contains(Id, u64),
    ContainsAtMost(Id, u64),
    Unique,
    Has(Rc<str>),
    MinMembers(u64),
    MaxMembers(u64),
    Members(Keys, Id),
    Names(Id),
    /// Something that has no model here.
    Opaque(Rc<str>),
}

impl Node {
    /// The kinds of values that a plain constraint is about; nothing for what is made of others.
    pub(super) fn about(&self) -> Option<u8> {
        Some(match self {
            Self::AtLeast(..) | Self::AtMost(..) | Self::MultipleOf(_) => kinds_of("number"),
            Self::MinLength(_) | Self::MaxLength(_) | Self::Pattern(_) | Self::Assertion(..) => {
                Kind::Text.bit()
            }
            Self::MinItems(_)
            | Self::MaxItems(_)
            | Self::Items(..)
            | Self::Contains(..)
            | Self::ContainsAtMost(..)
            | Self::Unique => Kind::Array.bit(),
            Self::Has(_) | Self::MinMembers(_) | Self::MaxMembers(_) | Self::Members(..) | Self::Names(_) => {
                Kind::Object.bit()
            }
            Self::True
            | Self::False
            | Self::Ref(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::One(_)
            | Self::Not(_)
            | Self::Types(_)
            | Self::Values(_)
            | Self::Opaque(_) => return None,
        })
    }
}

/// Which of the two schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Second,
}

/// All nodes.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Rc<Node>>,
    numbers: HashMap<Rc<Node>, Id>,
    /// Where a node stands first, in each schema.
    origins: Vec<[Option<Rc<str>>; 2]>,
    constants: Vec<Rc<Value>>,
    constant_numbers: HashMap<String, Constant>,
    /// What each definition says.
    definitions: Vec<Option<Id>>,
    /// Whether a schema goes by how numbers are written.
    pub(super) written: bool,
    /// What has no model here, with its place.
    pub(super) opaque: Vec<(Which, String, String)>,
}

impl Graph {
    pub(super) fn get(&self, id: Id) -> Rc<Node> {
        Rc::clone(&self.nodes[id as usize])
    }

    pub(super) fn intern(&mut self, node: Node) -> Id {
        if let Some(id) = self.numbers.get(&node) {
            return *id;
        }
        let id = Id::try_from(self.nodes.len()).unwrap_or(Id::MAX);
        let node = Rc::new(node);
        self.nodes.push(Rc::clone(&node));
        self.origins.push([None, None]);
        self.numbers.insert(node, id);
        id
    }

    pub(super) fn stands_at(&mut self, id: Id, which: Which, pointer: &str) {
        let origin = &mut self.origins[id as usize][which as usize];
        if origin.is_none() {
            *origin = Some(pointer.into());
        }
    }

    pub(super) fn origin(&self, id: Id, which: Which) -> Option<&str> {
        self.origins[id as usize][which as usize].as_deref()
    }

    pub(super) fn always(&mut self) -> Id {
        self.intern(Node::True)
    }

    pub(super) fn never(&mut self) -> Id {
        self.intern(Node::False)
    }

    pub(super) fn and(&mut self, parts: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        for part in parts {
            match &*self.get(part) {
                Node::True => {}
                Node::False => return part,
                Node::And(inner) => flat.extend(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat.as_slice() {
            [] => self.always(),
            [only] => *only,
            _ => self.intern(Node::And(flat)),
        }
    }

    pub(super) fn or(&mut self, parts: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        for part in parts {
            match &*self.get(part) {
                Node::False => {}
                Node::True => return part,
                Node::Or(inner) => flat.extend(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat.as_slice() {
            [] => self.never(),
            [only] => *only,
            _ => self.intern(Node::Or(flat)),
        }
    }

    pub(super) fn not(&mut self, part: Id) -> Id {
        match &*self.get(part) {
            Node::True => self.never(),
            Node::False => self.always(),
            Node::Not(inner) => *inner,
            _ => self.intern(Node::Not(part)),
        }
    }

    pub(super) fn values<'a>(&mut self, values: impl IntoIterator<Item = &'a Value>) -> Id {
        let mut constants: Vec<Constant> = values.into_iter().map(|value| self.constant(value)).collect();
        constants.sort_unstable();
        constants.dedup();
        if constants.is_empty() {
            return self.never();
        }
        self.intern(Node::Values(constants))
    }

    fn constant(&mut self, value: &Value) -> Constant {
        let mut key = String::new();
        spell(value, &mut key);
        if let Some(known) = self.constant_numbers.get(&key) {
            return *known;
        }
        let number = Constant::try_from(self.constants.len()).unwrap_or(Constant::MAX);
        self.constants.push(Rc::new(value.clone()));
        self.constant_numbers.insert(key, number);
        number
    }

    pub(super) fn value(&self, constant: Constant) -> Rc<Value> {
        Rc::clone(&self.constants[constant as usize])
    }

    /// The number of a constant equal to `value`, if there is one.
    pub(super) fn known(&self, value: &Value) -> Option<Constant> {
        let mut key = String::new();
        spell(value, &mut key);
        self.constant_numbers.get(&key).copied()
    }

    pub(super) fn declare(&mut self) -> u32 {
        self.definitions.push(None);
        u32::try_from(self.definitions.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn define(&mut self, definition: u32, id: Id) {
        self.definitions[definition as usize] = Some(id);
    }

    /// The node that a node stands for, references followed; nothing for one that refers only to itself.
    pub(super) fn resolved(&self, mut id: Id) -> Option<Id> {
        for _ in 0..64 {
            match *self.get(id) {
                Node::Ref(definition) => id = self.definitions[definition as usize]?,
                _ => return Some(id),
            }
        }
        None
    }

    /// What a node says, in a few words.
    pub(super) fn describe(&self, id: Id) -> String {
        let Some(id) = self.resolved(id) else {
            return "a reference to itself".to_owned();
        };
        match &*self.get(id) {
            Node::True => "anything".to_owned(),
            Node::False => "nothing".to_owned(),
            Node::Ref(_) => "a reference".to_owned(),
            Node::And(parts) => match parts
                .iter()
                .find(|part| matches!(*self.get(**part), Node::Types(_)))
            {
                Some(types) => format!("{} with what else it says", self.describe(*types)),
                None => "all that it says".to_owned(),
            },
            Node::Or(branches) => format!("one of {} cases", branches.len()),
            Node::One(branches) => format!("exactly one of {} cases", branches.len()),
            Node::Not(inner) => format!("not: {}", self.describe(*inner)),
            Node::Types(kinds) => format!("type {}", types_shown(*kinds)),
            Node::Values(values) => {
                let mut listed: Vec<String> = values
                    .iter()
                    .take(4)
                    .map(|value| shortened(&self.value(*value).to_string()))
                    .collect();
                if values.len() > listed.len() {
                    listed.push("…".to_owned());
                }
                match listed.as_slice() {
                    [only] => format!("const {only}"),
                    _ => format!("enum [{}]", listed.join(", ")),
                }
            }
            Node::AtLeast(bound, false) => format!("minimum {}", shown(bound)),
            Node::AtLeast(bound, true) => format!("exclusiveMinimum {}", shown(bound)),
            Node::AtMost(bound, false) => format!("maximum {}", shown(bound)),
            Node::AtMost(bound, true) => format!("exclusiveMaximum {}", shown(bound)),
            Node::MultipleOf(divisor) => format!("multipleOf {}", shown(divisor)),
            Node::MinLength(count) => format!("minLength {count}"),
            Node::MaxLength(count) => format!("maxLength {count}"),
            Node::Pattern(pattern) => format!("pattern {}", shortened(pattern)),
            Node::Assertion(keyword, held) => format!("{keyword} {}", held.replace('\n', " ")),
            Node::MinItems(count) => format!("minItems {count}"),
            Node::MaxItems(count) => format!("maxItems {count}"),
            Node::Items(from, to, schema) => {
                let which = match to {
                    Some(to) if *to == from + 1 => format!("item {from}"),
                    Some(to) => format!("items {from} to {}", to - 1),
                    None => format!("items from {from} on"),
                };
                match &*self.get(*schema) {
                    Node::False => format!("no {which}"),
                    _ => format!("{which}: {}", self.describe(*schema)),
                }
            }
            Node::Contains(_, least) => format!("contains, {least} at least"),
            Node::ContainsAtMost(_, most) => format!("contains, {most} at most"),
            Node::Unique => "uniqueItems".to_owned(),
            Node::Has(name) => format!("required {}", Value::from(&**name)),
            Node::MinMembers(count) => format!("minProperties {count}"),
            Node::MaxMembers(count) => format!("maxProperties {count}"),
            Node::Members(keys, schema) => {
                let which = match keys {
                    Keys::Name(name) => format!("member {}", Value::from(&**name)),
                    Keys::Match(pattern) => format!("members named {}", shortened(pattern)),
                    Keys::Rest(names, patterns) if names.is_empty() && patterns.is_empty() => {
                        "members".to_owned()
                    }
                    Keys::Rest(..) => "other members".to_owned(),
                };
                match &*self.get(*schema) {
                    Node::False => format!("no {which}"),
                    _ => format!("{which}: {}", self.describe(*schema)),
                }
            }
            Node::Names(schema) => format!("propertyNames: {}", self.describe(*schema)),
            Node::Opaque(what) => what.to_string(),
        }
    }
}

fn types_shown(kinds: u8) -> String {
    let mut names = Vec::new();
    for name in ["null", "boolean", "string", "number", "array", "object"] {
        let all = kinds_of(name);
        if kinds & all == all {
            names.push(name);
        } else if name == "number" && kinds & all != 0 {
            names.push("integer");
        }
    }
    names.join(" or ")
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

/// One spelling for all values that are equal.
fn spell(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
        Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => match exact(number) {
            Some(exact) => text.push_str(&exact.to_string()),
            None => text.push_str(&number.to_string()),
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                spell(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                spell(value, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// One spelling for all values that are equal.
pub(super) fn spelled(value: &Value) -> String {
    let mut text = String::new();
    spell(value, &mut text);
    text
}
