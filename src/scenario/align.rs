//! Expected events beside the ones that were recorded.

use super::text::{Told, count, differences, indented};

/// Beyond this many pairs, events are compared by position: a report that long is not read to its end.
const MOST_PAIRS: usize = 1 << 20;

/// Where an expected event and a recorded one stand to each other; positions are from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Same {
        expected: usize,
        actual: usize,
    },
    /// One type, different data or version.
    Differs {
        expected: usize,
        actual: usize,
    },
    /// The same event in another place.
    Moved {
        expected: usize,
        actual: usize,
    },
    Missing {
        expected: usize,
    },
    Unexpected {
        actual: usize,
    },
}

/// Whether these are the same events in the same order, and if not, how they differ.
pub(super) fn compare(expected: &[Told], actual: &[Told]) -> Option<Vec<String>> {
    let same = expected.len() == actual.len()
        && expected
            .iter()
            .zip(actual)
            .all(|(expected, actual)| expected.same(actual));
    if same {
        return None;
    }
    let rows = rows(expected, actual);
    let nothing_but = |event: &dyn Fn(&Row) -> bool| rows.iter().all(event);
    let mut lines = Vec::new();
    if expected.is_empty() && nothing_but(&|row| matches!(row, Row::Unexpected { .. })) {
        // The word for it says what was expected; the events are told under the command.
        return Some(lines);
    }
    for row in &rows {
        lines.extend(tell(*row, expected, actual));
    }
    Some(lines)
}

/// What a failed comparison is called.
pub(super) fn headline(expected: &[Told], actual: &[Told]) -> String {
    let events = |number| count(number, "event");
    match (expected.len(), actual.len()) {
        (0, got) => format!("{} recorded where nothing was expected", were(&events(got), got)),
        (_, 0) => "nothing was recorded".to_owned(),
        (expected, got) if expected != got => format!("expected {}, got {got}", events(expected)),
        _ => "the events differ".to_owned(),
    }
}

fn were(what: &str, number: usize) -> String {
    format!("{what} {}", if number == 1 { "was" } else { "were" })
}

fn tell(row: Row, expected: &[Told], actual: &[Told]) -> Vec<String> {
    let lines = |word: &str, number: usize, told: &Told, notes: Vec<String>| {
        let mut lines = told.lines();
        if let Some(first) = lines.first_mut() {
            first.insert_str(0, &format!("{word:<14}{}. ", number + 1));
        }
        let inner = 14 + format!("{}. ", number + 1).len();
        let mut all: Vec<String> = lines.drain(..1).collect();
        all.extend(indented(inner, lines));
        all.extend(indented(inner, notes));
        all
    };
    match row {
        Row::Same { expected: at, .. } => lines("as expected", at, &expected[at], Vec::new()),
        Row::Moved {
            expected: from,
            actual: to,
        } => lines(
            "out of order",
            from,
            &expected[from],
            vec![format!("it was recorded as event {}", to + 1)],
        ),
        Row::Differs {
            expected: at,
            actual: got,
        } => {
            let (want, have) = (&expected[at], &actual[got]);
            let word = if want.stored.version == have.stored.version {
                "wrong data"
            } else {
                "wrong version"
            };
            let mut notes = Vec::new();
            for told in [want, have] {
                if told.unwritten.is_some() {
                    notes.push(told.line());
                }
            }
            if notes.is_empty() {
                notes = differences(&want.stored, &have.stored, "expected", "got");
            }
            vec![format!("{word:<14}{}. {}", at + 1, want.stored.kind())]
                .into_iter()
                .chain(indented(14 + format!("{}. ", at + 1).len(), notes))
                .collect()
        }
        Row::Missing { expected: at } => {
            let want = &expected[at];
            let same = actual.iter().filter(|event| event.same(want)).count();
            let named = actual
                .iter()
                .filter(|event| event.stored.event_type == want.stored.event_type)
                .count();
            let note = if same > 0 {
                let wanted = expected.iter().filter(|event| event.same(want)).count();
                format!("expected {}, recorded {}", times(wanted), times(same))
            } else if named > 0 {
                format!("of this type, {} recorded", were(&count(named, "event"), named))
            } else {
                "no event of this type was recorded".to_owned()
            };
            lines("missing", at, want, vec![note])
        }
        Row::Unexpected { actual: at } => {
            let got = &actual[at];
            let same = expected.iter().filter(|event| event.same(got)).count();
            let named = expected
                .iter()
                .filter(|event| event.stored.event_type == got.stored.event_type)
                .count();
            let note = if same > 0 {
                let recorded = actual.iter().filter(|event| event.same(got)).count();
                format!("expected {}, recorded {}", times(same), times(recorded))
            } else if named > 0 {
                format!("of this type, {} expected", were(&count(named, "event"), named))
            } else {
                "no event of this type was expected".to_owned()
            };
            lines("not expected", at, got, vec![note])
        }
    }
}

fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

/// The cheapest way from `expected` to `actual`, in the order of both; equal events that were left over on both
/// sides are one event out of order.
fn rows(expected: &[Told], actual: &[Told]) -> Vec<Row> {
    let head = expected
        .iter()
        .zip(actual)
        .take_while(|(expected, actual)| expected.same(actual))
        .count();
    let tail = expected[head..]
        .iter()
        .rev()
        .zip(actual[head..].iter().rev())
        .take_while(|(expected, actual)| expected.same(actual))
        .count();
    let (want, have) = (
        &expected[head..expected.len() - tail],
        &actual[head..actual.len() - tail],
    );
    let mut rows: Vec<Row> = (0..head)
        .map(|at| Row::Same {
            expected: at,
            actual: at,
        })
        .collect();
    rows.extend(if want.len().saturating_mul(have.len()) > MOST_PAIRS {
        by_position(want, have, head)
    } else {
        by_cost(want, have, head)
    });
    rows.extend((0..tail).map(|at| Row::Same {
        expected: expected.len() - tail + at,
        actual: actual.len() - tail + at,
    }));
    join_moved(&mut rows, expected, actual);
    rows
}

fn by_position(want: &[Told], have: &[Told], head: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for at in 0..want.len().max(have.len()) {
        let (expected, actual) = (head + at, head + at);
        match (want.get(at), have.get(at)) {
            (Some(want), Some(have)) if want.same(have) => rows.push(Row::Same { expected, actual }),
            (Some(want), Some(have)) if want.stored.event_type == have.stored.event_type => {
                rows.push(Row::Differs { expected, actual });
            }
            (want, have) => {
                rows.extend(want.map(|_| Row::Missing { expected }));
                rows.extend(have.map(|_| Row::Unexpected { actual }));
            }
        }
    }
    rows
}

/// What it costs to leave an event without a partner.
const ALONE: usize = 10;

/// What it costs to pair two events, if they can be paired: less for a nearer candidate, and always less than
/// leaving both alone.
fn pair_cost(want: &Told, have: &Told) -> Option<usize> {
    if want.same(have) {
        Some(0)
    } else if want.stored.event_type == have.stored.event_type {
        let apart = differences(&want.stored, &have.stored, "", "").len();
        Some(ALONE + apart.clamp(1, ALONE - 1))
    } else {
        None
    }
}

fn by_cost(want: &[Told], have: &[Told], head: usize) -> Vec<Row> {
    let width = have.len() + 1;
    // `cost[i * width + j]`: from the i-th expected and the j-th recorded event to the end.
    let mut cost = vec![0; (want.len() + 1) * width];
    let mut pairs = vec![None; want.len() * have.len()];
    for i in (0..=want.len()).rev() {
        for j in (0..=have.len()).rev() {
            let mut best = usize::MAX;
            if i == want.len() && j == have.len() {
                best = 0;
            }
            if i < want.len() {
                best = best.min(ALONE + cost[(i + 1) * width + j]);
            }
            if j < have.len() {
                best = best.min(ALONE + cost[i * width + j + 1]);
            }
            if i < want.len() && j < have.len() {
                let pair = pair_cost(&want[i], &have[j]);
                pairs[i * have.len() + j] = pair;
                if let Some(pair) = pair {
                    best = best.min(pair + cost[(i + 1) * width + j + 1]);
                }
            }
            cost[i * width + j] = best;
        }
    }
    let mut rows = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < want.len() || j < have.len() {
        let best = cost[i * width + j];
        let (expected, actual) = (head + i, head + j);
        if i < want.len()
            && j < have.len()
            && let Some(pair) = pairs[i * have.len() + j]
            && best == pair + cost[(i + 1) * width + j + 1]
        {
            rows.push(if pair == 0 {
                Row::Same { expected, actual }
            } else {
                Row::Differs { expected, actual }
            });
            i += 1;
            j += 1;
        } else if i < want.len() && best == ALONE + cost[(i + 1) * width + j] {
            rows.push(Row::Missing { expected });
            i += 1;
        } else {
            rows.push(Row::Unexpected { actual });
            j += 1;
        }
    }
    rows
}

/// Makes one row of an event that is missing in one place and not expected in another.
fn join_moved(rows: &mut Vec<Row>, expected: &[Told], actual: &[Told]) {
    let mut index = 0;
    while index < rows.len() {
        if let Row::Missing { expected: from } = rows[index]
            && let Some((elsewhere, to)) = rows.iter().enumerate().find_map(|(at, row)| match *row {
                Row::Unexpected { actual: to } if actual[to].same(&expected[from]) => Some((at, to)),
                _ => None,
            })
        {
            rows[index] = Row::Moved {
                expected: from,
                actual: to,
            };
            rows.remove(elsewhere);
            if elsewhere < index {
                continue;
            }
        }
        index += 1;
    }
}
