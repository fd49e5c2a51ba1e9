//! A first upcaster from the difference of two schemas, with a hole where history cannot supply a value.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::schema::{Contract, common_form, definition_name, included};

/// How alike two names have to be to be taken for one.
const ALIKE: f64 = 0.45;
/// How deep objects are followed.
const DEEPEST: usize = 12;

/// A first upcaster, to be completed and read by a person.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Draft {
    /// The file, as it stands: a declarative upcaster.
    pub file: Value,
    /// What was guessed, each with its confidence from 0 to 1.
    pub guesses: Vec<Guess>,
    /// What a person has to decide.
    pub holes: Vec<Hole>,
}

/// One guess.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Guess {
    /// What was guessed.
    pub message: String,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

/// A member that nothing in the old event supplies.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hole {
    /// JSON pointer of the member in the new data.
    pub pointer: String,
    /// What the new schema asks of it.
    pub schema: Value,
    /// Why it is a hole.
    pub why: String,
}

impl Draft {
    /// A draft of the upcaster from `old` to `new`.
    ///
    /// A member that is gone and a member that is new are taken for one renamed member when their schemas fit and
    /// their names are alike; the confidence says how much. A value that no old event has is never made up: unless the
    /// new schema itself allows one value only, or states a default, there is an operation `hole`, which no reader of
    /// the format accepts.
    ///
    /// # Errors
    ///
    /// When one of the schemas has no form that can be worked on; the text says why.
    ///
    /// ```
    /// use pastproof::upcast::Draft;
    /// use serde_json::json;
    ///
    /// let old = json!({"type": "object", "properties": {"total_cents": {"type": "integer"}}, "required": ["total_cents"]});
    /// let new = json!({
    ///     "type": "object",
    ///     "properties": {"total": {"type": "integer"}, "currency": {"type": "string"}},
    ///     "required": ["total", "currency"],
    /// });
    /// let draft = Draft::new(&old, &new)?;
    /// assert_eq!(draft.file["operations"][0]["op"], "rename");
    /// assert_eq!(draft.holes[0].pointer, "/currency");
    /// # Ok::<(), String>(())
    /// ```
    pub fn new(old: &Value, new: &Value) -> Result<Self, String> {
        let (old, new) = (common_form(old)?, common_form(new)?);
        let mut drafter = Drafter {
            old: &old,
            new: &new,
            operations: Vec::new(),
            guesses: Vec::new(),
            holes: Vec::new(),
        };
        drafter.object(&old, &new, "", 0);
        Ok(Self {
            file: json!({
                "$schema": "../pastproof/upcast.json",
                "format": "1.0",
                "operations": drafter.operations,
            }),
            guesses: drafter.guesses,
            holes: drafter.holes,
        })
    }
}

struct Drafter<'a> {
    old: &'a Value,
    new: &'a Value,
    operations: Vec<Value>,
    guesses: Vec<Guess>,
    holes: Vec<Hole>,
}

impl<'a> Drafter<'a> {
    /// Operations that take the members of one object to those of another.
    fn object(&mut self, old: &'a Value, new: &'a Value, at: &str, depth: usize) {
        let (old, new) = (resolve(old, self.old), resolve(new, self.new));
        let (Some(before), Some(after)) = (members(old), members(new)) else {
            return;
        };
        let required = |schema: &Value, name: &str| {
            let required = schema.get("required").and_then(Value::as_array);
            required.is_some_and(|required| required.iter().any(|known| known == name))
        };
        let gone: Vec<&String> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        let come: Vec<&String> = after.keys().filter(|name| !before.contains_key(*name)).collect();
        let mut pairs: Vec<(f64, &String, &String)> = Vec::new();
        for from in &gone {
            for to in &come {
                let fits = self.fits(&before[*from], &after[*to]);
                let score = likeness(from, to) * 0.7 + if fits { 0.3 } else { 0.0 };
                if likeness(from, to) >= ALIKE && (fits || score >= 0.75) {
                    pairs.push((score, from, to));
                }
            }
        }
        pairs.sort_by(|left, right| {
            right
                .0
                .total_cmp(&left.0)
                .then_with(|| (left.1, left.2).cmp(&(right.1, right.2)))
        });
        let mut used: BTreeSet<&String> = BTreeSet::new();
        let mut renamed: Vec<(&String, &String)> = Vec::new();
        for (score, from, to) in pairs {
            if used.contains(from) || used.contains(to) {
                continue;
            }
            used.extend([from, to]);
            renamed.push((from, to));
            let place = format!("{at}{}", step(from));
            self.operation(
                json!({"op": "rename", "at": place, "to": to}),
                &format!("names alike, confidence {score:.2}"),
            );
            self.guesses.push(Guess {
                message: format!("{place} became {at}{}", step(to)),
                confidence: score,
            });
        }
        for from in gone.iter().filter(|name| !used.contains(**name)) {
            if let Some(to) = self.moved(from, &before[*from], after, &come) {
                let place = format!("{at}{}", step(from));
                self.operation(
                    json!({"op": "move", "from": place, "to": format!("{at}{to}")}),
                    "same name inside a new object, confidence 0.80",
                );
                self.guesses.push(Guess {
                    message: format!("{place} went to {at}{to}"),
                    confidence: 0.8,
                });
                continue;
            }
            let place = format!("{at}{}", step(from));
            self.operation(
                json!({"op": "remove", "at": place}),
                "the new version has no such member: what it said is lost",
            );
        }
        let both = before
            .keys()
            .filter(|name| after.contains_key(*name))
            .map(|name| (name, name));
        for (from, to) in both.chain(renamed) {
            self.value(&before[from], &after[to], &format!("{at}{}", step(to)), depth);
            if required(new, to) && !required(old, from) {
                self.supply(
                    &after[to],
                    &format!("{at}{}", step(to)),
                    "it was optional and is required now",
                );
            }
        }
        for name in come.iter().filter(|name| !used.contains(**name)) {
            let place = format!("{at}{}", step(name));
            let inside = format!("{place}/");
            let filled = self
                .operations
                .iter()
                .any(|operation| operation["to"].as_str().is_some_and(|to| to.starts_with(&inside)));
            if required(new, name) && !filled {
                self.supply(&after[*name], &place, "it is new and required");
            }
        }
    }

    /// Operations that take a value at a place to what the new schema asks there.
    fn value(&mut self, old: &'a Value, new: &'a Value, at: &str, depth: usize) {
        if self.fits(old, new) {
            return;
        }
        let (old, new) = (resolve(old, self.old), resolve(new, self.new));
        if let (Some(before), Some(after)) = (values(old), values(new)) {
            self.map(&before, &after, at);
            return;
        }
        match (kind(old), kind(new)) {
            (Some("object"), Some("object")) if depth < DEEPEST => self.object(old, new, at, depth + 1),
            (Some("array"), Some("array")) if depth < DEEPEST => {
                let (Some(before), Some(after)) = (old.get("items"), new.get("items")) else {
                    return self.hole(new, at, "its items changed");
                };
                let outer = std::mem::take(&mut self.operations);
                let holes = self.holes.len();
                self.object(before, after, "", depth + 1);
                for hole in &mut self.holes[holes..] {
                    hole.pointer = format!("{at}/*{}", hole.pointer);
                }
                let inner = std::mem::replace(&mut self.operations, outer);
                if inner.is_empty() {
                    self.hole(new, at, "its items changed");
                } else {
                    self.operation(json!({"op": "each", "at": at, "operations": inner}), "");
                }
            }
            (Some(from), Some("object")) if from != "object" => {
                let fitting: Vec<&String> = members(new)
                    .into_iter()
                    .flatten()
                    .filter(|(_, member)| self.fits(old, member))
                    .map(|(name, _)| name)
                    .collect();
                match fitting[..] {
                    [only] => {
                        self.operation(
                            json!({"op": "wrap", "at": at, "in": only}),
                            "the only member that it fits",
                        );
                        self.guesses.push(Guess {
                            message: format!("{at} went into {at}{}", step(only)),
                            confidence: 0.6,
                        });
                    }
                    _ => self.hole(
                        new,
                        at,
                        "a value became an object, and no one member of it fits alone",
                    ),
                }
            }
            (Some("object"), Some(_)) => {
                let fitting: Vec<&String> = members(old)
                    .into_iter()
                    .flatten()
                    .filter(|(_, member)| self.fits(member, new))
                    .map(|(name, _)| name)
                    .collect();
                match fitting[..] {
                    [only] => {
                        self.operation(
                            json!({"op": "hoist", "at": at, "member": only}),
                            "the only member that fits",
                        );
                        self.guesses.push(Guess {
                            message: format!("{at}{} took the place of {at}", step(only)),
                            confidence: 0.6,
                        });
                    }
                    _ => self.hole(
                        new,
                        at,
                        "an object became a value, and no one member of it fits alone",
                    ),
                }
            }
            (Some(_), Some("array")) if new.get("items").is_some_and(|items| self.fits(old, items)) => {
                self.operation(
                    json!({"op": "wrap", "at": at, "as": "list"}),
                    "one value became a list",
                );
            }
            (Some("integer" | "number" | "boolean"), Some("string")) => {
                self.operation(json!({"op": "convert", "at": at, "to": "string"}), "");
            }
            (Some("string"), Some(to @ ("integer" | "number" | "boolean"))) => {
                self.operation(
                    json!({"op": "convert", "at": at, "to": to}),
                    "refuses a text that is not written so",
                );
            }
            (Some("number"), Some("integer")) => {
                self.operation(
                    json!({"op": "convert", "at": at, "to": "integer"}),
                    "refuses a fraction",
                );
            }
            _ => self.hole(
                new,
                at,
                "the old value does not fit, and no operation makes it fit",
            ),
        }
    }

    /// Values of an enumeration that the new one no longer has.
    fn map(&mut self, before: &[Value], after: &[Value], at: &str) {
        let mut listed = Vec::new();
        let missing: Vec<&Value> = before.iter().filter(|value| !after.contains(value)).collect();
        let new: Vec<&Value> = after.iter().filter(|value| !before.contains(value)).collect();
        for value in missing {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let alone = after.len() == 1;
            let near = new
                .iter()
                .map(|other| (likeness(&text(value), &text(other)), *other))
                .max_by(|left, right| left.0.total_cmp(&right.0));
            match near {
                _ if alone => {
                    listed.push(json!({"from": value, "to": after[0]}));
                    self.guesses.push(Guess {
                        message: format!("{value} at {at} became {}, the only value there is", after[0]),
                        confidence: 1.0,
                    });
                }
                Some((score, other)) if score >= ALIKE => {
                    listed.push(json!({"from": value, "to": other}));
                    self.guesses.push(Guess {
                        message: format!("{value} at {at} became {other}"),
                        confidence: score,
                    });
                }
                _ => {
                    self.hole(
                        &json!({ "enum": after }),
                        at,
                        &format!("{value} is no longer a value"),
                    );
                    return;
                }
            }
        }
        self.operation(
            json!({"op": "map", "at": at, "values": listed, "otherwise": "keep"}),
            "",
        );
    }

    /// A value for a member that old events may lack: only one that the new schema itself gives.
    fn supply(&mut self, schema: &'a Value, at: &str, why: &str) {
        let resolved = resolve(schema, self.new);
        let stated = match (
            values(resolved),
            resolved.get("default").or_else(|| schema.get("default")),
        ) {
            (Some(values), _) if values.len() == 1 => {
                Some((values[0].clone(), "the only value that the new schema allows"))
            }
            (_, Some(default)) => Some((default.clone(), "the default that the new schema states")),
            _ => None,
        };
        if let Some((value, note)) = stated {
            self.operation(json!({"op": "add", "at": at, "value": value}), note);
            return;
        }
        if kind(resolved) == Some("object") {
            let inner: Vec<(&String, &Value)> = members(resolved).into_iter().flatten().collect();
            let required: Vec<&Value> = resolved
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .collect();
            // An object is supplied by its parts, so that each hole is one decision.
            if !required.is_empty() && at.matches('/').count() < DEEPEST {
                for (name, member) in inner {
                    if required.iter().any(|known| *known == name) {
                        self.supply(member, &format!("{at}{}", step(name)), why);
                    }
                }
                return;
            }
        }
        self.hole(resolved, at, why);
    }

    fn hole(&mut self, schema: &Value, at: &str, why: &str) {
        let mut schema = schema.clone();
        if let Value::Object(members) = &mut schema {
            members.remove("$defs");
        }
        self.operation(json!({"op": "hole", "at": at, "schema": schema}), why);
        self.holes.push(Hole {
            pointer: at.to_owned(),
            schema,
            why: why.to_owned(),
        });
    }

    fn operation(&mut self, mut operation: Value, note: &str) {
        if !note.is_empty() {
            operation["note"] = json!(note);
        }
        self.operations.push(operation);
    }

    /// Where a member of the same name and a fitting schema is, inside an object that is new.
    fn moved(
        &self,
        name: &str,
        schema: &Value,
        after: &Map<String, Value>,
        come: &[&String],
    ) -> Option<String> {
        come.iter().find_map(|host| {
            let inner = members(resolve(&after[*host], self.new))?.get(name)?;
            self.fits(schema, inner)
                .then(|| format!("{}{}", step(host), step(name)))
        })
    }

    /// Whether everything that the old place writes is accepted at the new one.
    fn fits(&self, old: &Value, new: &Value) -> bool {
        let (old, new) = (standing(old, self.old), standing(new, self.new));
        old == new || included(&old, &new, Contract::WriterReader).is_ok()
    }
}

/// A part of a schema with the definitions of the whole.
fn standing(part: &Value, whole: &Value) -> Value {
    let mut part = match part {
        Value::Object(members) => members.clone(),
        other => return other.clone(),
    };
    if let Some(definitions) = whole.get("$defs") {
        part.insert("$defs".to_owned(), definitions.clone());
    }
    Value::Object(part)
}

/// What a bare reference leads to.
fn resolve<'a>(schema: &'a Value, whole: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        let target = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(definition_name)
            .and_then(|name| whole.get("$defs")?.get(&name));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

fn members(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn kind(schema: &Value) -> Option<&str> {
    let stated = schema.get("type").and_then(Value::as_str);
    stated.or_else(|| members(schema).map(|_| "object"))
}

/// The values that a schema lists.
fn values(schema: &Value) -> Option<Vec<Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(constant), _) => Some(vec![constant.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    }
}

fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// How alike two names are, from 0 to 1: as words that they share, or as letters that differ.
fn likeness(left: &str, right: &str) -> f64 {
    let (left_words, right_words) = (words(left), words(right));
    let shared = left_words.intersection(&right_words).count();
    let all = left_words.union(&right_words).count();
    let by_words = if all == 0 { 0.0 } else { ratio(shared, all) };
    let longest = left.chars().count().max(right.chars().count()).max(1);
    let by_letters = 1.0 - ratio(distance(&left.to_lowercase(), &right.to_lowercase()), longest);
    by_words.max(by_letters)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names are far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// `totalCents`, `total_cents` and `total-cents` are two words.
fn words(name: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && lower) {
            words.insert(std::mem::take(&mut word));
        }
        lower = letter.is_lowercase();
        word.extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
    }
    words.insert(word);
    words.remove("");
    words
}

/// Levenshtein's distance: letters put in, taken out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
