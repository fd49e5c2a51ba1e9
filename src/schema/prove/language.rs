//! Languages of texts: patterns as automata, and the shortest text in a combination of them.
//!
//! The automata run over UTF-8. A product of them, with the length counted in code points and with the texts that
//! are excluded, is searched breadth first, so that the first text found is a shortest one.

use std::cell::Cell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use regex_automata::dfa::dense;
use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

/// The most memory for one automaton, and for making it.
const AUTOMATON: usize = 1 << 20;
const MAKING: usize = 4 << 20;

/// The steps that one transition of a product takes.
const TRANSITION: u64 = 8;

/// The longest text that is looked for where there is no pattern.
const LONGEST: u64 = 1 << 14;

/// The texts in which a pattern is found.
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// Automata made before.
#[derive(Default)]
pub(super) struct Languages(HashMap<Rc<str>, Option<Rc<Automaton>>>);

impl Languages {
    /// The automaton of a pattern of ECMA 262, unless it is none that has one, or one too large.
    pub(super) fn of(&mut self, pattern: &Rc<str>) -> Option<Rc<Automaton>> {
        if let Some(known) = self.0.get(pattern) {
            return known.clone();
        }
        let made = Automaton::of(pattern).map(Rc::new);
        self.0.insert(Rc::clone(pattern), made.clone());
        made
    }
}

impl Automaton {
    fn of(pattern: &str) -> Option<Self> {
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Unanchored)
                    .match_kind(MatchKind::All)
                    .accelerate(false)
                    .dfa_size_limit(Some(AUTOMATON))
                    .determinize_size_limit(Some(MAKING)),
            )
            .syntax(syntax::Config::new().nest_limit(64))
            .build(&translated)
            .ok()?;
        let start = dfa
            .start_state(&start::Config::new().anchored(Anchored::No))
            .ok()?;
        Some(Self { dfa, start })
    }
}

/// What a text has to be.
#[derive(Default)]
pub(super) struct Wanted {
    /// Automata, and whether the text is to be theirs.
    pub(super) automata: Vec<(Rc<Automaton>, bool)>,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) excluded: Vec<String>,
}

/// The answer of a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none.
    Nothing,
    /// A shortest one.
    Text(String),
    /// Too many steps.
    Unknown,
}

/// One automaton in a product: where it is, or that it has matched already.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    State(StateID),
    Matched,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    at: Vec<At>,
    /// Where it is inside a character.
    utf8: u8,
    /// How many characters there are, as far as it counts.
    length: u64,
    /// The node of the tree of excluded texts, plus one; nothing when it has left the tree.
    tree: u32,
}

/// A shortest text that is wanted; each step is taken from `steps`.
pub(super) fn shortest(wanted: &Wanted, steps: &Cell<u64>) -> Found {
    if wanted.most.is_some_and(|most| most < wanted.least) {
        return Found::Nothing;
    }
    if wanted.automata.is_empty() {
        return plain(wanted);
    }
    let tree = Tree::of(&wanted.excluded);
    let bytes = representatives(wanted);
    let count_to = wanted.most.map_or(wanted.least, |most| most + 1);
    let start = Place {
        at: wanted
            .automata
            .iter()
            .map(|(automaton, _)| entered(automaton, automaton.start))
            .collect(),
        utf8: 0,
        length: 0,
        tree: 1,
    };
    let accepts = |place: &Place| {
        place.utf8 == 0
            && place.length >= wanted.least
            && wanted.most.is_none_or(|most| place.length <= most)
            && !tree.ends(place.tree)
            && wanted
                .automata
                .iter()
                .zip(&place.at)
                .all(|((automaton, wanted), at)| {
                    let matched = match at {
                        At::Matched => true,
                        At::State(state) => {
                            automaton.dfa.is_match_state(automaton.dfa.next_eoi_state(*state))
                        }
                    };
                    matched == *wanted
                })
    };
    // Every place that was reached, with the one before it and the byte between.
    let mut places: Vec<(Place, usize, u8)> = vec![(start.clone(), 0, 0)];
    let mut known = HashSet::from([start]);
    let mut open = VecDeque::from([0]);
    while let Some(index) = open.pop_front() {
        let place = places[index].0.clone();
        if accepts(&place) {
            return Found::Text(text(&places, index));
        }
        for byte in &bytes {
            if steps.get() == 0 {
                return Found::Unknown;
            }
            steps.set(steps.get().saturating_sub(TRANSITION));
            let Some(next) = step(&place, *byte, wanted, &tree, count_to) else {
                continue;
            };
            if known.insert(next.clone()) {
                open.push_back(places.len());
                places.push((next, index, *byte));
            }
        }
    }
    Found::Nothing
}

fn text(places: &[(Place, usize, u8)], mut index: usize) -> String {
    let mut bytes = Vec::new();
    while index != 0 {
        bytes.push(places[index].2);
        index = places[index].1;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The state after a match has been looked for in it.
fn entered(automaton: &Automaton, state: StateID) -> At {
    if automaton.dfa.is_match_state(state) {
        At::Matched
    } else {
        At::State(state)
    }
}

fn step(place: &Place, byte: u8, wanted: &Wanted, tree: &Tree, count_to: u64) -> Option<Place> {
    let utf8 = next_utf8(place.utf8, byte)?;
    let mut length = place.length;
    if place.utf8 == 0 {
        length += 1;
        if wanted.most.is_some_and(|most| length > most) {
            return None;
        }
        length = length.min(count_to);
    }
    let mut at = Vec::with_capacity(place.at.len());
    for ((automaton, wanted), from) in wanted.automata.iter().zip(&place.at) {
        let next = match from {
            At::Matched => At::Matched,
            At::State(state) => entered(automaton, automaton.dfa.next_state(*state, byte)),
        };
        match next {
            // What has matched stays matched.
            At::Matched if !*wanted => return None,
            At::State(state) if *wanted && automaton.dfa.is_dead_state(state) => return None,
            next => at.push(next),
        }
    }
    Some(Place {
        at,
        utf8,
        length,
        tree: tree.next(place.tree, byte),
    })
}

/// The part of a character after `byte`: how many bytes are missing, and which the next may be.
fn next_utf8(state: u8, byte: u8) -> Option<u8> {
    const E0: u8 = 4;
    const ED: u8 = 5;
    const F0: u8 = 6;
    const F4: u8 = 7;
    match (state, byte) {
        (0, 0x00..=0x7F) => Some(0),
        (0, 0xC2..=0xDF) => Some(1),
        (0, 0xE0) => Some(E0),
        (0, 0xED) => Some(ED),
        (0, 0xE1..=0xEF) => Some(2),
        (0, 0xF0) => Some(F0),
        (0, 0xF4) => Some(F4),
        (0, 0xF1..=0xF3) => Some(3),
        (1, 0x80..=0xBF) => Some(0),
        (2, 0x80..=0xBF) => Some(1),
        (3, 0x80..=0xBF) => Some(2),
        (E0, 0xA0..=0xBF) | (ED, 0x80..=0x9F) => Some(1),
        (F0, 0x90..=0xBF) | (F4, 0x80..=0x8F) => Some(2),
        _ => None,
    }
}

/// One byte of each class that no automaton tells apart, the most readable first.
fn representatives(wanted: &Wanted) -> Vec<u8> {
    let mut own = [false; 256];
    for text in &wanted.excluded {
        for byte in text.bytes() {
            own[usize::from(byte)] = true;
        }
    }
    let mut seen: HashSet<(Vec<u8>, u8, Option<u8>)> = HashSet::new();
    let readable = b"a0bAx1-_ .cdefghijklmnopqrstuvwyzBCDEFGHIJKLMNOPQRSTUVWXYZ23456789"
        .iter()
        .copied();
    let printable = 0x20..0x7F;
    let rest = (0x80..=0xFF).chain(0x00..0x20).chain(0x7F..0x80);
    let mut chosen = Vec::new();
    for byte in readable.chain(printable).chain(rest) {
        let classes = wanted
            .automata
            .iter()
            .map(|(automaton, _)| automaton.dfa.byte_classes().get(byte))
            .collect();
        let utf8 = match byte {
            0x00..=0x7F => 0,
            0x80..=0x8F => 1,
            0x90..=0x9F => 2,
            0xA0..=0xBF => 3,
            0xC0 | 0xC1 | 0xF5..=0xFF => continue,
            0xC2..=0xDF => 4,
            0xE0 => 5,
            0xED => 6,
            0xE1..=0xEF => 7,
            0xF0 => 8,
            0xF4 => 9,
            0xF1..=0xF3 => 10,
        };
        let itself = own[usize::from(byte)].then_some(byte);
        if seen.insert((classes, utf8, itself)) {
            chosen.push(byte);
        }
    }
    chosen
}

/// Excluded texts by their beginnings.
struct Tree {
    nodes: Vec<(HashMap<u8, u32>, bool)>,
}

impl Tree {
    fn of(texts: &[String]) -> Self {
        let mut nodes = vec![(HashMap::new(), false)];
        for text in texts {
            let mut at = 0;
            for byte in text.bytes() {
                at = match nodes[at].0.get(&byte) {
                    Some(next) => *next as usize,
                    None => {
                        let next = nodes.len();
                        nodes.push((HashMap::new(), false));
                        nodes[at].0.insert(byte, u32::try_from(next).unwrap_or(u32::MAX));
                        next
                    }
                };
            }
            nodes[at].1 = true;
        }
        Self { nodes }
    }

    fn next(&self, at: u32, byte: u8) -> u32 {
        match at.checked_sub(1) {
            None => 0,
            Some(at) => self.nodes[at as usize].0.get(&byte).map_or(0, |next| next + 1),
        }
    }

    fn ends(&self, at: u32) -> bool {
        at.checked_sub(1).is_some_and(|at| self.nodes[at as usize].1)
    }
}

/// A text with nothing said but its length and what it is not.
fn plain(wanted: &Wanted) -> Found {
    if wanted.least > LONGEST {
        return Found::Unknown;
    }
    let free = |text: &String| !wanted.excluded.contains(text);
    let least = usize::try_from(wanted.least).unwrap_or(usize::MAX);
    let most = wanted
        .most
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(usize::MAX);
    let shortest = "a".repeat(least);
    if free(&shortest) {
        return Found::Text(shortest);
    }
    if most == 0 {
        return Found::Nothing;
    }
    // Of one length there are more texts than are ever excluded.
    let length = least.max(1);
    let stem = "a".repeat(length - 1);
    let endings = ('a'..='z')
        .chain('A'..='Z')
        .chain('0'..='9')
        .chain('\u{c0}'..='\u{d7ff}');
    for ending in endings {
        let text = format!("{stem}{ending}");
        if free(&text) {
            return Found::Text(text);
        }
    }
    Found::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(patterns: &[(&str, bool)], least: u64, most: Option<u64>, excluded: &[&str]) -> Found {
        let mut languages = Languages::default();
        let wanted = Wanted {
            automata: patterns
                .iter()
                .map(|(pattern, wanted)| (languages.of(&Rc::from(*pattern)).unwrap(), *wanted))
                .collect(),
            least,
            most,
            excluded: excluded.iter().map(|text| (*text).to_owned()).collect(),
        };
        shortest(&wanted, &Cell::new(8_000_000))
    }

    fn text(text: &str) -> Found {
        Found::Text(text.to_owned())
    }

    #[test]
    fn a_shortest_text_of_one_pattern_and_not_another() {
        assert_eq!(
            search(&[("^[a-z]+$", true), ("^[a-f]+$", false)], 0, None, &[]),
            text("x")
        );
        assert_eq!(
            search(&[("^[a-f]{2,3}$", true), ("^[a-z]+$", false)], 0, None, &[]),
            Found::Nothing
        );
        assert_eq!(search(&[("^a+$", true)], 3, None, &[]), text("aaa"));
        assert_eq!(
            search(&[("^(ab)*$", true)], 0, Some(3), &["", "ab"]),
            Found::Nothing
        );
        assert_eq!(
            search(&[("^(ab)*$", true)], 0, Some(4), &["", "ab"]),
            text("abab")
        );
    }

    #[test]
    fn a_pattern_is_searched_for() {
        assert_eq!(search(&[("b", true), ("^b", false)], 0, None, &[]), text("ab"));
        assert_eq!(
            search(&[("[a-z]*", true), ("[A-Z]*", false)], 0, None, &[]),
            Found::Nothing
        );
        assert_eq!(search(&[("^a$", true)], 0, None, &["a"]), Found::Nothing);
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(search(&[("^🐲*$", true)], 2, Some(2), &[]), text("🐲🐲"));
        assert_eq!(search(&[("^.{3}$", true)], 0, Some(2), &[]), Found::Nothing);
        assert_eq!(
            search(&[("^.$", true), ("^[\\x00-\\x7f]$", false)], 0, None, &[]),
            text("\u{80}")
        );
    }

    #[test]
    fn digits_are_those_of_ecma() {
        assert_eq!(
            search(&[("^\\d$", true), ("^[0-9]$", false)], 0, None, &[]),
            Found::Nothing
        );
        // The end is the end, not before a line feed.
        assert_eq!(search(&[("^.{3}$", true)], 4, None, &[]), Found::Nothing);
    }
}
