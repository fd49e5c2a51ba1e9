//! One story, two implementations.

use std::fmt::{self, Debug};

use crate::model::Verdict;
use crate::scenario::{Fixture, Outcome, Subject};

/// How two implementations answered differently, as [`agree`] found it.
#[derive(Clone, PartialEq, Eq)]
pub struct Disagreement {
    text: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text itself, so that `unwrap` tells it too.
impl Debug for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Disagreement {}

/// Tells one story of two implementations: the same history, the same commands in turn, each answered on what came of
/// those before it. Both have to record the same events and to refuse with the same error.
///
/// The two may keep their state, and store their events, as they like. To accept a command without events and to
/// ignore it agree, since some frameworks have one word for both.
///
/// # Errors
///
/// At the first command that is answered differently, with both answers; or when a scenario fails by itself, with its
/// report.
///
/// ```
/// use pastproof::adapters::{agree, serde_decider};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// enum Counted { Up, Down }
///
/// fn strict(down: &bool, count: &u32) -> Result<Vec<Counted>, String> {
///     match (down, count) {
///         (true, 0) => Err("below zero".to_owned()),
///         (true, _) => Ok(vec![Counted::Down]),
///         (false, _) => Ok(vec![Counted::Up]),
///     }
/// }
///
/// fn lenient(down: &bool, _: &u32) -> Result<Vec<Counted>, String> {
///     Ok(vec![if *down { Counted::Down } else { Counted::Up }])
/// }
///
/// fn evolve(count: &u32, event: &Counted) -> u32 {
///     match event {
///         Counted::Up => count + 1,
///         Counted::Down => count.saturating_sub(1),
///     }
/// }
///
/// let one = serde_decider(u32::default, strict, evolve).fixture();
/// let other = serde_decider(u32::default, lenient, evolve).fixture();
/// agree(&one, &other, &[Counted::Up], &[true, false, true])?;
/// let told = agree(&one, &other, &[Counted::Up], &[true, true]).unwrap_err();
/// assert!(told.to_string().starts_with("the two answer command 2 differently"), "{told}");
/// # Ok::<(), pastproof::adapters::Disagreement>(())
/// ```
#[track_caller]
pub fn agree<A, B>(
    one: &Fixture<A>,
    other: &Fixture<B>,
    given: &[A::Event],
    commands: &[A::Input],
) -> Result<(), Disagreement>
where
    A: Subject,
    B: Subject<Event = A::Event, Input = A::Input, Error = A::Error>,
    A::Event: Clone + PartialEq + Debug,
    A::Input: Clone + Debug,
    A::Error: PartialEq + Debug,
{
    let Some((first, rest)) = commands.split_first() else {
        return Ok(());
    };
    let mut one = one.given(given.to_vec()).when(first.clone());
    let mut other = other.given(given.to_vec()).when(first.clone());
    for number in 1.. {
        let said = said(&mut one, &mut other);
        let next = rest.get(number - 1);
        if said.is_some() || next.is_none() {
            // Ended first: what is wrong with a scenario by itself says more than that the two differ.
            for ended in [one.try_check(), other.try_check()] {
                ended.map_err(|failure| Disagreement {
                    text: format!("one of the two fails by itself\n\n{failure}"),
                })?;
            }
            let Some(lines) = said else { return Ok(()) };
            let command = &commands[number - 1];
            let mut text = format!("the two answer command {number} differently\n\ngiven {given:?}\n");
            for before in &commands[..number - 1] {
                text.push_str(&format!("when  {before:?}\n"));
            }
            text.push_str(&format!("when  {command:?}\n\n{lines}"));
            return Err(Disagreement { text });
        }
        if let Some(next) = next {
            one = one.when(next.clone());
            other = other.when(next.clone());
        }
    }
    Ok(())
}

/// Both answers to the last command, where they differ.
fn said<A, B>(one: &mut Outcome<A>, other: &mut Outcome<B>) -> Option<String>
where
    A: Subject,
    B: Subject<Event = A::Event, Input = A::Input, Error = A::Error>,
    A::Event: PartialEq + Debug,
    A::Error: PartialEq + Debug,
{
    one.look(|events, verdict| {
        other.look(|others, its| {
            let same_verdict = match (error_of(verdict), error_of(its)) {
                (Some(error), Some(other)) => error == other,
                (None, None) => true,
                _ => false,
            };
            if same_verdict && events == others {
                return None;
            }
            let line = |events: &[&A::Event], error: Option<&A::Error>| match error {
                None => format!("{events:?}"),
                Some(error) if events.is_empty() => format!("rejected with {error:?}"),
                Some(error) => format!("{events:?}, and rejected with {error:?}"),
            };
            Some(format!(
                "one    {}\nother  {}",
                line(events, error_of(verdict)),
                line(others, error_of(its))
            ))
        })
    })
}

fn error_of<R, X>(verdict: Option<&Verdict<R, X>>) -> Option<&X> {
    match verdict {
        Some(Verdict::Rejected(error)) => Some(error),
        Some(Verdict::Accepted(_) | Verdict::Ignored) | None => None,
    }
}
