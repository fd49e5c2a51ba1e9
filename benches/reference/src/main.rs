//! What a team writes in an afternoon: every line a `Value`, a map of validators by type and version.
//!
//! `reference SCHEMAS EVENTS` prints how many events are valid and invalid.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let [schemas, events] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "reference SCHEMAS EVENTS")?;
    let mut validators = HashMap::new();
    for folder in fs::read_dir(schemas)? {
        let folder = folder?;
        for file in fs::read_dir(folder.path())? {
            let path = file?.path();
            let version: u64 = path.file_stem().ok_or("no name")?.to_string_lossy().parse()?;
            let schema: Value = serde_json::from_slice(&fs::read(path)?)?;
            let name = folder.file_name().to_string_lossy().into_owned();
            validators.insert(
                (name, version),
                jsonschema::validator_for(&schema).map_err(|error| error.to_string())?,
            );
        }
    }
    let (mut valid, mut invalid) = (0, 0);
    for line in BufReader::with_capacity(256 << 10, File::open(events)?).lines() {
        let event: Value = serde_json::from_slice(line?.as_bytes())?;
        let key = (
            event["type"].as_str().ok_or("no type")?.to_owned(),
            event["version"].as_u64().ok_or("no version")?,
        );
        *if validators[&key].is_valid(&event) {
            &mut valid
        } else {
            &mut invalid
        } += 1;
    }
    println!("{valid} valid, {invalid} invalid");
    Ok(())
}
