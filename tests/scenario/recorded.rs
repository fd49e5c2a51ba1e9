//! Recorded scenarios: what is kept, what makes it fail, and that events keep their versions.

use std::path::Path;
use std::process::Command as Process;

use pastproof::recorded;
use pastproof::scenario::{Outcome, given, given_nothing, json};

use crate::account::*;
use crate::odd::*;
use crate::panic_of;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");

fn withdrawal() -> Outcome<Account> {
    given::<Account>((opened(), deposited(500))).when(Command::Withdraw {
        cents: vec![100, 200],
    })
}

#[test]
fn a_recorded_scenario_counts_as_checked() {
    recorded!(withdrawal(), "scenario__withdrawal");
}

#[test]
fn a_rejection_is_recorded_with_the_events_before_it() {
    recorded!(
        given::<Account>([opened()])
            .when(Command::Deposit { cents: 7 })
            .when(Command::Withdraw { cents: vec![8] }),
        "scenario__rejected_withdrawal"
    );
}

#[test]
fn steps_are_recorded_in_turn_and_their_checks_are_made() {
    recorded!(
        given_nothing::<Account>()
            .when(Command::Open {
                owner: "ann".to_owned()
            })
            .then([opened()])
            .when(Command::Deposit { cents: 0 }),
        "scenario__two_steps"
    );
}

#[test]
fn long_events_are_recorded_line_by_line() {
    recorded!(
        given::<Ledger>([filled(1, &["income", "expenses"])]).when(filled(2, &["income"])),
        "scenario__ledger"
    );
}

#[test]
fn events_keep_the_version_at_which_they_were_recorded() {
    // The snapshot was recorded from `old` when deposits were still stored in euros.
    let old = || {
        fixture()
            .given_stored([
                ("Opened", 1, json!({"owner": "ann"})),
                ("GreetingSent", 1, json!({"text": "hello"})),
                ("MoneyDeposited", 1, json!({"euros": 5})),
            ])
            .when(Command::Close)
    };
    let today = |cents| fixture().given((opened(), deposited(cents))).when(Command::Close);
    let text = old().recorded(None);
    assert!(
        text.contains(r#"{"type": "MoneyDeposited", "version": 1, "data": {"euros":5}}"#),
        "{text}"
    );
    assert_eq!(today(500).recorded(Some(&text)), text);
    recorded!(today(500), "scenario__recorded_at_old_versions");

    // Another history is another scenario, at the versions of today.
    let other = today(600).recorded(Some(&text));
    assert!(
        other.contains(r#"{"type": "MoneyDeposited", "version": 2, "data": {"cents":600}}"#),
        "{other}"
    );
}

/// The deposits of three releases: in euros, in cents, in cents of a named currency.
mod deposits {
    use pastproof::model::{Aggregate, Event as _};
    use pastproof::scenario::Fixture;
    use pastproof::upcast::{Chains, Upcaster};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct InEuros {
        pub euros: u64,
    }
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct InCents {
        pub cents: u64,
    }
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct InCurrency {
        pub minor: u64,
        pub currency: String,
    }

    pub mod first {
        use super::InEuros;
        pastproof::events! { #[derive(Clone, Debug)] pub enum Event { Deposited(InEuros) = 1 } }
    }
    pub mod third {
        use super::InCurrency;
        pastproof::events! { #[derive(Clone, Debug)] pub enum Event { Deposited(InCurrency) = 3 } }
    }

    #[derive(Debug)]
    pub struct Repeat;

    #[derive(Default, Serialize)]
    pub struct First(u64);
    impl Aggregate for First {
        type Command = Repeat;
        type Event = first::Event;
        type Error = String;
        fn handle(&self, _: &Repeat) -> Result<Vec<first::Event>, String> {
            Ok(vec![InEuros { euros: self.0 }.into()])
        }
        fn apply(&mut self, first::Event::Deposited(event): &first::Event) {
            self.0 += event.euros;
        }
    }

    #[derive(Default, Serialize)]
    pub struct Third(u64);
    impl Aggregate for Third {
        type Command = Repeat;
        type Event = third::Event;
        type Error = String;
        fn handle(&self, _: &Repeat) -> Result<Vec<third::Event>, String> {
            Ok(vec![euros(self.0 / 100).into()])
        }
        fn apply(&mut self, third::Event::Deposited(event): &third::Event) {
            self.0 += event.minor;
        }
    }

    pub fn euros(euros: u64) -> InCurrency {
        InCurrency {
            minor: euros * 100,
            currency: "EUR".to_owned(),
        }
    }

    pub fn today() -> Fixture<Third> {
        let cents = Upcaster::typed("Deposited", 1, 2, |old: InEuros| {
            Ok::<_, String>(InCents {
                cents: old.euros * 100,
            })
        });
        let currency = Upcaster::typed("Deposited", 2, 3, |old: InCents| {
            Ok::<_, String>(InCurrency {
                minor: old.cents,
                currency: "EUR".to_owned(),
            })
        });
        let current = third::Event::kinds()
            .into_iter()
            .map(|kind| (kind.event_type, kind.version));
        Fixture::new().upcasters(Chains::new([cents, currency], current))
    }
}

#[test]
fn a_scenario_of_the_first_release_runs_in_the_third() {
    use deposits::{First, InEuros, Repeat, euros, today};
    let text = given::<First>([InEuros { euros: 5 }]).when(Repeat).recorded(None);
    assert!(
        text.contains(r#"{"type": "Deposited", "version": 1, "data": {"euros":5}}"#),
        "{text}"
    );

    // The same story told by the code of today is the one that was recorded, and stays as it is.
    let now = |given| today().given([euros(given)]).when(Repeat);
    assert_eq!(now(5).recorded(Some(&text)), text);
    // And what was recorded can itself be given.
    let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
    let stored: Vec<pastproof::scenario::StoredEvent> =
        serde_json::from_value(recorded["given"].clone()).unwrap();
    today().given_stored(stored).when(Repeat).then([euros(5)]);

    // Code that decides otherwise is noticed, and says so at the version of today.
    let other = now(6).recorded(Some(&text));
    assert!(
        other.contains(r#""version": 3, "data": {"currency":"EUR","minor":600}"#),
        "{other}"
    );
}

#[test]
fn recordings_that_nobody_makes_any_more_are_found() {
    use pastproof::scenario::orphans;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(
        orphans(Path::new(FOLDER), root).unwrap(),
        Vec::<std::path::PathBuf>::new()
    );

    let package = tempfile::tempdir().unwrap();
    let snapshots = package.path().join("snapshots");
    assert!(orphans(&snapshots, package.path()).unwrap().is_empty());
    std::fs::create_dir(&snapshots).unwrap();
    std::fs::write(package.path().join("tests.rs"), "recorded!(story(), \"kept\");").unwrap();
    let scenario = |name: &str, source: &str| {
        let body = "{\n  \"format\": \"1.0\",\n  \"given\": []\n}";
        let text = format!("---\nsource: {source}\n---\n{body}\n");
        std::fs::write(snapshots.join(format!("{name}.snap")), text).unwrap();
    };
    scenario("kept", "tests.rs");
    scenario("forgotten", "tests.rs");
    scenario("homeless", "gone.rs");
    std::fs::write(
        snapshots.join("report.snap"),
        "---\nsource: gone.rs\n---\na report\n",
    )
    .unwrap();
    let found = orphans(&snapshots, package.path()).unwrap();
    assert_eq!(
        found,
        [snapshots.join("forgotten.snap"), snapshots.join("homeless.snap")]
    );
}

#[test]
fn what_came_of_it_keeps_its_version_too() {
    let deposit = |cents| fixture().given([opened()]).when(Command::Deposit { cents });
    let text = deposit(500).recorded(None).replace(
        r#""version": 2, "data": {"cents":500}"#,
        r#""version": 1, "data": {"euros":5}"#,
    );
    assert!(text.contains("euros"), "{text}");
    assert_eq!(deposit(500).recorded(Some(&text)), text);
    assert_ne!(deposit(600).recorded(Some(&text)), text);
}

#[test]
fn history_that_can_no_longer_be_read_fails_the_scenario() {
    let text = fixture()
        .given_stored([("MoneyDeposited", 1, json!({"euros": 5}))])
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .recorded(None);
    let without_upcasters = || {
        given::<Account>([deposited(500)]).when(Command::Open {
            owner: "ann".to_owned(),
        })
    };
    let message = panic_of(|| without_upcasters().recorded(Some(&text)));
    assert!(
        message.contains("given event 1 of the recorded scenario, MoneyDeposited v1, can no longer be read"),
        "{message}"
    );
    assert!(message.contains("bridge it with an upcaster"), "{message}");
}

#[test]
fn a_recording_that_cannot_be_read_is_not_passed_over() {
    for (text, why) in [
        ("{", "the text ends inside a value"),
        ("<<<<<<< HEAD", "expected a value"),
        (r#"{"given": []}"#, "missing field `format`"),
        (r#"{"format": "1.0", "given": []}"#, "missing field `then`"),
        (
            r#"{"format": "2.0", "given": []}"#,
            "it has format 2.0, and this version of pastproof reads 1.0",
        ),
    ] {
        let message = panic_of(|| withdrawal().recorded(Some(text)));
        assert!(
            message.contains("the scenario as it was recorded cannot be read"),
            "{message}"
        );
        assert!(message.contains(why), "{message}");
    }
    // A later minor version may say more.
    let text = withdrawal().recorded(None);
    let later = text.replace(r#""format": "1.0","#, r#""format": "1.7", "mood": "good","#);
    assert_eq!(withdrawal().recorded(Some(&later)), text);
}

#[test]
fn a_scenario_that_fails_is_not_recorded() {
    let message = panic_of(|| recorded!(withdrawal().then_nothing(), "scenario__never_written"));
    assert!(message.contains("where nothing was expected"), "{message}");
    assert!(!Path::new(FOLDER).join("scenario__never_written.snap").exists());
    assert!(
        !Path::new(FOLDER)
            .join("scenario__never_written.snap.new")
            .exists()
    );
}

#[test]
fn a_name_is_a_file_name_and_belongs_to_one_scenario() {
    for name in ["", "a/b", "..\\a", "a b"] {
        let message = panic_of(|| recorded!(withdrawal(), name));
        assert!(
            message.contains("is not a name for a recorded scenario"),
            "{message}"
        );
    }
    for _ in 0..2 {
        recorded!(withdrawal(), "scenario__withdrawal_of_two");
    }
    let message = panic_of(|| recorded!(withdrawal(), "scenario__withdrawal_of_two"));
    assert!(
        message.contains("two scenarios are recorded as \"scenario__withdrawal_of_two\""),
        "{message}"
    );
    assert!(message.contains("tests/scenario/recorded.rs"), "{message}");
}

/// The test runs itself again with the environment of a CI job, because insta reads it from there.
#[test]
fn ci_never_writes() {
    const ASKED: &str = "PASTPROOF_TEST_RECORDS";
    match std::env::var(ASKED).as_deref() {
        Ok("new") => recorded!(withdrawal(), "scenario__not_there"),
        Ok("changed") => recorded!(
            given::<Account>([opened()]).when(Command::Deposit { cents: 1 }),
            "scenario__withdrawal"
        ),
        _ => {
            let kept = std::fs::read(Path::new(FOLDER).join("scenario__withdrawal.snap")).unwrap();
            for asked in ["new", "changed"] {
                let output = Process::new(std::env::current_exe().unwrap())
                    .args(["--exact", "recorded::ci_never_writes"])
                    .env(ASKED, asked)
                    .env("CI", "true")
                    .env_remove("INSTA_UPDATE")
                    .env_remove("INSTA_FORCE_PASS")
                    .output()
                    .unwrap();
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(!output.status.success(), "{asked}: {text}");
                assert!(text.contains("1 failed"), "{asked}: {text}");
                for name in [
                    "scenario__not_there.snap",
                    "scenario__not_there.snap.new",
                    "scenario__withdrawal.snap.new",
                ] {
                    assert!(!Path::new(FOLDER).join(name).exists(), "{asked} wrote {name}");
                }
                let now = std::fs::read(Path::new(FOLDER).join("scenario__withdrawal.snap")).unwrap();
                assert_eq!(now, kept, "{asked}");
            }
        }
    }
}
