//! A draft as Rust, for whoever keeps upcasters in code.

use std::fmt::Write as _;

use serde_json::Value;

use crate::json::canonical;
use crate::model::Version;

use super::Draft;

/// Takes a member away.
const TAKE: &str = r#"
fn take(data: &mut Value, pointer: &str) -> Option<Value> {
    let (above, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    data.pointer_mut(above)?.as_object_mut()?.remove(&name)
}
"#;

/// Puts a value at a place, with the objects on the way to it.
const PUT: &str = r#"
fn put(data: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let mut place = data;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let members = place.as_object_mut().ok_or_else(|| format!("no object on the way to {pointer}"))?;
        place = members.entry(name).or_insert_with(|| json!({}));
    }
    *place = value;
    Ok(())
}
"#;

impl Draft {
    /// The draft as a Rust function that makes the upcaster.
    ///
    /// What history cannot supply is a parameter with a type: without a decision the function cannot be called.
    ///
    /// ```
    /// use pastproof::model::Version;
    /// use pastproof::upcast::Draft;
    /// use serde_json::json;
    ///
    /// let old = json!({"type": "object", "properties": {"cents": {"type": "integer"}}, "required": ["cents"]});
    /// let new = json!({
    ///     "type": "object",
    ///     "properties": {"cents": {"type": "integer"}, "currency": {"type": "string"}},
    ///     "required": ["cents", "currency"],
    /// });
    /// let rust = Draft::new(&old, &new)?.rust("PriceSet", &Version::from(1), &Version::from(2));
    /// assert!(rust.contains("currency: impl Fn(&Value) -> Result<String, String>"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn rust(&self, event_type: &str, from: &Version, to: &Version) -> String {
        let mut writer = Skeleton::default();
        let operations = self.file.get("operations").and_then(Value::as_array);
        for operation in operations.into_iter().flatten() {
            writer.operation(operation, "data", 2);
        }
        let name = name_of(&format!("{event_type} {from} to {to}"));
        let (event, from_text, to_text) = (quoted(event_type), literal(from), literal(to));
        let mut text = format!(
            "//! Drafted from the schemas of {event_type} {from} and {to}. Read it before it is believed.\n\nuse pastproof::upcast::{{Upcast, Upcaster}};\nuse serde_json::{{Value, json}};\n\n/// {event_type} {from} to {to}.\n"
        );
        if !writer.holes.is_empty() {
            text.push_str(
                "///\n/// What no old event says is for the caller to decide, from the old data:\n///\n",
            );
        }
        for hole in &writer.holes {
            let _ = writeln!(text, "/// * `{}` is {}: {}.", hole.name, hole.pointer, hole.why);
        }
        let _ = write!(text, "pub fn {name}(");
        for hole in &writer.holes {
            let _ = write!(
                text,
                "\n    {}: impl Fn(&Value) -> Result<{}, String> + Send + Sync + 'static,",
                hole.name, hole.rust_type
            );
        }
        let end = if writer.holes.is_empty() { "" } else { "\n" };
        let _ = write!(
            text,
            "{end}) -> Upcaster {{\n    Upcaster::json({event}, {from_text}, [({event}, {to_text})], move |old: Value| {{\n        let mut data = old.clone();\n{}        Ok::<_, String>(vec![Upcast::new({event}, {to_text}, data)])\n    }})\n}}\n",
            writer.body
        );
        let needs = |call: &str| text.contains(call);
        let (take, put) = (needs("take(&mut"), needs("put(&mut"));
        if take {
            text.push_str(TAKE);
        }
        if put {
            text.push_str(PUT);
        }
        text
    }
}

struct TypedHole {
    name: String,
    pointer: String,
    why: String,
    rust_type: &'static str,
}

#[derive(Default)]
struct Skeleton {
    body: String,
    holes: Vec<TypedHole>,
}

impl Skeleton {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.body.push_str("    ");
        }
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// One operation on what is called `data`.
    fn operation(&mut self, operation: &Value, data: &str, depth: usize) {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
        let this = if data == "data" {
            "&mut data".to_owned()
        } else {
            format!("&mut *{data}")
        };
        if !text("note").is_empty() {
            self.line(depth, &format!("// {}", text("note").replace('\n', " ")));
        }
        let at = quoted(text("at"));
        let above = text("at").rsplit_once('/').map_or("", |(above, _)| above);
        let member = |name: &str| name.replace('~', "~0").replace('/', "~1");
        match text("op") {
            "rename" => {
                let to = quoted(&format!("{above}/{}", member(text("to"))));
                self.moved(&this, &at, &to, "value", depth);
            }
            "move" => self.moved(&this, &quoted(text("from")), &quoted(text("to")), "value", depth),
            "remove" => self.line(depth, &format!("take({this}, {at});")),
            "add" => {
                let value = json_of(operation.get("value"));
                let there = if data == "data" { "data" } else { data };
                self.line(depth, &format!("if {there}.pointer({at}).is_none() {{"));
                self.line(depth + 1, &format!("put({this}, {at}, {value})?;"));
                self.line(depth, "}");
            }
            "wrap" if operation.get("in").is_some() => {
                let inside = format!("json!({{{}: value}})", quoted(text("in")));
                self.moved(&this, &at, &at, &inside, depth);
            }
            "wrap" => self.moved(&this, &at, &at, "json!([value])", depth),
            "hoist" => {
                let from = quoted(&format!("{}/{}", text("at"), member(text("member"))));
                self.moved(&this, &from, &at, "value", depth);
            }
            "map" => self.mapped(operation, &this, &at, depth),
            "convert" => self.converted(text("to"), &this, &at, depth),
            "each" => {
                let there = if data == "data" { "data" } else { data };
                self.line(
                    depth,
                    &format!("for item in {there}.pointer_mut({at}).and_then(Value::as_array_mut).into_iter().flatten() {{"),
                );
                let inner = operation.get("operations").and_then(Value::as_array);
                for operation in inner.into_iter().flatten() {
                    self.operation(operation, "item", depth + 1);
                }
                self.line(depth, "}");
            }
            _ => self.hole(operation, text("at"), text("note"), &this, depth),
        }
    }

    fn moved(&mut self, this: &str, from: &str, to: &str, made: &str, depth: usize) {
        self.line(depth, &format!("if let Some(value) = take({this}, {from}) {{"));
        self.line(depth + 1, &format!("put({this}, {to}, {made})?;"));
        self.line(depth, "}");
    }

    fn mapped(&mut self, operation: &Value, this: &str, at: &str, depth: usize) {
        self.line(depth, &format!("if let Some(value) = take({this}, {at}) {{"));
        self.line(depth + 1, "let value = match value {");
        let pairs = operation.get("values").and_then(Value::as_array);
        for pair in pairs.into_iter().flatten() {
            let (from, to) = (json_of(pair.get("from")), json_of(pair.get("to")));
            self.line(depth + 2, &format!("value if value == {from} => {to},"));
        }
        if operation
            .get("otherwise")
            .is_some_and(|otherwise| otherwise == "keep")
        {
            self.line(depth + 2, "value => value,");
        } else {
            self.line(
                depth + 2,
                &format!("value => return Err(format!(\"{{value}} at {{}} is not listed\", {at})),"),
            );
        }
        self.line(depth + 1, "};");
        self.line(depth + 1, &format!("put({this}, {at}, value)?;"));
        self.line(depth, "}");
    }

    fn converted(&mut self, to: &str, this: &str, at: &str, depth: usize) {
        let made = match to {
            "string" => "value => json!(value.to_string()),",
            "integer" => {
                "Value::String(text) => json!(text.parse::<i64>().map_err(|error| format!(\"{text}: {error}\"))?),"
            }
            "number" => {
                "Value::String(text) => json!(text.parse::<f64>().map_err(|error| format!(\"{text}: {error}\"))?),"
            }
            _ => {
                "Value::String(text) => json!(text.parse::<bool>().map_err(|error| format!(\"{text}: {error}\"))?),"
            }
        };
        self.line(depth, &format!("if let Some(value) = take({this}, {at}) {{"));
        self.line(depth + 1, "let value = match value {");
        if to == "string" {
            self.line(depth + 2, "Value::String(_) | Value::Null => value,");
        }
        self.line(depth + 2, made);
        if to != "string" {
            self.line(depth + 2, "value => value,");
        }
        self.line(depth + 1, "};");
        self.line(depth + 1, &format!("put({this}, {at}, value)?;"));
        self.line(depth, "}");
    }

    fn hole(&mut self, operation: &Value, pointer: &str, why: &str, this: &str, depth: usize) {
        let rust_type = match operation.pointer("/schema/type").and_then(Value::as_str) {
            Some("string") => "String",
            Some("integer") => "i64",
            Some("number") => "f64",
            Some("boolean") => "bool",
            _ => "Value",
        };
        let mut name = name_of(pointer);
        while self.holes.iter().any(|hole| hole.name == name) {
            name.push('_');
        }
        self.line(
            depth,
            &format!("put({this}, {}, json!({name}(&old)?))?;", quoted(pointer)),
        );
        self.holes.push(TypedHole {
            name,
            pointer: pointer.to_owned(),
            why: if why.is_empty() {
                "nothing supplies it".to_owned()
            } else {
                why.to_owned()
            },
            rust_type,
        });
    }
}

/// A text as Rust writes it.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn literal(version: &Version) -> String {
    match version {
        Version::Number(number) => number.to_string(),
        Version::Text(text) => text
            .parse::<u64>()
            .map_or_else(|_| quoted(text), |number| number.to_string()),
    }
}

/// A value as the macro `json!` reads it.
fn json_of(value: Option<&Value>) -> String {
    let text = value.and_then(|value| canonical(value).ok());
    format!("json!({})", text.as_deref().unwrap_or("null"))
}

/// A name in Rust, from one in JSON.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        if character.is_ascii_uppercase() && name.ends_with(|last: char| last.is_ascii_lowercase()) {
            name.push('_');
        }
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    match name {
        "" => "value".to_owned(),
        // Names of the language, and of what the function itself has.
        "type" | "match" | "move" | "ref" | "use" | "in" | "for" | "as" | "data" | "old" | "value"
        | "item" | "take" | "put" | "self" | "where" | "loop" | "if" | "else" | "fn" | "let" | "mut"
        | "pub" | "mod" | "enum" | "struct" | "trait" | "impl" | "const" | "static" | "return" | "break"
        | "continue" | "true" | "false" | "async" | "await" | "dyn" | "box" | "do" | "final" | "macro"
        | "override" | "priv" | "try" | "typeof" | "unsized" | "virtual" | "yield" | "abstract"
        | "become" | "crate" | "super" | "extern" | "unsafe" | "while" | "gen" => format!("new_{name}"),
        name if name.starts_with(|first: char| first.is_ascii_digit()) => format!("new_{name}"),
        name => name.to_owned(),
    }
}
