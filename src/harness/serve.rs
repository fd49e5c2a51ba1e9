//! Carrying out a gate's request: tasks in, replies out.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::panic;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::finding::{Finding, Place};
use crate::gate::ground::check_options;
use crate::gate::protocol::{self, At, PROTOCOL, Reply, Request, Task};
use crate::harness::suite::{Ask, Suite, World};
use crate::harness::told;
use crate::harness::upcasting;
use crate::replay::{self, Progress, ReplayRequest};
use crate::rules;
use crate::schema::{self, TypeSchemas, Validation, check_agreement};
use crate::upcast::Upcast;

/// Carries out the request in the file `request` and appends the replies to the file `reply`.
pub(super) fn run(suite: &Suite, request: &Path, reply: &Path) -> ExitCode {
    match serve(suite, request, reply) {
        Ok(()) => ExitCode::SUCCESS,
        // The driver sees that the replies have no end.
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(suite: &Suite, request: &Path, reply: &Path) -> io::Result<()> {
    let mut replies = Replies {
        file: OpenOptions::new().append(true).open(reply)?,
    };
    replies.send(&Reply::Hello {
        protocol: PROTOCOL.to_owned(),
    })?;
    let request: Request = serde_json::from_slice(&std::fs::read(request)?).map_err(io::Error::other)?;
    if !protocol::is_compatible(&request.protocol) {
        return replies.send(&Reply::End);
    }
    // This process belongs to the driver: panics are caught below and told as findings, not printed.
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|location| (location.file().to_owned(), location.line()));
        LAST_PANIC.with(|last| *last.borrow_mut() = place);
    }));
    let mut world: Option<Result<World, String>> = None;
    for (task, what) in request.tasks.iter().enumerate() {
        replies.send(&Reply::Begin { task, name: None })?;
        let outcome = match what {
            Task::ListScenarios => told::list(suite, &mut replies),
            Task::Scenarios { only, records } => match told::library(suite, &mut world, &request) {
                Ok(library) => {
                    let asked = told::Asked {
                        task,
                        only: only.as_deref(),
                        records: *records,
                    };
                    told::run(suite, &library, &asked, &request, &mut replies)
                }
                Err(message) => Err(Stop::Failed(message)),
            },
            Task::Types
            | Task::Compatibility
            | Task::Upcasters { .. }
            | Task::Census { .. }
            | Task::Rewrite { .. }
            | Task::Replay { .. }
            | Task::Inspect { .. }
            | Task::Minimise { .. } => {
                let world = world.get_or_insert_with(|| open(suite, &request));
                match world {
                    Err(message) => Err(Stop::Failed(message.clone())),
                    Ok(world) => match what {
                        Task::Upcasters { .. } => {
                            upcasting::upcasters(world, what, &request, reply, &mut replies)
                        }
                        Task::Census { .. } => upcasting::census(world, what, &mut replies),
                        Task::Rewrite { .. } => upcasting::rewrite(world, what, &request, &mut replies),
                        Task::Replay { .. } => replay(suite, world, what, &request, reply, &mut replies),
                        Task::Inspect { .. } | Task::Minimise { .. } => {
                            stream(suite, world, what, &request, reply, &mut replies)
                        }
                        Task::Compatibility => compatibility(world, &request, &mut replies),
                        Task::Types | Task::ListScenarios | Task::Scenarios { .. } => {
                            types(world, &mut replies)
                        }
                    },
                }
            }
        };
        match outcome {
            Ok((checked, detail, numbers)) => replies.send(&Reply::Done {
                task,
                checked,
                detail,
                numbers,
            })?,
            Err(Stop::Failed(message)) => replies.send(&Reply::Failed { task, message })?,
            Err(Stop::Io(error)) => return Err(error),
        }
    }
    replies.send(&Reply::End)
}

thread_local! {
    /// Where the last caught panic of this thread was raised.
    pub(super) static LAST_PANIC: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Why a task ends without being done.
pub(super) enum Stop {
    /// The replies cannot be written.
    Io(io::Error),
    /// The task cannot be carried out.
    Failed(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How many things were looked at, in words, and further numbers.
pub(super) type Done = Result<(u64, String, Value), Stop>;

pub(super) struct Replies {
    file: File,
}

impl Replies {
    /// Appends one reply in one write, so that a death leaves whole lines.
    pub(super) fn send(&mut self, reply: &Reply) -> io::Result<()> {
        let mut line = serde_json::to_vec(reply).map_err(io::Error::other)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    pub(super) fn finding(&mut self, finding: Finding) -> io::Result<()> {
        self.send(&Reply::Finding {
            finding: Box::new(finding),
        })
    }
}

/// Notes every event in a small file of its own, over the one before, when the driver asked for care.
pub(super) struct Notes {
    file: Option<File>,
}

impl Notes {
    pub(super) fn new(careful: bool, reply: &Path) -> io::Result<Self> {
        let file = if careful {
            Some(File::create(protocol::position_file(reply))?)
        } else {
            None
        };
        Ok(Self { file })
    }

    fn note(&mut self, at: &At) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(at).map_err(io::Error::other)?;
            line.push(b'\n');
            file.rewind()?;
            file.write_all(&line)?;
            file.set_len(line.len() as u64)?;
        }
        Ok(())
    }
}

impl Progress for Notes {
    fn begin(&mut self, stream: &str, revision: Option<u64>, event_type: &str) {
        if self.file.is_some() {
            // A note that cannot be written costs the place of a death, not the replay.
            let _ = self.note(&At {
                stream: stream.to_owned(),
                revision,
                event_type: event_type.to_owned(),
            });
        }
    }
}

pub(super) fn open(suite: &Suite, request: &Request) -> Result<World, String> {
    let located = crate::gate::config::load(Path::new(&request.config)).map_err(|error| error.to_string())?;
    suite.world(&located).map_err(|error| error.to_string())
}

/// What a panic said.
pub(super) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "it panicked without a message".to_owned()
    }
}

/// Says which types the code has, and tries the catalogue's examples on them: what the schema accepts, the type
/// must accept too.
fn types(world: &World, replies: &mut Replies) -> Done {
    let mut schemas = Vec::new();
    let mut examples = 0_u64;
    for kind in &world.kinds {
        let described = TypeSchemas::from(kind);
        schemas.push(serde_json::to_value(&described).map_err(|error| Stop::Failed(error.to_string()))?);
        let Some(path) = world.ground.catalogue.examples(kind.event_type, &kind.version) else {
            continue;
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Stop::Failed(format!("{}: {error}", path.display())))?;
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let place = Place::kind(kind.event_type, &kind.version)
                .in_file(world.ground.shown(path))
                .at_line(index as u64 + 1);
            examples += 1;
            match crate::json::parse(line.as_bytes()) {
                Err(error) => replies.finding(Finding::new(&rules::NOT_JSON, error.to_string(), place))?,
                Ok(parsed) => {
                    let by_schema =
                        world
                            .ground
                            .validators
                            .validate(kind.event_type, &kind.version, &parsed.value);
                    let by_type = (kind.round_trip)(line);
                    if let (Validation::Valid, Err(error)) = (&by_schema, &by_type) {
                        replies.finding(
                            Finding::new(
                                &rules::TYPE_DISAGREES,
                                format!(
                                    "the schema accepts this example and the type refuses it: {}",
                                    error.message
                                ),
                                place.at_pointer(error.pointer.clone()),
                            )
                            .with_witness(parsed.value),
                        )?;
                    }
                }
            }
        }
    }
    for finding in check_agreement(&world.kinds) {
        replies.finding(finding)?;
    }
    let count = schemas.len() as u64;
    replies.send(&Reply::Types { types: schemas })?;
    Ok((
        count,
        format!("{count} event types of the code"),
        json!({ "examples": examples }),
    ))
}

/// Says of every two versions, of which at least one is linked in, whether the one reads what the other writes.
fn compatibility(world: &World, request: &Request, replies: &mut Replies) -> Done {
    let located = crate::gate::config::load(Path::new(&request.config))
        .map_err(|error| Stop::Failed(error.to_string()))?;
    let config = located.config.catalogue.unwrap_or_default();
    let heard = schema::hear(&world.ground.catalogue, &check_options(&config), &world.words);
    let count = heard.len() as u64;
    for heard in heard {
        replies.send(&Reply::Heard {
            heard: Box::new(heard.into()),
        })?;
    }
    Ok((count, format!("{count} pairs of versions"), Value::Null))
}

/// Reads an upcast event with the code's own types.
pub(super) fn read_with_types(world: &World, upcast: &Upcast) -> Result<(), crate::model::EventError> {
    let text = upcast.data.to_string();
    match world
        .kinds
        .iter()
        .find(|kind| kind.event_type == upcast.event_type && kind.version == upcast.version)
    {
        Some(kind) => (kind.round_trip)(&text).map(drop),
        None => Ok(()),
    }
}

fn replay(
    suite: &Suite,
    world: &World,
    what: &Task,
    request: &Request,
    reply: &Path,
    replies: &mut Replies,
) -> Done {
    let Task::Replay {
        file,
        baseline,
        save_baseline,
        default_version,
    } = what
    else {
        return Err(Stop::Failed("not a replay".to_owned()));
    };
    let mut notes = Notes::new(request.careful, reply)?;
    let replayed = world
        .replay(
            suite,
            &Ask {
                file,
                baseline: baseline.as_deref(),
                save_baseline: save_baseline.as_deref(),
                default_version: default_version.clone(),
                skip_streams: &request.skip_streams,
                show_values: request.show_values,
            },
            &mut notes,
        )
        .map_err(Stop::Failed)?;
    for finding in replayed.findings {
        replies.finding(finding)?;
    }
    Ok((
        replayed.events,
        format!("{} events of {} streams", replayed.events, replayed.streams),
        json!({
            "streams": replayed.streams,
            "differences": replayed.differences,
            "upcast": replayed.counts.upcast,
            "folded": replayed.counts.folded,
        }),
    ))
}

/// One stream: step by step, or as little of it as still fails.
fn stream(
    suite: &Suite,
    world: &World,
    what: &Task,
    request: &Request,
    reply: &Path,
    replies: &mut Replies,
) -> Done {
    let (Task::Inspect {
        file,
        stream,
        default_version,
        ..
    }
    | Task::Minimise {
        file,
        stream,
        default_version,
    }) = what
    else {
        return Err(Stop::Failed("not about a stream".to_owned()));
    };
    let mut notes = Notes::new(request.careful, reply)?;
    let path = world.ground.path(file);
    let mut about = ReplayRequest::new(&path, &world.ground.validators, &world.chains);
    about.aggregates = &suite.aggregates;
    about.default_version.clone_from(default_version);
    about.show_values = request.show_values;
    if let Task::Inspect { at, baseline, .. } = what {
        let baseline = baseline.as_ref().map(|path| world.ground.path(path));
        about.baseline = baseline.as_deref();
        let mut trouble = None;
        let inspected = replay::inspect(&about, stream, *at, &mut notes, &mut |step| {
            let sent = replies.send(&Reply::Step { step: Box::new(step) });
            trouble = trouble.take().or(sent.err());
        });
        if let Some(error) = trouble {
            return Err(error.into());
        }
        let inspected = inspected.map_err(|error| Stop::Failed(error.to_string()))?;
        return Ok((
            inspected.events,
            format!("{} events", inspected.events),
            json!({
                "first": inspected.revisions.map(|(first, _)| first),
                "last": inspected.revisions.map(|(_, last)| last),
                "baseline": inspected.baseline,
            }),
        ));
    }
    let minimised = replay::minimise(&about, stream, &mut notes);
    match minimised.map_err(|error| Stop::Failed(error.to_string()))? {
        Err(events) => Ok((events, format!("{events} events, and none fails"), Value::Null)),
        Ok(minimised) => {
            let lines = minimised
                .events
                .iter()
                .map(|event| {
                    let mut line = String::new();
                    crate::recording::write_line(event, &mut line);
                    line
                })
                .collect();
            replies.send(&Reply::Minimised {
                lines,
                finding: Box::new(minimised.finding),
                revision: minimised.revision,
                folds: minimised.folds,
                aggregate: minimised.aggregate.map(ToOwned::to_owned),
            })?;
            Ok((minimised.of, format!("of {} events", minimised.of), Value::Null))
        }
    }
}
