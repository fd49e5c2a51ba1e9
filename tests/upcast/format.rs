//! The published JSON Schema of declarative upcasters: it accepts what is accepted here, and refuses what is refused.

use pastproof::schema::{Catalogue, CatalogueOptions};
use pastproof::upcast::declared_in;
use serde_json::{Value, json};

/// Whether the file is accepted, and what is said otherwise.
fn read(file: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("A")).unwrap();
    std::fs::write(folder.path().join("A/1-to-2.upcast.json"), file.to_string()).unwrap();
    let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default()).unwrap();
    let (_, findings) = declared_in(&catalogue).unwrap();
    match &findings[..] {
        [] => Ok(()),
        [finding] => {
            assert_eq!(finding.rule.id, "upcaster-malformed");
            let (_, message) = finding.message.split_once("A/1-to-2.upcast.json").unwrap();
            Err(message.to_owned())
        }
        more => panic!("{more:?}"),
    }
}

fn with(operation: &Value) -> Value {
    json!({"format": "1.0", "operations": [operation]})
}

#[test]
fn the_published_schema_and_the_reader_agree() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(root.join("schemas/pastproof/upcast.json")).unwrap();
    let schema: Value = serde_json::from_slice(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = [
        json!({"op": "rename", "at": "/a", "to": "b"}),
        json!({"op": "move", "from": "/a", "to": "/b/c"}),
        json!({"op": "add", "at": "/a", "value": null}),
        json!({"op": "remove", "at": "/a/b"}),
        json!({"op": "wrap", "at": "/a", "in": "b"}),
        json!({"op": "wrap", "at": "/a", "as": "list"}),
        json!({"op": "hoist", "at": "/a", "member": "b"}),
        json!({"op": "map", "at": "/a", "values": [{"from": 1, "to": 2}]}),
        json!({"op": "map", "at": "/a", "values": [], "otherwise": "keep"}),
        json!({"op": "map", "at": "/a", "values": [], "default": null}),
        json!({"op": "convert", "at": "/a", "to": "integer"}),
        json!({"op": "each", "at": "/a", "operations": [{"op": "remove", "at": "/b"}]}),
        json!({"op": "rename-type", "to": "B"}),
        json!({"op": "rename-type", "to": "B", "version": "1.0.0"}),
        json!({"op": "split", "into": [{"type": "B", "version": 1, "when": {"required": ["a"]}, "operations": []}]}),
        json!({"op": "drop"}),
        json!({"op": "drop", "when": {"required": ["a"]}}),
    ];
    for operation in good {
        let file = with(&operation);
        assert!(validator.is_valid(&file), "{file}");
        assert_eq!(read(&file), Ok(()), "{file}");
    }
    let bad = [
        (json!({}), ", at /operations/0: has no member `op`"),
        (
            json!({"op": "copy"}),
            ", at /operations/0/op: is `copy`, which is no operation; there are add, remove, rename, move, wrap, hoist, map, convert, each, metadata, to-stream, rename-type, split and drop",
        ),
        (
            json!({"op": "rename", "at": "a", "to": "b"}),
            ", at /operations/0/at: is `a`; a JSON pointer starts with `/`",
        ),
        (
            json!({"op": "rename", "at": "/a", "to": "/b"}),
            ", at /operations/0/to: is a pointer; a renamed member stays where it is, and `move` takes it elsewhere",
        ),
        (
            json!({"op": "rename", "at": "/a"}),
            ", at /operations/0: has no member `to`",
        ),
        (
            json!({"op": "add", "at": "/a"}),
            ", at /operations/0: has no member `value`",
        ),
        (
            json!({"op": "remove", "at": "/a", "why": ""}),
            ", at /operations/0/why: is not known here; there are op, at",
        ),
        (
            json!({"op": "wrap", "at": "/a", "as": "set"}),
            ", at /operations/0/as: is not `list`; `in` names the member of an object instead",
        ),
        (
            json!({"op": "map", "at": "/a", "values": [{"from": 1}]}),
            ", at /operations/0/values/0: has no member `to`",
        ),
        (
            json!({"op": "map", "at": "/a", "values": [], "otherwise": "drop"}),
            ", at /operations/0/otherwise: is neither `refuse` nor `keep`; `default` gives a value instead",
        ),
        (
            json!({"op": "convert", "at": "/a", "to": "date"}),
            ", at /operations/0/to: is `date`; values are converted to string, integer, number or boolean",
        ),
        (
            json!({"op": "each", "at": "/a", "operations": [{"op": "drop"}]}),
            ", at /operations/0/operations/0/op: is `drop`, which concerns the whole event and stands at the top only",
        ),
        (
            json!({"op": "split", "into": []}),
            ", at /operations/0/into: is empty; an event that becomes nothing is dropped",
        ),
        (
            json!({"op": "split", "into": [{"type": "B", "operations": []}]}),
            ", at /operations/0/into/0: has no member `version`",
        ),
        (json!([]), ", at /operations/0: is not an object"),
    ];
    for (operation, message) in bad {
        let file = with(&operation);
        assert!(!validator.is_valid(&file), "{file}");
        assert_eq!(
            read(&file).unwrap_err().strip_prefix(message),
            Some(""),
            "{file}: {:?}",
            read(&file)
        );
    }
}

#[test]
fn what_is_wrong_with_the_whole_is_told() {
    for (file, message) in [
        (json!([]), ": is not an object"),
        (json!({"operations": []}), ": has no member `format`"),
        (
            json!({"format": "2.0", "operations": []}),
            ", at /format: is `2.0`, and this version reads 1.x; use the pastproof that wrote the file",
        ),
        (json!({"format": "1.0"}), ": has no member `operations`"),
        (
            json!({"format": "1.7", "operations": [], "name": 1}),
            ", at /name: is not known here; there are format, $schema, description, operations, back",
        ),
        (
            json!({"format": "1.0", "operations": [{"op": "drop"}, {"op": "remove", "at": "/a"}]}),
            ", at /operations/1: stands behind an operation that ends the file",
        ),
        (
            json!({"format": "1.0", "operations": [{"op": "drop"}], "back": []}),
            ", at /back: there is no way back from a split or a drop",
        ),
        (
            json!({"format": "1.0", "operations": [{"op": "move", "from": "/a", "to": "/a/b"}]}),
            ", at /operations/0/to: lies inside what is moved; `wrap` puts a value into an object",
        ),
        (
            json!({"format": "1.0", "operations": [{"op": "drop", "when": {"type": "nothing"}}]}),
            ", at /operations/0/when/type: is no JSON Schema: ",
        ),
        (
            json!({"format": "1.0", "operations": [{"op": "map", "at": "/a", "values": [{"from": 1, "to": 2}, {"from": 1, "to": 3}]}]}),
            ", at /operations/0/values/1/from: is listed twice",
        ),
    ] {
        let told = read(&file).unwrap_err();
        assert!(told.starts_with(message), "{file}: {told}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("A")).unwrap();
    std::fs::write(
        folder.path().join("A/1-to-2.upcast.json"),
        "{\n  \"format\": \"1.0\",\n  oops\n}",
    )
    .unwrap();
    let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default()).unwrap();
    let (_, findings) = declared_in(&catalogue).unwrap();
    assert_eq!(findings[0].place.line, Some(3), "{findings:?}");
}
