//! Bringing a schema of any draft into one form: draft 2020-12, every reference to an entry of `$defs`.
//!
//! What a draft does not know is dropped, as its validators do: a `const` in draft 4, what stands beside `$ref`
//! up to draft 7. Annotations are dropped but for `examples` and `default`, which are values to try.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use referencing::{Draft as EngineDraft, Registry, RegistryBuilder, Resolver};
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::engine::{BASE, Refusal, engine_draft};
use super::keywords::{Shape, definition_reference, subschemas, unescape};
use super::prove::{ORIGIN, WRITTEN_INTEGER};
use super::types::free_name;

/// How the translated schema accepts, beside the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fidelity {
    /// The same values.
    Exact,
    /// The same values and some more.
    Wider,
    /// The same values but some.
    Narrower,
    /// Neither is known.
    Loose,
}

/// A schema in the common form.
#[derive(Clone, Debug)]
pub(super) struct Translated {
    pub(super) schema: Value,
    pub(super) fidelity: Fidelity,
}

/// Why a schema has no common form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Untranslatable {
    /// JSON pointer in the original.
    pub(super) pointer: String,
    pub(super) reason: String,
}

/// What becomes of draft 4's `integer`, which does not accept `1.0`, as those of later drafts do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integers {
    /// It becomes the later `integer`: wider.
    Widened,
    /// It accepts nothing: narrower.
    Dropped,
    /// It keeps its meaning, under a name of its own that only the prover knows.
    Written,
}

/// Brings `schema`, written in `draft`, into draft 2020-12.
pub(super) fn translate(
    schema: &Value,
    draft: Draft,
    integers: Integers,
) -> Result<Translated, Untranslatable> {
    run(schema, draft, Mode::Modern(integers))
}

/// As the prover reads it: exactly, with the place of every part, and with `format` and its like where they assert
/// something.
pub(super) fn exact(schema: &Value, draft: Draft, asserting: bool) -> Result<Value, Untranslatable> {
    run(schema, draft, Mode::Exact { asserting }).map(|translated| translated.schema)
}

/// Brings `schema`, written in draft 4, into draft 4: only references and what the draft does not know change.
pub(super) fn keep_draft4(schema: &Value) -> Result<Value, Untranslatable> {
    run(schema, Draft::Draft4, Mode::Draft4).map(|translated| translated.schema)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Modern(Integers),
    Draft4,
    Exact { asserting: bool },
}

impl Mode {
    /// What becomes of draft 4's `integer`, where other drafts become 2020-12.
    fn integers(self) -> Option<Integers> {
        match self {
            Self::Modern(integers) => Some(integers),
            Self::Exact { .. } => Some(Integers::Written),
            Self::Draft4 => None,
        }
    }
}

fn run(schema: &Value, draft: Draft, mode: Mode) -> Result<Translated, Untranslatable> {
    let engine = engine_draft(draft);
    let failed = |reason: String| Untranslatable {
        pointer: String::new(),
        reason,
    };
    let own = schema
        .get(draft.id_keyword())
        .and_then(Value::as_str)
        .filter(|id| id.contains(':'))
        .map(|id| id.trim_end_matches('#'));
    let base = own.unwrap_or(BASE);
    // In the order of their names, whatever kind of map they are held in: what is found first is told first.
    let mut sorted = schema.clone();
    sorted.sort_all_objects();
    let registry = Registry::new()
        .draft(engine)
        .retriever(Refusal::default())
        .add(base, engine.create_resource(sorted))
        .and_then(RegistryBuilder::prepare)
        .map_err(|error| failed(error.to_string()))?;
    let uri = referencing::uri::from_str(base).map_err(|error| failed(error.to_string()))?;
    let resolver = registry.resolver(uri);
    // What the registry holds is what references lead to, so that one place has one address.
    let root = resolver.lookup("").map_err(|error| failed(error.to_string()))?;
    let mut translation = Translation {
        mode,
        names: BTreeMap::new(),
        taken: BTreeSet::new(),
        pending: VecDeque::new(),
        wider: false,
        narrower: false,
        loose: false,
    };
    let (contents, resolver, draft) = root.into_inner();
    let place = Place {
        resolver,
        draft,
        pointer: String::new(),
        polarity: Polarity::Positive,
    };
    let mut body = translation.schema(contents, &place)?;
    let mut definitions = Map::new();
    while let Some((key, contents, place)) = translation.pending.pop_front() {
        let definition = translation.schema(contents, &place)?;
        definitions.insert(key, definition);
    }
    if let Value::Object(members) = &mut body {
        let dialect = match mode {
            Mode::Modern(_) | Mode::Exact { .. } => "https://json-schema.org/draft/2020-12/schema",
            Mode::Draft4 => "http://json-schema.org/draft-04/schema#",
        };
        members.insert("$schema".to_owned(), dialect.into());
        if !definitions.is_empty() {
            members.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
    body.sort_all_objects();
    let fidelity = match (translation.wider, translation.narrower, translation.loose) {
        (false, false, false) => Fidelity::Exact,
        (true, false, false) => Fidelity::Wider,
        (false, true, false) => Fidelity::Narrower,
        (true, true, false) | (_, _, true) => Fidelity::Loose,
    };
    Ok(Translated {
        schema: body,
        fidelity,
    })
}

/// Whether a wider subschema makes the whole wider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Polarity {
    Positive,
    Negative,
    Both,
}

impl Polarity {
    fn under(self, keyword: &str) -> Self {
        match (keyword, self) {
            // How many branches or items satisfy a schema, and which case applies, depends on it both ways.
            ("oneOf" | "if" | "contains", _) | ("not", Self::Both) => Self::Both,
            ("not", Self::Positive) => Self::Negative,
            ("not", Self::Negative) => Self::Positive,
            (_, polarity) => polarity,
        }
    }
}

struct Place<'r> {
    resolver: Resolver<'r>,
    draft: EngineDraft,
    /// Where this is in the original, as far as it is known.
    pointer: String,
    polarity: Polarity,
}

struct Translation<'r> {
    mode: Mode,
    /// Keys of definitions by the address of what they define and how it counts.
    names: BTreeMap<(usize, Polarity), String>,
    taken: BTreeSet<String>,
    pending: VecDeque<(String, &'r Value, Place<'r>)>,
    wider: bool,
    narrower: bool,
    loose: bool,
}

impl<'r> Translation<'r> {
    fn schema(&mut self, schema: &'r Value, place: &Place<'r>) -> Result<Value, Untranslatable> {
        let Value::Object(members) = schema else {
            return Ok(schema.clone());
        };
        let failed = |keyword: &str, reason: String| Untranslatable {
            pointer: step(&place.pointer, keyword),
            reason,
        };
        // A schema with an address of its own is what the references in it are relative to.
        let resolver = place
            .resolver
            .in_subresource(place.draft.create_resource_ref(schema))
            .map_err(|error| failed(place.draft.id_keyword(), error.to_string()))?;
        let place = Place {
            resolver,
            draft: place.draft,
            pointer: place.pointer.clone(),
            polarity: place.polarity,
        };
        for dynamic in ["$dynamicRef", "$recursiveRef"] {
            if members.contains_key(dynamic) && knows(place.draft, dynamic) {
                return Err(failed(dynamic, format!("`{dynamic}` is not followed")));
            }
        }
        let mut made = Map::new();
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let key = self
                .reference(reference, &place)
                .map_err(|reason| failed("$ref", reason))?;
            made.insert("$ref".to_owned(), definition_reference(&key).into());
            // Up to draft 7 nothing beside a reference counts.
            if place.draft <= EngineDraft::Draft7 {
                return Ok(Value::Object(made));
            }
        }
        for (keyword, value) in members {
            if !knows(place.draft, keyword) {
                continue;
            }
            match subschemas(keyword) {
                Some((shape, _)) => {
                    let value = self.held(value, shape, keyword, &place)?;
                    made.insert(keyword.clone(), value);
                }
                None => {
                    made.insert(keyword.clone(), value.clone());
                }
            }
        }
        if let Mode::Exact { asserting } = self.mode {
            made.insert(ORIGIN.to_owned(), place.pointer.as_str().into());
            if asserting {
                let asserted = ["format", "contentEncoding", "contentMediaType"];
                for keyword in asserted
                    .into_iter()
                    .filter(|keyword| asserts(place.draft, keyword))
                {
                    if let Some(held) = members.get(keyword) {
                        made.insert(keyword.to_owned(), held.clone());
                    }
                }
            }
        }
        if let Some(integers) = self.mode.integers() {
            self.modernise(&mut made, &place, integers)?;
        }
        Ok(Value::Object(made))
    }

    /// What a keyword holds, translated.
    fn held(
        &mut self,
        value: &'r Value,
        shape: Shape,
        keyword: &str,
        place: &Place<'r>,
    ) -> Result<Value, Untranslatable> {
        let part = |translation: &mut Self, held: &'r Value, pointer: String| {
            let place = Place {
                resolver: place.resolver.clone(),
                draft: place.draft,
                pointer,
                polarity: match translation.mode {
                    // What is exact is so both ways.
                    Mode::Exact { .. } => place.polarity,
                    Mode::Modern(_) | Mode::Draft4 => place.polarity.under(keyword),
                },
            };
            translation.schema(held, &place)
        };
        let pointer = step(&place.pointer, keyword);
        match (shape, value) {
            (Shape::List | Shape::OneOrList, Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| part(self, item, format!("{pointer}/{index}")))
                .collect::<Result<Vec<Value>, Untranslatable>>()
                .map(Value::Array),
            (Shape::Map | Shape::MapOfSchemasOrNames, Value::Object(members)) => {
                let mut made = Map::new();
                for (name, held) in members {
                    let held = if held.is_array() {
                        held.clone()
                    } else {
                        part(self, held, step(&pointer, name))?
                    };
                    made.insert(name.clone(), held);
                }
                Ok(Value::Object(made))
            }
            (Shape::One | Shape::OneOrList, value) => part(self, value, pointer),
            (Shape::List | Shape::Map | Shape::MapOfSchemasOrNames, value) => Ok(value.clone()),
        }
    }

    /// The key of the definition that `reference` leads to.
    fn reference(&mut self, reference: &str, place: &Place<'r>) -> Result<String, String> {
        let target = place
            .resolver
            .lookup(reference)
            .map_err(|error| error.to_string())?;
        let (contents, resolver, draft) = target.into_inner();
        let identity = (std::ptr::from_ref(contents).addr(), place.polarity);
        if let Some(key) = self.names.get(&identity) {
            return Ok(key.clone());
        }
        let named = unescape(reference.rsplit(['/', '#']).next().unwrap_or_default());
        let named = if named.is_empty() { "root" } else { named.as_str() };
        let key = free_name(named, |name| self.taken.contains(name));
        self.taken.insert(key.clone());
        self.names.insert(identity, key.clone());
        let pointer = match reference.strip_prefix('#') {
            Some(fragment) if fragment.is_empty() || fragment.starts_with('/') => fragment.to_owned(),
            _ => place.pointer.clone(),
        };
        let place = Place {
            resolver,
            draft,
            pointer,
            polarity: place.polarity,
        };
        self.pending.push_back((key.clone(), contents, place));
        Ok(key)
    }

    /// Rewrites what 2020-12 says in another way.
    fn modernise(
        &mut self,
        made: &mut Map<String, Value>,
        place: &Place<'r>,
        integers: Integers,
    ) -> Result<(), Untranslatable> {
        if place.draft == EngineDraft::Draft4 {
            for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
                if made.remove(exclusive) == Some(Value::Bool(true))
                    && let Some(limit) = made.remove(bound)
                {
                    made.insert(exclusive.to_owned(), limit);
                }
            }
            self.integer(made, place.polarity, integers);
        }
        if place.draft <= EngineDraft::Draft201909 {
            let rest = made.remove("additionalItems");
            if made.get("items").is_some_and(Value::is_array) {
                if let Some(positions) = made.remove("items")
                    && positions != json!([])
                {
                    made.insert("prefixItems".to_owned(), positions);
                }
                if let Some(rest) = rest {
                    made.insert("items".to_owned(), rest);
                }
            }
            // Whether an item that `contains` accepts counts as evaluated changed with 2020-12.
            if made.contains_key("unevaluatedItems") && made.contains_key("contains") {
                return Err(Untranslatable {
                    pointer: step(&place.pointer, "unevaluatedItems"),
                    reason: "`unevaluatedItems` beside `contains` means something else in 2019-09".to_owned(),
                });
            }
        }
        if let Some(Value::Object(dependencies)) = made.remove("dependencies") {
            for (name, needed) in dependencies {
                let keyword = if needed.is_array() {
                    "dependentRequired"
                } else {
                    "dependentSchemas"
                };
                let entry = made.entry(keyword).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(entries) = entry {
                    match (entries.get_mut(&name), needed) {
                        (None, needed) => {
                            entries.insert(name, needed);
                        }
                        (Some(Value::Array(known)), Value::Array(needed)) => known.extend(needed),
                        (Some(known), needed) => *known = json!({"allOf": [known.clone(), needed]}),
                    }
                }
            }
        }
        Ok(())
    }

    /// Draft 4 does not count `1.0` as an integer; later drafts do.
    fn integer(&mut self, made: &mut Map<String, Value>, polarity: Polarity, integers: Integers) {
        let Some(types) = made.get_mut("type") else { return };
        let (integer, number) = match types {
            Value::String(name) => (name == "integer", false),
            Value::Array(names) => (
                names.iter().any(|name| name == "integer"),
                names.iter().any(|name| name == "number"),
            ),
            _ => (false, false),
        };
        if !integer || number {
            return;
        }
        if integers == Integers::Written {
            let written = |name: &mut Value| {
                if name == "integer" {
                    *name = WRITTEN_INTEGER.into();
                }
            };
            match types {
                Value::Array(names) => names.iter_mut().for_each(written),
                name => written(name),
            }
            return;
        }
        match (integers, polarity) {
            (Integers::Written, _) => {}
            (_, Polarity::Both) => self.loose = true,
            (Integers::Widened, Polarity::Positive) => self.wider = true,
            // What a refusal refuses more of makes the whole narrower.
            (Integers::Widened | Integers::Dropped, Polarity::Negative) => self.narrower = true,
            (Integers::Dropped, Polarity::Positive) => {
                self.narrower = true;
                let rest: Vec<Value> = match types {
                    Value::Array(names) => names.iter().filter(|name| *name != "integer").cloned().collect(),
                    _ => Vec::new(),
                };
                if rest.is_empty() {
                    made.remove("type");
                    made.insert("enum".to_owned(), json!([]));
                } else {
                    *types = Value::Array(rest);
                }
            }
        }
    }
}

/// Whether a draft knows a keyword that says something about values, or gives values to try.
fn knows(draft: EngineDraft, keyword: &str) -> bool {
    match keyword {
        "type"
        | "enum"
        | "allOf"
        | "anyOf"
        | "oneOf"
        | "not"
        | "properties"
        | "patternProperties"
        | "additionalProperties"
        | "required"
        | "minProperties"
        | "maxProperties"
        | "items"
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
        | "dependencies"
        | "examples"
        | "default" => true,
        "const" | "contains" | "propertyNames" => draft >= EngineDraft::Draft6,
        "if" | "then" | "else" => draft >= EngineDraft::Draft7,
        "dependentRequired"
        | "dependentSchemas"
        | "minContains"
        | "maxContains"
        | "unevaluatedProperties"
        | "unevaluatedItems" => draft >= EngineDraft::Draft201909,
        "prefixItems" | "$dynamicRef" => draft >= EngineDraft::Draft202012,
        "additionalItems" => draft <= EngineDraft::Draft201909,
        "$recursiveRef" => draft == EngineDraft::Draft201909,
        _ => false,
    }
}

/// Whether validators of a draft that assert formats assert what this keyword says.
fn asserts(draft: EngineDraft, keyword: &str) -> bool {
    match keyword {
        "format" => true,
        _ => matches!(draft, EngineDraft::Draft6 | EngineDraft::Draft7),
    }
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
