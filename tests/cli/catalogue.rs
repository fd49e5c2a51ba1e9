//! `schema compare`, `check`, `accept`, `list`, `show`: what they answer, byte for byte.

use serde_json::{Value, json};

use super::tool::{Folder, ORDER_1, ORDER_2, members, snapshot};

const OLD: &str = "schemas/OrderPlaced/1.json";
const NEW: &str = "schemas/OrderPlaced/2.json";

/// Lines with amounts, behind a reference.
const LIST: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "lines": {
      "type": "array",
      "items": { "$ref": "#/$defs/line" }
    }
  },
  "$defs": {
    "line": {
      "type": "object",
      "properties": {
        "amount": { "type": "integer", "minimum": 0 },
        "what": { "type": "string" }
      },
      "required": ["amount"]
    }
  }
}"##;

fn two() -> Folder {
    Folder::project().with(NEW, ORDER_2)
}

#[test]
fn compare_answers_with_one_object() {
    let folder = two().with("wider.json", ORDER_1.replace("\"integer\"", "\"number\""));
    let said = folder.look(&["schema", "compare", OLD, NEW]).exits(1).quietly();
    assert_eq!(
        said.stdout,
        concat!(
            r#"{"backward":{"verdict":"breaking","witness":{"order":"","total":0},"#,
            r#""findings":[{"id":"breaking-step","pointer":"/required","side":"new","message":"\"currency\" is a required property"}]},"#,
            r#""forward":{"verdict":"breaking","witness":{"currency":"","order":"","total":0},"#,
            r#""findings":[{"id":"breaking-rollback","pointer":"/additionalProperties","side":"old","#,
            r#""message":"additional properties are not allowed ('currency' was unexpected)"}]},"contract":"literal"}"#,
            "\n"
        )
    );
    let said = folder
        .look(&["schema", "compare", OLD, "wider.json"])
        .exits(0)
        .quietly();
    assert!(
        said.stdout.starts_with(concat!(
            r#"{"backward":{"verdict":"compatible","findings":[],"derivation":["#,
            r#"{"at":"/total","given":"/properties/total/type","asked":"/properties/total/type","#,
            r#""why":"from type integer follows type number"}]},"forward":{"verdict":"breaking","#
        )),
        "{said}"
    );
    assert_eq!(said.lines().len(), 1);
}

#[test]
fn what_is_required_decides_the_exit_code() {
    let folder = Folder::project().with("wider.json", ORDER_1.replace("\"integer\"", "\"number\""));
    for (require, code, back) in [
        ("backward", 0, 1),
        ("forward", 1, 0),
        ("full", 1, 1),
        ("none", 0, 0),
    ] {
        folder
            .look(&["schema", "compare", OLD, "wider.json", "--require", require])
            .exits(code);
        folder
            .look(&["schema", "compare", "wider.json", OLD, "--require", require])
            .exits(back);
    }
    // Closing the writer's side makes an open schema with an optional member more compatible.
    let open = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let more = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#;
    let folder = folder.with("open.json", open).with("more.json", more);
    folder
        .look(&["schema", "compare", "open.json", "more.json"])
        .exits(1);
    folder
        .look(&[
            "schema",
            "compare",
            "open.json",
            "more.json",
            "--contract",
            "literal",
        ])
        .exits(1);
    folder
        .look(&[
            "schema",
            "compare",
            "open.json",
            "more.json",
            "--contract",
            "writer-reader",
        ])
        .exits(0);
}

#[test]
fn compare_for_people() {
    let folder = two()
        .with("wider.json", ORDER_1.replace("\"integer\"", "\"number\""))
        .with("nothing.json", "false")
        .with("list/old.json", LIST)
        .with(
            "list/new.json",
            LIST.replace("\"minimum\": 0", "\"minimum\": 1")
                .replace("2020-12/", "2019-09/"),
        )
        .with("echo.json", r#"{"type": "string", "pattern": "^(a+)b\\1$"}"#)
        .with("about.json", r#"{"type": "string", "pattern": "^a+ba+$"}"#);
    let mut text = String::new();
    for (old, new, more) in [
        (OLD, NEW, None),
        (OLD, "wider.json", Some("--require=full")),
        (OLD, "nothing.json", Some("--require=forward")),
        ("list/old.json", "list/new.json", Some("--require=none")),
        (OLD, "wider.json", Some("--contract=writer-reader")),
    ] {
        let arguments: Vec<&str> = ["schema", "compare", old, new].into_iter().chain(more).collect();
        let said = folder.run(&arguments).quietly();
        text += &format!(
            "$ pastproof {}\n{}# exit {}\n\n",
            arguments.join(" "),
            said.stdout,
            said.exit
        );
    }
    snapshot("schema_compare", &text);
    // What is open is said to be open, with the place and what to do.
    folder
        .run(&["schema", "compare", "echo.json", "about.json"])
        .exits(1)
        .says("backward: unproven; whether about.json accepts every event that echo.json allows is open")
        .says("\n  because     neither proved nor refuted: ")
        .says("\n  stuck at    ")
        .says("\n  next        write the place more simply, split it, or take the step for breaking");
}

#[test]
fn each_side_has_its_own_draft() {
    // `exclusiveMinimum` is a flag in draft 4 and a number later.
    let draft4 = r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","minimum":0,"exclusiveMinimum":true}"#;
    let later = r#"{"type":"number","exclusiveMinimum":0}"#;
    let folder = Folder::new().with("a.json", draft4).with("b.json", later);
    let said = folder
        .look(&["schema", "compare", "a.json", "b.json", "--require", "full"])
        .exits(0);
    assert_eq!(
        said.stdout,
        concat!(
            r#"{"backward":{"verdict":"compatible","findings":[],"derivation":["#,
            r#"{"at":"","asked":"/exclusiveMinimum","why":"exclusiveMinimum 0 or type number accepts it"}]},"#,
            r#""forward":{"verdict":"compatible","findings":[],"derivation":["#,
            r#"{"at":"","asked":"/exclusiveMinimum","why":"exclusiveMinimum 0 or type number accepts it"}]},"contract":"literal"}"#,
            "\n"
        )
    );
}

#[test]
fn compare_of_what_is_not_there() {
    let folder = two();
    for (old, new, says) in [
        ("nowhere.json", NEW, "error: nowhere.json: No such file"),
        (OLD, "schemas", "error: schemas: "),
    ] {
        let said = folder.look(&["schema", "compare", old, new]).exits(3);
        assert_eq!(said.stdout, "");
        said.says(says);
    }
    folder
        .look(&["schema", "compare", "--pairs", "nowhere"])
        .exits(3)
        .says("error: nowhere: ");
    folder
        .look(&["schema", "compare", "--pairs", "schemas"])
        .exits(3)
        .says("error: schemas: ");
}

#[test]
fn pairs_are_answered_line_by_line() {
    let folder = Folder::new();
    let input = [
        r#"{"id":"a","old":{"type":"integer"},"new":{"type":"number"}}"#,
        "",
        "nonsense",
        r#"{"id":7,"old":true}"#,
        r#"{"id":{"x":1},"old":{"type":7},"new":true}"#,
        r#"{"id":"d","old":{"minimum":1,"exclusiveMinimum":true},"new":{"minimum":1},"draft":"draft4"}"#,
        r#"{"id":"e","old":true,"new":true,"draft":"draft5"}"#,
        r#"{"old":true,"new":true}"#,
        r#"{"id":"f","old":{"$ref":"http://localhost:1/a.json"},"new":true}"#,
        r#"{"id":"cut","old":true,"#,
    ]
    .join("\n");
    let said = folder
        .feed(&["schema", "compare", "--pairs", "-"], input.as_bytes())
        .exits(1)
        .quietly();
    let answers: Vec<Value> = said.lines();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(
        ids,
        [
            &json!("a"),
            &Value::Null,
            &json!(7),
            &json!({"x": 1}),
            &json!("d"),
            &json!("e"),
            &Value::Null,
            &json!("f"),
            &Value::Null
        ]
    );
    for (line, answer) in said.stdout.lines().zip(&answers) {
        let failed = answer.get("error").is_some();
        let expected = if failed {
            vec!["id", "error"]
        } else {
            vec!["id", "backward", "forward"]
        };
        assert_eq!(members(line), expected);
    }
    let failed: Vec<bool> = answers
        .iter()
        .map(|answer| answer.get("error").is_some())
        .collect();
    assert_eq!(
        failed,
        [false, true, true, true, false, true, false, true, true],
        "{said}"
    );
    assert_eq!(answers[0]["backward"]["verdict"], "compatible");
    assert_eq!(answers[0]["forward"]["verdict"], "breaking");
    assert_eq!(answers[4]["backward"]["verdict"], "compatible");

    let good = "{\"id\":1,\"old\":true,\"new\":true}\n";
    folder
        .feed(&["schema", "compare", "--pairs", "-"], good.as_bytes())
        .exits(0)
        .quietly();
}

/// Another program asks one pair at a time and waits for each answer.
#[test]
fn each_answer_is_there_before_the_next_question() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;
    let mut child = super::tool::command(&["schema", "compare", "--pairs", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ask = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        writeln!(ask, "{{\"id\":{id},\"old\":true,\"new\":true}}").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("{{\"id\":{id},")), "{answer}");
    }
    drop(ask);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn check_counts_steps_whether_or_not_they_are_bridged() {
    let summary =
        r#"{"kind":"summary","types":1,"versions":2,"pairs":1,"compatible":0,"breaking":1,"unproven":0,"#;
    let said = two().look(&["schema", "check"]).exits(1).quietly();
    assert!(said.summary().starts_with(summary), "{said}");
    let release: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(release["rollback"], "unsafe");
    assert_eq!(
        release["deployment"],
        json!([{
            "type": "OrderPlaced", "from": 1, "to": 2, "order": "apart",
            "backward": "breaks", "forward": "breaks", "rollback": "breaking",
            "because": "additional properties are not allowed ('currency' was unexpected)",
            "witness": {"currency": "", "order": "", "total": 0},
        }])
    );
    assert_eq!(said.of("breaking-step")[0]["level"], "deny");
    let said = Folder::bridged().look(&["schema", "check"]).exits(0).quietly();
    assert!(said.summary().starts_with(summary), "{said}");
    let release: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(release["deployment"][0]["order"], "readers-first");
    assert_eq!(release["deployment"][0]["backward"], "through-upcasters");
    assert_eq!(said.of("breaking-step")[0]["level"], "note");
    // By flag alone, upcasters beside the schemas are not tried, and the step counts as open.
    let said = Folder::bridged()
        .look(&["schema", "check", "--catalogue", "schemas"])
        .quietly();
    assert!(said.summary().starts_with(summary), "{said}");
}

#[test]
fn matrix_is_a_table() {
    let folder = Folder::bridged()
        .with(
            "schemas/OrderPlaced/3.json",
            ORDER_2.replace(", \"currency\"]", "]"),
        )
        .with("schemas/Refunded/1.json", ORDER_1);
    let text = folder.run(&["schema", "matrix"]).exits(0).quietly().stdout;
    snapshot("schema_matrix", &text);

    let said = folder
        .look(&["schema", "matrix", "OrderPlaced"])
        .exits(0)
        .quietly();
    let lines = said.lines();
    assert_eq!(lines.len(), 2, "{said}");
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","types":1,"pairs":6,"works":2,"through_upcasters":1,"breaks":3,"unproven":0}"#
    );
    assert_eq!(lines[0]["kind"], "matrix");
    assert_eq!(lines[0]["versions"], json!([1, 2, 3]));
    assert_eq!(
        lines[0]["cells"][0],
        json!({
            "writer": 1, "reader": 2, "reading": "through-upcasters",
            "because": "\"currency\" is a required property", "witness": {"order": "", "total": 0},
        })
    );
    assert_eq!(
        lines[0]["cells"][1],
        json!({"writer": 1, "reader": 3, "reading": "works"})
    );
    folder.look(&["schema", "matrix", "OrderPlacd"]).exits(4).says(
        "error: the catalogue has no OrderPlacd that can be used; `pastproof schema list` lists what it has",
    );
    Folder::new().look(&["schema", "matrix"]).exits(3);
}

#[test]
fn what_is_asked_of_versions_can_be_said() {
    let folder = Folder::new()
        .with("schemas/Paid/1-0-0.json", ORDER_1)
        .with("schemas/Paid/1-0-1.json", ORDER_2)
        .with(
            "pastproof.toml",
            "[catalogue]\nversion-scheme = \"schemaver\"\ndeclared-bump = \"deny\"\n\n\
             [catalogue.types.Paid]\nnot-stored = [\"1-0-0\"]\nrequire = \"full\"\n",
        );
    let said = folder.look(&["schema", "check"]).exits(1);
    assert_eq!(said.of("breaking-step")[0]["level"], "note");
    assert_eq!(said.of("breaking-rollback")[0]["level"], "deny");
    assert_eq!(said.of("bump-too-small")[0]["level"], "deny");
    // Flags stand over what is configured, also for single types.
    let said = folder.look(&["schema", "check", "--require", "none"]).exits(1);
    assert_eq!(said.of("breaking-rollback")[0]["level"], "note");
    folder.look(&["gate"]).exits(1);
    folder
        .look(&["schema", "check", "--own-version", "version"])
        .exits(2)
        .says("`version` is no JSON pointer to a member, such as /meta/version");
    let misspelt = folder.with(
        "pastproof.toml",
        "[catalogue]\nversion-scheme = \"schemaver\"\nnot-stored = [\"Paid@1-0-0\", \"Paid@1-0-7\"]\n\n\
         [catalogue.types.Payed]\npairs = \"live\"\n",
    );
    let said = misspelt.look(&["schema", "check"]).exits(0);
    assert_eq!(said.of("setting-unused").len(), 2);
}

#[test]
fn check_for_people() {
    let mut text = String::new();
    for (what, folder) in [
        ("bridged", Folder::bridged()),
        ("not bridged", two()),
        ("one version", Folder::project()),
    ] {
        let said = folder.run(&["schema", "check"]).quietly();
        text += &format!("# {what}: exit {}\n{}\n", said.exit, said.stdout);
    }
    snapshot("schema_check", &text);
}

#[test]
fn a_catalogue_of_another_layout_and_scheme() {
    let folder = Folder::new()
        .with("api/orders/OrderPlaced/v1.9.0.json", ORDER_1)
        .with("api/orders/OrderPlaced/v1.10.0.json", ORDER_1);
    let flags = [
        "--catalogue",
        "api",
        "--layout",
        "{type}/v{version}.json",
        "--version-scheme",
        "semver",
    ];
    let arguments = |command: &[&'static str]| [command, &flags[..]].concat();
    let said = folder.look(&arguments(&["schema", "check"])).exits(0).quietly();
    assert!(
        said.stdout.starts_with(
            r#"{"kind":"summary","types":1,"versions":2,"pairs":1,"compatible":1,"breaking":0,"unproven":0,"#
        ),
        "{said}"
    );
    let said = folder.look(&arguments(&["schema", "list"])).exits(0).quietly();
    assert_eq!(
        said.stdout,
        "{\"kind\":\"type\",\"type\":\"orders/OrderPlaced\",\"versions\":[\"1.9.0\",\"1.10.0\"]}\n"
    );
    assert_eq!(
        folder.run(&arguments(&["schema", "list"])).stdout,
        "orders/OrderPlaced  1.9.0 1.10.0\n"
    );
    // The same in a configuration, and a flag over it.
    folder.write(
        "pastproof.toml",
        "[catalogue]\npath = \"api\"\nlayout = \"{type}/v{version}.json\"\nversion-scheme = \"semver\"\n",
    );
    folder.look(&["schema", "check"]).exits(0);
    let said = folder
        .look(&["schema", "check", "--version-scheme", "integer"])
        .exits(1);
    said.of("version-unparsable");
}

#[test]
fn list_and_show() {
    let folder = two();
    let said = folder.look(&["schema", "list"]).exits(0).quietly();
    assert_eq!(
        said.stdout,
        "{\"kind\":\"type\",\"type\":\"OrderPlaced\",\"versions\":[1,2]}\n"
    );
    assert_eq!(folder.run(&["schema", "list"]).stdout, "OrderPlaced  1 2\n");
    let shown = |arguments: &[&str]| -> Value {
        let arguments: Vec<&str> = ["schema", "show"].iter().chain(arguments).copied().collect();
        serde_json::from_str(&folder.run(&arguments).exits(0).quietly().stdout).unwrap()
    };
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(shown(&["OrderPlaced"]), parsed(ORDER_2));
    assert_eq!(shown(&["OrderPlaced", "1"]), parsed(ORDER_1));
    assert_eq!(shown(&["OrderPlaced", "1", "--reader"]), parsed(ORDER_1));
    for arguments in [
        &["schema", "show", "Bogus"][..],
        &["schema", "show", "OrderPlaced", "9"],
    ] {
        folder
            .run(arguments)
            .exits(4)
            .says("`pastproof schema list` lists what it has");
    }
}

#[test]
fn accept_freezes_what_is_there() {
    let folder = Folder::bridged();
    let said = folder
        .run(&["schema", "accept", "--format", "json"])
        .exits(0)
        .quietly();
    assert_eq!(
        said.stdout,
        "{\"kind\":\"written\",\"file\":\"schemas/pastproof.lock\"}\n{\"kind\":\"summary\",\"written\":1}\n"
    );
    let said = folder.look(&["schema", "accept"]).exits(0).quietly();
    assert_eq!(said.stdout, "{\"kind\":\"summary\",\"written\":0}\n");
    assert_eq!(
        folder.run(&["schema", "accept"]).stdout,
        "everything is frozen already\n"
    );
    folder.look(&["gate"]).exits(0);
}
