//! Whatever bytes a recording holds: no panic, and what is read is written so that it is read again.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use pastproof::recording::{Line, Reader, parse_line, write_decision, write_line};

fuzz_target!(|bytes: &[u8]| {
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let Ok(reader) = Reader::from_read(name, Cursor::new(bytes.to_vec())) else {
            continue;
        };
        for line in reader.flatten() {
            let text = written(&line.1);
            let again = parse_line(text.as_bytes()).expect("what is written can be read");
            assert_eq!(written(&again), text);
        }
    }
});

fn written(line: &Line) -> String {
    let mut text = String::new();
    match line {
        Line::Event(event) => write_line(event, &mut text),
        Line::Decision(decision) => write_decision(decision, &mut text),
    }
    text
}
