//! Events compared and stored as text, which costs a fraction of what JSON values do.
//!
//! What is not the same at a glance is looked at again as values, and those have the last word.

use std::cell::Cell;

use super::subject::Subject;

/// A longer text is not kept for the next time.
const LONGEST_KEPT: usize = 1 << 16;

thread_local! {
    static TEXT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Runs `write` with an empty text that has room already.
fn with_text<T>(write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut text = TEXT.take();
    text.clear();
    let written = write(&mut text);
    if text.capacity() <= LONGEST_KEPT {
        TEXT.set(text);
    }
    written
}

/// Whether two events are seen at a glance to be one as a store sees them. That they are not is no answer.
pub(super) fn same<S: Subject>(left: &S::Event, right: &S::Event) -> bool {
    S::same_kind(left, right)
        && with_text(|text| {
            if S::encode_into(left, text).is_err() {
                return false;
            }
            let end = text.len();
            S::encode_into(right, text).is_ok() && text[..end] == text[end..]
        })
}

/// The event as it is read back from what is stored of it, if that is the same one. That there is none is no answer.
pub(super) fn read_back<S: Subject>(event: &S::Event) -> Option<S::Event> {
    with_text(|text| {
        S::encode_into(event, text).ok()?;
        let stored = std::str::from_utf8(text).ok()?;
        let back = S::decode_as(event, stored).ok()?;
        let same = S::equals(event, &back).unwrap_or_else(|| {
            let end = text.len();
            S::same_kind(event, &back) && S::encode_into(&back, text).is_ok() && text[..end] == text[end..]
        });
        same.then_some(back)
    })
}
