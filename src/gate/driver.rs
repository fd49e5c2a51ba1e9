//! Building a harness and driving it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::finding::{Finding, Place};
use crate::gate::config::HarnessConfig;
use crate::gate::protocol::{self, At, PROTOCOL, REPLY_ARGUMENT, REQUEST_ARGUMENT, Reply, Request, Task};
use crate::rules;

/// How many deaths of one harness are followed up; after that the rest counts as not checked.
const MAX_DEATHS: usize = 8;

/// Why a harness could not be used at all.
#[derive(Debug)]
pub struct DriveError {
    message: String,
    build: bool,
}

impl DriveError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            build: false,
        }
    }

    /// Whether the harness does not compile.
    pub fn is_build(&self) -> bool {
        self.build
    }
}

impl fmt::Display for DriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DriveError {}

/// Builds the harness that `config` names, below the project folder `root`, and answers with its executable.
///
/// What is built, and what Cargo says while it builds, goes to `stderr`.
///
/// # Errors
///
/// When Cargo cannot be started, the build fails, or there is no such test target.
pub fn build(
    root: &Path,
    config: &HarnessConfig,
    cargo: &Path,
    stderr: &mut dyn Write,
) -> Result<PathBuf, DriveError> {
    if let Some(executable) = &config.executable {
        let path = root.join(executable);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(DriveError::new(format!(
                "there is no harness at {}",
                path.display()
            )))
        };
    }
    let mut arguments = vec!["test".to_owned(), "--no-run".to_owned()];
    if let Some(package) = &config.package {
        arguments.extend(["--package".to_owned(), package.clone()]);
    }
    arguments.extend(["--test".to_owned(), config.test.clone()]);
    if !config.features.is_empty() {
        arguments.extend(["--features".to_owned(), config.features.join(",")]);
    }
    if config.profile == "release" {
        arguments.push("--release".to_owned());
    } else if config.profile != "dev" {
        arguments.extend(["--profile".to_owned(), config.profile.clone()]);
    }
    let shown = format!("cargo {}", arguments.join(" "));
    // A report that cannot be written is no reason not to build.
    let _ = writeln!(stderr, "pastproof: building the harness: {shown}");
    let _ = stderr.flush();
    let output = Command::new(cargo)
        .args(&arguments)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| DriveError::new(format!("{} cannot be started: {error}", cargo.display())))?;
    if !output.status.success() {
        return Err(DriveError {
            message: format!("`{shown}` failed ({})", ending(output.status)),
            build: true,
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| {
            let target = message.get("target")?;
            let is_it = message.get("reason")? == "compiler-artifact"
                && target.get("name")? == config.test.as_str()
                && target.get("kind")?.as_array()?.iter().any(|kind| kind == "test");
            if is_it {
                message.get("executable")?.as_str().map(PathBuf::from)
            } else {
                None
            }
        })
        .ok_or_else(|| DriveError::new(format!("`{shown}` built no test target `{}`", config.test)))
}

/// Everything a harness answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// The findings, with the task each belongs to.
    pub findings: Vec<(usize, Finding)>,
    /// The other replies, in order.
    pub replies: Vec<Reply>,
    /// Tasks that could not be carried out, and why.
    pub failed: Vec<(usize, String)>,
}

/// Has the harness at `executable` carry out `tasks`. A process that dies becomes a finding `harness-died`, and
/// what is left is done by a new one, without the stream or scenario that killed the first.
///
/// # Errors
///
/// When the process cannot be started, does not speak the protocol, or files between the two cannot be used.
pub fn drive(
    executable: &Path,
    root: &Path,
    config: &str,
    tasks: &[Task],
    show_values: bool,
) -> Result<Answers, DriveError> {
    let folder = Folder::create()?;
    let mut answers = Answers::default();
    // Which task each task of the next process is.
    let mut pending: Vec<usize> = (0..tasks.len()).collect();
    let mut skip_streams = Vec::new();
    let mut skip_scenarios = Vec::new();
    let mut careful = false;
    let mut deaths = 0;
    while !pending.is_empty() {
        let request = Request {
            protocol: PROTOCOL.to_owned(),
            config: config.to_owned(),
            tasks: pending.iter().map(|index| tasks[*index].clone()).collect(),
            skip_streams: skip_streams.clone(),
            skip_scenarios: skip_scenarios.clone(),
            careful,
            show_values,
        };
        let run = folder.run(executable, root, &request)?;
        let mut done = Vec::new();
        let mut current = None;
        let mut findings = Vec::new();
        let mut others = Vec::new();
        for reply in run.replies {
            match reply {
                Reply::Begin { task, name } => {
                    current = pending.get(task).map(|index| (*index, name));
                }
                Reply::Finding { finding } => {
                    let task = current.as_ref().map_or(0, |(index, _)| *index);
                    findings.push((task, *finding));
                }
                Reply::Done {
                    task,
                    checked,
                    detail,
                    numbers,
                } => {
                    if let Some(index) = pending.get(task) {
                        done.push(*index);
                        others.push((
                            *index,
                            Reply::Done {
                                task: *index,
                                checked,
                                detail,
                                numbers,
                            },
                        ));
                    }
                }
                Reply::Failed { task, message } => {
                    if let Some(index) = pending.get(task) {
                        done.push(*index);
                        answers.failed.push((*index, message));
                    }
                }
                Reply::Hello { .. } | Reply::End => {}
                Reply::Types { .. }
                | Reply::Heard { .. }
                | Reply::Upcasters { .. }
                | Reply::Census { .. }
                | Reply::Scenarios { .. }
                | Reply::Facts { .. }
                | Reply::Ran { .. }
                | Reply::Step { .. }
                | Reply::Minimised { .. } => {
                    let task = current.as_ref().map_or(0, |(index, _)| *index);
                    others.push((task, reply));
                }
            }
        }
        // What an unfinished task said is said again by the process that finishes it.
        findings.retain(|(task, _)| done.contains(task));
        answers.findings.extend(findings);
        answers.replies.extend(
            others
                .into_iter()
                .filter(|(task, _)| done.contains(task))
                .map(|(_, reply)| reply),
        );
        pending.retain(|index| !done.contains(index));
        if run.ended {
            if let Some(index) = pending.first() {
                answers.failed.push((
                    *index,
                    "the harness ended without carrying out its task".to_owned(),
                ));
            }
            break;
        }
        let (task, name) = current.unwrap_or((pending.first().copied().unwrap_or(0), None));
        deaths += 1;
        if deaths > MAX_DEATHS {
            for index in pending.drain(..) {
                answers.failed.push((
                    index,
                    format!("the harness died {deaths} times; the rest was not checked"),
                ));
            }
            break;
        }
        match (&tasks[task], name, careful) {
            (Task::Scenarios { .. }, Some(name), _) => {
                answers.findings.push((
                    task,
                    died(
                        run.status,
                        &run.output,
                        &format!("while it ran the scenario `{name}`"),
                        Place::default(),
                    ),
                ));
                skip_scenarios.push(name);
            }
            (
                Task::Replay { .. } | Task::Upcasters { .. } | Task::Inspect { .. } | Task::Minimise { .. },
                _,
                false,
            ) => careful = true,
            (Task::Inspect { file, stream, .. } | Task::Minimise { file, stream, .. }, _, true) => {
                let place = run.at.map_or_else(
                    || Place::file(file.clone()).in_stream(stream.clone(), None),
                    |at| {
                        Place {
                            file: Some(file.clone()),
                            event_type: Some(at.event_type),
                            ..Place::default()
                        }
                        .in_stream(at.stream, at.revision)
                    },
                );
                let when = "while it folded the stream";
                answers
                    .findings
                    .push((task, died(run.status, &run.output, when, place)));
                pending.retain(|index| *index != task);
            }
            (Task::Replay { file, .. }, _, true) => {
                if let Some(at) = run.at {
                    let place = Place {
                        file: Some(file.clone()),
                        event_type: Some(at.event_type),
                        ..Place::default()
                    }
                    .in_stream(at.stream.clone(), at.revision);
                    answers.findings.push((
                        task,
                        died(run.status, &run.output, "while it folded this event", place),
                    ));
                    skip_streams.push(at.stream);
                } else {
                    answers.findings.push((
                        task,
                        died(
                            run.status,
                            &run.output,
                            "before it folded an event",
                            Place::file(file.clone()),
                        ),
                    ));
                    pending.retain(|index| *index != task);
                }
            }
            (Task::Upcasters { .. }, name, true) => {
                let what = match &name {
                    Some(name) => format!("while it tried the upcaster {name}"),
                    None => "while it tried the upcasters".to_owned(),
                };
                let place = run.at.map_or_else(Place::default, |at| {
                    Place {
                        event_type: Some(at.event_type),
                        ..Place::default()
                    }
                    .in_stream(at.stream, at.revision)
                });
                answers
                    .findings
                    .push((task, died(run.status, &run.output, &what, place)));
                pending.retain(|index| *index != task);
            }
            (
                Task::Types
                | Task::Compatibility
                | Task::ListScenarios
                | Task::Scenarios { .. }
                | Task::Census { .. }
                | Task::Rewrite { .. },
                _,
                _,
            ) => {
                answers.findings.push((
                    task,
                    died(run.status, &run.output, "before it answered", Place::default()),
                ));
                pending.retain(|index| *index != task);
            }
        }
    }
    Ok(answers)
}

fn died(status: ExitStatus, output: &str, when: &str, place: Place) -> Finding {
    let words = output
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map_or_else(String::new, |last| format!("; its last words: {}", last.trim()));
    let message = format!("the harness ended with {} {when}{words}", ending(status));
    Finding::new(&rules::HARNESS_DIED, message, place)
}

/// How a process ended, in words.
fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            let name = match signal {
                4 => " (illegal instruction)",
                6 => " (abort)",
                9 => " (killed)",
                11 => " (segmentation fault)",
                15 => " (terminated)",
                _ => "",
            };
            return format!("signal {signal}{name}");
        }
    }
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "no exit code".to_owned(),
    }
}

/// One process of a harness.
struct Run {
    replies: Vec<Reply>,
    /// Whether it came to its end.
    ended: bool,
    status: ExitStatus,
    at: Option<At>,
    /// The end of what the process printed.
    output: String,
}

/// A folder for the files between the driver and its processes; removed when it goes out of scope.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn create() -> Result<Self, DriveError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("pastproof-{}-{count}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(DriveError::new(format!(
                        "cannot create {}: {error}",
                        path.display()
                    )));
                }
            }
        }
    }

    fn run(&self, executable: &Path, root: &Path, request: &Request) -> Result<Run, DriveError> {
        let file = |name: &str| self.path.join(name);
        let trouble = |path: &Path, error: io::Error| DriveError::new(format!("{}: {error}", path.display()));
        let (request_file, reply_file, output_file) = (file("request"), file("reply"), file("output"));
        let position_file = protocol::position_file(&reply_file);
        let text = serde_json::to_vec(request).map_err(|error| DriveError::new(error.to_string()))?;
        fs::write(&request_file, text).map_err(|error| trouble(&request_file, error))?;
        fs::write(&reply_file, b"").map_err(|error| trouble(&reply_file, error))?;
        let _ = fs::remove_file(&position_file);
        let output = File::create(&output_file).map_err(|error| trouble(&output_file, error))?;
        let errors = output.try_clone().map_err(|error| trouble(&output_file, error))?;
        let status = Command::new(executable)
            .arg(REQUEST_ARGUMENT)
            .arg(&request_file)
            .arg(REPLY_ARGUMENT)
            .arg(&reply_file)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .status()
            .map_err(|error| {
                DriveError::new(format!("{} cannot be started: {error}", executable.display()))
            })?;
        let replies = File::open(&reply_file).map_err(|error| trouble(&reply_file, error))?;
        let replies = read_replies(BufReader::new(replies), executable)?;
        let at = fs::read_to_string(&position_file)
            .ok()
            .and_then(|text| serde_json::from_str(text.trim()).ok());
        let ended = matches!(replies.last(), Some(Reply::End));
        let output = tail(&output_file);
        if replies.is_empty() && status.code().is_some() {
            let said = output
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .unwrap_or("nothing");
            return Err(DriveError::new(format!(
                "{} does not answer as a pastproof harness (it ended with {} and said: {said}); its `main` hands over to `Suite::main`",
                executable.display(),
                ending(status)
            )));
        }
        Ok(Run {
            replies,
            ended,
            status,
            at,
            output,
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left-over temporary files are no reason to fail.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn read_replies(reader: impl BufRead, executable: &Path) -> Result<Vec<Reply>, DriveError> {
    let mut replies = Vec::new();
    // A process that died may have left half a line at the end, and only there.
    let mut broken: Option<String> = None;
    for line in reader.lines() {
        let line = line.map_err(|error| DriveError::new(error.to_string()))?;
        if let Some(error) = broken {
            return Err(DriveError::new(format!(
                "{} answers what this binary does not understand ({error}); use one version of pastproof for both",
                executable.display()
            )));
        }
        match serde_json::from_str::<Reply>(&line) {
            Ok(Reply::Hello { protocol }) if !protocol::is_compatible(&protocol) => {
                return Err(DriveError::new(format!(
                    "{} speaks protocol {protocol} and this binary {PROTOCOL}; use one version of pastproof for both",
                    executable.display()
                )));
            }
            Ok(reply) => replies.push(reply),
            Err(error) => broken = Some(error.to_string()),
        }
    }
    Ok(replies)
}

/// The last kibibytes of a file, as text.
fn tail(path: &Path) -> String {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
