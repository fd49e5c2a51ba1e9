//! Catalogues that are not what they should be, through `gate`, `schema check`, `schema compare`, `schema accept`.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::tool::{Folder, ORDER_1, ORDER_2, Said, at};

/// A project whose second version is `text`.
fn second(text: impl AsRef<[u8]>) -> Folder {
    Folder::project().with("schemas/OrderPlaced/2.json", text)
}

/// `gate` and `schema check` find the same about the second version, and the others still work.
#[track_caller]
fn bad_version(text: impl AsRef<[u8]>, id: &str, mut place: Value) -> Value {
    let folder = second(text);
    place["file"] = json!("schemas/OrderPlaced/2.json");
    place["type"] = json!("OrderPlaced");
    place["version"] = json!("2");
    let said = folder.look(&["gate"]).quietly().exits(1);
    let found = said.denies(id, &place);
    let said = folder.look(&["schema", "check"]).quietly().exits(1);
    said.denies(id, &place);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","types":1,"versions":1,"pairs":0,"compatible":0,"breaking":0,"unproven":0}"#
    );
    // `compare` needs both and says which one is wrong.
    let said = folder
        .look(&[
            "schema",
            "compare",
            "schemas/OrderPlaced/1.json",
            "schemas/OrderPlaced/2.json",
        ])
        .exits(3);
    assert_eq!(said.stdout, "", "{said}");
    assert!(
        said.stderr.starts_with("error: schemas/OrderPlaced/2.json") && said.stderr.lines().count() == 1,
        "{said}"
    );
    found
}

#[test]
fn not_json() {
    bad_version("", "schema-unreadable", json!({"line": 1}));
    bad_version("nonsense", "schema-unreadable", json!({"line": 1}));
    bad_version(
        "{\n  \"type\": \"object\",\n",
        "schema-unreadable",
        json!({"line": 3}),
    );
    bad_version([0xff], "schema-unreadable", json!({}));
    bad_version("\u{feff}{}", "schema-unreadable", json!({"line": 1}));
    bad_version(
        "{\n  \"type\": \"object\",\n  \"type\": \"string\"\n}",
        "schema-unreadable",
        json!({"line": 3, "pointer": ""}),
    );
    bad_version(
        "{\"maximum\": 1e400}",
        "schema-unreadable",
        json!({"line": 1, "pointer": "/maximum"}),
    );
    bad_version(
        "{\"const\": \"\\udc00\"}",
        "schema-unreadable",
        json!({"line": 1, "pointer": "/const"}),
    );
    let deep = "{\"not\":".repeat(10_000) + "true" + &"}".repeat(10_000);
    bad_version(deep, "schema-unreadable", json!({"line": 1}));
}

#[test]
fn not_a_schema() {
    bad_version("[]", "schema-invalid", json!({"pointer": ""}));
    bad_version("7", "schema-invalid", json!({"pointer": ""}));
    bad_version(
        "{\"type\": \"objekt\"}",
        "schema-invalid",
        json!({"pointer": "/type"}),
    );
    bad_version(
        "{\"properties\": {\"a\": {\"minLength\": -1}}}",
        "schema-invalid",
        json!({"pointer": "/properties/a/minLength"}),
    );
    bad_version(
        "{\"$schema\": \"https://example.org/mine\"}",
        "schema-invalid",
        json!({"pointer": "/$schema"}),
    );
    bad_version(
        "{\"pattern\": \"(\"}",
        "schema-invalid",
        json!({"pointer": "/pattern"}),
    );
}

#[test]
fn nothing_is_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let reference =
        format!("{{\"properties\": {{\"order\": {{\"$ref\": \"http://{address}/order.json\"}}}}}}");
    let found = bad_version(
        reference,
        "schema-reference",
        json!({"pointer": "/properties/order/$ref"}),
    );
    assert!(
        found["message"].as_str().unwrap().contains("nothing was fetched"),
        "{found}"
    );
    assert!(
        found["message"].as_str().unwrap().contains(&address.to_string()),
        "{found}"
    );
    listener.set_nonblocking(true).unwrap();
    if let Ok((mut stream, _)) = listener.accept() {
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        panic!("somebody asked for {text}");
    }
}

#[test]
fn no_file_is_opened() {
    for reference in [
        "file:///etc/hostname",
        "../secret.json",
        "1.json",
        "1.json#/properties/order",
    ] {
        let text = format!("{{\"allOf\": [{{\"$ref\": \"{reference}\"}}]}}");
        bad_version(text, "schema-reference", json!({"pointer": "/allOf/0/$ref"}));
    }
}

#[test]
fn a_schema_that_refers_to_itself_on_both_sides() {
    let list = |value: &str| {
        format!(
            r##"{{"type":"object","properties":{{"value":{value},"next":{{"$ref":"#"}}}},"required":["value"],"additionalProperties":false}}"##
        )
    };
    let folder = Folder::new()
        .with("pastproof.toml", "[catalogue]\n")
        .with("schemas/Node/1.json", list(r#"{"type":"integer"}"#))
        .with("schemas/Node/2.json", list(r#"{"type":"number"}"#))
        .with("schemas/Node/3.json", list(r#"{"type":"string"}"#))
        .with("same.json", r##"{"$ref":"#"}"##);
    let said = folder
        .look(&["schema", "compare", "schemas/Node/1.json", "schemas/Node/1.json"])
        .exits(0);
    assert_eq!(said.lines()[0]["backward"]["verdict"], "compatible");
    let said = folder
        .look(&["schema", "compare", "schemas/Node/2.json", "schemas/Node/3.json"])
        .exits(1);
    for direction in ["backward", "forward"] {
        assert_eq!(said.lines()[0][direction]["verdict"], "breaking", "{said}");
    }
    // Wider along the whole chain: proved or left open, never refuted, and it ends.
    let said = folder.look(&["schema", "compare", "schemas/Node/1.json", "schemas/Node/2.json"]);
    assert!(said.exit <= 1, "{said}");
    assert_ne!(said.lines()[0]["backward"]["verdict"], "breaking", "{said}");
    assert_eq!(said.lines()[0]["forward"]["verdict"], "breaking", "{said}");
    let said = folder.look(&["schema", "compare", "same.json", "same.json"]);
    assert!([0, 1, 3].contains(&said.exit), "{said}");
    let said = folder.look(&["schema", "check"]).quietly().exits(1);
    assert_eq!(said.of("breaking-step").len(), 1);
}

#[test]
fn two_files_for_one_version() {
    let folder = Folder::project().with("schemas/OrderPlaced/01.json", ORDER_1);
    let said = folder.look(&["gate"]).quietly().exits(1);
    let found = said.of("version-duplicate");
    assert_eq!(found.len(), 1, "{said}");
    at(&found[0], &json!({"type": "OrderPlaced", "version": "1"}));
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("01.json") && message.contains("1.json"),
        "{message}"
    );
}

#[test]
fn names_that_fit_nothing() {
    for (path, id) in [
        ("schemas/OrderPlaced/latest.json", "version-unparsable"),
        ("schemas/OrderPlaced.json", "version-unparsable"),
        ("schemas/OrderPlaced/1-to-x.jq", "version-unparsable"),
    ] {
        let folder = Folder::project().with(path, ORDER_1);
        let said = folder.look(&["gate"]).quietly().exits(1);
        said.denies(id, &json!({"file": path}));
    }
    let folder = Folder::project().with("schemas/orderPlaced/1.json", ORDER_1);
    if folder.path("schemas/orderPlaced").canonicalize().unwrap()
        != folder.path("schemas/OrderPlaced").canonicalize().unwrap()
    {
        folder.look(&["gate"]).exits(1).of("type-clash");
    }
}

/// A project whose catalogue is frozen.
fn frozen() -> Folder {
    let folder = Folder::project();
    let said = folder.run(&["schema", "accept"]).exits(0).quietly();
    assert_eq!(said.stdout, "wrote schemas/pastproof.lock\n");
    folder.look(&["gate"]).quietly().exits(0);
    folder
}

#[test]
fn a_frozen_version_that_was_edited() {
    let place = json!({"file": "schemas/OrderPlaced/1.json", "type": "OrderPlaced", "version": "1"});
    let folder = frozen();
    let edited = ORDER_1.replace("\"integer\"", "\"number\"");
    folder.write("schemas/OrderPlaced/1.json", &edited);
    let said = folder.look(&["gate"]).quietly().exits(1);
    let found = said.denies("frozen-changed", &place);
    assert!(
        found["next"]
            .as_str()
            .unwrap()
            .contains("--rewrite-history REASON"),
        "{found}"
    );
    folder
        .look(&["schema", "check"])
        .quietly()
        .exits(1)
        .denies("frozen-changed", &place);

    // Accepting does not hide it, unless history is rewritten with a reason.
    let before = folder.content();
    let said = folder.run(&["schema", "accept"]).exits(3);
    assert_eq!(said.stdout, "");
    said.says("OrderPlaced/1.json").says("--rewrite-history");
    assert_eq!(folder.content(), before);
    folder
        .run(&["schema", "accept", "--rewrite-history", "never released"])
        .exits(0);
    folder.look(&["gate"]).quietly().exits(0);
    assert!(
        fs::read_to_string(folder.path("schemas/pastproof.lock"))
            .unwrap()
            .contains("never released")
    );

    // Reworded only: said, and the gate passes.
    let reworded = edited.replacen("\"type\"", "\"title\": \"An order\", \"type\"", 1);
    folder.write("schemas/OrderPlaced/1.json", reworded);
    let said = folder.look(&["gate"]).quietly().exits(0);
    let only = said.only();
    assert_eq!(
        (&only["id"], &only["level"]),
        (&json!("frozen-reworded"), &json!("warn"))
    );
    at(&only, &place);
}

#[test]
fn a_frozen_version_that_is_gone_and_one_that_is_not_frozen() {
    let folder = frozen();
    folder.write("schemas/OrderPlaced/2.json", ORDER_1);
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.denies(
        "not-frozen",
        &json!({"file": "schemas/OrderPlaced/2.json", "type": "OrderPlaced", "version": "2"}),
    );
    fs::rename(folder.path("schemas/OrderPlaced/1.json"), folder.path("1.json")).unwrap();
    let said = folder.look(&["gate"]).quietly().exits(1);
    at(
        &said.of("frozen-missing")[0],
        &json!({"file": "schemas/OrderPlaced/1.json", "type": "OrderPlaced", "version": "1"}),
    );
}

#[test]
fn a_lock_that_is_damaged_or_of_a_later_format() {
    let folder = frozen();
    let lock = fs::read_to_string(folder.path("schemas/pastproof.lock")).unwrap();
    folder.write("schemas/pastproof.lock", &lock[..lock.len() / 2]);
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.denies("lock-damaged", &json!({"file": "schemas/pastproof.lock"}));
    let before = folder.content();
    folder.run(&["schema", "accept"]).exits(3).says("pastproof.lock");
    assert_eq!(folder.content(), before, "a damaged lock is not replaced");

    let version = lock.lines().find(|line| line.contains("format")).unwrap();
    let later = version.replace(|character: char| character.is_ascii_digit(), "9");
    folder.write("schemas/pastproof.lock", lock.replace(version, &later));
    for arguments in [
        &["gate"][..],
        &["schema", "check"],
        &["schema", "list"],
        &["schema", "accept"],
    ] {
        let said = folder.look(arguments).exits(3);
        assert_eq!(said.stdout, "", "{said}");
        said.says("schemas/pastproof.lock").says("update pastproof");
    }
}

#[test]
fn a_missing_upcaster() {
    let folder = second(ORDER_2);
    let said = folder.look(&["gate"]).quietly().exits(1);
    let found = said.denies(
        "breaking-step",
        &json!({"file": "schemas/OrderPlaced/1.json", "type": "OrderPlaced", "version": "1", "pointer": "/required"}),
    );
    assert!(found["next"].as_str().unwrap().contains("upcaster"), "{found}");
    assert_eq!(found["witness"], json!({"order": "", "total": 0}));
    assert!(
        said.summary().contains(r#""verdict":"fail","release":"unsafe""#),
        "{said}"
    );
}

#[test]
fn an_empty_catalogue() {
    let folder = Folder::new()
        .with("pastproof.toml", "[catalogue]\n")
        .with("schemas/README.md", "");
    let said = folder.look(&["gate"]).quietly().exits(4);
    assert!(
        said.summary().contains(r#""verdict":"nothing-checked""#),
        "{said}"
    );
    let said = folder.look(&["schema", "check"]).quietly().exits(4);
    assert_eq!(
        said.stdout,
        "{\"kind\":\"summary\",\"types\":0,\"versions\":0,\"pairs\":0,\"compatible\":0,\"breaking\":0,\"unproven\":0}\n"
    );
    for arguments in [
        &["schema", "list"][..],
        &["schema", "accept"],
        &["validate", "e.ndjson"],
    ] {
        let said = folder.look(arguments).exits(4);
        assert_eq!(said.stdout, "", "{said}");
        said.says("schemas holds no usable schema")
            .says("<EventType>/<version>.json");
    }
}

#[test]
fn a_catalogue_of_nothing_but_broken_files_is_not_an_empty_one() {
    let folder = Folder::new()
        .with("pastproof.toml", "[catalogue]\n")
        .with("schemas/OrderPlaced/1.json", "{");
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.denies(
        "schema-unreadable",
        &json!({"file": "schemas/OrderPlaced/1.json"}),
    );
    let said = folder.look(&["validate", "e.ndjson"]).exits(4);
    said.says("`pastproof schema check` says what is wrong");
}

#[test]
fn an_event_of_a_version_whose_schema_is_broken_is_not_valid() {
    let folder = second("{").with(
        "e.ndjson",
        "{\"s\":\"o-1\",\"n\":0,\"t\":\"OrderPlaced\",\"v\":2,\"d\":{}}\n",
    );
    let said = folder.look(&["validate", "e.ndjson"]).quietly().exits(1);
    assert!(said.summary().contains(r#""valid":0"#), "{said}");
    at(
        &said.only(),
        &json!({"line": 1, "type": "OrderPlaced", "version": "2"}),
    );
    // A list does not hide that something is missing from it.
    let said = folder.run(&["schema", "list"]).exits(0);
    assert_eq!(said.stdout, "OrderPlaced  1\n");
    said.says("`pastproof schema check` says which");
}

#[test]
fn a_catalogue_that_cannot_be_written() {
    // A folder where the lock belongs stops everybody, the superuser as well.
    let folder = second(ORDER_1);
    fs::create_dir_all(folder.path("schemas/pastproof.lock/in-the-way")).unwrap();
    cannot_accept(&folder);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = second(ORDER_1);
        let schemas = folder.path("schemas");
        fs::set_permissions(&schemas, fs::Permissions::from_mode(0o555)).unwrap();
        // The superuser writes where nobody may.
        if fs::write(schemas.join("probe"), "").is_err() {
            cannot_accept(&folder);
        }
        fs::set_permissions(&schemas, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[track_caller]
fn cannot_accept(folder: &Folder) {
    let said: Said = folder.look(&["schema", "accept"]).exits(3);
    assert_eq!(said.stdout, "", "{said}");
    assert!(
        said.stderr.starts_with("error: schemas/pastproof.lock: "),
        "{said}"
    );
}
