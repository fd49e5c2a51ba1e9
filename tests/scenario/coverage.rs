//! What scenarios show of what the code has: counted, listed, told.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use pastproof::model::{
    Context, Decider, Decision, Position, ProcessManager, Projector, Reaction, Reactor, Trigger,
};
use pastproof::report::living::{MARK, document, masked, pages};
use pastproof::report::{self, Look};
use pastproof::scenario::coverage::{
    Coverage, Exception, Facts, Inventory, ItemKind, Outcome, RowKind, ScenarioRun, Sheet, percent,
};
use pastproof::scenario::{
    Fixture, Managing, Projecting, Reacting, collect, given, given_nothing, json, prove_it_can_fail,
};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lit {
    by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dimmed {
    percent: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Burnt {}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum LampEvent {
        Lit(Lit) = 1,
        Dimmed(Dimmed) = 2,
        Burnt(Burnt) = 1,
    }
}

/// Named by serde otherwise than in Rust.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Ask {
    TurnOn { by: String },
    Dim { percent: u8 },
    TurnOff,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum No {
    BurntOut,
    TooDark { limit: u8 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Lamp {
    lit: bool,
    burnt: bool,
}

impl Decider for Lamp {
    type Command = Ask;
    type Event = LampEvent;
    type Error = No;
    type Reply = ();
    type Effect = pastproof::model::Never;

    fn decide(&self, ask: &Ask, _: &mut Context) -> Decision<LampEvent, No> {
        match ask {
            _ if self.burnt => Decision::rejected(No::BurntOut),
            Ask::TurnOn { .. } if self.lit => Decision::ignored(),
            Ask::TurnOn { by } => Decision::accepted([Lit { by: by.clone() }]),
            Ask::Dim { percent } if *percent < 10 => Decision::rejected(No::TooDark { limit: 10 }),
            Ask::Dim { percent } => Decision::accepted([Dimmed { percent: *percent }]),
            Ask::TurnOff => Decision::reply(()),
        }
    }

    fn evolve(&mut self, event: &LampEvent) {
        match event {
            LampEvent::Lit(_) => self.lit = true,
            LampEvent::Dimmed(_) => {}
            LampEvent::Burnt(_) => self.burnt = true,
        }
    }
}

fn lit() -> Lit {
    Lit { by: "ann".to_owned() }
}

fn on() -> Ask {
    Ask::TurnOn { by: "ann".to_owned() }
}

fn facts() -> Facts {
    Inventory::<Lamp>::new().commands().errors().facts("lamp")
}

/// One scenario, as a suite runs it.
fn run(name: &str, scenario: impl FnOnce()) -> ScenarioRun {
    let (ended, records) = collect(scenario);
    ScenarioRun {
        name: name.to_owned(),
        tells: None,
        failed: ended.is_err(),
        records,
    }
}

/// Several scenarios about the lamp, which leave some of it out.
fn lamps() -> Vec<ScenarioRun> {
    vec![
        run("a_lamp_is_lit_once", || {
            given_nothing::<Lamp>()
                .when(on())
                .then([lit()])
                .when(on())
                .then_ignored();
        }),
        run("a_lamp_is_dimmed", || {
            given::<Lamp>([lit()])
                .when(Ask::Dim { percent: 40 })
                .then([Dimmed { percent: 40 }])
                .when(Ask::Dim { percent: 4 })
                .then_error(No::TooDark { limit: 10 });
        }),
    ]
}

fn only(coverage: &Coverage) -> &Sheet {
    assert_eq!(coverage.sheets.len(), 1, "{coverage:?}");
    &coverage.sheets[0]
}

fn missing(sheet: &Sheet) -> Vec<String> {
    sheet.missing().map(ToString::to_string).collect()
}

fn text(coverage: &Coverage, cells: bool) -> String {
    let mut out = Vec::new();
    report::coverage(&mut out, coverage, cells, Look::default()).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn snapshot(name: &str, text: &str) {
    insta::with_settings!(
        {
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        },
        { insta::assert_snapshot!(format!("coverage__{name}"), text) }
    );
}

#[test]
fn what_there_is_comes_from_the_types() {
    let facts = facts();
    assert_eq!(facts.type_name, "Lamp");
    assert_eq!(facts.events, ["Lit", "Dimmed", "Burnt"]);
    assert_eq!(facts.commands.unwrap(), ["turn_on", "dim", "turn_off"]);
    assert_eq!(facts.errors.unwrap(), ["burnt-out", "too-dark"]);
    // There is none of these, which is known as well.
    assert_eq!(facts.effects.unwrap(), [] as [&str; 0]);
    assert_eq!(facts.sends.unwrap(), [] as [&str; 0]);
    assert_eq!(facts.timeouts.unwrap(), [] as [&str; 0]);
    let unknown = Inventory::<Lamp>::new().facts("lamp");
    assert_eq!((unknown.commands, unknown.errors), (None, None));
}

#[test]
fn every_command_is_counted_by_what_came_of_it() {
    let coverage = Coverage::of(&[facts()], &lamps());
    let sheet = only(&coverage);
    let rows: Vec<(&str, u64, bool)> = sheet
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.asked, row.known))
        .collect();
    assert_eq!(
        rows,
        [("turn_on", 2, true), ("dim", 2, true), ("turn_off", 0, true)]
    );
    let cells: Vec<(&Outcome, u64)> = sheet.rows[0]
        .cells
        .iter()
        .map(|cell| (&cell.outcome, cell.count))
        .collect();
    assert_eq!(
        cells,
        [(&Outcome::Event("Lit".to_owned()), 1), (&Outcome::Ignored, 1)]
    );
    assert_eq!(
        sheet.rows[1].cells[1].outcome,
        Outcome::Error("too-dark".to_owned())
    );
    assert_eq!(sheet.rows[1].cells[1].scenarios, ["a_lamp_is_dimmed"]);
    assert_eq!(
        missing(sheet),
        [
            "command `turn_off`",
            "produced `Burnt`",
            "given `Burnt`",
            "error `burnt-out`"
        ]
    );
    // Three commands, three events produced and given, two errors.
    assert_eq!((coverage.shown(), coverage.items()), (7, 11));
    // Three commands by three events, nothing, ignored and two errors.
    assert_eq!((coverage.cells_shown(), coverage.cells()), (4, 21));
}

#[test]
fn a_renamed_variant_is_the_same_by_its_json_and_by_its_name() {
    let shown = run("by json", || {
        Fixture::<Lamp>::new()
            .as_json()
            .given_nothing()
            .when(on())
            .then([lit()]);
    });
    let named = run("by name", || {
        given_nothing::<Lamp>().when(on()).then([lit()]);
    });
    let coverage = Coverage::of(&[facts()], &[shown, named]);
    let asked: Vec<(&str, u64)> = only(&coverage)
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.asked))
        .collect();
    assert_eq!(asked, [("turn_on", 2), ("dim", 0), ("turn_off", 0)]);
}

#[test]
fn what_nobody_looked_at_shows_nothing() {
    let open = run("only the state is looked at", || {
        given_nothing::<Lamp>()
            .when(on())
            .then_state_that("it shines", |lamp| lamp.lit);
    });
    let coverage = Coverage::of(&[facts()], std::slice::from_ref(&open));
    let sheet = only(&coverage);
    assert_eq!((sheet.rows[0].asked, sheet.rows[0].unchecked), (0, 1));
    assert_eq!(sheet.shown(), 0, "{sheet:?}");

    let failed = run("it fails", || {
        given_nothing::<Lamp>().when(on()).then([Burnt {}]);
    });
    assert!(failed.failed);
    let plain = run("a plain test", || assert!(!Lamp::default().lit));
    let coverage = Coverage::of(&[facts()], &[failed, plain]);
    assert_eq!(only(&coverage).shown(), 0);
    assert_eq!(coverage.failed, ["it fails"]);
    assert_eq!(coverage.untold, ["a plain test"]);
}

#[test]
fn a_proof_that_a_scenario_can_fail_counts_as_the_scenario_alone() {
    let scenario = || given_nothing::<Lamp>().when(on()).then([lit()]);
    let once = Coverage::of(&[facts()], &[run("once", || scenario().check_now())]);
    let proved = run("proved", || {
        prove_it_can_fail(scenario);
    });
    assert!(!proved.failed);
    let proved = Coverage::of(&[facts()], &[proved]);
    assert_eq!(proved.failed, [] as [&str; 0]);
    assert_eq!(proved.shown(), once.shown());
    let outcomes = |coverage: &Coverage| -> BTreeSet<Outcome> {
        let rows = &only(coverage).rows;
        rows.iter()
            .flat_map(|row| row.cells.iter().map(|cell| cell.outcome.clone()))
            .collect()
    };
    assert_eq!(outcomes(&proved), outcomes(&once));
}

#[test]
fn what_is_not_known_is_said_and_not_counted() {
    let coverage = Coverage::of(&[], &lamps());
    let sheet = only(&coverage);
    assert_eq!(sheet.unknown, ["commands", "errors"]);
    // The event types stand in the records.
    assert_eq!((sheet.shown(), sheet.items()), (4, 6));
    assert!(sheet.items.iter().all(|item| item.kind != ItemKind::Command));
    assert_eq!(sheet.rows[0].name, "Dim");
    assert!(!sheet.rows[0].known);
}

#[test]
fn exceptions_take_out_what_they_name_and_say_when_they_are_idle() {
    let exception = |subject: &str, what, name: &str| Exception {
        subject: subject.to_owned(),
        what,
        name: name.to_owned(),
        reason: "lamps do not burn out in tests".to_owned(),
    };
    let mut coverage = Coverage::of(&[facts()], &lamps());
    let idle = coverage.except(&[
        exception("Lamp", ItemKind::Produced, "Burnt"),
        exception("lamp", ItemKind::Error, "burnt-out"),
        exception("Lamp", ItemKind::Error, "too-dark"),
        exception("Lamp", ItemKind::Error, "BurntOut"),
        exception("Lantern", ItemKind::Error, "burnt-out"),
    ]);
    assert_eq!(
        idle,
        [
            "Lamp, error `too-dark`: a scenario shows it",
            "Lamp, error `BurntOut`: there is no such error",
            "Lantern, error `burnt-out`: there is no such subject",
        ]
    );
    assert_eq!(missing(only(&coverage)), ["command `turn_off`", "given `Burnt`"]);
    assert_eq!((coverage.shown(), coverage.items()), (7, 9));
    snapshot("excepted", &text(&coverage, false));
}

#[test]
fn a_hundred_percent_is_all_of_it() {
    assert_eq!(percent(999, 1000), 99);
    assert_eq!(percent(1000, 1000), 100);
    assert_eq!(percent(0, 0), 0);
    assert_eq!(percent(u64::MAX, u64::MAX), 100);
}

// A house with lamps: the roles that follow events.

#[derive(Clone, Debug, Default, Serialize)]
struct Janitor {
    lit: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
enum Errand {
    Replace { lamp: String },
    Complain,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
enum Reminder {
    LookAgain { times: u8 },
}

impl ProcessManager for Janitor {
    type Event = LampEvent;
    type Command = Errand;
    type Timeout = Reminder;
    type Effect = pastproof::model::Never;

    fn react(
        &self,
        trigger: Trigger<'_, LampEvent, Reminder>,
        context: &mut Context,
    ) -> Reaction<LampEvent, Errand, Reminder> {
        let again = Reminder::LookAgain { times: 1 };
        match trigger {
            Trigger::Event(LampEvent::Lit(_)) => {
                Reaction::new().scheduling(again, context.now() + std::time::Duration::from_secs(60))
            }
            Trigger::Event(LampEvent::Dimmed(_)) => Reaction::ignored(),
            Trigger::Event(LampEvent::Burnt(_)) => {
                Reaction::new().cancelling(again).sending(Errand::Replace {
                    lamp: "hall".to_owned(),
                })
            }
            Trigger::Timeout(_) => Reaction::new().sending(Errand::Complain),
        }
    }

    fn apply(&mut self, event: &LampEvent) {
        self.lit = matches!(event, LampEvent::Lit(_));
    }
}

#[derive(Clone, Debug, Default)]
struct Bell;

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Ring {
    times: u8,
}

impl Reactor for Bell {
    type Event = LampEvent;
    type Effect = Ring;

    fn react(&self, event: &LampEvent, _: Position<'_>, _: &mut Context) -> Vec<Ring> {
        match event {
            LampEvent::Burnt(_) => vec![Ring { times: 3 }],
            LampEvent::Lit(_) | LampEvent::Dimmed(_) => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Panel {
    lit: u8,
}

impl Projector for Panel {
    type Event = LampEvent;
    type Row = u8;

    fn project(&mut self, event: &LampEvent, _: Position<'_>) -> Result<(), String> {
        match event {
            LampEvent::Lit(_) => self.lit += 1,
            LampEvent::Dimmed(_) => {}
            LampEvent::Burnt(_) if self.lit == 0 => return Err("nothing to burn".to_owned()),
            LampEvent::Burnt(_) => self.lit -= 1,
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u8)> {
        vec![("lit".to_owned(), self.lit)]
    }
}

fn house() -> (Vec<Facts>, Vec<ScenarioRun>) {
    let facts = vec![
        facts(),
        Inventory::<Managing<Janitor>>::new()
            .sends()
            .timeouts()
            .facts("janitor"),
        Inventory::<Reacting<Bell>>::new().effects().facts("bell"),
        Inventory::<Projecting<Panel>>::new().facts("panel"),
    ];
    let mut runs = lamps();
    runs.push(run("the_janitor_looks_again", || {
        Fixture::<Managing<Janitor>>::new()
            .at("2024-01-01T00:00:00Z")
            .given_nothing()
            .when(lit())
            .then_scheduled([(Reminder::LookAgain { times: 1 }, "2024-01-01T00:01:00Z")])
            .when_time_is("2024-01-01T00:01:00Z")
            .then_commands([Errand::Complain])
            .when(Dimmed { percent: 5 })
            .then_ignored();
    }));
    runs.push(run("the_bell_rings", || {
        Fixture::<Reacting<Bell>>::new()
            .given_nothing()
            .when(Burnt {})
            .then_effects([Ring { times: 3 }])
            .when(lit())
            .then_nothing();
    }));
    runs.push(run("the_panel_counts", || {
        Fixture::<Projecting<Panel>>::new()
            .given([lit()])
            .when(Burnt {})
            .then_rows([("lit", 0)])
            .when(Burnt {})
            .then_error("nothing to burn");
    }));
    (facts, runs)
}

#[test]
fn those_who_follow_events_are_counted_by_what_they_make_of_them() {
    let (facts, runs) = house();
    let coverage = Coverage::of(&facts, &runs);
    let names: Vec<&str> = coverage
        .sheets
        .iter()
        .map(|sheet| sheet.type_name.as_str())
        .collect();
    assert_eq!(names, ["Lamp", "Janitor", "Bell", "Panel"]);
    let [_, janitor, bell, panel] = &coverage.sheets[..] else {
        panic!("{names:?}")
    };
    assert_eq!(missing(janitor), ["handled `Burnt`", "sent `Replace`"]);
    assert_eq!(
        janitor.rows.last().map(|row| (row.kind, row.name.as_str())),
        Some((RowKind::Timeout, "LookAgain"))
    );
    assert_eq!(missing(bell), ["handled `Dimmed`"]);
    assert_eq!(missing(panel), ["projected `Dimmed`"]);
    assert_eq!(panel.rows[0].given, 1, "{panel:?}");
    snapshot("people", &text(&coverage, false));
    snapshot("people_cells", &text(&coverage, true));
    let lines: Vec<String> = coverage
        .sheets
        .iter()
        .map(|sheet| serde_json::to_string_pretty(sheet).unwrap())
        .collect();
    snapshot("programs", &lines.join("\n"));
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal() {
    let (facts, runs) = house();
    for cells in [false, true] {
        let text = text(&Coverage::of(&facts, &runs), cells);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn documents_tell_every_story() {
    let (facts, mut runs) = house();
    runs[1].tells = Some("Somebody reads late.".to_owned());
    let coverage = Coverage::of(&facts, &runs);
    snapshot("document", &document(&coverage, &runs, true));
    snapshot("document_masked", &document(&coverage, &runs, false));
    let pages = pages(&coverage, &runs, true);
    let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(
        names,
        ["README.md", "lamp.md", "janitor.md", "bell.md", "panel.md"]
    );
    snapshot("index", &pages[0].text);
    for page in &pages {
        assert!(page.text.starts_with(MARK), "{}", page.text);
        assert!(page.text.ends_with('\n') && !page.text.ends_with("\n\n"));
    }
    for run in &runs {
        assert!(
            pages
                .iter()
                .any(|page| page.text.contains(&format!("`{}` in `", run.name))),
            "{} is told nowhere",
            run.name
        );
    }
}

#[test]
fn what_failed_is_not_told() {
    let mut runs = lamps();
    runs.push(run("it_fails", || {
        given_nothing::<Lamp>().when(on()).then([Burnt {}]);
    }));
    let text = document(&Coverage::of(&[facts()], &runs), &runs, true);
    assert!(!text.contains("it_fails"), "{text}");
}

#[test]
fn data_never_becomes_markup() {
    let evil = "``` <script>alert(1)</script>\n# heading\n| cell | [link](javascript:alert(1)) \u{202e}";
    let told = run("an_<b>evil</b>_name|`", || {
        given::<Lamp>([Lit { by: evil.to_owned() }])
            .named("x")
            .when(Ask::Dim { percent: 40 })
            .then([Dimmed { percent: 40 }]);
    });
    let runs = [ScenarioRun {
        tells: Some(evil.to_owned()),
        ..told
    }];
    let facts = Facts {
        type_name: "Lamp".to_owned(),
        subject: Some("<img src=x>|".to_owned()),
        ..facts()
    };
    let coverage = Coverage::of(&[facts], &runs);
    for show in [true, false] {
        let text = document(&coverage, &runs, show);
        assert!(!text.contains('\u{202e}'), "{text}");
        let mut fence: Option<String> = None;
        for line in text.lines().skip(1) {
            let trimmed = line.trim_start();
            match &fence {
                Some(open) if trimmed == *open => fence = None,
                Some(_) => {}
                None if trimmed.starts_with("```") => {
                    let ticks = trimmed.chars().take_while(|tick| *tick == '`').count();
                    fence = Some("`".repeat(ticks));
                }
                None => {
                    // Outside of code, nothing opens a tag or a link.
                    let words = outside_code(line);
                    for sign in ["<script", "<b>", "<img", "](javascript"] {
                        let at = words.find(sign);
                        let escaped = at.is_none_or(|at| words[..at].ends_with('\\'));
                        assert!(escaped, "{line}");
                    }
                    assert!(!line.starts_with("# heading"), "{line}");
                }
            }
        }
        assert_eq!(fence, None, "a block has no end:\n{text}");
    }
}

/// A line without its code spans.
fn outside_code(line: &str) -> String {
    let mut words = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        if rest[..at].ends_with('\\') {
            words.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        words.push_str(&rest[..at]);
        let ticks = rest[at..].chars().take_while(|tick| *tick == '`').count();
        let after = &rest[at + ticks..];
        let end = after.find(&"`".repeat(ticks)).unwrap_or(after.len());
        rest = after.get(end + ticks..).unwrap_or_default();
    }
    words + rest
}

#[test]
fn masked_stories_hold_no_value() {
    let told = run("secret", || {
        Fixture::<Lamp>::new()
            .as_json()
            .given([Lit {
                by: "secret-1".to_owned(),
            }])
            .given_tagged(
                [("owner", "secret-2")],
                [Lit {
                    by: "secret-3".to_owned(),
                }],
            )
            .when(Ask::Dim { percent: 44 })
            .then([Dimmed { percent: 44 }])
            .then_state_json(json!({"lit": true, "burnt": false}));
    });
    assert_eq!(told.records.len(), 1, "{told:?}");
    let text = serde_json::to_string(&masked(&told.records[0], false)).unwrap();
    for secret in ["secret-", "44"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_eq!(masked(&told.records[0], true), told.records[0]);
}

proptest! {
    /// Which scenarios ran decides, and not in which order; and no scenario takes away what another one shows.
    #[test]
    fn counting_adds_up(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(), taken in 0..6_usize) {
        let (facts, runs) = house();
        let pick = |indices: &[usize]| -> Vec<ScenarioRun> {
            indices.iter().map(|index| runs[*index].clone()).collect()
        };
        let some = Coverage::of(&facts, &pick(&order[..taken.min(5)]));
        let all = Coverage::of(&facts, &pick(&order));
        prop_assert_eq!(&all.sheets, &Coverage::of(&facts, &runs).sheets);
        prop_assert!(some.shown() <= all.shown());
        prop_assert!(some.cells_shown() <= all.cells_shown());
        prop_assert_eq!(some.items(), all.items());
        prop_assert!(all.shown() <= all.items() && all.cells_shown() <= all.cells());
        for (before, after) in some.sheets.iter().zip(&all.sheets) {
            let left: BTreeSet<String> = missing(after).into_iter().collect();
            let before: BTreeSet<String> = missing(before).into_iter().collect();
            prop_assert!(left.is_subset(&before));
        }
    }
}
