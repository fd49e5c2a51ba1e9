//! `upcast [EVENTS]`: five steps on each event, declarative, by hand in Rust, and in jq; prints the ratios of their
//! processor-bound times, the median of five rounds.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pastproof::model::Version;
use pastproof::schema::{Catalogue, CatalogueOptions};
use pastproof::upcast::{Chains, Envelope, Fence, Upcast, Upcaster, declared_in, jq_worker_if_asked};
use serde_json::{Map, Value, json};

const STEPS: [&str; 5] = [
    r#"{"op": "rename", "at": "/total", "to": "amount"}"#,
    r#"{"op": "add", "at": "/currency", "value": "EUR"}"#,
    r#"{"op": "wrap", "at": "/reason", "in": "kind"}"#,
    r#"{"op": "move", "from": "/street", "to": "/address/street"}"#,
    r#"{"op": "map", "at": "/channel", "values": [{"from": "web", "to": "online"}], "otherwise": "keep"}"#,
];

const PROGRAMS: [&str; 5] = [
    ".amount = .total | del(.total)",
    ".currency //= \"EUR\"",
    ".reason |= {kind: .}",
    ".address = ((.address // {}) + {street: .street}) | del(.street)",
    "if .channel == \"web\" then .channel = \"online\" else . end",
];

fn by_hand(step: usize, members: &mut Map<String, Value>) {
    match step {
        0 => {
            if let Some(total) = members.remove("total") {
                members.insert("amount".to_owned(), total);
            }
        }
        1 => {
            members.entry("currency").or_insert_with(|| json!("EUR"));
        }
        2 => {
            if let Some(reason) = members.get_mut("reason") {
                *reason = Value::Object(Map::from_iter([("kind".to_owned(), reason.take())]));
            }
        }
        3 => {
            if let Some(street) = members.remove("street") {
                let address = members.entry("address").or_insert_with(|| json!({}));
                if let Value::Object(address) = address {
                    address.insert("street".to_owned(), street);
                }
            }
        }
        _ => {
            if let Some(channel) = members.get_mut("channel") {
                if channel == "web" {
                    *channel = json!("online");
                }
            }
        }
    }
}

fn main() -> ExitCode {
    // The fence runs this executable again for the jq programs.
    if let Some(code) = jq_worker_if_asked(std::env::args_os()) {
        return code;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let events: usize = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("pastproof-upcast-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("A"))?;
    for (step, operation) in STEPS.iter().enumerate() {
        std::fs::write(
            folder.join(format!("A/{}-to-{}.upcast.json", step + 1, step + 2)),
            format!(r#"{{"format": "1.0", "operations": [{operation}]}}"#),
        )?;
    }
    let catalogue = Catalogue::open(&folder, &CatalogueOptions::default())?;
    let (declared, findings) = declared_in(&catalogue)?;
    assert!(findings.is_empty() && declared.len() == 5, "{findings:?}");
    std::fs::remove_dir_all(&folder)?;
    let step = |from: usize| (from as u64 + 1, from as u64 + 2);
    let hand = (0..5).map(|index| {
        let (from, to) = step(index);
        Upcaster::json("A", from, [("A", to)], move |mut data| {
            if let Value::Object(members) = &mut data {
                by_hand(index, members);
            }
            Ok::<_, String>(vec![Upcast::new("A", to, data)])
        })
    });
    let fence = Arc::new(Fence::for_current_executable()?);
    let jq = (0..5).map(|index| {
        let (from, to) = step(index);
        Upcaster::jq("A", from, to, PROGRAMS[index], format!("{index}.jq"), Arc::clone(&fence))
    });
    let ways = [
        ("declarative", Chains::new(declared, [("A", 6_u64)]), events),
        ("by hand", Chains::new(hand, [("A", 6_u64)]), events),
        // So much slower that fewer events say as much.
        ("jq", Chains::new(jq, [("A", 6_u64)]), events / 50),
    ];
    let one = Version::from(1);
    let event = |index: usize| {
        json!({
            "order": format!("order-{index}"), "total": index, "reason": "late", "channel": "web",
            "street": "Teegasse 1", "items": [{"sku": "tea", "n": 2}], "note": "leave it at the door",
        })
    };
    let expected = ways[1].1.upcast("A", &one, event(1), &Envelope::default())?;
    let mut medians = Vec::new();
    for (name, chains, count) in &ways {
        assert_eq!(chains.upcast("A", &one, event(1), &Envelope::default())?, expected, "{name}");
        let mut rounds: Vec<Duration> = Vec::new();
        for _ in 0..5 {
            let data: Vec<Value> = (0..*count).map(event).collect();
            let started = Instant::now();
            for data in data {
                std::hint::black_box(chains.upcast("A", &one, data, &Envelope::default())?);
            }
            rounds.push(started.elapsed());
        }
        rounds.sort();
        let each = rounds[2].as_secs_f64() / *count as f64;
        println!("{name}: {:.2} µs an event, {:.0} events/s", each * 1e6, 1.0 / each);
        medians.push(each);
    }
    println!(
        "declarative against by hand: {:.2}, against jq: {:.1}",
        medians[1] / medians[0],
        medians[2] / medians[0]
    );
    Ok(())
}
