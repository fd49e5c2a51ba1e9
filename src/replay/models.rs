//! Read models while a recording is replayed.

use std::collections::{BTreeMap, HashSet};

use super::collect::{Collector, pointing};
use super::compare::{Comparator, Rows};
use super::mask::{self, counted};
use super::pipeline::{Current, Pipeline, caught, payload_value};
use super::{FoldError, ModelFold, Progress, ProjectorFold};
use crate::finding::{Finding, Place};
use crate::model::{EventKind, Flag, Position, RecordedEvent};
use crate::replay::baseline::ModelEntry;
use crate::rules;

/// Every projector with what it has made so far.
pub(super) struct Models<'r> {
    all: Vec<Model<'r>>,
    show: bool,
    /// Why nothing is projected, once that is known.
    off: Option<String>,
}

struct Model<'r> {
    projector: &'r dyn ProjectorFold,
    kinds: BTreeMap<&'static str, &'r EventKind>,
    fold: Box<dyn ModelFold>,
    /// Streams whose events are kept from it, since one of them made it panic.
    poisoned: HashSet<String>,
    /// Events that it should have seen and did not, or did not take.
    missed: u64,
    /// Whether an event was kept from it for reasons that are not its own. What it refuses from then on may follow
    /// from that, and is counted, not told.
    kept_from: bool,
}

impl<'r> Models<'r> {
    pub(super) fn new(
        projectors: &'r [Box<dyn ProjectorFold>],
        show: bool,
        collector: &mut Collector,
    ) -> Self {
        let mut models = Vec::with_capacity(projectors.len());
        for projector in projectors {
            match caught(|| projector.start()) {
                Ok(fold) => models.push(Model {
                    projector: projector.as_ref(),
                    kinds: projector
                        .kinds()
                        .iter()
                        .map(|kind| (kind.event_type, kind))
                        .collect(),
                    fold,
                    poisoned: HashSet::new(),
                    missed: 0,
                    kept_from: false,
                }),
                Err(panic) => collector.push(Finding::new(
                    &rules::APPLY_PANICKED,
                    format!(
                        "the empty read model `{}` panics: {}",
                        projector.name(),
                        mask::message(&panic, &serde_json::Value::Null, show)
                    ),
                    Place::file(collector.file()),
                )),
            }
        }
        Self {
            all: models,
            show,
            off: None,
        }
    }

    /// Projects nothing from here on, and says why in the end.
    pub(super) fn turn_off(&mut self, why: impl Into<String>) {
        if self.off.is_none() {
            self.off = Some(why.into());
        }
    }

    /// Whether anything is projected.
    pub(super) fn is_on(&self) -> bool {
        self.off.is_none() && !self.all.is_empty()
    }

    /// An event that no projector could be shown.
    pub(super) fn miss(&mut self) {
        for model in &mut self.all {
            model.missed += 1;
            model.kept_from = true;
        }
    }

    /// Shows one stored event, as upcasting made it, to every projector that follows its types.
    pub(super) fn project(
        &mut self,
        stored: &RecordedEvent,
        events: &[Current<'_>],
        place: &Place,
        collector: &mut Collector,
    ) {
        if !self.is_on() {
            return;
        }
        let stream = stored.stream.as_deref().unwrap_or_default();
        for model in &mut self.all {
            for (index, event) in events.iter().enumerate() {
                let Some(kind) = model.kinds.get(event.event_type.as_ref()) else {
                    continue;
                };
                if model.poisoned.contains(stream) {
                    model.missed += 1;
                    continue;
                }
                let name = model.projector.name();
                let at = Position {
                    stream: event.stream.as_deref().unwrap_or(stream),
                    // A stream that an event is moved to has a revision for its own events only.
                    revision: stored.revision.filter(|_| event.stream.is_none()),
                    global: stored.global,
                    // What was upcast before has its index already.
                    index: index + usize::try_from(stored.index()).unwrap_or(usize::MAX - events.len()),
                    recorded_at: stored.recorded_at.as_deref(),
                };
                let words = |text: &str| mask::message(text, &payload_value(stored), self.show);
                let outcome = match Pipeline::mismatch(kind, event) {
                    Some(message) => Err(Finding::new(&rules::EVENT_UNREADABLE, message, place.clone())),
                    None => match caught(|| model.fold.project(&event.event_type, &event.data, at)) {
                        Ok(Ok(())) => Ok(()),
                        Ok(Err(FoldError::Unreadable(_))) if stored.is(Flag::Redacted) => {
                            model.missed += 1;
                            continue;
                        }
                        Ok(Err(FoldError::Unreadable(error))) => Err(Finding::new(
                            &rules::EVENT_UNREADABLE,
                            format!(
                                "projector `{name}` cannot read {} {}: {}",
                                event.event_type,
                                event.version,
                                words(&error.message)
                            ),
                            pointing(place.clone(), error.pointer),
                        )),
                        Ok(Err(FoldError::Refused(_))) if model.kept_from => {
                            model.missed += 1;
                            continue;
                        }
                        Ok(Err(error)) => Err(Finding::new(
                            &rules::PROJECTOR_FAILED,
                            format!(
                                "projector `{name}` refuses {} {}: {}",
                                event.event_type,
                                event.version,
                                words(&error.to_string())
                            ),
                            place.clone(),
                        )),
                        Err(panic) => {
                            model.poisoned.insert(stream.to_owned());
                            Err(Finding::new(
                                &rules::APPLY_PANICKED,
                                format!(
                                    "projector `{name}` panics on {} {}: {}",
                                    event.event_type,
                                    event.version,
                                    words(&panic)
                                ),
                                place.clone(),
                            ))
                        }
                    },
                };
                if let Err(finding) = outcome {
                    model.missed += 1;
                    collector.push(finding);
                }
            }
        }
    }

    /// Takes the rows, compares them, and gives what a baseline says of them.
    pub(super) fn finish(
        self,
        collector: &mut Collector,
        mut comparator: Option<&mut Comparator>,
        collect: bool,
        progress: &mut dyn Progress,
    ) -> BTreeMap<String, ModelEntry> {
        let mut entries = BTreeMap::new();
        for model in self.all {
            let name = model.projector.name();
            let place = Place::file(collector.file());
            let not_checked = match &self.off {
                Some(why) => Some(why.clone()),
                None if model.missed > 0 => Some(format!(
                    "it could not be shown, or did not take, {}",
                    counted(model.missed, "event")
                )),
                None => None,
            };
            if let Some(why) = not_checked {
                collector.push(Finding::new(
                    &rules::NOT_CHECKED,
                    format!("the rows of read model `{name}` are not checked: {why}"),
                    place,
                ));
                if let Some(comparator) = comparator.as_deref_mut() {
                    comparator.excuse_model(name);
                }
                continue;
            }
            progress.rows(name);
            let refused = match caught(|| model.fold.rows()) {
                Ok(Ok(rows)) => {
                    let rows = Rows::new(rows);
                    if let Some(comparator) = comparator.as_deref_mut() {
                        comparator.model(name, &rows);
                    }
                    if collect {
                        entries.insert(name.to_owned(), rows.entry());
                    }
                    continue;
                }
                Ok(Err(error)) => Finding::new(
                    &rules::STATE_UNSERIALIZABLE,
                    format!(
                        "a row of read model `{name}` has no JSON form: {}",
                        mask::message(&error.to_string(), &serde_json::Value::Null, self.show)
                    ),
                    match error {
                        FoldError::Unserializable { pointer, .. } => pointing(place, pointer),
                        FoldError::Unreadable(_) | FoldError::Refused(_) => place,
                    },
                ),
                Err(panic) => Finding::new(
                    &rules::STATE_UNSERIALIZABLE,
                    format!(
                        "taking the rows of read model `{name}` panics: {}",
                        mask::message(&panic, &serde_json::Value::Null, self.show)
                    ),
                    place,
                ),
            };
            collector.push(refused);
            if let Some(comparator) = comparator.as_deref_mut() {
                comparator.excuse_model(name);
            }
        }
        entries
    }
}
