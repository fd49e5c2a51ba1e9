//! What a known-good release made of a recording, and what another one makes of it.

use std::path::Path;

use pastproof::replay::{self, Baseline};

use crate::bed::{Bed, event, history, history_with, text};
use crate::domain::{Account, Doubled, Forgetful, Mean, Solvent, Superstitious, Wide, Wider};

#[test]
fn the_same_code_makes_the_same_of_the_same_recording() {
    let bed = Bed::global(&history());
    let replayed = bed.against(&bed.baseline());
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert_eq!(replayed.differences, 0);
    assert_eq!(
        (replayed.counts.streams_compared, replayed.counts.models_compared),
        (2, 1)
    );

    let loaded = Baseline::load(&bed.baseline()).unwrap();
    assert_eq!(
        &loaded,
        replayed.baseline().unwrap(),
        "what was read is what was written"
    );
    assert_eq!((loaded.streams(), loaded.models()), (2, 1));
}

#[test]
fn a_changed_apply_shows_where_the_states_differ() {
    let bed = Bed::global(&history());
    let baseline = bed.baseline();
    let bed = bed.with::<Forgetful>();
    let replayed = bed.against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny state-differs account-1@3 /balance | the state of 1 stream of category `account` differs at \
             /balance: the baseline has an integer of 3 digits, the code makes an integer of 3 digits"
        ]
    );
    assert_eq!(replayed.findings[0].witness, None, "values are masked");
    assert_eq!(replayed.differences, 1);

    let mut request = bed.request();
    request.baseline = Some(&baseline);
    request.show_values = true;
    let shown = replay::replay(&request).unwrap();
    assert!(
        shown.findings[0]
            .message
            .ends_with("the baseline has 695, the code makes 895")
    );
    assert_eq!(
        shown.findings[0].witness.as_ref().unwrap().to_string(),
        r#"{"baseline":695,"now":895}"#
    );
}

#[test]
fn one_place_is_one_finding_with_the_first_stream() {
    let mut lines = history();
    for stream in (3..9).rev() {
        let global = 20 - stream;
        lines.push(event(
            &format!("account-{stream}"),
            0,
            global,
            "Withdrawn",
            r#"{"cents":900}"#,
        ));
    }
    let bed = Bed::global(&lines);
    let baseline = bed.baseline();
    let replayed = bed.with::<Forgetful>().against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny state-differs account-1@3 /balance | the state of 2 streams of category `account` differs at \
             /balance: the baseline has an integer of 3 digits, the code makes an integer of 3 digits, in the first; \
             5 more streams of the category differ, known by digest only"
        ]
    );
    assert_eq!(replayed.differences, 7);
}

#[test]
fn streams_known_by_digest_only_are_said() {
    let mut lines = Vec::new();
    for stream in 1..=3 {
        let cents = if stream == 3 { 900 } else { 9 };
        let data = format!(r#"{{"cents":{cents}}}"#);
        lines.push(event(&format!("account-{stream}"), 0, stream, "Withdrawn", &data));
    }
    let bed = Bed::global(&lines);
    let baseline = bed.baseline();
    let replayed = bed.with::<Forgetful>().against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny state-differs account-3@0 | the state of 1 stream of category `account` differs; the baseline has \
             digests of them only, so where is not known"
        ]
    );
}

#[test]
fn members_that_come_and_go_are_told_apart() {
    let bed = Bed::global(&history());
    let baseline = bed.baseline();
    let replayed = bed.with::<Superstitious>().against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny state-differs account-1@3 /currencies | the state of 2 streams of category `account` differs at \
             /currencies: only the baseline has an object of 1 member, in the first",
            "deny state-differs account-1@3 /owner | the state of 2 streams of category `account` differs at /owner: \
             only the baseline has a text of 3 characters, in the first",
        ]
    );
    assert_eq!(replayed.differences, 2);
}

#[test]
fn integers_that_64_bits_do_not_hold_are_compared_in_full() {
    let line = event(
        "account-1",
        0,
        1,
        "Deposited:2",
        r#"{"cents":5,"currency":"EUR"}"#,
    );
    let bed = Bed::global(&[line]).with::<Wide>();
    let baseline = bed.baseline();
    assert_eq!(text(&bed.against(&baseline).findings), [""; 0]);
    assert_eq!(
        text(&bed.with::<Wider>().against(&baseline).findings),
        [
            "deny state-differs account-1@0 /total | the state of 1 stream of category `account` differs at /total: in \
             integers of more than 64 bits, or nested too deeply to show"
        ]
    );
}

#[test]
fn a_changed_projector_shows_the_first_row_that_differs() {
    let bed = Bed::global(&history());
    let baseline = bed.baseline();
    let replayed = bed.showing::<Doubled>().against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny rows-differ /account-1/withdrawals | read model `balances` differs at /account-1/withdrawals: the \
             baseline has an integer of 1 digit, the code makes an integer of 1 digit; both have 2 rows"
        ]
    );
    assert_eq!(replayed.differences, 1);

    let bed = Bed::global(&history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":2000}"#),
    ));
    let baseline = bed.baseline();
    let replayed = bed.showing::<Solvent>().against(&baseline);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny rows-differ /account-2 | read model `balances` differs at /account-2: only the baseline has an \
             object of 2 members; the baseline has 2 rows, the code makes 1 row"
        ]
    );
}

#[test]
fn rows_outside_the_sample_are_compared_by_digest() {
    let mut lines = Vec::new();
    for stream in 0..300 {
        lines.push(event(
            &format!("account-{stream}"),
            0,
            stream + 1,
            "Withdrawn",
            r#"{"cents":1}"#,
        ));
    }
    let sample = {
        let bed = Bed::global(&lines);
        std::fs::read_to_string(bed.baseline()).unwrap()
    };
    let outside = (0..300)
        .find(|stream| !sample.contains(&format!(r#"["account-{stream}","#)))
        .unwrap();
    lines.push(event(
        &format!("account-{outside}"),
        1,
        301,
        "Withdrawn",
        r#"{"cents":1}"#,
    ));
    let bed = Bed::global(&lines);
    let baseline = bed.baseline();
    assert_eq!(
        text(&bed.showing::<Doubled>().against(&baseline).findings),
        [
            "deny rows-differ | read model `balances` differs, but in none of the 128 rows that the baseline holds in \
             full; both have 300 rows"
        ]
    );
}

#[test]
fn streams_and_read_models_that_come_and_go_make_a_baseline_stale() {
    let mut lines = history();
    lines.push(event("till-1", 0, 8, "Withdrawn", r#"{"cents":1}"#));
    let mut bed = Bed::global(&lines);
    let accounts = bed.baseline();

    bed.aggregates = vec![replay::aggregate::<Account>("till")];
    bed.projectors = vec![replay::projector::<Doubled>("doubled")];
    let replayed = bed.against(&accounts);
    assert_eq!(
        text(&replayed.findings),
        [
            "deny baseline-stale | the baseline does not have the read model `doubled`",
            "deny baseline-stale | the baseline has the read model `balances`, which no projector makes any more",
            "deny baseline-stale account-1@3 | the baseline has 2 streams of category `account` that no aggregate \
             folds any more",
            "deny baseline-stale till-1@0 | the baseline does not have 1 stream of category `till` that the code folds",
            "warn stream-not-folded account-1@0 | no aggregate folds category `account`: 2 streams with 7 events left \
             alone",
        ]
    );
    assert_eq!(replayed.differences, 5);
}

#[test]
fn a_baseline_of_another_recording_is_stale() {
    let bed = Bed::global(&history());
    let other = Bed::global(&history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":21}"#),
    ));
    let replayed = bed.against(&other.baseline());
    assert_eq!(
        text(&replayed.findings),
        ["deny baseline-stale | the baseline was made of another recording, of 7 events; this one has 7"],
        "and nothing else is said of states that are not to be compared"
    );
    assert_eq!((replayed.differences, replayed.counts.streams_compared), (0, 0));

    let plain = Bed::plain(&history().join("\n"));
    let baseline = plain.baseline();
    assert_eq!(
        text(&plain.against(&baseline).findings),
        [""; 0],
        "without a manifest too"
    );
    let lines = history_with(6, event("account-2", 2, 7, "Withdrawn", r#"{"cents":21}"#));
    std::fs::write(&plain.recording, lines.join("\n")).unwrap();
    assert_eq!(plain.against(&baseline).findings[0].rule.id, "baseline-stale");

    let cut = format!("{}\n{{", lines.join("\n"));
    std::fs::write(&plain.recording, cut).unwrap();
    let found = text(&plain.against(&baseline).findings);
    assert!(found[0].starts_with("deny not-json"), "{found:?}");
    assert_eq!(
        found[1],
        "warn not-checked | nothing is compared: with bad lines in it, the recording cannot be told to be the \
         baseline's"
    );
}

#[test]
fn what_is_wrong_with_a_stream_is_said_once() {
    let bed = Bed::global(&history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":666}"#),
    ));
    let baseline = bed.baseline();
    let replayed = bed.with::<Panics>().against(&baseline);
    let found: Vec<_> = replayed.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(found, ["apply-panicked"], "not as a difference as well");
    assert_eq!((replayed.counts.streams_compared, replayed.differences), (1, 0));
}

/// As [`Account`], but for a panic.
#[derive(Default, serde::Serialize)]
#[serde(transparent)]
struct Panics(Account);

impl pastproof::model::Aggregate for Panics {
    type Command = ();
    type Event = crate::domain::AccountEvent;
    type Error = String;
    fn handle(&self, (): &()) -> Result<Vec<Self::Event>, String> {
        Ok(Vec::new())
    }
    fn apply(&mut self, event: &Self::Event) {
        if let crate::domain::AccountEvent::Withdrawn(withdrawn) = event {
            assert!(withdrawn.cents != 666);
        }
        self.0.apply(event);
    }
}

#[test]
fn a_missing_baseline_is_said() {
    let bed = Bed::global(&history());
    let replayed = bed.against(&bed.path("nowhere.baseline.ndjson"));
    assert_eq!(
        text(&replayed.findings),
        ["warn baseline-missing | there is no baseline here"]
    );
    assert!(
        replayed.findings[0]
            .place
            .file
            .as_deref()
            .unwrap()
            .ends_with("nowhere.baseline.ndjson")
    );
}

/// What is said of a baseline whose text was changed.
fn changed(change: impl FnOnce(&str) -> String) -> (Option<u64>, String) {
    let bed = Bed::global(&history());
    let path = bed.baseline();
    let text = std::fs::read_to_string(&path).unwrap();
    let other = change(&text);
    assert_ne!(text, other, "the change changes something");
    std::fs::write(&path, other).unwrap();
    let replayed = bed.against(&path);
    let [finding] = replayed.findings.as_slice() else {
        panic!("{:?}", replayed.findings);
    };
    assert_eq!(finding.rule.id, "baseline-damaged");
    assert_eq!(replayed.counts.streams_compared, 0);
    (finding.place.line, finding.message.clone())
}

#[test]
fn a_damaged_baseline_is_said_with_its_line() {
    assert_eq!(
        changed(|_| String::new()),
        (Some(1), "the file is empty".to_owned())
    );
    assert_eq!(
        changed(|text| text.replacen("baseline", "basement", 1)),
        (
            Some(1),
            "the first line is not the header of a baseline".to_owned()
        )
    );
    assert_eq!(
        changed(|text| text.replacen(r#""1.0""#, r#""one""#, 1)),
        (
            Some(1),
            "the header has no format of the form `major.minor`".to_owned()
        )
    );
    assert_eq!(
        changed(|text| text.replacen(r#""balance":695"#, r#""balance":696"#, 1)),
        (
            Some(2),
            "the state of stream `account-1` does not match its digest".to_owned()
        )
    );
    let swapped = |text: &str| {
        let mut lines: Vec<_> = text.lines().collect();
        lines.swap(1, 2);
        lines.join("\n")
    };
    assert_eq!(
        changed(swapped),
        (
            Some(3),
            "stream `account-1` is not in the order of stream ids".to_owned()
        )
    );
    let model_first = |text: &str| {
        let mut lines: Vec<_> = text.lines().collect();
        lines.swap(2, 3);
        lines.join("\n")
    };
    assert_eq!(
        changed(model_first),
        (Some(4), "a stream stands behind the read models".to_owned())
    );
    let cut = |text: &str| {
        let lines: Vec<_> = text.lines().collect();
        format!("{}\n", lines[..2].join("\n"))
    };
    assert_eq!(
        changed(cut),
        (
            Some(2),
            "the header counts 2 streams and the file has 1".to_owned()
        )
    );
    let (line, message) = changed(|text| text[..text.len() - 40].to_owned());
    assert_eq!(line, Some(4));
    assert!(message.starts_with("the text ends inside a value"), "{message}");
    let (line, message) = changed(|text| text.replacen(r#""n":3,"#, r#""n":"three","#, 1));
    assert_eq!(line, Some(2));
    assert!(message.contains("expected u64"), "{message}");
    let (line, message) = changed(|text| text.replacen(r#""digest":""#, r#""digest":"0"#, 1));
    assert_eq!(line, Some(2));
    assert_eq!(message, "a digest is 64 lower-case hexadecimal digits");
}

#[test]
fn a_newer_format_is_refused_and_a_minor_one_read() {
    let (line, message) = changed(|text| text.replacen(r#""1.0""#, r#""2.0""#, 1));
    assert_eq!(line, Some(1));
    assert_eq!(
        message,
        "its format is 2.0 and this pastproof reads up to 1.x: use the pastproof that saved it, or a newer one"
    );

    let bed = Bed::global(&history());
    let path = bed.baseline();
    let text = std::fs::read_to_string(&path).unwrap();
    let later = text
        .replacen(r#""1.0""#, r#""1.7""#, 1)
        .replace(r#""digest""#, r#""later":{"x":1},"digest""#)
        .replace('\n', "\r\n");
    std::fs::write(&path, later).unwrap();
    let replayed = bed.against(&path);
    assert_eq!(replayed.findings, []);
    assert_eq!(replayed.counts.streams_compared, 2);
}

#[test]
fn a_baseline_is_saved_whole_or_not_at_all() {
    let bed = Bed::global(&history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":-5}"#),
    ));
    let replayed = bed.run();
    let path = bed.path("known-good.baseline.ndjson");
    std::fs::write(&path, "precious").unwrap();
    let error = replayed.save_baseline(&path, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no baseline is saved of a replay with 1 error: a later replay would take what is wrong for right"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    replayed.save_baseline(&path, true).unwrap();
    let forced = Baseline::load(&path).unwrap();
    assert_eq!(
        (forced.streams(), forced.models()),
        (1, 0),
        "what is not known is not in it"
    );

    let error = replayed
        .save_baseline(&bed.path("no/such/folder/x.baseline.ndjson"), true)
        .unwrap_err();
    assert!(
        error.to_string().starts_with("cannot write the baseline"),
        "{error}"
    );
    assert_eq!(
        names(path.parent().unwrap()),
        [
            "history.manifest.json",
            "history.ndjson.zst",
            "known-good.baseline.ndjson",
            "schemas"
        ],
        "no partial file is left"
    );
    let mut request = bed.request();
    request.collect_baseline = false;
    let error = replay::replay(&request)
        .unwrap()
        .save_baseline(&path, true)
        .unwrap_err();
    assert_eq!(error.to_string(), "the replay was not asked for a baseline");
}

#[test]
fn a_meant_change_can_be_saved_while_the_old_baseline_still_differs() {
    let bed = Bed::global(&history());
    let path = bed.baseline();
    let bed = bed.with::<Forgetful>();
    let replayed = bed.against(&path);
    assert_eq!(replayed.differences, 1);
    replayed.save_baseline(&path, false).unwrap();
    assert_eq!(text(&bed.against(&path).findings), [""; 0]);
}

#[test]
fn a_state_that_is_not_known_is_not_in_a_baseline() {
    let bed = Bed::global(&history()).with::<Mean>();
    let path = bed.path("x.baseline.ndjson");
    let replayed = bed.run();
    assert!(
        replayed.is_clean(),
        "each account has a deposit, so each mean is a number"
    );
    replayed.save_baseline(&path, false).unwrap();
    assert_eq!(Baseline::load(&path).unwrap().streams(), 2);
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
