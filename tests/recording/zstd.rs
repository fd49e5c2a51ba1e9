//! Recordings in zstd frames, ours and others.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use pastproof::recording::{Order, Reader, manifest_path, verify};
use serde_json::Value;

use super::common::{ids, read, record, small, texts};

fn zstd(text: &[u8], change: impl FnOnce(&mut zstd::Encoder<'_, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    change(&mut encoder);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn frames_are_independent_and_hold_whole_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    record(&path, Order::Stream, &small());
    let bytes = fs::read(&path).unwrap();
    let manifest = Reader::open(&path).unwrap().manifest().unwrap().clone();
    let mut lines = Vec::new();
    for (index, frame) in manifest.frames.iter().enumerate() {
        let start = usize::try_from(frame.offset).unwrap();
        let end = start + usize::try_from(frame.length).unwrap();
        let text = zstd::decode_all(&bytes[start..end]).unwrap();
        assert_eq!(text.len() as u64, frame.size);
        let text = String::from_utf8(text).unwrap();
        assert!(text.lines().all(|line| line.contains(&format!("\"a-{index}\""))));
        lines.extend(text.lines().map(str::to_owned));
    }
    assert_eq!(lines, texts(&small()));
    assert_eq!(
        zstd::decode_all(bytes.as_slice()).unwrap(),
        format!("{}\n", lines.join("\n")).as_bytes()
    );
}

#[test]
fn the_command_line_tool_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    for (name, events) in [("r.ndjson.zst", small()), ("none.ndjson.zst", Vec::new())] {
        let path = folder.path().join(name);
        record(&path, Order::Global, &events);
        match Command::new("zstd").arg("-dc").arg(&path).output() {
            Ok(output) => {
                assert!(output.status.success());
                let lines: Vec<String> = String::from_utf8(output.stdout)
                    .unwrap()
                    .lines()
                    .map(str::to_owned)
                    .collect();
                assert_eq!(lines, texts(&events));
            }
            Err(_) => eprintln!("skipped: there is no zstd on this machine"),
        }
    }
}

#[test]
fn files_that_others_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    let text = format!("{}\n", texts(&small()).join("\n"));
    // Two frames, a skippable one between them, and a line that is cut by the end of the first.
    let (first, second) = text.as_bytes().split_at(100);
    let skippable = [b"\x50\x2A\x4D\x18\x04\x00\x00\x00".as_slice(), b"skip"].concat();
    let plain = |_: &mut zstd::Encoder<'_, Vec<u8>>| ();
    fs::write(
        &path,
        [zstd(first, plain), skippable, zstd(second, plain)].concat(),
    )
    .unwrap();
    let read: Vec<String> = read(&path).into_iter().map(Result::unwrap).collect();
    assert_eq!(read, texts(&small()));
}

#[test]
fn damage_is_found_without_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    let text = format!("{}\n", texts(&small()).join("\n"));
    let sealed = zstd(text.as_bytes(), |encoder| encoder.include_checksum(true).unwrap());
    let mut damaged = [sealed.clone(), sealed.clone()].concat();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let found = read(&path);
    assert_eq!(
        found.last().unwrap(),
        &Err(format!(
            "frame-damaged: frame 2 at byte {} is damaged: restored data doesn't match checksum",
            sealed.len()
        ))
    );
    fs::write(&path, &sealed[..sealed.len() - 6]).unwrap();
    assert_eq!(
        read(&path).last().unwrap(),
        &Err("frame-damaged: frame 1 at byte 0 is damaged: the file ends inside it".to_owned())
    );
    fs::write(&path, "{\"s\":\"a\",\"n\":0,\"t\":\"T\"}\n").unwrap();
    assert_eq!(
        read(&path),
        [Err(
            "frame-damaged: frame 1 at byte 0 is damaged: unknown frame descriptor".to_owned()
        )]
    );
    assert_eq!(
        ids(&verify(&path, None).unwrap().findings),
        ["frame-damaged", "manifest-missing"]
    );
}

#[test]
fn a_window_beyond_the_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    let bytes = zstd(b"{}\n", |encoder| {
        encoder.window_log(28).unwrap();
        encoder.long_distance_matching(true).unwrap();
    });
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        read(&path),
        [Err(
            "frame-damaged: frame 1 at byte 0 is damaged: frame requires too much memory for decoding"
                .to_owned()
        )]
    );
}

/// Puts a frame of other content under a seal that fits, but for its size.
fn bomb(path: &Path, content: &[u8]) {
    record(path, Order::Stream, &small()[..1]);
    let bytes = zstd(content, |_| ());
    fs::write(path, &bytes).unwrap();
    let manifest = manifest_path(path);
    let mut value: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    value.as_object_mut().unwrap().remove("root");
    value["frames"][0]["length"] = bytes.len().into();
    value["frames"][0]["sha256"] = sha256(&bytes).into();
    value["root"] = pastproof::json::digest(&value).unwrap().into();
    fs::write(&manifest, value.to_string()).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in sha2::Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[test]
fn a_frame_that_holds_more_than_was_sealed_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    bomb(&path, &b"\n".repeat(200_000_000));
    assert!(fs::metadata(&path).unwrap().len() < 100_000);
    let size = Reader::open(&path).unwrap().manifest().unwrap().frames[0].size;
    assert_eq!(
        read(&path),
        [Err(format!(
            "frame-damaged: frame 1 at byte 0 is damaged: it holds more than {size} bytes; its first stream is a-0"
        ))]
    );
}
