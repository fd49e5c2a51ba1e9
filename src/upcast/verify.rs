//! Upcasters tried on examples and on recorded events, one event at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use crate::finding::{self, Finding, Place};
use crate::json;
use crate::mask;
use crate::model::{EventError, Flag, Version};
use crate::recording::{Lines, Piece};
use crate::rules::{self, Rule};
use crate::schema::{SchemaError, Validation, Validators};

use super::chains::changed_metadata;
use super::context::Seen;
use super::error::{Failure, Kind, said};
use super::pages::Sampled;
use super::trial::{Source, Trial, Way, agrees, bytes, describe, same};
use super::upcaster::Stored;
use super::verified::{Tally, Witness, place_of, said_of, untried, unused};
use super::{Chains, Envelope, StreamContext, Upcast, UpcastError, Verified, VerifiedStep};

/// Reads an event at a version that the code reads, as the code does; the code's own word on whether it can.
pub type Decoder<'a> = &'a dyn Fn(&Upcast) -> Result<(), EventError>;

/// Tries upcasters on events that are given to it one at a time, and keeps nothing of them but, for every upcaster
/// and rule, the smallest event that shows what is wrong.
///
/// An event that is valid at the version it is stored under is taken through its whole chain. Every step has to
/// succeed, twice with the same result, and everything it makes has to be valid at the version it claims and, where
/// the chain ends, readable for the code. An event that is not valid itself says nothing about an upcaster and is
/// passed over.
///
/// What the upcasters' graph alone can tell is not told here but by [`Chains::check`].
pub struct Verifier<'a> {
    pub(super) chains: &'a Chains,
    pub(super) validators: &'a Validators,
    decoder: Option<Decoder<'a>>,
    show: bool,
    pub(super) tallies: Vec<Tally>,
    /// Examples that are no examples.
    examples: Vec<Finding>,
    /// What was found without an event, or with several.
    pub(super) findings: Vec<Finding>,
    /// Whether events of a store were looked at, so that an upcaster that none of them takes can be told.
    stored: bool,
    events: u64,
    passed_over: u64,
    /// What is known of the streams of a store, where an upcaster has to know it.
    contexts: BTreeMap<String, StreamContext>,
    /// For upcasters that are parts of merges, what waits before them in what is made up.
    pub(super) before: BTreeMap<usize, Value>,
    /// Streams that are read once more, in pages.
    pub(super) sampled: Sampled,
}

impl<'a> Verifier<'a> {
    /// Tries the upcasters of `chains`; `decoder` is the code that reads events at the versions it reads.
    pub fn new(chains: &'a Chains, validators: &'a Validators, decoder: Option<Decoder<'a>>) -> Self {
        Self {
            chains,
            validators,
            decoder,
            show: false,
            tallies: chains.upcasters().iter().map(|_| Tally::default()).collect(),
            examples: Vec::new(),
            findings: Vec::new(),
            stored: false,
            events: 0,
            passed_over: 0,
            contexts: BTreeMap::new(),
            before: super::obligations::before(chains, validators),
            sampled: Sampled::default(),
        }
    }

    /// The same, with the values of recorded events shown in findings.
    #[must_use]
    pub fn show_values(mut self, show: bool) -> Self {
        self.show = show;
        self
    }

    /// The code that reads events, where there is code.
    pub(super) fn decoder(&self) -> Option<Decoder<'_>> {
        self.decoder
    }

    /// Tries every example that the catalogue has of a version that an upcaster starts from.
    ///
    /// A line that is no example of its version is a finding.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn try_examples(&mut self) -> Result<(), SchemaError> {
        let catalogue = self.validators.catalogue().clone();
        let mut before = None;
        for upcaster in self.chains.upcasters() {
            let node = (upcaster.event_type(), upcaster.from());
            if before.replace(node) == Some(node) {
                continue;
            }
            if let Some(path) = catalogue.examples(node.0, node.1) {
                self.try_file(node, path)?;
            }
        }
        Ok(())
    }

    fn try_file(&mut self, node: (&str, &Version), path: &Path) -> Result<(), SchemaError> {
        let io = |error| SchemaError::io("read the examples", path, &error);
        let file = path.display().to_string();
        let mut lines = Lines::new(File::open(path).map_err(io)?);
        while let Some(piece) = lines.next_piece().map_err(io)? {
            let place = |line| Place::kind(node.0, node.1).in_file(file.as_str()).at_line(line);
            let block = match piece {
                Piece::Block(block) => block,
                Piece::TooLong { line, length } => {
                    self.examples.push(Finding::new(
                        &rules::NOT_JSON,
                        format!("the example of {} {} has {length} bytes", node.0, node.1),
                        place(line),
                    ));
                    continue;
                }
            };
            for (line, text) in block.lines() {
                match json::parse(text) {
                    Ok(parsed) => self.try_example(node, &parsed.value, place(line)),
                    Err(error) => self.examples.push(Finding::new(
                        &rules::NOT_JSON,
                        format!("the example of {} {} is not JSON: {error}", node.0, node.1),
                        place(line).at_pointer(error.pointer()),
                    )),
                }
            }
        }
        Ok(())
    }

    fn try_example(&mut self, node: (&str, &Version), data: &Value, place: Place) {
        if let Validation::Invalid(violations) = self.validators.validate(node.0, node.1, data) {
            let (message, pointer) = describe(&violations);
            let mut place = place;
            place.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
            self.examples.push(Finding::new(
                &rules::INVALID_EVENT,
                format!("the example is not a valid {} {}: {message}", node.0, node.1),
                place,
            ));
            self.passed_over += 1;
            return;
        }
        let trial = Trial::example(node.0, node.1, data, place);
        let trial = self.placed(node, trial);
        self.try_event(&trial);
    }

    /// Tries the upcasters from the event's version, and those that its chain goes on with.
    ///
    /// Where an upcaster has to know the stream before an event ([`Chains::needs_context`]), every event of a recorded
    /// stream has to be handed over, in order, also those that are current.
    pub fn try_event(&mut self, trial: &Trial<'_>) {
        let Some(recorded) = trial.event.filter(|_| self.chains.needs_context()) else {
            let context = trial.context.clone().unwrap_or_default();
            self.sampled.add(self.chains, trial);
            return self.try_after(trial, &context);
        };
        let stream = recorded.stream.clone().unwrap_or_default();
        let mut context = self.contexts.remove(&stream).unwrap_or_default();
        self.sampled.add(self.chains, trial);
        self.try_after(trial, &context);
        // What a context is told wrong is told of the upcaster, where it takes an event.
        let seen = Seen::new(trial.event_type, trial.version, trial.data, &trial.envelope);
        let _ = self.chains.note(&mut context, &seen);
        context.last = recorded.revision.or(context.last);
        self.contexts.insert(stream, context);
    }

    fn try_after(&mut self, trial: &Trial<'_>, context: &StreamContext) {
        let Some(node) = self.chains.node(trial.event_type, trial.version) else {
            return;
        };
        if node.steps.is_empty() {
            return;
        }
        let valid = self
            .validators
            .validate(trial.event_type, trial.version, trial.data)
            == Validation::Valid;
        if !valid || trial.envelope.flags.contains(&Flag::Redacted) {
            self.passed_over += 1;
            return;
        }
        self.events += 1;
        self.stored |= trial.source == Source::Recorded;
        let bounds = self.chains.bounds();
        let mut way = Way {
            trial,
            context,
            steps: bounds.steps,
            outputs: bounds.outputs,
        };
        let event = Upcast::new(trial.event_type, trial.version.clone(), trial.data.clone());
        // Also a step that no chain takes is one that the code has.
        for &step in node.steps.iter().skip(usize::from(!node.current)) {
            let made = self.take(step, &event, &way);
            if let (Some(made), Some(&first), false) = (made, node.steps.first(), node.current) {
                self.compare_ways(first, step, made, &way);
            }
        }
        if !node.current {
            self.follow(&event, &mut way, &mut Vec::new());
        }
    }

    /// Takes the steps that the event's chain takes, as far as they hold.
    fn follow(&mut self, event: &Upcast, way: &mut Way<'_>, passed: &mut Vec<usize>) {
        let Some(&step) = self
            .chains
            .node(&event.event_type, &event.version)
            .and_then(|node| node.steps.first())
        else {
            // A dead end, told by the check of the graph.
            return;
        };
        if passed.contains(&step) {
            return;
        }
        if way.steps == 0 {
            let beyond = format!("one event takes more than {} steps", self.chains.bounds().steps);
            return self.note(step, &event.data, way, Failure::new(Kind::Limit, beyond));
        }
        way.steps -= 1;
        let Some(made) = self.take(step, event, way) else {
            return;
        };
        passed.push(step);
        for output in &made {
            if !self.chains.is_current(&output.event_type, &output.version) {
                self.follow(output, way, passed);
                continue;
            }
            let Some(outputs) = way.outputs.checked_sub(1) else {
                let beyond = format!(
                    "more than {} events are made of one",
                    self.chains.bounds().outputs
                );
                self.note(step, &event.data, way, Failure::new(Kind::Limit, beyond));
                break;
            };
            way.outputs = outputs;
            self.decode(step, &event.data, output, way);
        }
        passed.pop();
    }

    /// Takes one step twice, and gives back what it made if all of it is valid.
    fn take(&mut self, step: usize, event: &Upcast, way: &Way<'_>) -> Option<Vec<Upcast>> {
        let chains = self.chains;
        let upcaster = &chains.upcasters()[step];
        let (source, data) = (way.trial.source, &event.data);
        if source == Source::Generated && self.tallies[step].exceeds() {
            // Each further event would cost as much again, and say nothing new.
            return None;
        }
        self.tallies[step].tried(source);
        let metadata = changed_metadata(event);
        let envelope = Envelope {
            stream: event.stream.as_deref().or(way.trial.envelope.stream),
            metadata: metadata.as_deref().or(way.trial.envelope.metadata),
            ..way.trial.envelope
        };
        let stored = Stored {
            event_type: way.trial.event_type,
            version: way.trial.version,
            envelope: &envelope,
            context: way.context_of(upcaster),
        };
        let made = upcaster.run(data.clone(), stored);
        let again = match &made {
            // The other run would only cost the same again.
            Err(failure) if !matches!(failure.kind, Kind::Refused | Kind::Panicked | Kind::Undeclared) => {
                true
            }
            _ => agrees(upcaster, data, source, stored, &made),
        };
        if !again {
            let message = format!("upcaster {upcaster} makes one thing of the event, and then another");
            self.tell(step, data, way, &rules::UPCASTER_NOT_DETERMINISTIC, message, "");
        }
        let mut made = match made {
            Ok(made) => made,
            Err(failure) => {
                self.note(step, data, way, failure);
                return None;
            }
        };
        let valid = made.iter().all(|output| self.is_valid(step, data, output, way));
        if valid && source != Source::Recorded && upcaster.follows().is_empty() {
            self.take_again(step, data, &made, stored, way);
        }
        for output in &mut made {
            output.inherit(&event.beside());
        }
        valid.then_some(made)
    }

    /// Where what a step made is a valid event of the version it started from, taking the step again must change
    /// nothing.
    fn take_again(&mut self, step: usize, data: &Value, made: &[Upcast], stored: Stored<'_>, way: &Way<'_>) {
        let upcaster = &self.chains.upcasters()[step];
        let [once] = made else {
            return;
        };
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        let still_old = once.event_type == event_type
            && self.validators.validate(event_type, from, &once.data) == Validation::Valid;
        if !still_old {
            return;
        }
        let twice = upcaster.run(once.data.clone(), stored);
        if !same(&Ok(made.to_vec()), &twice) {
            let message = format!(
                "what upcaster {upcaster} makes is a valid {event_type} {from} too, and of that it makes something else"
            );
            self.tell(step, data, way, &rules::UPCASTER_NOT_IDEMPOTENT, message, "");
        }
    }

    /// Whether the way that starts with `other` comes to the same as the way that starts with `first`.
    fn compare_ways(&mut self, first: usize, other: usize, made: Vec<Upcast>, way: &Way<'_>) {
        let chains = self.chains;
        let trial = way.trial;
        let data = || trial.data.clone();
        let walk = |event_type: &str, version: &Version, data| {
            chains.walk(event_type, version, data, &trial.envelope, Some(way.context))
        };
        let direct = walk(trial.event_type, trial.version, data());
        let mut stepwise = Vec::new();
        for output in made {
            match walk(&output.event_type, &output.version, output.data) {
                Ok(more) => stepwise.extend(more),
                // What is wrong there is told of that step.
                Err(_) => return,
            }
        }
        let Ok(direct) = direct else { return };
        if !same(&Ok(direct), &Ok(stepwise)) {
            let (first, step) = (&chains.upcasters()[first], &chains.upcasters()[other]);
            let message = format!(
                "the way that starts with upcaster {first} and the way that starts with upcaster {step} come to different events"
            );
            self.tell(
                other,
                trial.data,
                way,
                &rules::UPCASTER_PATH_DEPENDENT,
                message,
                "",
            );
        }
    }

    /// Whether what a step made is valid at the version it claims; if not, that is told.
    fn is_valid(&mut self, step: usize, data: &Value, output: &Upcast, way: &Way<'_>) -> bool {
        let upcaster = &self.chains.upcasters()[step];
        let made = format!("{} {}", output.event_type, output.version);
        let (rule, message, pointer) =
            match self
                .validators
                .validate(&output.event_type, &output.version, &output.data)
            {
                Validation::Valid => return true,
                Validation::Invalid(violations) => {
                    let (violation, pointer) = describe(&violations);
                    (
                        &rules::UPCASTER_INVALID_OUTPUT,
                        format!("upcaster {upcaster} makes an invalid {made}: {violation}"),
                        pointer,
                    )
                }
                Validation::UnknownType => (
                    &rules::UNKNOWN_TYPE,
                    format!("upcaster {upcaster} makes {made}, and the catalogue has no such type"),
                    String::new(),
                ),
                Validation::UnknownVersion => (
                    &rules::UNKNOWN_VERSION,
                    format!("upcaster {upcaster} makes {made}, and the catalogue has no such version"),
                    String::new(),
                ),
                Validation::Unusable(_) => {
                    // The catalogue says what is wrong with the schema.
                    self.tallies[step].hindered = true;
                    return false;
                }
            };
        self.tell(step, data, way, rule, message, &pointer);
        false
    }

    /// Has the code read the end of a chain.
    fn decode(&mut self, step: usize, data: &Value, output: &Upcast, way: &Way<'_>) {
        let Some(decoder) = self.decoder else {
            return;
        };
        let upcaster = &self.chains.upcasters()[step];
        let made = format!("{} {}", output.event_type, output.version);
        // Nothing that the code was changing is looked at after a panic.
        let error = match catch_unwind(AssertUnwindSafe(|| decoder(output))) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => EventError::new(format!(
                "it panics: {}",
                said(&*panic).as_deref().unwrap_or("no message")
            )),
        };
        let words = mask::message(&error.message, &output.data, self.shows(way));
        let mut message = format!("the code cannot read the {made} that upcaster {upcaster} makes: {words}");
        if !error.pointer.is_empty() {
            message.push_str(" at ");
            message.push_str(&error.pointer);
        }
        self.tell(step, data, way, &rules::EVENT_UNREADABLE, message, &error.pointer);
    }

    fn shows(&self, way: &Way<'_>) -> bool {
        self.show || way.trial.source != Source::Recorded
    }

    /// Notes that a step failed on `data`.
    fn note(&mut self, step: usize, data: &Value, way: &Way<'_>, failure: Failure) {
        #[cfg(feature = "jq")]
        if failure.kind == Kind::Program {
            // Told once, by the check of the graph.
            self.tallies[step].hindered = true;
            return;
        }
        let upcaster = &self.chains.upcasters()[step];
        let show = self.shows(way);
        let error = UpcastError::new(
            failure,
            (upcaster.event_type(), upcaster.from()),
            &way.trial.envelope,
        );
        let error = error
            .in_step(upcaster.to_string())
            .with_words(|words| mask::message(words, data, show));
        let (rule, message) = (error.rule(), error.to_string());
        self.tell(step, data, way, rule, message, error.pointer());
    }

    /// Counts one event that shows what `rule` says, and keeps it if it is the smallest.
    fn tell(
        &mut self,
        step: usize,
        data: &Value,
        way: &Way<'_>,
        rule: &'static Rule,
        message: String,
        pointer: &str,
    ) {
        let upcaster = &self.chains.upcasters()[step];
        let text = bytes(data);
        let mut place = match way.trial.source {
            Source::Generated => place_of(upcaster),
            Source::Example | Source::Recorded => way.trial.place.clone(),
        };
        place.event_type = Some(upcaster.event_type().to_owned());
        place.version = Some(upcaster.from().to_string());
        place.pointer = Some(pointer.to_owned()).filter(|pointer| !pointer.is_empty());
        let witness = Witness {
            length: text.len(),
            text,
            place,
            message,
            source: way.trial.source,
        };
        self.tallies[step].count(rule.id, witness, 1);
    }

    /// Adds what another verifier of the same chains found.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.passed_over += other.passed_over;
        self.examples.extend(other.examples);
        self.findings.extend(other.findings);
        self.stored |= other.stored;
        for (tally, other) in self.tallies.iter_mut().zip(other.tallies) {
            for (tried, other) in tally.tried.iter_mut().zip(other.tried) {
                *tried += other;
            }
            tally.hindered |= other.hindered;
            tally.proof = tally.proof.take().or(other.proof);
            tally.mutants = tally.mutants.or(other.mutants);
            tally.loses |= other.loses;
            for (rule, counter) in other.counters {
                tally.count(rule, counter.smallest, counter.count);
            }
        }
    }

    /// What was found, the same whatever the order in which the events came.
    pub fn finish(self) -> Verified {
        let mut findings = self.examples;
        findings.extend(self.findings);
        for (stream, context) in &self.contexts {
            let envelope = Envelope {
                stream: Some(stream),
                revision: context.last,
                ..Envelope::default()
            };
            let overdue = self.chains.overdue(context, &envelope);
            findings.extend(overdue.iter().map(UpcastError::finding));
        }
        let mut steps = Vec::new();
        for (upcaster, tally) in self.chains.upcasters().iter().zip(self.tallies) {
            let tried = tally.all();
            let broken = tally.is_broken();
            if tried == 0 && upcaster.prepare().is_ok() {
                findings.push(untried(upcaster));
            } else if self.stored && tally.tried[Source::Recorded as usize] == 0 && !broken {
                findings.push(unused(upcaster));
            }
            let proof = tally.proof.as_ref();
            findings.extend(
                proof
                    .into_iter()
                    .flat_map(|proof| said_of(upcaster, proof, broken)),
            );
            steps.push(VerifiedStep {
                event_type: upcaster.event_type().to_owned(),
                from: upcaster.from().clone(),
                targets: upcaster.targets().to_vec(),
                origin: upcaster.origin().to_owned(),
                tried,
                examples: tally.tried[Source::Example as usize],
                generated: tally.tried[Source::Generated as usize],
                recorded: tally.tried[Source::Recorded as usize],
                proved: proof.is_some_and(|proof| proof.open.is_empty()) && !broken,
                verified: tried > 0 && !broken && !tally.hindered,
                mutants: tally.mutants,
            });
            for (rule, counter) in tally.counters {
                findings.extend(counter.finding(rule, self.show));
            }
        }
        finding::sort(&mut findings);
        Verified {
            findings,
            steps,
            events: self.events,
            passed_over: self.passed_over,
        }
    }
}
