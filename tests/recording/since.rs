//! Has history been altered since an older recording.

use pastproof::finding::Level;
use pastproof::model::{Flag, RecordedEvent};
use pastproof::recording::{Order, verify};

use super::common::{event, ids, raw, record, small, told};

/// Findings of a newer recording against an older one, which hold these events.
fn since(older: &[RecordedEvent], newer: &[RecordedEvent]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (
        folder.path().join("old.ndjson"),
        folder.path().join("new.ndjson.zst"),
    );
    record(&before, Order::Stream, older);
    record(&now, Order::Global, newer);
    let verification = verify(&now, Some(&before)).unwrap();
    verification
        .findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.place.file.as_deref(), now.to_str());
            let stream = finding.place.stream.as_deref().unwrap_or_default();
            let revision = finding.place.revision.unwrap_or_default();
            format!("{} {stream}/{revision} {}", finding.level, told(finding))
                .replace(&format!("{}/", folder.path().display()), "")
        })
        .collect()
}

#[test]
fn a_recording_that_only_grew() {
    let older = small();
    let mut newer: Vec<RecordedEvent> = Vec::new();
    for revision in 0..4 {
        newer.extend(
            older
                .iter()
                .filter(|event| event.revision == Some(revision))
                .cloned(),
        );
    }
    newer.push(event("a-9", 0, 16, "{}"));
    // The newer store has other global positions, and says so in neither recording.
    let mut older = older;
    for event in &mut older {
        event.global = None;
    }
    for (global, event) in newer.iter_mut().enumerate() {
        event.global = Some(global as u64);
    }
    assert_eq!(since(&older, &newer), [""; 0]);
}

#[test]
fn members_in_another_order_are_no_change_and_other_values_are() {
    let older = small();
    let mut newer = small();
    newer[3].payload = pastproof::model::Payload::Json(raw("{\"of\":\"s0\",\"n\":3.5}"));
    assert_eq!(since(&older, &newer), [""; 0]);
    newer[3].payload = pastproof::model::Payload::Json(raw("{\"of\":\"s0\",\"n\":3}"));
    newer[5].event_type = "Renamed".to_owned();
    newer[5].metadata = Some(raw("{}"));
    newer[6].global = Some(6);
    assert_eq!(
        since(&older, &newer),
        [
            "deny a-0/3 history-altered 4: the event is not what it was on line 4 of the older recording: it differs in d (data)",
            "deny a-1/1 history-altered 6: the event is not what it was on line 6 of the older recording: it differs in t (event type), m (metadata)",
        ]
    );
}

#[test]
fn events_that_are_gone() {
    let mut newer = small();
    newer.remove(9);
    newer.remove(15 - 1);
    assert_eq!(
        since(&small(), &newer),
        [
            "deny a-2/1 history-altered: the event on line 10 of old.ndjson is absent",
            "deny a-3/3 history-altered: the event on line 16 of old.ndjson is absent",
        ]
    );
}

#[test]
fn a_global_position_that_moved() {
    let mut newer = small();
    newer[15].global = Some(99);
    assert_eq!(
        since(&small(), &newer),
        [
            "deny a-3/3 history-altered 16: the event is not what it was on line 16 of the older recording: it differs in g (global position)"
        ]
    );
}

#[test]
fn a_redacted_event_is_shown_and_denies_nothing() {
    let mut newer = small();
    newer[2].payload = pastproof::model::Payload::Json(raw("null"));
    newer[2].flags = vec![Flag::Redacted];
    assert_eq!(
        since(&small(), &newer),
        [
            "note a-0/2 history-altered 3: the event is not what it was on line 3 of the older recording: it differs in d (data)"
        ]
    );
}

#[test]
fn events_without_streams_are_told_apart_by_global_position() {
    let tagged = |global: u64, data: &str| {
        let mut event = event("", 0, global, data);
        (event.stream, event.revision) = (None, None);
        event
            .tags
            .insert("course".to_owned(), vec![format!("c-{global}")]);
        event
    };
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (folder.path().join("old.ndjson"), folder.path().join("new.ndjson"));
    record(
        &before,
        Order::Global,
        &[tagged(1, "1"), tagged(2, "2"), tagged(3, "3")],
    );
    record(&now, Order::Global, &[tagged(1, "1"), tagged(3, "4")]);
    let findings = verify(&now, Some(&before)).unwrap().findings;
    assert_eq!(ids(&findings), ["history-altered", "history-altered"]);
}

#[test]
fn numbers_that_would_be_rounded_are_compared_as_text() {
    let with = |data: &str| vec![event("a", 0, 0, data)];
    let (one, two) = ("[100000000000000000001]", "[100000000000000000002]");
    assert_eq!(since(&with(one), &with(two)).len(), 1);
    assert_eq!(since(&with(one), &with(one)), [""; 0]);
}

#[test]
fn a_damaged_recording_is_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (folder.path().join("old.ndjson"), folder.path().join("new.ndjson"));
    record(&before, Order::Stream, &small());
    record(&now, Order::Stream, &small()[..8]);
    let mut bytes = std::fs::read(&now).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&now, &bytes).unwrap();
    let findings = verify(&now, Some(&before)).unwrap().findings;
    assert_eq!(ids(&findings), ["frame-damaged", "not-checked"]);
    assert_eq!(findings[1].level, Level::Warn);
    // An older recording that is damaged proves nothing, so there is no answer at all.
    let error = verify(&before, Some(&now)).unwrap_err();
    assert!(error.is_damage());
    assert!(
        error
            .to_string()
            .contains("new.ndjson: frame 1 at byte 0 is damaged"),
        "{error}"
    );
}
