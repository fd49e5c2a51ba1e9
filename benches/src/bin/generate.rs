//! `generate FOLDER EVENTS [BAD]`: a catalogue in `FOLDER/schemas` and that many events in `FOLDER/events.ndjson`, of
//! which `BAD` in a hundred do not satisfy their schema. The same numbers give the same bytes.
//!
//! Orders, payments and shipments: 13 event types, two of them in two versions. A line is an envelope with data and
//! metadata of about 600 bytes, and each schema covers the whole line: closed objects, references, patterns, lengths,
//! ranges, enumerations, a choice of payment methods.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

const EVENTS_OF_A_STREAM: u64 = 20;
const OPEN_STREAMS: usize = 2000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, events, bad) = match arguments.as_slice() {
        [folder, events] => (folder, events.parse()?, 0),
        [folder, events, bad] => (folder, events.parse()?, bad.parse()?),
        _ => return Err("generate FOLDER EVENTS [BAD]".into()),
    };
    let folder = Path::new(folder);
    for (event_type, version, data) in kinds() {
        let schemas = folder.join("schemas").join(event_type);
        fs::create_dir_all(&schemas)?;
        fs::write(
            schemas.join(format!("{version}.json")),
            schema(event_type, version, data),
        )?;
    }
    let mut out = BufWriter::new(File::create(folder.join("events.ndjson"))?);
    let mut random = Random(0x5EED);
    let mut streams: Vec<(u64, u64)> = (0..OPEN_STREAMS as u64).map(|stream| (stream, 0)).collect();
    let mut next_stream = OPEN_STREAMS as u64;
    let mut line = String::new();
    for _ in 0..events {
        let slot = random.below(OPEN_STREAMS as u64) as usize;
        let (stream, revision) = streams[slot];
        line.clear();
        event(&mut random, stream, revision, bad, &mut line);
        line.push('\n');
        out.write_all(line.as_bytes())?;
        streams[slot].1 += 1;
        if streams[slot].1 == EVENTS_OF_A_STREAM {
            streams[slot] = (next_stream, 0);
            next_stream += 1;
        }
    }
    out.flush()?;
    Ok(())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn money(&mut self) -> String {
        let currency = self.pick(&CURRENCIES);
        format!(
            r#"{{"amount":{},"currency":"{currency}"}}"#,
            self.below(1_000_000)
        )
    }

    fn line(&mut self) -> String {
        let sku = format!("{}-{:06}", self.pick(&["BK", "TO", "GA"]), self.below(1_000_000));
        let title = self.pick(&[
            "Garden hose, 20 m",
            "Notebook, ruled, Größe A5",
            "Wooden train",
            "Lamp oil",
        ]);
        let (quantity, price) = (1 + self.below(9), self.money());
        format!(r#"{{"sku":"{sku}","title":"{title}","quantity":{quantity},"price":{price}}}"#)
    }

    fn lines(&mut self) -> String {
        let count = 1 + self.below(3);
        let lines: Vec<String> = (0..count).map(|_| self.line()).collect();
        format!("[{}]", lines.join(","))
    }

    fn address(&mut self) -> String {
        format!(
            r#"{{"street":"{} {}","city":"{}","zip":"{:05}","country":"{}"}}"#,
            self.pick(&["Hauptstraße", "Mill Lane", "Rue du Port"]),
            1 + self.below(200),
            self.pick(&["Köln", "Leeds", "Nantes"]),
            self.below(100_000),
            self.pick(&["DE", "GB", "FR"])
        )
    }

    fn method(&mut self) -> String {
        match self.below(3) {
            0 => format!(
                r#"{{"kind":"card","last4":"{:04}","network":"{}"}}"#,
                self.below(10_000),
                self.pick(&["visa", "mastercard", "amex"])
            ),
            1 => format!(r#"{{"kind":"transfer","iban":"DE{:020}"}}"#, self.below(u64::MAX)),
            _ => r#"{"kind":"cash"}"#.to_owned(),
        }
    }

    fn maybe_money(&mut self) -> String {
        if self.below(2) == 0 {
            "null".to_owned()
        } else {
            self.money()
        }
    }
}

const CURRENCIES: [&str; 4] = ["EUR", "USD", "GBP", "CHF"];

const LATE: &str =
    r#""note":"left with the neighbour on the second floor, please ring twice and mind the dog""#;

/// Each event type with its version and the schema of its data's members: name, schema, whether it is required.
fn kinds() -> Vec<(&'static str, u64, &'static [(&'static str, &'static str, bool)])> {
    const MONEY: &str = r##"{"$ref":"#/$defs/money"}"##;
    const MAYBE_MONEY: &str = r##"{"anyOf":[{"type":"null"},{"$ref":"#/$defs/money"}]}"##;
    const LINES: &str = r##"{"type":"array","minItems":1,"maxItems":100,"items":{"$ref":"#/$defs/line"}}"##;
    const LINE: &str = r##"{"$ref":"#/$defs/line"}"##;
    const ADDRESS: &str = r##"{"$ref":"#/$defs/address"}"##;
    const METHOD: &str =
        r##"{"oneOf":[{"$ref":"#/$defs/card"},{"$ref":"#/$defs/transfer"},{"$ref":"#/$defs/cash"}]}"##;
    const CUSTOMER: &str = r#"{"type":"string","pattern":"^u[0-9]{1,9}$"}"#;
    const CHANNEL: &str = r#"{"enum":["web","app","phone","shop"]}"#;
    const NOTE: &str = r#"{"type":"string","minLength":1,"maxLength":200}"#;
    const REASON: &str = r#"{"type":"string","enum":["customer","stock","fraud","price"]}"#;
    const REFERENCE: &str = r#"{"type":"string","pattern":"^pay_[0-9a-f]{16}$"}"#;
    const CARRIER: &str = r#"{"enum":["dhl","ups","hermes"]}"#;
    const TRACKING: &str = r#"{"type":"string","pattern":"^[A-Z]{2}[0-9]{9}$"}"#;
    const GRAMS: &str = r#"{"type":"number","exclusiveMinimum":0,"maximum":50000}"#;
    const SKU: &str = r#"{"type":"string","pattern":"^[A-Z]{2}-[0-9]{6}$"}"#;
    vec![
        (
            "OrderPlaced",
            1,
            &[
                ("customer", CUSTOMER, true),
                ("lines", LINES, true),
                ("total", MONEY, true),
                ("note", NOTE, false),
            ],
        ),
        (
            "OrderPlaced",
            2,
            &[
                ("customer", CUSTOMER, true),
                ("channel", CHANNEL, true),
                ("lines", LINES, true),
                ("total", MONEY, true),
                ("discount", MAYBE_MONEY, true),
            ],
        ),
        (
            "OrderLineAdded",
            1,
            &[("line", LINE, true), ("total", MONEY, true), ("note", NOTE, true)],
        ),
        (
            "OrderLineRemoved",
            1,
            &[("sku", SKU, true), ("total", MONEY, true), ("note", NOTE, true)],
        ),
        (
            "OrderConfirmed",
            1,
            &[
                ("total", MONEY, true),
                ("ship_to", ADDRESS, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "OrderCancelled",
            1,
            &[
                ("reason", REASON, true),
                ("fee", MAYBE_MONEY, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "PaymentAuthorized",
            1,
            &[
                ("amount", MONEY, true),
                ("method", METHOD, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "PaymentAuthorized",
            2,
            &[
                ("amount", MONEY, true),
                ("method", METHOD, true),
                ("reference", REFERENCE, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "PaymentCaptured",
            1,
            &[
                ("amount", MONEY, true),
                ("reference", REFERENCE, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "PaymentRefunded",
            1,
            &[
                ("amount", MONEY, true),
                ("reason", REASON, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "PaymentFailed",
            1,
            &[
                ("method", METHOD, true),
                ("code", r#"{"type":"integer","minimum":100,"maximum":599}"#, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "ShipmentPacked",
            1,
            &[("lines", LINES, true), ("grams", GRAMS, true)],
        ),
        (
            "ShipmentDispatched",
            1,
            &[
                ("carrier", CARRIER, true),
                ("tracking", TRACKING, true),
                ("ship_to", ADDRESS, true),
            ],
        ),
        (
            "ShipmentDelivered",
            1,
            &[
                ("tracking", TRACKING, true),
                ("collected", MAYBE_MONEY, true),
                ("note", NOTE, true),
            ],
        ),
        (
            "ShipmentReturned",
            1,
            &[("lines", LINES, true), ("reason", REASON, true)],
        ),
    ]
}

fn schema(event_type: &str, version: u64, data: &[(&str, &str, bool)]) -> String {
    let properties: Vec<String> = data
        .iter()
        .map(|(name, schema, _)| format!(r#""{name}":{schema}"#))
        .collect();
    let required: Vec<String> = data
        .iter()
        .filter(|(.., required)| *required)
        .map(|(name, ..)| format!("{name:?}"))
        .collect();
    format!(
        r##"{{
"$schema":"https://json-schema.org/draft/2020-12/schema",
"title":"{event_type}, version {version}",
"type":"object",
"additionalProperties":false,
"required":["id","stream","seq","type","version","time","data","metadata"],
"properties":{{
 "id":{{"type":"string","pattern":"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}$"}},
 "stream":{{"type":"string","pattern":"^order-[0-9]{{1,12}}$"}},
 "seq":{{"type":"integer","minimum":0}},
 "type":{{"const":"{event_type}"}},
 "version":{{"const":{version}}},
 "time":{{"type":"string","format":"date-time","pattern":"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z$"}},
 "data":{{"type":"object","additionalProperties":false,"required":[{required}],"properties":{{{properties}}}}},
 "metadata":{{"$ref":"#/$defs/metadata"}}
}},
"$defs":{{
 "money":{{"type":"object","additionalProperties":false,"required":["amount","currency"],"properties":{{"amount":{{"type":"integer","minimum":0,"maximum":9007199254740991}},"currency":{{"enum":["EUR","USD","GBP","CHF"]}}}}}},
 "line":{{"type":"object","additionalProperties":false,"required":["sku","quantity","price"],"properties":{{"sku":{{"type":"string","pattern":"^[A-Z]{{2}}-[0-9]{{6}}$"}},"title":{{"type":"string","minLength":1,"maxLength":120}},"quantity":{{"type":"integer","minimum":1,"maximum":999}},"price":{{"$ref":"#/$defs/money"}}}}}},
 "address":{{"type":"object","additionalProperties":false,"required":["street","city","zip","country"],"properties":{{"street":{{"type":"string","minLength":1,"maxLength":100}},"city":{{"type":"string","minLength":1,"maxLength":60}},"zip":{{"type":"string","pattern":"^[0-9]{{5}}$"}},"country":{{"type":"string","pattern":"^[A-Z]{{2}}$"}}}}}},
 "card":{{"type":"object","additionalProperties":false,"required":["kind","last4","network"],"properties":{{"kind":{{"const":"card"}},"last4":{{"type":"string","pattern":"^[0-9]{{4}}$"}},"network":{{"enum":["visa","mastercard","amex"]}}}}}},
 "transfer":{{"type":"object","additionalProperties":false,"required":["kind","iban"],"properties":{{"kind":{{"const":"transfer"}},"iban":{{"type":"string","pattern":"^[A-Z]{{2}}[0-9]{{20}}$"}}}}}},
 "cash":{{"type":"object","additionalProperties":false,"required":["kind"],"properties":{{"kind":{{"const":"cash"}}}}}},
 "metadata":{{"type":"object","additionalProperties":false,"required":["actor","trace_id","correlation_id","source"],"properties":{{"actor":{{"type":"object","additionalProperties":false,"required":["kind","id"],"properties":{{"kind":{{"enum":["customer","staff","system"]}},"id":{{"type":"string","minLength":1,"maxLength":40}}}}}},"trace_id":{{"type":"string","pattern":"^[0-9a-f]{{32}}$"}},"correlation_id":{{"type":"string","minLength":8,"maxLength":64}},"source":{{"type":"string","enum":["checkout","warehouse","billing"]}},"agent":{{"type":"string","minLength":1,"maxLength":200}},"tags":{{"type":"array","maxItems":10,"items":{{"type":"string","maxLength":20}}}}}}}}
}}
}}
"##,
        required = required.join(","),
        properties = properties.join(","),
    )
}

fn event(random: &mut Random, stream: u64, revision: u64, bad: u64, line: &mut String) {
    let kinds = kinds();
    // A stream starts with its order; what follows is a mixture.
    let kind = if revision == 0 {
        random.below(2)
    } else {
        2 + random.below(kinds.len() as u64 - 2)
    };
    let (event_type, version, _) = kinds[kind as usize];
    let id = random.next();
    let write = |line: &mut String, text: std::fmt::Arguments<'_>| {
        line.write_fmt(text).expect("a String takes everything");
    };
    write(
        line,
        format_args!(
            r#"{{"id":"{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}","stream":"order-{stream}","seq":{revision},"type":"{event_type}","version":{version},"time":"2024-{:02}-{:02}T{:02}:{:02}:{:02}Z","data":{{"#,
            id & 0xFFFF_FFFF,
            id >> 48,
            (id >> 36) & 0xFFF,
            (id >> 24) & 0xFFF,
            id & 0xFFFF_FFFF_FFFF,
            1 + random.below(12),
            1 + random.below(28),
            random.below(24),
            random.below(60),
            random.below(60),
        ),
    );
    let reference = format!("pay_{:016x}", random.next());
    let tracking = format!(
        "{}{:09}",
        random.pick(&["DE", "GB", "FR"]),
        random.below(1_000_000_000)
    );
    let data = match (event_type, version) {
        ("OrderPlaced", 1) => format!(
            r#""customer":"u{}","lines":{},"total":{}"#,
            random.below(100_000),
            random.lines(),
            random.money()
        ),
        ("OrderPlaced", _) => format!(
            r#""customer":"u{}","channel":"{}","lines":{},"total":{},"discount":{}"#,
            random.below(100_000),
            random.pick(&["web", "app", "phone", "shop"]),
            random.lines(),
            random.money(),
            random.maybe_money()
        ),
        ("OrderLineAdded", _) => format!(r#""line":{},"total":{},{LATE}"#, random.line(), random.money()),
        ("OrderLineRemoved", _) => format!(
            r#""sku":"BK-{:06}","total":{},{LATE}"#,
            random.below(1_000_000),
            random.money()
        ),
        ("OrderConfirmed", _) => format!(
            r#""total":{},"ship_to":{},{LATE}"#,
            random.money(),
            random.address()
        ),
        ("OrderCancelled", _) => format!(
            r#""reason":"{}","fee":{},{LATE}"#,
            random.pick(&["customer", "stock", "fraud", "price"]),
            random.maybe_money()
        ),
        ("PaymentAuthorized", 1) => format!(
            r#""amount":{},"method":{},{LATE}"#,
            random.money(),
            random.method()
        ),
        ("PaymentAuthorized", _) => format!(
            r#""amount":{},"method":{},"reference":"{reference}",{LATE}"#,
            random.money(),
            random.method()
        ),
        ("PaymentCaptured", _) => format!(r#""amount":{},"reference":"{reference}",{LATE}"#, random.money()),
        ("PaymentRefunded", _) => format!(
            r#""amount":{},"reason":"{}",{LATE}"#,
            random.money(),
            random.pick(&["customer", "stock", "fraud", "price"])
        ),
        ("PaymentFailed", _) => format!(
            r#""method":{},"code":{},{LATE}"#,
            random.method(),
            400 + random.below(100)
        ),
        ("ShipmentPacked", _) => format!(
            r#""lines":{},"grams":{}.{}"#,
            random.lines(),
            1 + random.below(40_000),
            random.below(10)
        ),
        ("ShipmentDispatched", _) => format!(
            r#""carrier":"{}","tracking":"{tracking}","ship_to":{}"#,
            random.pick(&["dhl", "ups", "hermes"]),
            random.address()
        ),
        ("ShipmentDelivered", _) => format!(
            r#""tracking":"{tracking}","collected":{},{LATE}"#,
            random.maybe_money()
        ),
        _ => format!(r#""lines":{},"reason":"stock""#, random.lines()),
    };
    line.push_str(&data);
    if random.below(100) < bad {
        line.push_str(r#","surprise":true"#);
    }
    let actor = random.pick(&["customer", "staff", "system"]);
    let source = random.pick(&["checkout", "warehouse", "billing"]);
    write(
        line,
        format_args!(
            r#"}},"metadata":{{"actor":{{"kind":"{actor}","id":"u{}"}},"trace_id":"{:016x}{:016x}","correlation_id":"req-{:016x}","source":"{source}","agent":"shop/7.3.1 (+https://shop.example; region=eu-west-1; build=2024.18)","tags":["v7","eu-west","canary"]}}}}"#,
            random.below(100_000),
            random.next(),
            random.next(),
            random.next(),
        ),
    );
}
