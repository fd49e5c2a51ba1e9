//! What can be searched: how it lives, and how what is asked of it is written down.

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Aggregate, Context, Event, ProcessManager, Reaction, Timestamp, Trigger};
use crate::scenario::file::{EventTemplate, WhenLine, span};
use crate::scenario::poll::caught;
use crate::scenario::text::spread;
use crate::scenario::views::short_name;
use crate::scenario::{Managing, StoredEvent, Subject};

/// What happens to one that follows events: an event, or time.
#[derive(Clone, Debug, PartialEq)]
pub enum Happens<I> {
    /// It is asked this, or handed this event.
    Input(I),
    /// So much time passes, with every timeout that becomes due.
    Passes(Duration),
}

/// What became of something that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// It was accepted, and is part of the state.
    On,
    /// It was refused.
    Refused,
    /// The code panics, so that nothing can come after it.
    Over,
}

/// A subject whose life can be searched: an [`Aggregate`], which is asked commands, or [`Managing`] a
/// [`ProcessManager`], to which events and time happen.
pub trait Searchable: Subject {
    /// What is drawn.
    type Ask: Debug;
    /// What the draw looks at.
    type Seen;

    /// The state that a history comes to; where its fold panics, what it came to before that.
    fn reached(history: &[Self::Event]) -> Self::Seen;

    /// Asks, and folds what is answered.
    fn live(seen: &mut Self::Seen, ask: &Self::Ask) -> Went;

    /// What it is in a scenario.
    fn happens(ask: Self::Ask) -> Happens<Self::Input>;

    /// What it is in a scenario file, where it has a form there.
    fn line(ask: &Self::Ask) -> Option<WhenLine>;

    /// The same from a scenario file that holds no names.
    fn read(line: &WhenLine) -> Option<Self::Ask>;

    /// What it is in Rust, as lines of calls.
    fn rust(line: &WhenLine) -> Vec<String>;

    /// The name of the subject in Rust.
    fn rust_name() -> String;

    /// The words of [`scenario`](crate::scenario) that its scenarios in Rust use.
    fn words() -> &'static [&'static str];

    /// What else they use.
    fn imports() -> &'static [&'static str] {
        &[]
    }
}

impl<A> Searchable for A
where
    A: Aggregate + Serialize,
    A::Command: Debug + Serialize + DeserializeOwned,
    A::Error: Debug,
{
    type Ask = A::Command;
    type Seen = A;

    fn reached(history: &[<A as Aggregate>::Event]) -> A {
        let mut state = A::default();
        // Whoever tells the scenario tells of the panic.
        let _ = caught(|| history.iter().for_each(|event| state.apply(event)));
        state
    }

    fn live(state: &mut A, command: &A::Command) -> Went {
        match caught(|| state.handle(command)) {
            Err(_) => Went::Over,
            Ok(Err(_)) => Went::Refused,
            Ok(Ok(events)) => match caught(|| events.iter().for_each(|event| state.apply(event))) {
                Ok(()) => Went::On,
                Err(_) => Went::Over,
            },
        }
    }

    fn happens(command: A::Command) -> Happens<A::Command> {
        Happens::Input(command)
    }

    fn line(command: &A::Command) -> Option<WhenLine> {
        serde_json::to_value(command).ok().as_ref().map(WhenLine::command)
    }

    fn read(line: &WhenLine) -> Option<A::Command> {
        match line {
            WhenLine::Command { command } => serde_json::from_value(command.plain()?).ok(),
            _ => None,
        }
    }

    fn rust(line: &WhenLine) -> Vec<String> {
        let WhenLine::Command { command } = line else {
            return Vec::new();
        };
        let mut call = spread(&command.plain().unwrap_or_default());
        let head = format!(".when(from_json::<{}>(json!(", short_name::<A::Command>());
        around(&mut call, &head, ")))");
        call
    }

    fn rust_name() -> String {
        short_name::<A>().to_owned()
    }

    fn words() -> &'static [&'static str] {
        &["from_json", "json"]
    }
}

/// Puts `head` before the first line and `tail` behind the last.
fn around(lines: &mut [String], head: &str, tail: &str) {
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, head);
    }
    if let Some(last) = lines.last_mut() {
        last.push_str(tail);
    }
}

impl<M> Searchable for Managing<M>
where
    M: ProcessManager + Serialize,
    M::Event: Debug,
    M::Command: Debug,
    M::Effect: Debug,
{
    type Ask = Happens<M::Event>;
    type Seen = M;

    fn reached(history: &[M::Event]) -> M {
        let mut manager = M::default();
        // Whoever tells the scenario tells of the panic.
        let _ = caught(|| history.iter().for_each(|event| manager.apply(event)));
        manager
    }

    /// An event happens whether or not somebody likes it. What comes of timeouts is left to the scenario.
    fn live(manager: &mut M, ask: &Happens<M::Event>) -> Went {
        let Happens::Input(event) = ask else {
            return Went::On;
        };
        let went = caught(|| {
            let reaction: Reaction<_, _, _, _> =
                manager.react(Trigger::Event(event), &mut Context::new(Timestamp::EPOCH));
            manager.apply(event);
            reaction.events.iter().for_each(|event| manager.apply(event));
        });
        match went {
            Ok(()) => Went::On,
            Err(_) => Went::Over,
        }
    }

    fn happens(ask: Happens<M::Event>) -> Happens<M::Event> {
        ask
    }

    fn line(ask: &Happens<M::Event>) -> Option<WhenLine> {
        Some(match ask {
            Happens::Input(event) => {
                let event = StoredEvent::of(event).ok()?;
                WhenLine::Event(EventTemplate::literal(
                    event.event_type,
                    event.version,
                    &event.data,
                ))
            }
            Happens::Passes(time) => WhenLine::Passing {
                passes: span::write(*time),
            },
        })
    }

    fn read(line: &WhenLine) -> Option<Happens<M::Event>> {
        match line {
            WhenLine::Event(event) => M::Event::decode(&event.event_type, &event.data.plain()?.to_string())
                .ok()
                .map(Happens::Input),
            WhenLine::Passing { passes } => span::parse(passes).ok().map(Happens::Passes),
            _ => None,
        }
    }

    fn rust(line: &WhenLine) -> Vec<String> {
        match line {
            WhenLine::Event(event) => {
                let mut call = spread(&event.data.plain().unwrap_or_default());
                let name = short_name::<M::Event>();
                let head = format!(".when({name}::decode({:?}, &json!(", event.event_type);
                around(&mut call, &head, ").to_string()).unwrap())");
                call
            }
            WhenLine::Passing { passes } => {
                let time = span::parse(passes).unwrap_or_default();
                let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
                vec![format!(".when_time_passes(Duration::new({seconds}, {nanos}))")]
            }
            _ => Vec::new(),
        }
    }

    fn rust_name() -> String {
        format!("Managing<{}>", short_name::<M>())
    }

    fn imports() -> &'static [&'static str] {
        &["pastproof::model::Event as _", "std::time::Duration"]
    }

    fn words() -> &'static [&'static str] {
        &["Managing", "json"]
    }
}
