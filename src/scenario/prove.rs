//! Changing what happens, to see whether a scenario notices.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use serde_json::Value;

use crate::model::Verdict;

use super::outcome::Outcome;
use super::poll::caught;
use super::subject::{Answer, Subject};
use super::text::{Told, count};

/// How many changes are tried at the most.
const MOST: usize = 1_000;

/// One change, which is made at the place of this number.
struct Changing {
    number: usize,
    seen: usize,
    made: Option<Change>,
}

struct Change {
    what: String,
    /// Whether a given event was left out.
    given: bool,
}

thread_local! {
    static CHANGING: RefCell<Option<Changing>> = const { RefCell::new(None) };
}

/// Whether what happens is being changed.
pub(super) fn is_changing() -> bool {
    CHANGING.with_borrow(Option::is_some)
}

/// Whether this is the place where a change is to be made.
fn is_here(given: bool, what: impl FnOnce() -> String) -> bool {
    CHANGING.with_borrow_mut(|changing| {
        let Some(changing) = changing.as_mut().filter(|changing| changing.made.is_none()) else {
            return false;
        };
        changing.seen += 1;
        if changing.seen <= changing.number {
            return false;
        }
        changing.made = Some(Change { what: what(), given });
        true
    })
}

/// Whether a given event is left out.
pub(super) fn leaves_out(what: impl FnOnce() -> String) -> bool {
    is_here(true, || format!("the given {} was left out", what()))
}

/// Makes a change to an answer, if it is the turn of one.
pub(super) fn distort<S: Subject>(answer: &mut Answer<S>) {
    if !is_changing() {
        return;
    }
    for index in 0..answer.events.len() {
        let told = Told::of::<S>(&answer.events[index]);
        if told.unwritten.is_some() {
            continue;
        }
        let kind = told.stored.kind();
        if is_here(false, || format!("{kind} was left out")) {
            answer.events.remove(index);
            return;
        }
        for leaf in 0..leaves(&told.stored.data) {
            let mut changed = told.stored.data.clone();
            let Some(pointer) = change(&mut changed, leaf) else {
                continue;
            };
            let Ok(event) = S::decode(&told.stored.event_type, &changed.to_string()) else {
                continue;
            };
            if Told::of::<S>(&event).same(&told) {
                continue;
            }
            if is_here(false, || format!("{kind} had another {pointer}")) {
                answer.events[index] = event;
                return;
            }
        }
        let differs = |next: &S::Event| !Told::of::<S>(next).same(&told);
        if answer.events.get(index + 1).is_some_and(differs)
            && is_here(false, || {
                format!("{kind} and the event after it were the other way round")
            })
        {
            answer.events.swap(index, index + 1);
            return;
        }
    }
    if leave_one_out(&mut answer.effects, "an effect")
        || leave_one_out(&mut answer.commands, "a command that is sent")
        || leave_one_out(&mut answer.scheduled, "a scheduled timeout")
        || leave_one_out(&mut answer.cancelled, "a cancelled timeout")
    {
        return;
    }
    let what = match &answer.verdict {
        Verdict::Rejected(_) => "the rejection was none, and the command ignored",
        Verdict::Accepted(_) => "the command was ignored in place of accepted",
        Verdict::Ignored => return,
    };
    if is_here(false, || what.to_owned()) {
        answer.verdict = Verdict::Ignored;
    }
}

fn leave_one_out<T>(values: &mut Vec<T>, what: &str) -> bool {
    for index in 0..values.len() {
        if is_here(false, || format!("{what} was left out")) {
            values.remove(index);
            return true;
        }
    }
    false
}

/// How many leaves a value has.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// Changes the leaf of this number, and says where it is.
fn change(value: &mut Value, leaf: usize) -> Option<String> {
    let mut left = leaf;
    let mut pointer = String::new();
    change_leaf(value, &mut left, &mut pointer).then_some(pointer)
}

fn change_leaf(value: &mut Value, left: &mut usize, pointer: &mut String) -> bool {
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let here = leaves(member);
                if *left < here {
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    return change_leaf(member, left, pointer);
                }
                *left -= here;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let here = leaves(item);
                if *left < here {
                    pointer.push_str(&format!("/{index}"));
                    return change_leaf(item, left, pointer);
                }
                *left -= here;
            }
        }
        Value::Bool(bool) => *bool = !*bool,
        Value::String(text) => text.push('x'),
        Value::Number(number) => {
            *value = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => number.checked_add(1).unwrap_or(0).into(),
                (_, Some(number), _) => number.wrapping_add(1).into(),
                (.., Some(number)) => (number + 1.0).into(),
                _ => return false,
            };
        }
        Value::Null => return false,
    }
    pointer.len() >= length && !matches!(value, Value::Object(_) | Value::Array(_))
}

/// What [`prove_it_can_fail`] has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// How many changes to what happens were tried, and noticed.
    pub noticed: usize,
    /// Given events without which the scenario passes as well; they may be there to be read.
    pub not_needed: Vec<String>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} noticed", count(self.noticed, "change"))?;
        for what in &self.not_needed {
            write!(f, "\nnot noticed: {what}")?;
        }
        Ok(())
    }
}

/// Proves that a scenario can fail: carries it out again and again, each time with one change to what happens, and
/// demands that it then fails. An event is left out, has another value somewhere in its data, or comes in another
/// order; an effect, a command or a timeout is missing; a rejection is none, and an acceptance is ignored.
///
/// A change that goes unnoticed is a mistake that the scenario would let pass. A given event that can be left out is
/// told in the [`Proof`], and is no failure: it may be there for the reader.
///
/// ```
/// # use pastproof::model::Aggregate;
/// # use pastproof::scenario::{given_nothing, prove_it_can_fail};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Rung { pub times: u32 }
/// # pastproof::events! { pub enum BellEvent { Rung(Rung) = 1 } }
/// # #[derive(Debug)] pub struct Ring(u32);
/// # #[derive(Default, Serialize)] pub struct Bell {}
/// # impl Aggregate for Bell {
/// #     type Command = Ring;
/// #     type Event = BellEvent;
/// #     type Error = ();
/// #     fn handle(&self, command: &Ring) -> Result<Vec<BellEvent>, ()> { Ok(vec![Rung { times: command.0 }.into()]) }
/// #     fn apply(&mut self, _: &BellEvent) {}
/// # }
/// let proof = prove_it_can_fail(|| given_nothing::<Bell>().when(Ring(2)).then([Rung { times: 2 }]));
/// assert_eq!(proof.noticed, 3);
/// ```
///
/// # Panics
///
/// When the scenario fails as it stands, when a change goes unnoticed, or when there is nothing to change.
#[track_caller]
pub fn prove_it_can_fail<S: Subject>(scenario: impl Fn() -> Outcome<S>) -> Proof {
    let here = Location::caller();
    if let Err(failure) = scenario().try_check() {
        panic!("{failure}");
    }
    let mut proof = Proof {
        noticed: 0,
        not_needed: Vec::new(),
    };
    let mut unnoticed = Vec::new();
    for number in 0..MOST {
        CHANGING.set(Some(Changing {
            number,
            seen: 0,
            made: None,
        }));
        let passed = caught(|| scenario().try_check().is_ok());
        let Some(change) = CHANGING.take().and_then(|changing| changing.made) else {
            break;
        };
        match passed {
            Ok(true) if change.given => proof.not_needed.push(change.what),
            Ok(true) => unnoticed.push(change.what),
            Ok(false) | Err(_) => proof.noticed += 1,
        }
    }
    assert!(
        unnoticed.is_empty(),
        "the scenario passes whatever happens\nat {here}\n\nit passes also when\n  {}\n\n{} noticed",
        unnoticed.join("\n  "),
        count(proof.noticed, "change"),
    );
    assert!(
        proof.noticed > 0,
        "the scenario passes whatever happens\nat {here}\n\nnothing in it could be changed so that it fails"
    );
    proof
}
