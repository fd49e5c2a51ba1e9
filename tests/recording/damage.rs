//! Damage is found, wherever it is.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use pastproof::recording::{Order, Reader, Writer, WriterOptions, manifest_path, verify};

use super::common::{event, ids, read, record, small, told};

/// Two streams of two events in two frames.
fn tiny(path: &Path) {
    let events: Vec<_> = (0..4)
        .map(|number| event(&format!("a-{}", number / 2), number % 2, number, "{}"))
        .collect();
    let mut writer = Writer::create(path, WriterOptions::new(Order::Stream).frame_size(100)).unwrap();
    for event in &events {
        writer.push(event).unwrap();
    }
    assert_eq!(writer.finish().unwrap().frames.len(), 2);
}

/// Turns each bit of a file over in turn, and back again.
fn each_bit(path: &Path, mut with: impl FnMut(usize, u32)) {
    let whole = fs::read(path).unwrap();
    let mut file = File::options().write(true).open(path).unwrap();
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for (at, byte) in whole.iter().enumerate() {
        for bit in 0..8 {
            put(at, byte ^ (1 << bit));
            with(at, bit);
        }
        put(at, *byte);
    }
    assert_eq!(fs::read(path).unwrap(), whole);
}

#[test]
fn each_bit_of_the_data_counts() {
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        tiny(&path);
        assert_eq!(ids(&verify(&path, None).unwrap().findings), [""; 0]);
        let frames = Reader::open(&path).unwrap().manifest().unwrap().frames.clone();
        each_bit(&path, |at, bit| {
            let frame = usize::from(at as u64 >= frames[1].offset);
            let findings = verify(&path, None).unwrap().findings;
            assert_eq!(ids(&findings), ["frame-damaged"], "byte {at}, bit {bit}");
            assert_eq!(
                told(&findings[0]),
                format!(
                    "frame-damaged: frame {} at byte {} is damaged: its SHA-256 is not the one that was sealed; its first stream is a-{frame}",
                    frame + 1,
                    frames[frame].offset
                )
            );
            assert_eq!(findings[0].place.file.as_deref(), path.to_str());
            assert_eq!(findings[0].place.stream, Some(format!("a-{frame}")));
        });
        assert_eq!(ids(&verify(&path, None).unwrap().findings), [""; 0]);
    }
}

#[test]
fn each_bit_of_the_manifest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    tiny(&path);
    each_bit(&manifest_path(&path), |at, bit| {
        match verify(&path, None) {
            Ok(verification) => {
                assert_eq!(
                    ids(&verification.findings),
                    ["manifest-damaged"],
                    "byte {at}, bit {bit}"
                );
                assert_eq!(verification.root, None);
            }
            // The digit that makes it a later major version.
            Err(error) => assert!(error.is_newer(), "byte {at}, bit {bit}: {error}"),
        }
        assert!(Reader::open(&path).is_err());
    });
}

#[test]
fn a_reader_gives_what_stands_before_the_damage_and_then_ends() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let path = folder.path().join(name);
        record(&path, Order::Stream, &small());
        let frames = Reader::open(&path).unwrap().manifest().unwrap().frames.clone();
        let mut bytes = fs::read(&path).unwrap();
        let offset = frames[2].offset;
        bytes[usize::try_from(offset).unwrap() + 9] ^= 4;
        fs::write(&path, bytes).unwrap();
        let read = read(&path);
        let before = usize::try_from(frames[0].events + frames[1].events).unwrap();
        assert_eq!(read.len(), before + 1);
        assert!(read[..before].iter().all(Result::is_ok));
        assert_eq!(
            read[before],
            Err(format!(
                "frame-damaged: frame 3 at byte {offset} is damaged: its SHA-256 is not the one that was sealed; its first stream is a-2"
            ))
        );
    }
}

fn cut(name: &str, missing: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    record(&path, Order::Stream, &small());
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - missing]).unwrap();
    let findings = verify(&path, None).unwrap().findings;
    let last = read(&path).pop().unwrap().unwrap_err();
    assert_eq!(last, told(&findings[0]));
    findings.iter().map(told).collect()
}

#[test]
fn a_file_that_was_cut_off() {
    assert_eq!(
        cut("r.ndjson", 1),
        ["line-cut-off: the file ends 1 bytes before the end of the frame"]
    );
    assert_eq!(
        cut("r.ndjson", 20),
        ["line-cut-off: the file ends 20 bytes before the end of the frame"]
    );
    let line =
        "{\"s\":\"a-3\",\"n\":3,\"g\":15,\"t\":\"Happened\",\"v\":1,\"d\":{\"n\": 3.50, \"of\":\"s3\"}}\n";
    assert_eq!(cut("r.ndjson", line.len()).len(), 1);
    assert!(cut("r.ndjson", line.len())[0].starts_with("frame-damaged: frame 4 at byte "));
    assert!(
        cut("r.ndjson.zst", 7)[0]
            .ends_with("the file ends 7 bytes before the end of the frame; its first stream is a-3")
    );
}

#[test]
fn a_file_that_goes_on_after_its_last_frame() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let path = folder.path().join(name);
        tiny(&path);
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len();
        bytes.extend_from_slice(&bytes.clone()[..5]);
        fs::write(&path, bytes).unwrap();
        let expected =
            format!("frame-damaged: frame 3 at byte {end} is damaged: 5 bytes follow the last sealed frame");
        let findings = verify(&path, None).unwrap().findings;
        assert_eq!(findings.iter().map(told).collect::<Vec<_>>(), [expected.as_str()]);
        assert_eq!(read(&path).pop().unwrap(), Err(expected));
    }
}

#[test]
fn frames_in_another_order_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    tiny(&path);
    let bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    fs::write(&path, [&bytes[middle..], &bytes[..middle]].concat()).unwrap();
    assert_eq!(
        ids(&verify(&path, None).unwrap().findings),
        ["frame-damaged", "frame-damaged"]
    );
}

#[test]
fn a_manifest_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    tiny(&path);
    for (text, message) in [
        ("", "the text ends inside a value at byte 1"),
        ("[]", "it is not an object"),
        ("{}", "it does not say its `format`"),
        (r#"{"format":"one"}"#, "its `format` is not `major.minor`"),
        (r#"{"format":"1.0"}"#, "it has no seal (`root`)"),
        (
            r#"{"format":"1.0","root":"00"}"#,
            "its seal (`root`) does not match what it says",
        ),
        (
            r#"{"format":"1.0","format":"1.0"}"#,
            "two members are named \"format\" at byte 17",
        ),
    ] {
        fs::write(manifest_path(&path), text).unwrap();
        let findings = verify(&path, None).unwrap().findings;
        assert_eq!(
            findings.iter().map(told).collect::<Vec<_>>(),
            [format!("manifest-damaged: the manifest is damaged: {message}")]
        );
        assert_eq!(findings[0].place.file.as_deref(), manifest_path(&path).to_str());
    }
    fs::remove_file(manifest_path(&path)).unwrap();
    let verification = verify(&path, None).unwrap();
    assert_eq!(ids(&verification.findings), ["manifest-missing"]);
    assert_eq!((verification.events, verification.frames), (4, 0));
}

#[test]
fn a_recording_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.ndjson"), folder.path().to_owned()] {
        let error = verify(&path, None).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("{}: cannot open the recording: ", path.display())),
            "{error}"
        );
        assert_eq!(error.to_finding().rule.id, "recording-unreadable");
        assert!(Reader::open(&path).is_err());
    }
}

#[test]
fn findings_beyond_a_thousand_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    fs::write(&path, "nonsense\n".repeat(1500)).unwrap();
    let findings = verify(&path, None).unwrap().findings;
    assert_eq!(findings.len(), 1 + 1000 + 1);
    assert!(
        findings
            .iter()
            .any(|finding| told(finding) == "not-json: 500 more findings of this kind are not shown")
    );
}
