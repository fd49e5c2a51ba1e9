//! Taking a recording from a file.

use std::io::{self, Read as _};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::RecordingError;
use super::frames;
use super::line::{Line, LineError, write_decision, write_line};
use super::manifest::{FORMAT, Manifest, Order, Source};
use super::options::{RecordOptions, Recorded, SourceForm};
use super::parse::LineReader;
use super::source::{self, Masker, Number, Text, Texts};
use super::spool::{self, Key, Spooled};
use super::work::{Checkpoint, Work};
use super::writer::{Writer, WriterOptions};
use crate::finding::{self, Finding, Place};
use crate::json;
use crate::model::{RecordedEvent, Version};
use crate::rules;

/// How many findings are told one by one.
const SHOWN: usize = 1000;

/// Takes the recording `target` from the file `source`, plain or `.zst`.
///
/// The events are put in order with bounded memory, on disk where they have to. What is on disk on the way is
/// selected and masked already, in a folder `.NAME.recording` beside the target. When a run is interrupted, in
/// whichever way, that folder stays and the target is as it was; the same call again goes on from there and ends
/// with the same bytes as an uninterrupted run. Two runs to one target at the same time are not kept apart.
///
/// ```
/// use pastproof::recording::{EventPointers, Number, RecordOptions, record};
///
/// let folder = tempfile::tempdir()?;
/// let (from, to) = (folder.path().join("export.jsonl"), folder.path().join("orders.ndjson"));
/// std::fs::write(&from, r#"{"id":"order-7","no":0,"kind":"OrderPlaced","body":{"total":1.50}}"#)?;
///
/// let mut options = RecordOptions::default();
/// options.pointers = EventPointers {
///     stream: Some("/id".to_owned()),
///     revision: Some(Number::At("/no".to_owned())),
///     event_type: Some("/kind".to_owned()),
///     data: Some("/body".to_owned()),
///     ..EventPointers::default()
/// };
/// let recorded = record(&from, &to, &options)?;
/// assert_eq!(recorded.manifest.map(|manifest| manifest.events), Some(1));
/// assert_eq!(
///     std::fs::read_to_string(&to)?,
///     "{\"s\":\"order-7\",\"n\":0,\"t\":\"OrderPlaced\",\"d\":{\"total\":1.50}}\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When a file cannot be read or written, when the source is a damaged recording, and when options contradict each
/// other. What is wrong with single events is a finding.
pub fn record(source: &Path, target: &Path, options: &RecordOptions) -> Result<Recorded, RecordingError> {
    let (manifest, bytes) = frames::open(source)?;
    take(source, manifest.as_deref(), bytes, target, options, true, None)
}

/// What is made of the events on their way from source to target.
pub(crate) trait Transform {
    /// What the result depends on beside the source and the options.
    fn plan(&self) -> Value;

    /// What is made of one event, which stands in `line` of the source.
    fn take(&mut self, line: u64, event: RecordedEvent) -> Result<Vec<RecordedEvent>, Box<Finding>>;

    /// What is wrong once the source has ended.
    fn end(&mut self) -> Vec<Finding>;

    /// All that it knows of the events so far.
    fn state(&self) -> Value;

    /// Goes on from such a state. Answers whether it can.
    fn resume(&mut self, state: &Value) -> bool;
}

/// As [`record`], with `transform` between the recording `source` and `target`.
pub(crate) fn record_with(
    source: &Path,
    target: &Path,
    options: &RecordOptions,
    transform: &mut dyn Transform,
) -> Result<Recorded, RecordingError> {
    let (manifest, bytes) = frames::open(source)?;
    take(
        source,
        manifest.as_deref(),
        bytes,
        target,
        options,
        true,
        Some(transform),
    )
}

/// As [`record`], from `read`; `name` is what findings call it. What was read cannot be read again, so that an
/// interrupted run starts anew.
///
/// # Errors
///
/// As [`record`].
pub fn record_read(
    name: &Path,
    read: impl io::Read + Send + 'static,
    target: &Path,
    options: &RecordOptions,
) -> Result<Recorded, RecordingError> {
    let bytes = frames::from_read(name, Box::new(read))?;
    take(name, None, bytes, target, options, false, None)
}

fn take(
    source: &Path,
    manifest: Option<&Manifest>,
    mut bytes: frames::Bytes,
    target: &Path,
    options: &RecordOptions,
    resumable: bool,
    transform: Option<&mut dyn Transform>,
) -> Result<Recorded, RecordingError> {
    let refused = |what: String| RecordingError::refused(source, what);
    options.pointers.check().map_err(refused)?;
    if let Some((policy, _)) = &options.masking {
        policy.check().map_err(refused)?;
    }
    let form = match options.form {
        Some(form) => form,
        None if !options.pointers.is_empty() && options.pointers.event_type.is_some() => SourceForm::Ndjson,
        None => {
            let mut start = Vec::new();
            (&mut bytes)
                .take(64 << 10)
                .read_to_end(&mut start)
                .map_err(|error| RecordingError::io(source, "read the source", error))?;
            let form = looks_like(&start).ok_or_else(|| {
                refused(
                    "it is neither a recording nor CloudEvents; say where its events have their parts, with `--type /POINTER` and the like"
                        .to_owned(),
                )
            })?;
            bytes = Box::new(io::Cursor::new(start).chain(bytes));
            form
        }
    };
    if form == SourceForm::Recording && !options.pointers.is_empty() {
        return Err(refused(
            "the lines of a recording are read without pointers".to_owned(),
        ));
    }
    if form == SourceForm::Ndjson && options.pointers.event_type.is_none() {
        return Err(refused(
            "no pointer says where the event type is; name it with `--type /POINTER`".to_owned(),
        ));
    }
    let order = options
        .order
        .or(manifest.map(|manifest| manifest.order))
        .unwrap_or({
            if options.pointers.global.is_some() {
                Order::Global
            } else {
                Order::Stream
            }
        });
    let default_version = options
        .default_version
        .clone()
        .or_else(|| manifest.map(|manifest| manifest.default_version.clone()))
        .unwrap_or(Version::Number(1));
    let masker = options
        .masking
        .as_ref()
        .map(|(policy, key)| Masker::new(policy, key));
    let described = serde_json::json!({
        "format": FORMAT,
        "form": form,
        "pointers": options.pointers,
        "order": order,
        "selection": options.selection,
        "masking": masker.as_ref().map(Masker::described),
        "key": masker.as_ref().map(Masker::key_check),
        "taken_at": options.taken_at,
        "default_version": default_version,
    });
    let mut described = described;
    if let (Some(transform), Some(members)) = (&transform, described.as_object_mut()) {
        members.insert("transform".to_owned(), transform.plan());
    }
    let plan = json::digest(&described).map_err(|error| refused(error.to_string()))?;
    let work = Work::open(target)?;
    let checkpoint = if resumable { work.checkpoint(&plan) } else { None };
    let mut taking = Taking {
        source,
        form,
        order,
        options,
        masker,
        state: Checkpoint::new(plan),
        digest: Sha256::new(),
        held: Vec::new(),
        size: 0,
        findings: Vec::new(),
        bad: 0,
        parser: LineReader::default(),
        transform,
    };
    let texts = match form {
        SourceForm::Recording | SourceForm::Ndjson => Texts::lines(bytes),
        SourceForm::CloudEvents => Texts::values(bytes),
    };
    let Some(resumed) = taking.read(texts, &work, checkpoint, resumable)? else {
        // What an interrupted run had read is not what the source begins with any more.
        work.clear()
            .map_err(|error| RecordingError::io(target, "clear the work folder", error))?;
        return match taking.transform {
            Some(transform) => record_with(source, target, options, transform),
            None => record(source, target, options),
        };
    };
    taking.end_transform();
    let mut read_on = taking.finish(&work, target, manifest, default_version)?;
    read_on.resumed = resumed;
    work.remove();
    Ok(read_on)
}

/// What the start of a source looks like.
fn looks_like(start: &[u8]) -> Option<SourceForm> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start();
    if text.starts_with('[') {
        return Some(SourceForm::CloudEvents);
    }
    let line = text.lines().next().unwrap_or_default();
    if super::parse_line(line.as_bytes()).is_ok() || text.is_empty() {
        return Some(SourceForm::Recording);
    }
    let object: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(line).ok();
    match object {
        Some(object) if object.contains_key("specversion") => Some(SourceForm::CloudEvents),
        Some(object) if object.contains_key("t") => Some(SourceForm::Recording),
        Some(_) => None,
        // Written on several lines, or cut by the limit.
        None => text
            .contains("\"specversion\"")
            .then_some(SourceForm::CloudEvents),
    }
}

struct Taking<'o, 't> {
    source: &'o Path,
    form: SourceForm,
    order: Order,
    options: &'o RecordOptions,
    masker: Option<Masker<'o>>,
    state: Checkpoint,
    digest: Sha256,
    held: Vec<Spooled>,
    size: usize,
    findings: Vec<Finding>,
    bad: usize,
    parser: LineReader,
    transform: Option<&'t mut dyn Transform>,
}

impl Taking<'_, '_> {
    /// Reads the whole source. Answers with how much of it an interrupted run had read already; nothing where that
    /// run had read something else.
    fn read(
        &mut self,
        mut texts: Texts,
        work: &Work,
        checkpoint: Option<Checkpoint>,
        resumable: bool,
    ) -> Result<Option<u64>, RecordingError> {
        let failed = |error| RecordingError::io(self.source, "read the source", error);
        let spool = |error| RecordingError::io(&work.folder, "write to the work folder", error);
        let mut resumed = 0;
        if let Some(checkpoint) = checkpoint {
            for _ in 0..checkpoint.read {
                match texts.next_text().map_err(failed)? {
                    Some(Text::Event(_, text)) => update(&mut self.digest, &text),
                    Some(Text::Bad(..)) | None => return Ok(None),
                }
            }
            if json::hex(&self.digest.clone().finalize()) != checkpoint.digest {
                return Ok(None);
            }
            if let Some(transform) = &mut self.transform
                && !transform.resume(&checkpoint.transform)
            {
                return Ok(None);
            }
            resumed = checkpoint.read;
            if let Some(masker) = &mut self.masker {
                masker.replaced.clone_from(&checkpoint.replaced);
            }
            self.state = checkpoint;
        } else if work
            .folder
            .read_dir()
            .is_ok_and(|mut files| files.next().is_some())
        {
            work.clear().map_err(spool)?;
        }
        while let Some(text) = texts.next_text().map_err(failed)? {
            match text {
                Text::Bad(line, what) => self.refuse(line, LineError::not_an_event("", what)),
                Text::Event(line, text) => {
                    update(&mut self.digest, &text);
                    if let Err(error) = self.text(line, &text) {
                        self.refuse(line, error);
                    }
                }
            }
            self.state.read += 1;
            if self.size >= self.options.memory.max(1) {
                self.spill(work, resumable).map_err(spool)?;
            }
        }
        Ok(Some(resumed))
    }

    fn refuse(&mut self, line: u64, error: LineError) {
        let place = Place::file(self.source.display().to_string()).at_line(line);
        self.tell(error.into_finding(place));
    }

    /// Notes something that is wrong; with something at level deny nothing is recorded.
    fn tell(&mut self, finding: Finding) {
        self.bad += usize::from(finding.fails());
        if self.findings.len() < SHOWN {
            self.findings.push(finding);
        }
    }

    fn end_transform(&mut self) {
        if let Some(transform) = &mut self.transform {
            for finding in transform.end() {
                self.tell(finding);
            }
        }
    }

    fn text(&mut self, line: u64, text: &[u8]) -> Result<(), LineError> {
        let (pointers, counter) = (&self.options.pointers, &mut self.state.counter);
        let utf8 =
            || std::str::from_utf8(text).map_err(|_| LineError::not_an_event("", "the text is not UTF-8"));
        let event = match self.form {
            SourceForm::Recording => match self.parser.read(text)? {
                Line::Event(event) => event,
                Line::Decision(decision) => {
                    // A command's values have no rule that could mask them.
                    if self.masker.is_none() && self.options.selection.is_everything() {
                        let mut text = String::new();
                        write_decision(&decision, &mut text);
                        let key = match self.order {
                            Order::Stream => Key {
                                stream: decision.stream,
                                position: decision.revision.unwrap_or(0),
                                rank: if decision.revision.is_some() { 2 } else { 0 },
                                number: self.state.read,
                                index: 0,
                            },
                            Order::Global => Key {
                                stream: String::new(),
                                position: self.state.last_global,
                                rank: 2,
                                number: self.state.read,
                                index: 0,
                            },
                        };
                        self.hold(Spooled { key, line, text });
                    }
                    return Ok(());
                }
            },
            SourceForm::Ndjson => pointers.read(utf8()?, counter)?,
            SourceForm::CloudEvents => source::read_cloudevent(utf8()?, pointers, counter)?,
        };
        self.state.last_global = event.global.unwrap_or(self.state.last_global);
        let takes = self.options.selection.takes(&event);
        if takes.map_err(|what| LineError::not_an_event("", what))? {
            self.event(line, event)?;
        }
        Ok(())
    }

    fn event(&mut self, line: u64, event: RecordedEvent) -> Result<(), LineError> {
        let Some(transform) = &mut self.transform else {
            return self.place(line, event, 0);
        };
        match transform.take(line, event) {
            Ok(events) => {
                for (event, index) in events.into_iter().zip(0..) {
                    self.place(line, event, index)?;
                }
            }
            Err(finding) => self.tell(*finding),
        }
        Ok(())
    }

    /// Puts an event where it belongs.
    fn place(&mut self, line: u64, mut event: RecordedEvent, index: u64) -> Result<(), LineError> {
        if let Some(masker) = &mut self.masker {
            masker.mask(&mut event);
        }
        let need = |what: &str| LineError::not_an_event("", what);
        let (stream, position) = match self.order {
            Order::Global => (
                String::new(),
                event.global.ok_or_else(|| {
                    need("the event has no global position, which order `global` needs; take it in order `stream`, or count positions in the order of the source (`--global count`)")
                })?,
            ),
            Order::Stream => match (&event.stream, event.revision) {
                (Some(stream), Some(revision)) => (stream.clone(), revision),
                _ => return Err(need("the event has no stream with a revision, which order `stream` needs; take it in order `global`")),
            },
        };
        let mut text = String::new();
        write_line(&event, &mut text);
        let key = Key {
            stream,
            position,
            rank: 1,
            number: self.state.read,
            index,
        };
        self.hold(Spooled { key, line, text });
        Ok(())
    }

    fn hold(&mut self, spooled: Spooled) {
        // With something wrong nothing is recorded, and there is nothing to hold.
        if self.bad == 0 {
            self.size += spooled.size();
            self.held.push(spooled);
        }
    }

    /// Puts what is held on disk, as a run, and notes that it is there.
    fn spill(&mut self, work: &Work, resumable: bool) -> io::Result<()> {
        if self.bad > 0 {
            self.held.clear();
            self.size = 0;
            return Ok(());
        }
        self.held.sort_unstable();
        let name = format!("run-{}", self.state.runs.len());
        spool::write_run(&work.folder.join(&name), &self.held)?;
        self.held.clear();
        self.size = 0;
        self.state.runs.push(name);
        if resumable {
            self.state.digest = json::hex(&self.digest.clone().finalize());
            if let Some(masker) = &self.masker {
                self.state.replaced.clone_from(&masker.replaced);
            }
            if let Some(transform) = &self.transform {
                self.state.transform = transform.state();
            }
            work.save(&self.state)?;
        }
        Ok(())
    }

    fn finish(
        mut self,
        work: &Work,
        target: &Path,
        from: Option<&Manifest>,
        default_version: Version,
    ) -> Result<Recorded, RecordingError> {
        let read = self.state.read;
        if self.bad > 0 {
            return Ok(self.nothing(read));
        }
        let mut options = WriterOptions::new(self.order)
            .source(self.described(from))
            .default_version(default_version)
            .frame_size(self.options.frame_size);
        options.taken_at.clone_from(&self.options.taken_at);
        options.selection = self.options.selection.described(|name| {
            self.masker
                .as_ref()
                .map_or_else(|| name.to_owned(), |masker| masker.stream(name))
        });
        options.selection = options
            .selection
            .or_else(|| from.and_then(|manifest| manifest.selection.clone()));
        options.masking = self
            .masker
            .as_ref()
            .map(Masker::described)
            .or_else(|| from.and_then(|manifest| manifest.masking.clone()));
        let mut writer = Writer::create_in(target, &work.folder, options)?;
        let runs = self.state.runs.iter().map(|run| work.folder.join(run)).collect();
        let mut held = std::mem::take(&mut self.held);
        held.sort_unstable();
        let mut broken = None;
        let merged = spool::merge(&work.folder, runs, held, &mut |spooled| {
            let pushed = match self.parser.read(spooled.text.as_bytes()) {
                Ok(Line::Event(event)) => writer
                    .push(&event)
                    .map_err(|error| (error, event.stream, event.revision)),
                Ok(Line::Decision(decision)) => {
                    let pushed = writer.push_decision(&decision);
                    pushed.map_err(|error| (error, Some(decision.stream), decision.revision))
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            };
            let Err((error, stream, revision)) = pushed else {
                return Ok(());
            };
            if !error.is_refusal() {
                broken = Some(error);
                return Err(io::ErrorKind::Other.into());
            }
            self.bad += 1;
            if self.findings.len() < SHOWN {
                let mut place = Place::file(self.source.display().to_string()).at_line(spooled.line);
                if let Some(stream) = stream {
                    place = place.in_stream(stream, revision);
                }
                self.findings
                    .push(Finding::new(&rules::ORDER_BROKEN, error.reason(), place));
            }
            Ok(())
        });
        if let Some(error) = broken {
            return Err(error);
        }
        merged
            .map_err(|error| RecordingError::io(&work.folder, "merge what is in the work folder", error))?;
        if self.bad > 0 {
            return Ok(self.nothing(read));
        }
        let mut findings = std::mem::take(&mut self.findings);
        if let (Some((policy, _)), Some(masker)) = (&self.options.masking, &self.masker) {
            for (index, rule) in policy.rules.iter().enumerate() {
                if masker.replaced.get(index) == Some(&0) {
                    let message = format!(
                        "masking rule {} ({:?} in {:?}) replaced nothing",
                        index + 1,
                        rule.pointer,
                        rule.part
                    );
                    let place = Place::file(self.source.display().to_string());
                    findings.push(Finding::new(&rules::MASK_UNUSED, message, place));
                }
            }
        }
        let manifest = writer.finish()?;
        Ok(Recorded {
            findings,
            manifest: Some(manifest),
            read,
            resumed: 0,
        })
    }

    /// Nothing is recorded.
    fn nothing(mut self, read: u64) -> Recorded {
        if self.bad > self.findings.len() {
            let message = format!(
                "{} more events like this are not shown",
                self.bad - self.findings.len()
            );
            let place = Place::file(self.source.display().to_string());
            self.findings
                .push(Finding::new(&rules::NOT_AN_EVENT, message, place));
        }
        finding::sort(&mut self.findings);
        Recorded {
            findings: self.findings,
            manifest: None,
            read,
            resumed: 0,
        }
    }

    /// Where the events come from, and in what the recording is less.
    fn described(&self, from: Option<&Manifest>) -> Source {
        let mut source = match self.form {
            SourceForm::Recording => from.map(|manifest| manifest.source.clone()).unwrap_or_default(),
            SourceForm::Ndjson => Source::new("ndjson"),
            SourceForm::CloudEvents => Source::new("cloudevents"),
        };
        let mut note = |word: &str, holds: bool| {
            if holds && !source.fidelity.iter().any(|known| known == word) {
                source.fidelity.push(word.to_owned());
            }
        };
        let pointers = &self.options.pointers;
        note("revisions-counted", pointers.revision == Some(Number::Counted));
        note("positions-counted", pointers.global == Some(Number::Counted));
        note("upcast", self.transform.is_some());
        note(
            "decisions-left-out",
            from.is_some_and(|manifest| manifest.decisions > 0)
                && (self.masker.is_some() || !self.options.selection.is_everything()),
        );
        source
    }
}

fn update(digest: &mut Sha256, text: &[u8]) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}
