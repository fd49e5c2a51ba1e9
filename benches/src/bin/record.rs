//! `record write EVENTS FILE` makes a recording of generated events; `record read FILE` and `record verify FILE` go
//! through it. For measuring with the operating system's own clock.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use pastproof::model::{Payload, RecordedEvent, Version};
use pastproof::recording::{Order, Reader, Writer, WriterOptions, verify};
use serde_json::value::RawValue;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", events, file] => {
            let mut writer = Writer::create(file, WriterOptions::new(Order::Global))?;
            for (global, line) in BufReader::new(File::open(events)?).lines().enumerate() {
                let line = line?;
                let event: serde_json::Value = serde_json::from_str(&line)?;
                writer.push(&RecordedEvent {
                    stream: event["stream"].as_str().map(str::to_owned),
                    category: None,
                    revision: event["seq"].as_u64(),
                    global: Some(global as u64),
                    id: event["id"].as_str().map(str::to_owned),
                    event_type: event["type"].as_str().ok_or("no type")?.to_owned(),
                    version: event["version"].as_u64().map(Version::from),
                    recorded_at: event["time"].as_str().map(str::to_owned),
                    tags: std::collections::BTreeMap::new(),
                    payload: Payload::Json(RawValue::from_string(event["data"].to_string())?),
                    metadata: Some(RawValue::from_string(event["metadata"].to_string())?),
                    flags: Vec::new(),
                    origin: None,
                })?;
            }
            let manifest = writer.finish()?;
            println!("{} events, {} frames", manifest.events, manifest.frames.len());
        }
        ["read", file] => {
            let mut events = 0u64;
            for line in Reader::open(file)? {
                line.map_err(|problem| problem.into_finding().message)?;
                events += 1;
            }
            println!("{events} events");
        }
        ["verify", file] => {
            let verification = verify(file, None)?;
            println!(
                "{} events, {} findings",
                verification.events,
                verification.findings.len()
            );
        }
        _ => return Err("record write EVENTS FILE | read FILE | verify FILE".into()),
    }
    Ok(())
}
