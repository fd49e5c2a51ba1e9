//! A folder of scenario files, and those whose scenarios they tell.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Decider, EventError, EventKind};
use crate::scenario::coverage::Role;
use crate::scenario::fixture::Fixture;
use crate::scenario::forms::{self, Forms};
use crate::scenario::invariants::Invariants;
use crate::scenario::subject::Subject;
use crate::scenario::views::to_json;
use crate::scenario::{Failure, Record, collect};
use crate::upcast::Chains;

use super::run::{End, Reader, Surroundings};
use super::variants::{Variants, variants};
use super::walk::{file_of, find};
use super::{FileError, Found, ScenarioFile, Source, Spot, read};

/// Why a scenario file did not pass.
#[derive(Clone)]
pub enum Trouble {
    /// The file cannot be used.
    File(FileError),
    /// The scenario failed.
    Failed(Failure),
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => fmt::Display::fmt(error, f),
            Self::Failed(failure) => fmt::Display::fmt(failure, f),
        }
    }
}

impl Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Trouble {}

/// How the scenario files of one subject are read and run: how its commands and errors stand in JSON, its fixture and
/// its invariants.
pub struct FileReader<S: Subject> {
    reader: Reader<S>,
    commands: Option<Variants>,
    errors: Option<Variants>,
}

impl<S: Subject> FileReader<S> {
    /// Files of a decider, such as an aggregate, whose values are read and written by serde and described by schemars,
    /// so that [`Library::known`] names every command and every error there is.
    pub fn decider() -> Self
    where
        S: Decider
            + Subject<Input = <S as Decider>::Command, Error = <S as Decider>::Error, State = S>
            + Serialize,
        S::Input: Debug + Serialize + DeserializeOwned + JsonSchema,
        <S as Subject>::Error: Debug + Serialize + DeserializeOwned + JsonSchema,
        <S as Subject>::Reply: Debug + Serialize,
        <S as Subject>::Effect: Debug + Serialize,
        <S as Subject>::Sent: Debug + Serialize,
    {
        let mut files = Self::commands(Fixture::new().as_json()).errors();
        files.commands = Some(variants::<S::Input>());
        files.errors = Some(variants::<<S as Subject>::Error>());
        files
    }

    /// Files of a subject that is asked commands.
    pub fn commands(fixture: Fixture<S>) -> Self
    where
        S::Input: DeserializeOwned,
    {
        Self::reading(fixture, true, from_value::<S::Input>)
    }

    /// Files of a subject that follows events: a projector, a reactor, a process manager.
    pub fn follower(mut fixture: Fixture<S>) -> Self
    where
        S: Subject<Input = <S as Subject>::Event>,
        S::Effect: Serialize,
        S::Sent: Serialize,
    {
        fixture.views.effect.json = Some(to_json);
        fixture.views.sent.json = Some(to_json);
        Self::reading(fixture, false, |event| {
            let event_type = event.get("type").and_then(Value::as_str).unwrap_or_default();
            let data = event.get("data").unwrap_or(&Value::Null);
            S::decode(event_type, &data.to_string())
        })
    }

    fn reading(fixture: Fixture<S>, commands: bool, input: super::run::ReadInput<S>) -> Self {
        Self {
            reader: Reader {
                fixture,
                input,
                commands,
                error: None,
                message: None,
                invariants: Invariants::new(),
            },
            commands: None,
            errors: None,
        }
    }

    /// The same, where an expected error that its type does not have is refused as a mistake in the file.
    #[must_use]
    pub fn errors(mut self) -> Self
    where
        S::Error: DeserializeOwned,
    {
        self.reader.error = Some(|value| from_value::<S::Error>(value).map(drop));
        self
    }

    /// The same, whose errors have a text, as `error_text` expects it.
    #[must_use]
    pub fn error_texts(mut self) -> Self
    where
        S::Error: fmt::Display,
    {
        self.reader.message = Some(ToString::to_string);
        self
    }

    /// The same with invariants, as `holds` names them.
    #[must_use]
    pub fn invariants(mut self, invariants: Invariants<S>) -> Self {
        self.reader.invariants = invariants;
        self
    }

    /// The same with another fixture.
    #[must_use]
    pub fn fixture(mut self, fixture: Fixture<S>) -> Self {
        self.reader.fixture = fixture;
        self
    }
}

fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, EventError> {
    crate::model::read_json(&value.to_string()).map_err(|error| EventError {
        pointer: below_the_tag(value, error.pointer),
        // Line and column are those of a text that nobody sees.
        message: error
            .message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    })
}

/// The pointer of a member that was refused: what reads an enum leaves out the name of the variant that holds it.
fn below_the_tag(value: &Value, pointer: String) -> String {
    let only = value.as_object().filter(|members| members.len() == 1);
    let tag = only.and_then(|members| members.keys().next());
    match tag {
        Some(tag) if !pointer.is_empty() && value.pointer(&pointer).is_none() => {
            format!("/{}{pointer}", tag.replace('~', "~0").replace('/', "~1"))
        }
        _ => pointer,
    }
}

/// One subject, whatever its types.
trait Run: Send + Sync {
    fn run(&self, source: &Source, around: &Surroundings<'_>) -> Result<(), Trouble>;
    fn end(&self, source: &Source, around: &Surroundings<'_>) -> Result<End, Trouble>;
    fn known(&self, subject: &str) -> Known;
    /// Lends the forms of its fixture.
    fn lend(&self, forms: &mut Forms);
}

impl<S: Subject> Run for FileReader<S> {
    fn run(&self, source: &Source, around: &Surroundings<'_>) -> Result<(), Trouble> {
        self.reader.run(source, around)?.judge().map_err(Trouble::Failed)
    }

    fn end(&self, source: &Source, around: &Surroundings<'_>) -> Result<End, Trouble> {
        let ran = self.reader.run(source, around)?;
        let end = ran.end();
        ran.judge().map_err(Trouble::Failed)?;
        Ok(end)
    }

    fn lend(&self, forms: &mut Forms) {
        forms.insert(TypeId::of::<S>(), Arc::new(self.reader.fixture.clone()));
    }

    fn known(&self, subject: &str) -> Known {
        Known {
            subject: subject.to_owned(),
            type_name: S::name().to_owned(),
            role: S::ROLE,
            follows: !self.reader.commands,
            commands: self.commands.clone(),
            errors: self.errors.clone(),
            events: S::kinds()
                .iter()
                .map(|kind: &EventKind| kind.event_type.to_owned())
                .collect(),
        }
    }
}

/// What there is of a subject, whether or not a scenario shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Known {
    /// The name under which the suite knows it.
    pub subject: String,
    /// The name of its type.
    pub type_name: String,
    /// What it is.
    #[serde(default)]
    pub role: Role,
    /// Whether it follows events and takes no commands.
    pub follows: bool,
    /// Its commands, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Variants>,
    /// Its errors, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Variants>,
    /// Its event types.
    pub events: Vec<String>,
}

/// A folder of scenario files, and those whose scenarios they tell.
///
/// ```
/// # use pastproof::model::Aggregate;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
/// # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1 } }
/// # #[derive(Default, Serialize)] struct Account { cents: u64 }
/// # #[derive(Debug, Serialize, Deserialize, JsonSchema)] enum Command { Deposit { cents: u64 } }
/// # #[derive(Debug, Serialize, Deserialize, JsonSchema)] enum Refusal { Closed }
/// # impl Aggregate for Account {
/// #     type Command = Command;
/// #     type Event = AccountEvent;
/// #     type Error = Refusal;
/// #     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
/// #         let Command::Deposit { cents } = command; Ok(vec![Deposited { cents: *cents }.into()]) }
/// #     fn apply(&mut self, event: &AccountEvent) { let AccountEvent::Deposited(Deposited { cents }) = event; self.cents += cents; }
/// # }
/// # let folder = std::env::temp_dir();
/// use pastproof::scenario::file::{FileReader, Library, read};
///
/// let library = Library::new(folder).subject("account", FileReader::<Account>::decider());
/// let text = br#"{
///   "format": "1.0",
///   "subject": "account",
///   "given": [],
///   "when": [{"command": {"Deposit": {"cents": 5}}}],
///   "then": {"events": [{"type": "Deposited", "version": 1, "data": {"cents": 6}}]}
/// }"#;
/// let trouble = library.run_source("deposit", &read("deposit.json", text)?).unwrap_err();
/// assert!(trouble.to_string().contains("at deposit.json:6:12"), "{trouble}");
/// assert!(trouble.to_string().contains("/cents: expected 6, got 5"), "{trouble}");
/// # Ok::<(), pastproof::scenario::file::FileError>(())
/// ```
#[derive(Default, Clone)]
pub struct Library {
    folder: PathBuf,
    /// Left out of the names of files in reports.
    root: Option<PathBuf>,
    subjects: BTreeMap<String, Arc<dyn Run>>,
    chains: Option<Arc<Chains>>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("folder", &self.folder)
            .field("subjects", &self.subjects.keys())
            .finish_non_exhaustive()
    }
}

/// How many scenarios may start at each other's end.
const DEEPEST: usize = 64;

impl Library {
    /// The scenario files below `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            ..Self::default()
        }
    }

    /// The same, whose reports name files from `root` on.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// The same with one subject more.
    ///
    /// # Panics
    ///
    /// When there is one of this name.
    #[must_use]
    #[track_caller]
    pub fn subject<S: Subject + 'static>(mut self, name: &str, files: FileReader<S>) -> Self
    where
        FileReader<S>: Send + Sync,
    {
        let before = self.subjects.insert(name.to_owned(), Arc::new(files));
        assert!(before.is_none(), "two subjects are named {name:?}");
        self
    }

    /// The same, which reads events at old versions through these upcasters.
    #[must_use]
    pub fn upcasters(mut self, chains: impl Into<Arc<Chains>>) -> Self {
        self.chains = Some(chains.into());
        self
    }

    /// Every file, by the name of its scenario.
    ///
    /// # Errors
    ///
    /// When a folder that is there cannot be read.
    pub fn find(&self) -> std::io::Result<Vec<Found>> {
        find(&self.folder)
    }

    /// Whether there is a scenario file of this name.
    pub fn has(&self, name: &str) -> bool {
        file_of(&self.folder, name).is_some()
    }

    /// What there is of every subject.
    pub fn known(&self) -> Vec<Known> {
        self.subjects
            .iter()
            .map(|(name, files)| files.known(name))
            .collect()
    }

    /// Carries out scenarios that are told in code, and writes each as a file about the subject that it is told of.
    ///
    /// Their values take the forms as JSON that the readers of this library know, where their own fixtures have none.
    ///
    /// # Errors
    ///
    /// For each scenario, as [`ScenarioFile::of`]; or when no subject here is what it is told of.
    ///
    /// # Panics
    ///
    /// When `scenarios` does.
    pub fn told_in_code(&self, scenarios: impl FnOnce()) -> Vec<Result<ScenarioFile, FileError>> {
        let mut forms = Forms::new();
        for files in self.subjects.values() {
            files.lend(&mut forms);
        }
        let (ended, records) = collect(|| forms::with(forms, scenarios));
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
        let known = self.known();
        let file = |record: &Record| {
            let subject = known.iter().find(|known| known.type_name == record.subject);
            let Some(subject) = subject else {
                let spot = Spot {
                    line: record.line,
                    column: 1,
                };
                let message = format!("no subject here is a {}", record.subject);
                return Err(FileError::new(&record.file, Some(spot), "", message));
            };
            ScenarioFile::of(record, &subject.subject)
        };
        records.iter().map(file).collect()
    }

    /// Reads the scenario file of this name.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be used.
    pub fn read(&self, name: &str) -> Result<Source, FileError> {
        let Some(found) = file_of(&self.folder, name) else {
            let file = self.shown(&self.folder.join(format!("{name}.json")));
            return Err(FileError::new(&file, None, "", "there is no such file"));
        };
        let file = self.shown(&found.path);
        let text =
            std::fs::read(&found.path).map_err(|error| FileError::new(&file, None, "", error.to_string()))?;
        read(&file, &text)
    }

    fn shown(&self, path: &Path) -> String {
        let root = self.root.as_deref().unwrap_or(Path::new(""));
        path.strip_prefix(root).unwrap_or(path).display().to_string()
    }

    /// Runs the scenario file of this name.
    ///
    /// # Errors
    ///
    /// When the file cannot be used, or its scenario failed.
    pub fn run(&self, name: &str) -> Result<(), Trouble> {
        let source = self.read(name)?;
        self.run_source(name, &source)
    }

    /// Runs a scenario that was read.
    ///
    /// # Errors
    ///
    /// When it cannot be used, or failed.
    pub fn run_source(&self, name: &str, source: &Source) -> Result<(), Trouble> {
        let files = self.subject_of(source)?;
        self.around(name, &[name], |around| files.run(source, around))
    }

    fn subject_of(&self, source: &Source) -> Result<&Arc<dyn Run>, FileError> {
        let subject = &source.scenario.subject;
        self.subjects.get(subject).ok_or_else(|| {
            let known: Vec<&str> = self.subjects.keys().map(String::as_str).collect();
            source.error(
                "/subject",
                match known.as_slice() {
                    [] => "no subjects are registered: `Suite::scenario_files` registers one".to_owned(),
                    known => format!("there is no subject `{subject}`; there are {known:?}"),
                },
            )
        })
    }

    fn around<T>(&self, name: &str, stack: &[&str], run: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let end_of = |other: &str| self.end_of(other, stack);
        run(&Surroundings {
            name,
            chains: self.chains.as_ref(),
            end_of: &end_of,
        })
    }

    /// The end of the scenario `name`, on which those of `stack` wait.
    fn end_of(&self, name: &str, stack: &[&str]) -> Result<End, String> {
        if stack.contains(&name) || stack.len() > DEEPEST {
            return Err(format!(
                "scenarios that start at each other's end: {}",
                stack.join(", ")
            ));
        }
        let told = |trouble: Trouble| match trouble {
            Trouble::File(error) => error.to_string(),
            Trouble::Failed(failure) => format!(
                "the scenario `{name}` does not hold, so its end is no history: {}",
                failure.to_string().lines().next().unwrap_or_default()
            ),
        };
        let source = self.read(name).map_err(|error| error.to_string())?;
        let files = self.subject_of(&source).map_err(|error| error.to_string())?;
        let stack: Vec<&str> = stack.iter().copied().chain([name]).collect();
        self.around(name, &stack, |around| files.end(&source, around))
            .map_err(told)
    }
}
