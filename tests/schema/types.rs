//! Schemas of types: closed writers that can still write, and readers that agree with serde.

use std::collections::BTreeMap;

use pastproof::schema::{reader_schema, writer_schema};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Plain {
    id: String,
    count: u32,
    note: Option<String>,
    #[serde(default)]
    flag: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nested {
    plain: Plain,
    list: Vec<Plain>,
    maybe: Option<Plain>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum External {
    Unit,
    Other,
    Newtype(Plain),
    Tuple(u8, String),
    Struct { a: i64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
enum Internal {
    Unit,
    Newtype(Plain),
    Nested(Nested),
    Struct { a: i64, plain: Plain },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype(Plain),
    Struct { a: i64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(i32),
    A { a: i64, b: Option<i64> },
    B { b: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flat {
    id: String,
    #[serde(flatten)]
    plain: Rest,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Rest {
    x: i8,
    y: Option<i8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlatExternal {
    id: String,
    #[serde(flatten)]
    choice: External2,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum External2 {
    Newtype(Rest),
    Struct { a: i64 },
    Unit,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlatInternal {
    id: String,
    #[serde(flatten)]
    choice: Internal,
    #[serde(flatten)]
    adjacent: Adjacent,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlatOption {
    #[serde(flatten)]
    choice: Option<Internal>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlatMap {
    id: String,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlatUntagged {
    id: String,
    #[serde(flatten)]
    choice: UntaggedObjects,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum UntaggedObjects {
    A { a: i64, b: Option<i64> },
    B { b: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    left: Option<Box<Tree>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Mutual {
    inner: Option<Box<MutualInner>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct MutualInner {
    outer: Mutual,
    tree: Tree,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Maps {
    texts: BTreeMap<String, String>,
    plains: BTreeMap<String, Plain>,
    numbers: BTreeMap<u16, bool>,
    any: Value,
    anything: serde_json::Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u16,
    #[serde(default)]
    b: u16,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Newtype(Plain);
#[derive(Serialize, Deserialize, JsonSchema)]
struct Pair(u8, Plain);
#[derive(Serialize, Deserialize, JsonSchema)]
struct Unit;
#[derive(Serialize, Deserialize, JsonSchema)]
struct Empty {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Integers {
    i32: i32,
    u32: u32,
    i64: i64,
    u64: u64,
    usize: usize,
    small: Option<i8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Renamed {
    #[serde(rename(serialize = "out", deserialize = "in"))]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tolerant {
    #[serde(alias = "old")]
    new: u8,
    kind: TolerantKind,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum TolerantKind {
    Known,
    #[serde(other)]
    Unknown,
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().build(schema).unwrap()
}

/// What `T` writes for these values satisfies its closed writer schema, and a member that `T` does not have,
/// put into any object of its own, does not.
fn writes<T: Serialize + JsonSchema>(values: &[T], maps: &[&str]) {
    let schema = writer_schema::<T>();
    let closed = validator(&schema);
    assert!(!values.is_empty());
    for value in values {
        let written = serde_json::to_value(value).unwrap();
        if let Err(error) = closed.validate(&written) {
            panic!("{schema}\nrefuses what its type writes: {written}\n{error}");
        }
        let mut objects = Vec::new();
        pointers(&written, &mut String::new(), &mut objects);
        for pointer in objects.iter().filter(|pointer| !maps.contains(&pointer.as_str())) {
            let mut extended = written.clone();
            let object = extended.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            object.insert("no such member".to_owned(), json!(1));
            assert!(
                !closed.is_valid(&extended),
                "{schema}\nis open at {pointer:?}: {extended}"
            );
        }
    }
    let canonical = jsonschema::canonicalize(&schema).unwrap();
    assert_ne!(
        canonical.satisfiability(),
        jsonschema::canonical::Satisfiability::No,
        "{schema}"
    );
}

fn pointers(value: &Value, at: &mut String, objects: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::Object(members) => {
            objects.push(at.clone());
            for (name, value) in members {
                at.push('/');
                at.push_str(name);
                pointers(value, at, objects);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push_str(&format!("/{index}"));
                pointers(value, at, objects);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

fn plain() -> Plain {
    Plain {
        id: "a".to_owned(),
        count: u32::MAX,
        note: None,
        flag: true,
    }
}

fn nested() -> Nested {
    Nested {
        plain: plain(),
        list: vec![plain(), plain()],
        maybe: Some(plain()),
    }
}

fn tree() -> Tree {
    let leaf = |name: &str| Tree {
        name: name.to_owned(),
        children: Vec::new(),
        left: None,
    };
    Tree {
        name: "root".to_owned(),
        children: vec![leaf("one"), leaf("two")],
        left: Some(Box::new(leaf("left"))),
    }
}

#[test]
fn a_closed_writer_still_writes() {
    writes(&[plain()], &[]);
    writes(
        &[
            nested(),
            Nested {
                maybe: None,
                list: Vec::new(),
                plain: plain(),
            },
        ],
        &[],
    );
    writes(
        &[
            External::Unit,
            External::Other,
            External::Newtype(plain()),
            External::Tuple(1, "x".to_owned()),
            External::Struct { a: i64::MIN },
        ],
        &[],
    );
    writes(
        &[
            Internal::Unit,
            Internal::Newtype(plain()),
            Internal::Nested(nested()),
            Internal::Struct { a: 1, plain: plain() },
        ],
        &[],
    );
    writes(
        &[
            Adjacent::Unit,
            Adjacent::Newtype(plain()),
            Adjacent::Struct { a: 1 },
        ],
        &[],
    );
    writes(
        &[
            Untagged::Number(-1),
            Untagged::A { a: 1, b: Some(2) },
            Untagged::B { b: "x".to_owned() },
        ],
        &[],
    );
    writes(&[Newtype(plain())], &[]);
    writes(&[Pair(1, plain())], &[]);
    writes(&[Unit], &[]);
    writes(&[Empty {}], &[]);
    writes(&[Strict { a: 1, b: 2 }], &[]);
    writes(
        &[
            Renamed {
                name: "x".to_owned(),
                maybe: None,
            },
            Renamed {
                name: "x".to_owned(),
                maybe: Some("y".to_owned()),
            },
        ],
        &[],
    );
}

#[test]
fn a_closed_writer_of_a_flattened_type_still_writes() {
    let id = || "a".to_owned();
    let rest = || Rest { x: 1, y: None };
    writes(
        &[Flat {
            id: id(),
            plain: rest(),
        }],
        &[],
    );
    writes(
        &[
            External2::Newtype(rest()),
            External2::Struct { a: 1 },
            External2::Unit,
        ]
        .map(|choice| FlatExternal { id: id(), choice }),
        &[],
    );
    writes(
        &[
            FlatInternal {
                id: id(),
                choice: Internal::Unit,
                adjacent: Adjacent::Newtype(plain()),
            },
            FlatInternal {
                id: id(),
                choice: Internal::Nested(nested()),
                adjacent: Adjacent::Unit,
            },
            FlatInternal {
                id: id(),
                choice: Internal::Struct { a: 1, plain: plain() },
                adjacent: Adjacent::Struct { a: 2 },
            },
        ],
        &[],
    );
    writes(
        &[
            FlatOption { choice: None },
            FlatOption {
                choice: Some(Internal::Newtype(plain())),
            },
        ],
        &[],
    );
    writes(
        &[
            UntaggedObjects::A { a: 1, b: None },
            UntaggedObjects::B { b: id() },
        ]
        .map(|choice| FlatUntagged { id: id(), choice }),
        &[],
    );
    // The rest of a flattened map is open by its nature, to values of the map's own type.
    writes(
        &[FlatMap {
            id: id(),
            rest: BTreeMap::from([("x".to_owned(), 255)]),
        }],
        &[""],
    );
    let schema = validator(&writer_schema::<FlatMap>());
    assert!(!schema.is_valid(&json!({"id": "a", "x": 256})));
}

#[test]
fn a_closed_writer_of_a_map_or_a_recursive_type_still_writes() {
    writes(&[tree()], &[]);
    writes(
        &[Mutual {
            inner: Some(Box::new(MutualInner {
                outer: Mutual { inner: None },
                tree: tree(),
            })),
        }],
        &[],
    );
    let maps = Maps {
        texts: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        plains: BTreeMap::from([("a".to_owned(), plain())]),
        numbers: BTreeMap::from([(7, true)]),
        any: json!({"x": [1]}),
        anything: serde_json::Map::new(),
    };
    writes(&[maps], &["/plains", "/any", "/anything"]);
}

/// The reader schema of `T` and serde agree about every value, but for the exceptions, about which they do not.
fn agrees<T: DeserializeOwned + JsonSchema>(values: &[Value], exceptions: &[(Value, &str)]) {
    let schema = reader_schema::<T>();
    let open = validator(&schema);
    let (mut accepted, mut refused) = (0, 0);
    for value in values {
        let serde = serde_json::from_str::<T>(&value.to_string()).is_ok();
        assert_eq!(open.is_valid(value), serde, "{schema}\n{value}");
        if serde {
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    assert!(accepted > 0 && refused > 0, "the values do not probe the type");
    for (value, reason) in exceptions {
        let serde = serde_json::from_str::<T>(&value.to_string()).is_ok();
        assert_ne!(
            open.is_valid(value),
            serde,
            "no longer an exception: {reason}: {value}"
        );
    }
}

const FLOAT: &str = "JSON Schema counts 1.0 as an integer, serde does not";

#[test]
fn a_reader_accepts_what_serde_accepts() {
    let plain = json!({"id": "a", "count": 1});
    let with = |name: &str, value: Value| {
        let mut changed = plain.clone();
        changed[name] = value;
        changed
    };
    agrees::<Plain>(
        &[
            plain.clone(),
            with("note", json!(null)),
            with("note", json!("x")),
            with("note", json!(1)),
            with("flag", json!(true)),
            with("flag", json!(null)),
            with("count", json!(u32::MAX)),
            with("count", json!(u64::from(u32::MAX) + 1)),
            with("count", json!(-1)),
            with("count", json!(1.5)),
            with("unknown", json!({})),
            json!({"count": 1}),
            json!(null),
            json!("a"),
        ],
        &[
            (with("count", json!(1.0)), FLOAT),
            (
                json!(["a", 1, null, true]),
                "serde reads a struct from a list as well",
            ),
        ],
    );
    agrees::<Strict>(
        &[
            json!({"a": 1}),
            json!({"a": 1, "b": 2}),
            json!({"a": 1, "c": 2}),
            json!({"a": 65536}),
        ],
        &[],
    );
    agrees::<Integers>(
        &[
            json!({"i32": i32::MIN, "u32": u32::MAX, "i64": i64::MIN, "u64": u64::MAX, "usize": u64::MAX, "small": -128}),
            json!({"i32": i64::from(i32::MIN) - 1, "u32": 0, "i64": 0, "u64": 0, "usize": 0}),
            json!({"i32": i64::from(i32::MAX) + 1, "u32": 0, "i64": 0, "u64": 0, "usize": 0}),
            json!({"i32": 0, "u32": u64::from(u32::MAX) + 1, "i64": 0, "u64": 0, "usize": 0}),
            json!({"i32": 0, "u32": 0, "i64": i64::MAX.unsigned_abs() + 1, "u64": 0, "usize": 0}),
            json!({"i32": 0, "u32": 0, "i64": 0, "u64": -1, "usize": 0}),
            json!({"i32": 0, "u32": 0, "i64": 0, "u64": 1e20, "usize": 0}),
            json!({"i32": 0, "u32": 0, "i64": 0, "u64": 0, "usize": 0, "small": -129}),
        ],
        &[],
    );
    agrees::<Renamed>(&[json!({"in": "x"}), json!({"out": "x"})], &[]);
    agrees::<Tolerant>(
        &[json!({"new": 1, "kind": "Known"}), json!({"new": 1})],
        &[
            (json!({"old": 1, "kind": "Known"}), "`alias` is not in the schema"),
            (json!({"new": 1, "kind": "Later"}), "`other` is not in the schema"),
        ],
    );
    agrees::<Nested>(
        &[
            json!({"plain": plain, "list": [plain, plain]}),
            json!({"plain": plain, "list": [{}]}),
            json!({"plain": plain, "list": [], "maybe": {}}),
        ],
        &[],
    );
}

#[test]
fn a_reader_of_an_enum_accepts_what_serde_accepts() {
    let plain = json!({"id": "a", "count": 1});
    agrees::<External>(
        &[
            json!("Unit"),
            json!("Nothing"),
            json!({"Newtype": plain}),
            json!({"Newtype": {}}),
            json!({"Tuple": [1, "x"]}),
            json!({"Tuple": [1]}),
            json!({"Tuple": [1, "x", 2]}),
            json!({"Struct": {"a": 1, "b": 2}}),
            json!({"Struct": {"a": 1}, "Newtype": plain}),
            json!({}),
        ],
        &[(
            json!({"Unit": null}),
            "serde reads a unit variant from a member with null as well",
        )],
    );
    agrees::<Internal>(
        &[
            json!({"type": "Unit"}),
            json!({"type": "Unit", "more": 1}),
            json!({"type": "Newtype", "id": "a", "count": 1}),
            json!({"type": "Newtype", "id": "a"}),
            json!({"type": "Struct", "a": 1, "plain": plain}),
            json!({"type": "Later"}),
            json!({"a": 1}),
            json!("Unit"),
        ],
        &[],
    );
    agrees::<Adjacent>(
        &[
            json!({"t": "Unit"}),
            json!({"t": "Newtype", "c": plain}),
            json!({"c": plain, "t": "Newtype"}),
            json!({"t": "Newtype"}),
            json!({"t": "Struct", "c": {"a": "x"}}),
        ],
        &[],
    );
    agrees::<Untagged>(
        &[
            json!(1),
            json!("1"),
            json!({"a": 1}),
            json!({"b": "x"}),
            json!({"a": 1, "b": 2}),
            json!({"a": 1, "b": "x"}),
            json!({"a": "x"}),
        ],
        &[],
    );
}

#[test]
fn a_reader_of_a_composed_type_accepts_what_serde_accepts() {
    agrees::<Flat>(
        &[
            json!({"id": "a", "x": 1}),
            json!({"id": "a"}),
            json!({"id": "a", "x": 128}),
        ],
        &[],
    );
    agrees::<FlatExternal>(
        &[
            json!({"id": "a", "Newtype": {"x": 1}}),
            json!({"id": "a", "Struct": {"a": 1}, "more": 1}),
            json!({"id": "a", "Unit": null}),
            json!({"id": "a"}),
        ],
        &[(
            json!({"id": "a", "Newtype": {"x": 1}, "Struct": {"a": 1}}),
            "serde takes the first member that names a variant",
        )],
    );
    agrees::<FlatOption>(
        &[
            json!({}),
            json!({"type": "Unit"}),
            json!({"type": "Later"}),
            json!(1),
        ],
        &[],
    );
    agrees::<FlatMap>(
        &[
            json!({"id": "a", "x": 1}),
            json!({"id": "a", "x": -1}),
            json!({"x": 1}),
        ],
        &[],
    );
    agrees::<Tree>(
        &[
            json!({"name": "a", "children": [{"name": "b", "children": []}]}),
            json!({"name": "a", "children": [], "left": {"name": "b", "children": []}}),
            json!({"name": "a", "children": [{"name": 1, "children": []}]}),
            json!({"name": "a", "children": [], "left": {"name": "b"}}),
        ],
        &[],
    );
    agrees::<Mutual>(
        &[
            json!({}),
            json!({"inner": {"outer": {}, "tree": {}}}),
            json!({"inner": null}),
        ],
        &[],
    );
    agrees::<Maps>(
        &[
            json!({"texts": {}, "plains": {}, "numbers": {"1": true}, "any": null, "anything": {"x": 1}}),
            json!({"texts": {"a": 1}, "plains": {}, "numbers": {}, "any": 1, "anything": {}}),
            json!({"texts": {}, "plains": {}, "numbers": {"x": true}, "any": 1, "anything": {}}),
        ],
        &[(
            json!({"texts": {}, "plains": {}, "numbers": {"70000": true}, "any": 1, "anything": {}}),
            "the schema of an integer key has no bounds",
        )],
    );
    agrees::<Newtype>(&[json!({"id": "a", "count": 1}), json!([])], &[]);
    agrees::<Pair>(&[json!([1, {"id": "a", "count": 1}]), json!([1])], &[]);
    agrees::<Unit>(&[json!(null), json!({})], &[]);
    agrees::<Empty>(&[json!({}), json!({"a": 1}), json!(null)], &[]);
}

#[test]
fn a_schema_of_a_type_is_the_same_text_every_time_and_names_its_dialect() {
    let text = writer_schema::<Tree>().to_string();
    assert_eq!(text, writer_schema::<Tree>().to_string());
    assert!(
        text.starts_with(r#"{"$defs":{"Tree":{"additionalProperties":false,"#),
        "members are sorted: {text}"
    );
    assert!(
        !text.contains(r##""#""##),
        "a definition, not the document, is referred to: {text}"
    );
    assert_eq!(
        reader_schema::<Plain>()["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
}
