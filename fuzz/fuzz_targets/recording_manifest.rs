//! Whatever bytes a manifest holds: no panic, no endless work, and never a clean verification of other data.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use pastproof::recording::{Seeker, manifest_path, read_stream, verify};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.ndjson");
    fs::write(&path, "{\"s\":\"a-1\",\"n\":0,\"t\":\"T\",\"d\":null}\n").expect("a file");
    fs::write(manifest_path(&path), bytes).expect("a file");
    let _ = verify(&path, None);
    let _ = read_stream(&path, "a-1", |_| ());
    if let Ok(Some(mut seeker)) = Seeker::open(&path) {
        for index in 0..seeker.manifest().frames.len().min(16) {
            if let Ok(lines) = seeker.frame(index) {
                lines.for_each(drop);
            }
        }
    }
});
