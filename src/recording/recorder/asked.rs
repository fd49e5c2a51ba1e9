//! A command whose answer is not known yet.

use std::fmt::Display;
use std::sync::atomic::Ordering::SeqCst;

use serde::Serialize;

use super::queue::{Recorder, caught};
use crate::model::{Event, Version};

/// A command that was asked and whose answer is not known yet. Dropping it counts as
/// [`unanswered`](super::Counts::unanswered).
#[must_use = "a decision is recorded when it is told the answer"]
pub struct Asked {
    recorder: Recorder,
    line: Vec<u8>,
    /// Whether all of the line so far could be written.
    whole: bool,
    answered: bool,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

impl Asked {
    pub(super) fn new(recorder: Recorder, line: Vec<u8>, whole: bool) -> Self {
        Self {
            recorder,
            line,
            whole,
            answered: false,
        }
    }

    /// The handler answered so: with events, which may be none, or with an error.
    pub fn answered<E: Event, R: Serialize>(self, answer: &Result<Vec<E>, R>) {
        match answer {
            Ok(events) => self.events(events),
            Err(error) => self.rejected(error),
        }
    }

    /// These events were decided, in this order. None means: accepted, and there was nothing to record.
    pub fn events<'e, E: Event + 'e>(self, events: impl IntoIterator<Item = &'e E>) {
        self.end(|line| {
            let mut list = List::begin(line);
            for event in events {
                let data = event
                    .encode()
                    .map_err(<serde_json::Error as serde::ser::Error>::custom)?;
                list.push(event.event_type(), Some(&event.version()), &data)?;
            }
            list.end();
            Ok(())
        });
    }

    /// As [`events`](Self::events), each as type, version where there is one, and data.
    pub fn stored_events<T, D>(self, events: impl IntoIterator<Item = (T, Option<Version>, D)>)
    where
        T: AsRef<str>,
        D: Serialize,
    {
        self.end(|line| {
            let mut list = List::begin(line);
            for (event_type, version, data) in events {
                list.push(event_type.as_ref(), version.as_ref(), &data)?;
            }
            list.end();
            Ok(())
        });
    }

    /// The command was refused.
    pub fn rejected<R: Serialize + ?Sized>(self, error: &R) {
        self.end(|line| {
            line.extend_from_slice(b"{\"rejected\":");
            serde_json::to_writer(&mut *line, error)?;
            line.push(b'}');
            Ok(())
        });
    }

    /// The command was refused with an error that does not serialize: its text is recorded.
    pub fn rejected_text(self, error: impl Display) {
        self.rejected(&format_args!("{error}"));
    }

    /// Nothing came of the command, by intention.
    pub fn ignored(self) {
        self.end(|line| {
            line.extend_from_slice(b"\"ignored\"");
            Ok(())
        });
    }

    fn end(mut self, outcome: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>) {
        self.answered = true;
        let mut line = std::mem::take(&mut self.line);
        let whole = self.whole
            && caught(|| {
                line.extend_from_slice(b",\"outcome\":");
                outcome(&mut line)
            });
        if !whole {
            self.recorder.shared.unwritable.fetch_add(1, SeqCst);
            return;
        }
        // A raw JSON value keeps its line ends, which stand between tokens only.
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        // The writer closes the line, after what is missing before it.
        self.recorder.offer(line);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.answered {
            self.recorder.shared.unanswered.fetch_add(1, SeqCst);
        }
    }
}

/// The list of events of an outcome, as it is written.
struct List<'a> {
    line: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> List<'a> {
    fn begin(line: &'a mut Vec<u8>) -> Self {
        line.extend_from_slice(b"{\"events\":[");
        Self { line, empty: true }
    }

    fn push<D: Serialize>(
        &mut self,
        event_type: &str,
        version: Option<&Version>,
        data: &D,
    ) -> Result<(), serde_json::Error> {
        if !std::mem::take(&mut self.empty) {
            self.line.push(b',');
        }
        self.line.extend_from_slice(b"{\"t\":");
        serde_json::to_writer(&mut *self.line, event_type)?;
        if let Some(version) = version {
            self.line.extend_from_slice(b",\"v\":");
            serde_json::to_writer(&mut *self.line, version)?;
        }
        self.line.extend_from_slice(b",\"d\":");
        serde_json::to_writer(&mut *self.line, data)?;
        self.line.push(b'}');
        Ok(())
    }

    fn end(self) {
        self.line.extend_from_slice(b"]}");
    }
}
