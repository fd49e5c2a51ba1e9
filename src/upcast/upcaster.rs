//! One upcaster: a step from one (type, version) to the targets it declares.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Version, read_json, write_json};
#[cfg(feature = "harness")]
use crate::schema::{Reads, Word};

use super::context::{Parts, Seen};
#[cfg(feature = "compat")]
use super::declared::Declared;
use super::error::{Failure, Kind, said};
#[cfg(feature = "jq")]
use super::jq::Fence;
use super::{Envelope, Upcast};

/// What is known of a stored event when a step is taken.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    /// The type it is stored under.
    pub(super) event_type: &'a str,
    /// The version it is stored under.
    pub(super) version: &'a Version,
    pub(super) envelope: &'a Envelope<'a>,
    /// What the step knows of the stream before the event.
    pub(super) context: Option<&'a Value>,
}

/// What an upcaster does.
pub(super) trait Step: Send + Sync {
    /// Whether the step can be taken at all; asked before any event is there.
    fn prepare(&self) -> Result<(), (Failure, Option<u64>)> {
        Ok(())
    }

    /// The stored types of which its context is told; none where it needs no context.
    fn follows(&self) -> &[String] {
        &[]
    }

    /// Its context after one more event of the stream.
    fn note(&self, context: Value, _: &Seen<'_>) -> Result<Value, Failure> {
        Ok(context)
    }

    fn run(&self, data: Value, stored: Stored<'_>) -> Result<Vec<Upcast>, Failure>;
}

/// A step from one (type, version) to the (type, version)s that it declares.
///
/// It sees one event and makes none, one or several of it. What it makes must be among the targets it declares.
/// What its closure, or the types' own `Deserialize` and `Serialize`, panic with becomes an error; the process's panic
/// hook is not touched, so that by default the panic is also printed on standard error.
/// It is a cheap handle: a clone is the same upcaster.
///
/// The types may be left to the closure's argument and result:
///
/// ```
/// use pastproof::upcast::Upcaster;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct PriceSetV1 { cents: u64 }
/// #[derive(Serialize)]
/// struct PriceSet { amount: u64, currency: String }
///
/// let upcaster = Upcaster::typed("PriceSet", 1, 2, |old: PriceSetV1| {
///     if old.cents == 0 {
///         return Err("a price of nothing was never set");
///     }
///     Ok(PriceSet { amount: old.cents, currency: "EUR".to_owned() })
/// });
/// assert_eq!(upcaster.to_string(), "PriceSet 1 to 2 (typed)");
/// ```
#[derive(Clone)]
pub struct Upcaster {
    event_type: String,
    from: Version,
    targets: Vec<(String, Version)>,
    origin: String,
    file: bool,
    location: Option<&'static Location<'static>>,
    moves: bool,
    /// The merge that it is a part of, and which one.
    part: Option<(Arc<Parts>, usize)>,
    #[cfg(feature = "compat")]
    declared: Option<Declared>,
    /// Whether the type that it reads its events into accepts a text.
    #[cfg(feature = "harness")]
    reads: Option<Reads>,
    #[cfg(feature = "jq")]
    fence: Option<Arc<Fence>>,
    step: Arc<dyn Step>,
}

impl Upcaster {
    /// Reads the data into `Old`, hands it to `f`, and writes what comes back as the same type's version `to`.
    #[track_caller]
    pub fn typed<Old, New, E>(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        to: impl Into<Version>,
        f: impl Fn(Old) -> Result<New, E> + Send + Sync + 'static,
    ) -> Self
    where
        Old: DeserializeOwned + 'static,
        New: Serialize + 'static,
        E: fmt::Display + 'static,
    {
        let event_type = event_type.into();
        Self::renamed(event_type.clone(), from, event_type, to, f)
    }

    /// As [`typed`](Self::typed), and the event goes on under another type.
    #[track_caller]
    pub fn renamed<Old, New, E>(
        old_type: impl Into<String>,
        from: impl Into<Version>,
        new_type: impl Into<String>,
        to: impl Into<Version>,
        f: impl Fn(Old) -> Result<New, E> + Send + Sync + 'static,
    ) -> Self
    where
        Old: DeserializeOwned + 'static,
        New: Serialize + 'static,
        E: fmt::Display + 'static,
    {
        let target = (new_type.into(), to.into());
        let made = target.clone();
        Self::built(
            old_type.into(),
            from.into(),
            vec![target],
            "typed",
            Code(move |data: Value| {
                let new = f(read(&data)?).map_err(refused)?;
                let data = write_json(&new).map_err(|error| {
                    Failure::new(Kind::Refused, format!("cannot write what it made: {error}"))
                })?;
                Ok(vec![Upcast::new(made.0.clone(), made.1.clone(), data)])
            }),
        )
        .read_into::<Old>()
    }

    /// Reads the data into `Old` and hands it to `f`, which makes any number of events of the types and versions
    /// in `targets`; [`Upcast::of`] makes one from a payload.
    ///
    /// ```
    /// use pastproof::upcast::{Upcast, Upcaster};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Deserialize)] struct Closed { reason: String, refund: u64 }
    /// # #[derive(Serialize)] struct Cancelled { reason: String }
    /// # #[derive(Serialize)] struct Refunded { cents: u64 }
    /// let upcaster = Upcaster::split("Closed", 1, [("Cancelled", 1), ("Refunded", 1)], |old: Closed| {
    ///     let mut events = vec![Upcast::of("Cancelled", 1, &Cancelled { reason: old.reason })?];
    ///     if old.refund > 0 {
    ///         events.push(Upcast::of("Refunded", 1, &Refunded { cents: old.refund })?);
    ///     }
    ///     Ok::<_, pastproof::model::EventError>(events)
    /// });
    /// assert_eq!(upcaster.to_string(), "Closed 1 to Cancelled 1 and Refunded 1 (typed)");
    /// ```
    #[track_caller]
    pub fn split<Old, E>(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
        f: impl Fn(Old) -> Result<Vec<Upcast>, E> + Send + Sync + 'static,
    ) -> Self
    where
        Old: DeserializeOwned + 'static,
        E: fmt::Display + 'static,
    {
        Self::built(
            event_type.into(),
            from.into(),
            pairs(targets),
            "typed",
            Code(move |data: Value| f(read(&data)?).map_err(refused)),
        )
        .read_into::<Old>()
    }

    /// Hands the data to `f` as it is.
    #[track_caller]
    pub fn json<E>(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
        f: impl Fn(Value) -> Result<Vec<Upcast>, E> + Send + Sync + 'static,
    ) -> Self
    where
        E: fmt::Display + 'static,
    {
        Self::built(
            event_type.into(),
            from.into(),
            pairs(targets),
            "json",
            Code(move |data| f(data).map_err(refused)),
        )
    }

    /// Makes nothing of the event: what it said no longer matters.
    #[track_caller]
    pub fn dropped(event_type: impl Into<String>, from: impl Into<Version>) -> Self {
        Self::built(
            event_type.into(),
            from.into(),
            Vec::new(),
            "typed",
            Code(|_| Ok(Vec::new())),
        )
    }

    /// The same upcaster, which may put what it makes into other streams ([`Upcast::in_stream`]).
    #[must_use]
    pub fn moving(mut self) -> Self {
        self.moves = true;
        self
    }

    /// Whether it may put what it makes into other streams.
    pub fn moves(&self) -> bool {
        self.moves
    }

    /// The same upcaster, as one part of a merge.
    pub(super) fn part_of(mut self, parts: Arc<Parts>, index: usize) -> Self {
        self.part = Some((parts, index));
        self
    }

    /// The merge that it is a part of, and which one.
    pub(super) fn part(&self) -> Option<(&Parts, usize)> {
        self.part.as_ref().map(|(parts, index)| (&**parts, *index))
    }

    /// The stored types of which its context is told; none where it needs no context.
    pub fn follows(&self) -> &[String] {
        self.step.follows()
    }

    /// Its context after one more event of the stream.
    pub(super) fn note(&self, context: Value, event: &Seen<'_>) -> Result<Value, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.step.note(context, event)))
            .unwrap_or_else(|panic| Err(panicked(panic)))
    }

    #[track_caller]
    pub(super) fn built(
        event_type: String,
        from: Version,
        targets: Vec<(String, Version)>,
        origin: &str,
        step: impl Step + 'static,
    ) -> Self {
        Self {
            event_type,
            from,
            targets,
            origin: origin.to_owned(),
            file: false,
            location: Some(Location::caller()),
            moves: false,
            part: None,
            #[cfg(feature = "compat")]
            declared: None,
            #[cfg(feature = "harness")]
            reads: None,
            #[cfg(feature = "jq")]
            fence: None,
            step: Arc::new(step),
        }
    }

    /// An upcaster that stands in a file.
    #[cfg(feature = "compat")]
    pub(super) fn read_from(
        event_type: String,
        from: Version,
        targets: Vec<(String, Version)>,
        file: String,
        step: impl Step + 'static,
    ) -> Self {
        Self {
            event_type,
            from,
            targets,
            origin: file,
            file: true,
            location: None,
            moves: false,
            part: None,
            declared: None,
            #[cfg(feature = "harness")]
            reads: None,
            #[cfg(feature = "jq")]
            fence: None,
            step: Arc::new(step),
        }
    }

    /// The same upcaster, with the type that it reads its events into.
    fn read_into<Old: DeserializeOwned>(self) -> Self {
        #[cfg(feature = "harness")]
        let read = Self {
            reads: Some(|text| read_json::<Old>(text).map(drop)),
            ..self
        };
        #[cfg(not(feature = "harness"))]
        let read = self;
        read
    }

    /// The type that it reads its events into, where it has one.
    #[cfg(feature = "harness")]
    pub(crate) fn word(&self) -> Option<Word> {
        let reads = self.reads?;
        Some(Word::with_reader(
            self.event_type.clone(),
            self.from.clone(),
            reads,
        ))
    }

    /// The same upcaster, a jq program that runs inside `fence`.
    #[cfg(feature = "jq")]
    pub(super) fn within(mut self, fence: Arc<Fence>) -> Self {
        self.fence = Some(fence);
        self
    }

    /// What a jq program runs inside.
    #[cfg(feature = "jq")]
    pub(super) fn fence(&self) -> Option<&Arc<Fence>> {
        self.fence.as_ref()
    }

    /// The version that its file's name leads to.
    #[cfg(feature = "compat")]
    pub(super) fn named_target(&self) -> Option<Version> {
        let name = self.file()?.rsplit(['/', '\\']).next()?;
        let name = name
            .strip_suffix(".upcast.json")
            .or_else(|| name.strip_suffix(".jq"))?;
        let (_, to) = name.rsplit_once("-to-")?;
        Some(
            to.parse()
                .map_or_else(|_| Version::from(to.to_owned()), Version::Number),
        )
    }

    /// The same upcaster, known as what a file declares.
    #[cfg(feature = "compat")]
    pub(super) fn declared_as(mut self, declared: Declared) -> Self {
        self.declared = Some(declared);
        self
    }

    /// What a file declares, if it is declarative.
    #[cfg(feature = "compat")]
    pub(super) fn declared(&self) -> Option<&Declared> {
        self.declared.as_ref()
    }

    /// Data that it made, taken back to the version it starts from; nothing where there is no way back.
    #[cfg(feature = "compat")]
    pub(super) fn back(&self, data: Value) -> Option<Result<Value, Failure>> {
        self.declared.as_ref()?.back(data)
    }

    /// The type it starts from.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The version it starts from.
    pub fn from(&self) -> &Version {
        &self.from
    }

    /// The types and versions it may make; none when it drops the event.
    pub fn targets(&self) -> &[(String, Version)] {
        &self.targets
    }

    /// `typed` or `json` for one that is code, else the file that it was read from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The file that it was read from, if it is not code.
    pub fn file(&self) -> Option<&str> {
        self.file.then_some(self.origin.as_str())
    }

    /// Where the code registers it, if it is code.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.location
    }

    /// The order of upcasters, whatever the order in which they are registered.
    pub(super) fn sort_key(&self) -> impl Ord + '_ {
        let place = self
            .location
            .map(|place| (place.file(), place.line(), place.column()));
        (&self.event_type, &self.from, &self.targets, &self.origin, place)
    }

    /// Where it stands, for a message that has to tell two upcasters apart.
    pub(super) fn whereabouts(&self) -> String {
        match self.location {
            Some(location) => format!("{} at {}:{}", self.origin, location.file(), location.line()),
            None => self.origin.clone(),
        }
    }

    pub(super) fn prepare(&self) -> Result<(), (Failure, Option<u64>)> {
        catch_unwind(AssertUnwindSafe(|| self.step.prepare()))
            .unwrap_or_else(|panic| Err((panicked(panic), None)))
    }

    /// Runs the step and holds it to what it declares. Neither an error nor a panic gets past.
    pub(super) fn run(&self, data: Value, stored: Stored<'_>) -> Result<Vec<Upcast>, Failure> {
        // The step is handed what it may keep or change, and nothing of it is looked at after a panic; state
        // that the step itself shares with others is its own to keep whole.
        let made = catch_unwind(AssertUnwindSafe(|| self.step.run(data, stored)))
            .unwrap_or_else(|panic| Err(panicked(panic)))?;
        for output in &made {
            let declared = self
                .targets
                .iter()
                .any(|(event_type, version)| *event_type == output.event_type && *version == output.version);
            if !declared {
                return Err(Failure::new(
                    Kind::Undeclared,
                    format!(
                        "makes an event {} {}, which is not among its targets",
                        output.event_type, output.version
                    ),
                ));
            }
            if let (Some(stream), false) = (&output.stream, self.moves) {
                return Err(Failure::new(
                    Kind::Undeclared,
                    format!("moves the event to stream {stream}, and does not declare that it moves events"),
                ));
            }
        }
        Ok(made)
    }
}

/// As in `PriceSet 1 to 2 (typed)`.
impl fmt::Display for Upcaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} to ", self.event_type, self.from)?;
        if self.targets.is_empty() {
            f.write_str("nothing")?;
        }
        for (index, (event_type, version)) in self.targets.iter().enumerate() {
            if index > 0 {
                f.write_str(" and ")?;
            }
            if *event_type != self.event_type || self.targets.len() > 1 {
                write!(f, "{event_type} ")?;
            }
            write!(f, "{version}")?;
        }
        write!(f, " ({})", self.origin)
    }
}

impl fmt::Debug for Upcaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upcaster({self})")
    }
}

fn pairs(
    targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
) -> Vec<(String, Version)> {
    targets
        .into_iter()
        .map(|(event_type, version)| (event_type.into(), version.into()))
        .collect()
}

/// A step that is code of the user's.
struct Code<F>(F);

impl<F> Step for Code<F>
where
    F: Fn(Value) -> Result<Vec<Upcast>, Failure> + Send + Sync,
{
    fn run(&self, data: Value, _: Stored<'_>) -> Result<Vec<Upcast>, Failure> {
        (self.0)(data)
    }
}

fn read<Old: DeserializeOwned>(data: &Value) -> Result<Old, Failure> {
    read_json(&data.to_string()).map_err(|error| {
        Failure::new(Kind::Refused, format!("cannot read the event: {}", error.message)).at(error.pointer)
    })
}

fn refused(error: impl fmt::Display) -> Failure {
    Failure::new(Kind::Refused, format!("refuses the event: {error}"))
}

fn panicked(panic: Box<dyn Any + Send>) -> Failure {
    if let Some(said) = said(&*panic) {
        return Failure::new(Kind::Panicked, format!("panics: {said}"));
    }
    // A payload of another type may itself panic when it is dropped.
    std::mem::forget(panic);
    Failure::new(Kind::Panicked, "panics without a message")
}
