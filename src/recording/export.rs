//! Recordings in the form of others.

use std::io::{self, Write as _};
use std::path::Path;

use super::error::RecordingError;
use super::line::Line;
use super::reader::{Problem, Reader};
use super::source::to_cloudevent;
use super::writer::PlainFile;
use crate::finding::{Finding, Place};
use crate::rules;

/// What came of an export.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported {
    /// Lines that could not be read; with one, nothing was written. A note where decisions were left out.
    pub findings: Vec<Finding>,
    /// How many events were written.
    pub events: u64,
}

/// Writes the events of the recording `source` to `target` as CloudEvents, one a line; see [`to_cloudevent`].
///
/// CloudEvents have no form for decisions: they are left out, which is a note.
///
/// # Errors
///
/// When a file cannot be read or written, and when the recording is damaged; `target` is as it was then.
pub fn export_cloudevents(source: &Path, target: &Path) -> Result<Exported, RecordingError> {
    let failed = |error: io::Error| RecordingError::io(target, "write the file", error);
    let mut file = PlainFile::create(target).map_err(failed)?;
    let mut exported = Exported {
        findings: Vec::new(),
        events: 0,
    };
    let mut decisions = 0_u64;
    for line in Reader::open(source)? {
        match line {
            Ok((_, Line::Event(event))) => {
                exported.events += 1;
                let mut text = to_cloudevent(&event);
                text.push('\n');
                file.write_all(text.as_bytes()).map_err(failed)?;
            }
            Ok((_, Line::Decision(_))) => decisions += 1,
            Err(Problem::Line(finding)) => exported.findings.push(*finding),
            Err(Problem::Broken(error)) => return Err(error),
        }
    }
    if exported.findings.iter().any(Finding::fails) {
        exported.events = 0;
        return Ok(exported);
    }
    if decisions > 0 {
        let message = format!("{decisions} decisions are left out, for which CloudEvents have no form");
        let place = Place::file(source.display().to_string());
        let finding = Finding::new(&rules::NOT_CHECKED, message, place);
        exported
            .findings
            .push(finding.at_level(crate::finding::Level::Note));
    }
    file.finish(target).map_err(failed)?;
    Ok(exported)
}
