//! Texts: lengths, patterns, assertions, and single texts that are left out.

use std::rc::Rc;

use serde_json::Value;

use super::branch::{Foreseen, State};
use super::derivation::Proof;
use super::language::{Found, Wanted, shortest};
use super::node::{Id, Node};
use super::solve::{Outcome, Prover, stuck};

/// How many texts are tried where something is asserted that no automaton knows.
const TRIED: usize = 24;

/// What is wanted of a text, and whether it is all.
struct Texts {
    wanted: Wanted,
    /// Constraints that no automaton stands for.
    beyond: Vec<(Id, bool)>,
}

impl Prover<'_> {
    fn texts(&mut self, facts: impl Iterator<Item = (Id, bool)>) -> Texts {
        let mut texts = Texts {
            wanted: Wanted::default(),
            beyond: Vec::new(),
        };
        let wanted = &mut texts.wanted;
        let at_most = |wanted: &mut Wanted, most: u64| {
            wanted.most = Some(wanted.most.map_or(most, |known| known.min(most)));
        };
        for (id, holds) in facts {
            match (&*self.graph.get(id), holds) {
                (Node::MinLength(least), true) => wanted.least = wanted.least.max(*least),
                (Node::MinLength(0), false) => at_most(wanted, 0),
                (Node::MinLength(least), false) => at_most(wanted, least - 1),
                (Node::MaxLength(most), true) => at_most(wanted, *most),
                (Node::MaxLength(most), false) => wanted.least = wanted.least.max(most.saturating_add(1)),
                (Node::Pattern(pattern), _) => match self.languages.of(pattern) {
                    Some(automaton) => wanted.automata.push((automaton, holds)),
                    None => texts.beyond.push((id, holds)),
                },
                (Node::Assertion(..), _) => texts.beyond.push((id, holds)),
                (Node::Values(values), false) => {
                    for value in values {
                        if let Value::String(text) = &*self.graph.value(*value) {
                            wanted.excluded.push(text.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        texts
    }

    pub(super) fn text(&mut self, state: &State) -> Outcome {
        let (holds, fails) = (state.goal.holds.clone(), state.goal.fails.clone());
        let mut texts = self.texts(state.plain.iter().map(|(id, holds)| (*id, *holds)));
        let mut tried = 0;
        loop {
            match shortest(&texts.wanted, &self.steps) {
                Found::Nothing if tried == 0 => {
                    return Outcome::Empty(Rc::new(Proof::Clash(
                        state.having(true),
                        state.having(false),
                        "",
                    )));
                }
                Found::Nothing => break,
                Found::Unknown => return stuck(&holds, &fails, "the patterns take too many steps"),
                Found::Text(text) => {
                    let value = Value::from(text.as_str());
                    if self.is_in(&holds, &fails, &value) == Some(true) {
                        return Outcome::Inhabited(value);
                    }
                    tried += 1;
                    if tried >= TRIED || texts.beyond.is_empty() {
                        break;
                    }
                    texts.wanted.excluded.push(text);
                }
            }
        }
        // Texts that are known to satisfy what is asserted, or to be refused by it.
        for (id, _) in &texts.beyond {
            for text in self.suggestions(*id) {
                let value = Value::from(text);
                if self.is_in(&holds, &fails, &value) == Some(true) {
                    return Outcome::Inhabited(value);
                }
            }
        }
        let what: Vec<String> = texts
            .beyond
            .iter()
            .map(|(id, _)| self.graph.describe(*id))
            .collect();
        stuck(
            &holds,
            &fails,
            format!("no automaton stands for {}", what.join(" and ")),
        )
    }

    fn suggestions(&self, id: Id) -> Vec<String> {
        match &*self.graph.get(id) {
            Node::Pattern(pattern) => self.patterns.texts(pattern).to_vec(),
            Node::Assertion(..) => EXAMPLES.iter().map(|text| (*text).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn text_foreseen(&mut self, state: &State, id: Id, wanted: bool) -> Foreseen {
        let facts: Vec<(Id, bool)> = state.plain.iter().map(|(id, holds)| (*id, *holds)).collect();
        let mut none = |wanted: bool| {
            let texts = self.texts(facts.iter().copied().chain([(id, wanted)]));
            shortest(&texts.wanted, &self.steps) == Found::Nothing
        };
        if none(wanted) {
            let (mut holds, mut fails) = (state.having(true), state.having(false));
            if wanted {
                holds.push(id);
            } else {
                fails.push(id);
            }
            return Foreseen::Excluded(Rc::new(Proof::Clash(holds, fails, "")));
        }
        if none(!wanted) {
            Foreseen::Holds
        } else {
            Foreseen::Unknown
        }
    }
}

/// Texts that some format, encoding or media type accepts, and near misses.
const EXAMPLES: &[&str] = &[
    "2020-01-01",
    "2020-13-01",
    "12:00:00Z",
    "25:00:00Z",
    "2020-01-01T12:00:00Z",
    "2020-01-01T25:00:00Z",
    "P1D",
    "P",
    "a@b.cd",
    "a@",
    "é@b.cd",
    "example.com",
    "-a-.b",
    "127.0.0.1",
    "256.0.0.1",
    "::1",
    ":::1",
    "http://a.b/",
    "http://é.b/",
    "/a/b",
    "\\\\",
    "/a~0b",
    "/a~2",
    "1/a",
    "0#",
    "{a}",
    "{a",
    "^a$",
    "[",
    "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    "2eb8aa08",
    "{}",
    "{:}",
    "YQ==",
    "YQ=",
    "eyJhIjoxfQ==",
];
