//! A stream step by step.

use pastproof::recording::Order;
use pastproof::replay::{Inspected, Silent, Step, inspect};
use serde_json::{Value, json};

use super::bed::{Bed, event, history, history_with};
use super::domain::{Account, Forgetful, Superstitious};

fn walk(bed: &Bed, stream: &str, at: Option<u64>, show: bool) -> (Vec<Step>, Inspected) {
    let mut request = bed.request();
    request.show_values = show;
    let mut steps = Vec::new();
    let inspected = inspect(&request, stream, at, &mut Silent, &mut |step| steps.push(step)).unwrap();
    (steps, inspected)
}

#[test]
fn each_event_says_what_is_stored_read_and_changed() {
    for order in [Order::Global, Order::Stream] {
        let mut lines = history();
        if order == Order::Stream {
            lines.sort_by_key(|line| line.split(',').next().unwrap().to_owned());
        }
        // Frames of one event, so that only some of them hold the stream.
        let bed = Bed::recorded(order, 1, &lines).with::<Account>();
        let (steps, inspected) = walk(&bed, "account-1", None, true);
        assert_eq!((inspected.events, inspected.revisions), (4, Some((0, 3))));
        let mut told: Value = steps
            .iter()
            .map(|step| {
                json!({
                    "revision": step.revision,
                    "stored": step.stored,
                    "chain": step.chain.len(),
                    "upcast": step.upcast,
                    "changes": step.changes,
                    "after": step.after,
                    "not folded": step.not_folded,
                })
            })
            .collect();
        told.sort_all_objects();
        insta::with_settings!(
            {
                snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
                prepend_module_to_snapshot => false,
                omit_expression => true,
            },
            { insta::assert_snapshot!("replay__inspect_steps", serde_json::to_string_pretty(&told).unwrap()) }
        );
        let lines: Vec<Option<u64>> = steps.iter().map(|step| step.line).collect();
        assert!(lines.iter().all(Option::is_some), "{lines:?}");
        for (before, after) in steps.iter().zip(&steps[1..]) {
            assert_eq!(before.after, after.before);
        }
        assert!(
            steps[1].chain[0].starts_with("Deposited@1 → Deposited@2 ("),
            "{:?}",
            steps[1].chain
        );

        let (one, _) = walk(&bed, "account-1", Some(3), true);
        assert_eq!(one, steps[3..], "one step is the same step");
        let (none, inspected) = walk(&bed, "account-1", Some(9), true);
        assert_eq!((none.len(), inspected.events), (0, 4));
        assert_eq!(walk(&bed, "account-9", None, true).1.events, 0);
    }
}

#[test]
fn values_are_masked_unless_they_are_asked_for() {
    let bed = Bed::global(&history()).with::<Account>();
    let (steps, _) = walk(&bed, "account-1", None, false);
    let text = serde_json::to_string(&steps).unwrap();
    for secret in ["Ana", "1000", "Mira"] {
        assert!(
            !text.contains(&format!("\"{secret}")) && !text.contains(&format!(":{secret}")),
            "{secret}: {text}"
        );
    }
    assert!(text.contains("an integer of 4 digits"), "{text}");
}

#[test]
fn an_event_that_fails_hides_none_of_the_others() {
    let bad = event("account-1", 3, 6, "Withdrawn", r#"{"cents":666}"#);
    let mut lines = history_with(5, bad);
    lines.push(event("account-1", 4, 8, "Withdrawn", r#"{"cents":-5}"#));
    lines.push(event("account-1", 5, 9, "Withdrawn", r#"{"cents":5}"#));
    let bed = Bed::global(&lines).with::<Superstitious>();
    let (steps, _) = walk(&bed, "account-1", None, false);
    let told: Vec<String> = steps[3..]
        .iter()
        .map(|step| match (&step.finding, &step.not_folded) {
            (Some(finding), _) => format!("{} {}", finding.rule.id, finding.message),
            (_, Some(why)) => why.clone(),
            _ => "folded".to_owned(),
        })
        .collect();
    assert_eq!(
        told,
        [
            "apply-panicked the aggregate of category `account` panics on Withdrawn 1: no # cents from \"***\"",
            "an earlier event could not be folded",
            "an earlier event could not be folded",
        ]
    );
    assert_eq!((&steps[3].before, &steps[3].after), (&steps[2].after, &None));
}

#[test]
fn a_baseline_says_what_it_held() {
    let mut lines = history();
    lines.push(event("account-1", 4, 8, "Opened", r#"{"owner":"Cveta"}"#));
    let good = Bed::global(&lines).with::<Account>();
    let baseline = good.baseline();
    let bed = Bed::global(&lines).with::<Forgetful>();
    let mut request = bed.request();
    request.show_values = true;
    request.baseline = Some(&baseline);
    let mut steps = Vec::new();
    let inspected = inspect(&request, "account-1", None, &mut Silent, &mut |step| {
        steps.push(step);
    })
    .unwrap();
    assert_eq!(inspected.baseline, Some(4));
    assert!(steps[..4].iter().all(|step| step.baseline.is_none()));
    let against = steps[4].baseline.as_ref().unwrap();
    assert!(!against.same);
    assert_eq!(
        serde_json::to_value(against).unwrap(),
        json!({"same": false, "kept": true, "changes": [{"pointer": "/balance", "before": 695, "after": 895}]})
    );
    let mut request = good.request();
    request.baseline = Some(&baseline);
    let mut same = None;
    inspect(&request, "account-2", None, &mut Silent, &mut |step| {
        same = step.baseline.or(same.take());
    })
    .unwrap();
    assert!(same.unwrap().same);
}
