//! Accepted results: what an upcaster made of the catalogue's examples when a person looked.
//!
//! Beside `examples/<version>.ndjson` stands `examples/<from>-to-<to>.ndjson`, with a line for each example in its
//! order: a list of what the upcaster makes of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::finding::{Finding, Place};
use crate::json::{canonical, parse, same};
use crate::model::Version;
use crate::rules;
use crate::schema::SchemaError;

use super::trial::{Source, bytes};
use super::verified::Witness;
use super::{Upcast, Upcaster, Verifier};

/// The largest file of examples or results that is read.
const LARGEST: u64 = 64 << 20;

impl Upcaster {
    /// The file name of its accepted results, as in `1-to-2.ndjson`.
    fn results_name(&self) -> String {
        let named = match self.targets() {
            [] => "nothing".to_owned(),
            [(event_type, version)] if event_type == self.event_type() => version.to_string(),
            targets => {
                let names: Vec<String> = targets
                    .iter()
                    .map(|(event_type, version)| format!("{event_type}@{version}"))
                    .collect();
                names.join("+")
            }
        };
        let safe: String = format!("{}-to-{named}", self.from())
            .bytes()
            .map(|byte| match byte {
                b'-' | b'.' | b'_' | b'@' | b'+' => char::from(byte).to_string(),
                _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        format!("{safe}.ndjson")
    }
}

/// What an upcaster made, as a file of results has it.
fn written(made: &[Upcast]) -> Value {
    let events = made.iter().map(|event| {
        let mut members = Map::new();
        members.insert("t".to_owned(), event.event_type.as_str().into());
        members.insert("v".to_owned(), json!(event.version));
        members.insert("d".to_owned(), event.data.clone());
        if let Some(stream) = &event.stream {
            members.insert("s".to_owned(), stream.as_str().into());
        }
        if let Some(metadata) = &event.metadata {
            members.insert("m".to_owned(), metadata.clone());
        }
        Value::Object(members)
    });
    Value::Array(events.collect())
}

fn read(path: &Path) -> Result<Option<String>, SchemaError> {
    let failed = |error: io::Error| SchemaError::io("read the results", path, &error);
    match fs::metadata(path) {
        Ok(known) if known.len() > LARGEST => Err(failed(io::Error::other(format!(
            "it is larger than {} MiB",
            LARGEST >> 20
        )))),
        Ok(_) => fs::read_to_string(path).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// The lines that hold something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
}

impl Verifier<'_> {
    /// The catalogue's examples of a version, as far as they are JSON.
    pub(super) fn examples_of(&self, event_type: &str, version: &Version) -> Vec<Value> {
        let text = self
            .validators
            .catalogue()
            .examples(event_type, version)
            .and_then(|path| {
                // What cannot be read was told when the examples were tried.
                read(path).ok().flatten()
            });
        lines(text.as_deref().unwrap_or_default())
            .filter_map(|(_, line)| Some(parse(line.as_bytes()).ok()?.value))
            .collect()
    }

    fn results_of(&self, step: usize) -> Option<PathBuf> {
        let upcaster = &self.chains.upcasters()[step];
        let examples = self
            .validators
            .catalogue()
            .examples(upcaster.event_type(), upcaster.from())?;
        Some(examples.parent()?.join(upcaster.results_name()))
    }

    /// Holds every upcaster against its accepted results, where there are any.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn try_goldens(&mut self) -> Result<(), SchemaError> {
        for step in 0..self.chains.upcasters().len() {
            self.hold_to_results(step)?;
        }
        Ok(())
    }

    /// As [`try_goldens`](Self::try_goldens) for one upcaster; a file that cannot be read says nothing.
    pub(super) fn try_golden(&mut self, step: usize) {
        let _ = self.hold_to_results(step);
    }

    fn hold_to_results(&mut self, step: usize) -> Result<(), SchemaError> {
        let upcaster = &self.chains.upcasters()[step];
        let Some(path) = self.results_of(step) else {
            return Ok(());
        };
        let Some(text) = read(&path)? else {
            return Ok(());
        };
        let examples = self.examples_of(upcaster.event_type(), upcaster.from());
        let results: Vec<(u64, &str)> = lines(&text).collect();
        let place =
            || Place::kind(upcaster.event_type(), upcaster.from()).in_file(path.display().to_string());
        if results.len() != examples.len() {
            self.findings.push(Finding::new(
                &rules::UPCASTER_CHANGED,
                format!(
                    "there are {} examples of {} {}, and {} accepted results of upcaster {upcaster}",
                    examples.len(),
                    upcaster.event_type(),
                    upcaster.from(),
                    results.len()
                ),
                place(),
            ));
        }
        for (example, (line, accepted)) in examples.iter().zip(results) {
            let found = match self.run(step, example) {
                Ok(made) => written(&made),
                // Told where the example is tried.
                Err(_) => continue,
            };
            let known = parse(accepted.as_bytes()).is_ok_and(|accepted| same(&accepted.value, &found));
            if !known {
                let text = bytes(example);
                let made = bytes(&found);
                let witness = Witness {
                    length: text.len(),
                    text,
                    place: place().at_line(line),
                    message: format!(
                        "upcaster {upcaster} makes {made} of an example, and what was accepted is {accepted}"
                    ),
                    source: Source::Example,
                };
                self.tallies[step].count(rules::UPCASTER_CHANGED.id, witness, 1);
            }
        }
        Ok(())
    }

    /// Writes what every upcaster, against which nothing was found, makes of the catalogue's examples, to be held to it
    /// from now on. Gives back the files that changed.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn accept_results(&self) -> Result<Vec<PathBuf>, SchemaError> {
        let mut changed = Vec::new();
        for (step, upcaster) in self.chains.upcasters().iter().enumerate() {
            let Some(path) = self.results_of(step).filter(|_| !self.tallies[step].is_broken()) else {
                continue;
            };
            let examples = self.examples_of(upcaster.event_type(), upcaster.from());
            let made: Option<Vec<String>> = examples
                .iter()
                .map(|example| canonical(&written(&self.run(step, example).ok()?)).ok())
                .collect();
            let Some(made) = made.filter(|made| !made.is_empty()) else {
                continue;
            };
            let text = made.join("\n") + "\n";
            if read(&path)?.as_deref() == Some(&text) {
                continue;
            }
            let beside = path.with_extension("ndjson.new");
            fs::write(&beside, text)
                .and_then(|()| fs::rename(&beside, &path))
                .map_err(|error| SchemaError::io("write the results", &path, &error))?;
            changed.push(path);
        }
        Ok(changed)
    }
}
