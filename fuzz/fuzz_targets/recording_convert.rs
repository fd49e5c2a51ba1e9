//! Whatever a source holds: no panic, and either a recording that verifies or findings and nothing on disk.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use pastproof::recording::{EventPointers, Number, RecordOptions, record, verify};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to.ndjson"));
    fs::write(&from, bytes).expect("a file");
    let pointers = EventPointers {
        stream: Some("/s".to_owned()),
        revision: Some(Number::Counted),
        event_type: Some("/t".to_owned()),
        data: Some("/d".to_owned()),
        ..EventPointers::default()
    };
    for pointers in [EventPointers::default(), pointers] {
        let mut options = RecordOptions::default();
        options.pointers = pointers;
        options.memory = 64;
        let recorded = record(&from, &to, &options);
        match recorded {
            Ok(recorded) if recorded.manifest.is_some() => {
                assert_eq!(verify(&to, None).expect("it can be read").findings, []);
                fs::remove_file(&to).expect("it is there");
            }
            _ => assert!(!to.exists()),
        }
    }
});
