//! Scenarios of a domain as files, and back.

use pastproof::scenario::file::{Library, ScenarioFile, read, write};
use pastproof::scenario::{Record, collect};

/// The record without what says where it stands, and by which words it was checked.
fn plain(record: &Record) -> Record {
    let mut record = record.clone();
    record.name = None;
    record.file.clear();
    record.line = 0;
    record.steps.iter_mut().for_each(|step| step.checks.clear());
    record
}

/// Holds scenarios to this: what is written as a file and run comes to the same record.
#[track_caller]
pub fn come_back(library: &Library, scenarios: &[fn()]) {
    let mut files = Vec::new();
    let (ended, records) = collect(|| {
        files = library.told_in_code(|| scenarios.iter().for_each(|scenario| scenario()));
    });
    ended.unwrap();
    assert!(records.len() >= scenarios.len());
    for (record, file) in records.iter().zip(&files) {
        let file = file.as_ref().unwrap_or_else(|error| panic!("{error}"));
        let text = write(file);
        let source = read("a.json", text.as_bytes()).unwrap();
        let (ran, back) = collect(|| library.run_source("a", &source));
        if let Err(trouble) = ran.unwrap() {
            panic!("{trouble}\n\n{text}");
        }
        assert_eq!(plain(&back[0]), plain(record), "{text}");
        assert_eq!(ScenarioFile::of(&back[0], &file.subject).unwrap(), *file);
    }
}
