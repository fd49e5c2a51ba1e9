//! Laws: what really happened passes, and nothing else does.

use pastproof::model::{Aggregate as _, Event as _};
use pastproof::scenario::{Fixture, Given, Outcome, StoredEvent, given, given_nothing, prove_it_can_fail};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Number, Value};

use crate::account::{Account, AccountEvent, Command, Refusal};
use crate::odd::{Parrot, ParrotEvent, Teach, said};

/// Any JSON, but for the word that makes the parrot panic.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers", |float| Number::from_f64(float)
            .map(Value::from)),
        ".{0,6}"
            .prop_filter("the parrot panics", |text| text != "cat")
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z/~]{0,3}", inner), 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn events(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<ParrotEvent>> {
    // Few different values, so that equal events are common.
    vec(
        prop_oneof![value(), (0_u8..3).prop_map(Value::from)].prop_map(said),
        size,
    )
}

fn stored(events: &[ParrotEvent]) -> Vec<StoredEvent> {
    events.iter().flat_map(StoredEvent::of).collect()
}

/// A way to get the expected events wrong.
#[derive(Clone, Debug)]
enum Wrong {
    Drop(Index),
    Duplicate(Index),
    Swap(Index, Index),
    Change(Index, Value),
    Insert(Index, Value),
}

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        any::<Index>().prop_map(Wrong::Drop),
        any::<Index>().prop_map(Wrong::Duplicate),
        any::<(Index, Index)>().prop_map(|(one, other)| Wrong::Swap(one, other)),
        (any::<Index>(), value()).prop_map(|(at, value)| Wrong::Change(at, value)),
        (any::<Index>(), value()).prop_map(|(at, value)| Wrong::Insert(at, value)),
    ]
}

impl Wrong {
    /// The events with this mistake in them; not necessarily other events.
    fn make(&self, events: &[ParrotEvent]) -> Vec<ParrotEvent> {
        let mut events = events.to_vec();
        let length = events.len();
        match self {
            Self::Drop(at) => {
                events.remove(at.index(length));
            }
            Self::Duplicate(at) => {
                let at = at.index(length);
                events.insert(at, events[at].clone());
            }
            Self::Swap(one, other) => events.swap(one.index(length), other.index(length)),
            Self::Change(at, value) => events[at.index(length)] = said(value.clone()),
            Self::Insert(at, value) => events.insert(at.index(length + 1), said(value.clone())),
        }
        events
    }
}

/// One leaf of a value made into another one.
fn change_a_leaf(value: &mut Value, way: &mut impl Iterator<Item = Index>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let length = items.len();
            let at = way.next().map_or(0, |index| index.index(length));
            change_a_leaf(&mut items[at], way);
        }
        Value::Object(members) if !members.is_empty() => {
            let at = way.next().map_or(0, |index| index.index(members.len()));
            if let Some(member) = members.values_mut().nth(at) {
                change_a_leaf(member, way);
            }
        }
        Value::String(text) => text.push('.'),
        Value::Null => *value = Value::Bool(false),
        Value::Bool(_) | Value::Number(_) => *value = Value::Null,
        Value::Array(items) => items.push(Value::Null),
        Value::Object(members) => {
            members.insert("new".to_owned(), Value::Null);
        }
    }
}

fn speaking(given_events: &[ParrotEvent], says: &[ParrotEvent], cut: Index) -> Outcome<Parrot> {
    let (first, second) = says.split_at(cut.index(says.len() + 1));
    let given = match given_events {
        [] => given_nothing::<Parrot>(),
        events => given::<Parrot>(events.to_vec()),
    };
    given
        .when(Teach::Say(first.to_vec()))
        .when(Teach::Say(second.to_vec()))
}

fn deposit_or_withdrawal() -> impl Strategy<Value = Command> {
    prop_oneof![
        "[a-c]".prop_map(|owner| Command::Open { owner }),
        (0_u64..20).prop_map(|cents| Command::Deposit { cents }),
        vec(1_u64..10, 1..4).prop_map(|cents| Command::Withdraw { cents }),
        Just(Command::Close),
    ]
}

/// What the aggregate does without any kit: the events, the refusal, and how many commands it heard.
fn happens(commands: &[Command]) -> (Vec<AccountEvent>, Option<Refusal>, usize) {
    let mut account = Account::default();
    let mut events = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        match account.handle(command) {
            Err(refusal) => return (events, Some(refusal), index + 1),
            Ok(new) => {
                for event in new {
                    account.apply(&event);
                    events.push(event);
                }
            }
        }
    }
    (events, None, commands.len())
}

fn ask(given: Given<Account>, first: Command, rest: &[Command]) -> Outcome<Account> {
    rest.iter().fold(given.when(first), |outcome, command| {
        outcome.when(command.clone())
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_happened_passes(given in events(0..4), says in events(0..6), cut: Index) {
        speaking(&given, &says, cut).then(says.clone()).try_check().unwrap();
        speaking(&given, &says, cut).then_stored(stored(&says)).try_check().unwrap();
        prop_assert_eq!(
            speaking(&given, &says, cut).then_nothing().try_check().is_ok(),
            says.is_empty()
        );
        prop_assert!(speaking(&given, &says, cut).then_error("no").try_check().is_err());
    }

    #[test]
    fn anything_else_fails(given in events(0..3), says in events(1..6), cut: Index, wrong in wrong()) {
        let expected = wrong.make(&says);
        prop_assume!(expected != says);
        let failure = speaking(&given, &says, cut).then(expected.clone()).try_check().unwrap_err();
        let report = failure.to_string();
        prop_assert!(
            ["wrong data", "missing", "not expected", "out of order", "nothing"]
                .iter()
                .any(|word| report.contains(word)),
            "{report}"
        );
        prop_assert!(speaking(&given, &says, cut).then_stored(stored(&expected)).try_check().is_err());
    }

    #[test]
    fn one_leaf_of_one_event_is_enough(says in events(1..5), at: Index, way in vec(any::<Index>(), 4)) {
        let mut expected = stored(&says);
        let at = at.index(expected.len());
        change_a_leaf(&mut expected[at].data["what"], &mut way.into_iter());
        let failure = given_nothing::<Parrot>()
            .when(Teach::Say(says))
            .then_stored(expected)
            .try_check()
            .unwrap_err();
        prop_assert!(failure.to_string().contains("/what"), "{failure}");
    }

    #[test]
    fn what_an_account_does_passes(first in deposit_or_withdrawal(), rest in vec(deposit_or_withdrawal(), 0..7)) {
        let commands: Vec<Command> = std::iter::once(first.clone()).chain(rest.clone()).collect();
        let (events, refusal, heard) = happens(&commands);
        let run = |heard: usize| ask(given_nothing::<Account>(), first.clone(), &rest[..heard - 1]);
        let outcome = || run(heard).then(events.clone());
        match refusal {
            None => {
                outcome().try_check().unwrap();
                prop_assert!(outcome().then_error(Refusal::NotOpen).try_check().is_err());
            }
            Some(refusal) => {
                outcome().then_error(refusal.clone()).try_check().unwrap();
                outcome().then_error_message(&refusal).try_check().unwrap();
                prop_assert!(outcome().try_check().is_err(), "a rejection that nobody expects");
                prop_assert!(outcome().then_nothing().try_check().is_err());
                let other = if refusal == Refusal::NotOpen { Refusal::AlreadyOpen } else { Refusal::NotOpen };
                prop_assert!(outcome().then_error(other).try_check().is_err());
                let alone = run(heard).then_error(refusal.clone());
                prop_assert_eq!(alone.try_check().is_ok(), events.is_empty());
                if heard < commands.len() {
                    let more = run(commands.len()).then(events.clone()).then_error(refusal);
                    prop_assert!(more.try_check().is_err(), "a command that was never asked");
                }
            }
        }
    }

    #[test]
    fn history_given_is_history_made(commands in vec(deposit_or_withdrawal(), 0..8), last in deposit_or_withdrawal()) {
        let (events, ..) = happens(&commands);
        let mut account = Account::default();
        for event in &events {
            account.apply(event);
        }
        let answer = account.handle(&last);
        let outcome = Fixture::<Account>::new().given(events).when(last);
        match answer {
            Ok(events) => outcome.then(events).try_check().unwrap(),
            Err(refusal) => outcome.then_error(refusal).try_check().unwrap(),
        }
    }

    #[test]
    fn looser_checks_hold_of_what_they_leave_open_and_of_nothing_else(
        says in events(1..6),
        order in any::<Index>(),
        subset in vec(any::<bool>(), 6),
        prefix in any::<Index>(),
        wrong in wrong(),
    ) {
        let spoken = || speaking(&[], &says, prefix);
        let mut turned = says.clone();
        turned.rotate_left(order.index(says.len()));
        spoken().then_unordered(turned.clone()).try_check().unwrap();
        let some: Vec<ParrotEvent> = turned
            .iter()
            .zip(&subset)
            .filter(|(_, wanted)| **wanted)
            .map(|(event, _)| event.clone())
            .collect();
        prop_assert_eq!(spoken().then_containing(some.clone()).try_check().is_ok(), !some.is_empty());
        let first = says[..=prefix.index(says.len())].to_vec();
        spoken().then_starting_with(first).try_check().unwrap();
        // Whatever is no other order of the events is noticed.
        let other = wrong.make(&says);
        let sorted = |events: &[ParrotEvent]| {
            let mut all: Vec<String> = stored(events).iter().map(ToString::to_string).collect();
            all.sort();
            all
        };
        let is_permutation = sorted(&other) == sorted(&says);
        prop_assert_eq!(spoken().then_unordered(other).try_check().is_ok(), is_permutation);
    }

    #[test]
    fn an_exact_scenario_notices_every_change(says in events(1..4)) {
        let proof = prove_it_can_fail(|| given_nothing::<Parrot>().when(Teach::Say(says.clone())).then(says.clone()));
        // Each event can be left out at least, and the verdict can be another one.
        prop_assert!(proof.noticed > says.len());
    }

    #[test]
    fn a_scenario_that_begins_at_an_end_is_the_longer_one(
        first in vec(deposit_or_withdrawal(), 0..5),
        last in deposit_or_withdrawal(),
    ) {
        let (events, ..) = happens(&first);
        let fixture = Fixture::<Account>::new();
        let ending = fixture
            .given(events.clone())
            .when_nothing()
            .then_state_that("any", |_| true)
            .ending();
        let whole = fixture.given(events).when(last.clone()).recorded(None);
        prop_assert_eq!(ending.given().when(last).recorded(None), whole);
    }

    #[test]
    fn a_recorded_scenario_is_recorded_the_same_again(given in events(0..4), says in events(0..4), cut: Index) {
        let text = speaking(&given, &says, cut).recorded(None);
        prop_assert_eq!(&speaking(&given, &says, cut).recorded(Some(&text)), &text);
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read["then"]["events"].as_array().map(Vec::len), Some(says.len()));
        for (index, event) in says.iter().enumerate() {
            prop_assert_eq!(&read["then"]["events"][index]["data"], &event.encode().unwrap());
        }
    }
}
