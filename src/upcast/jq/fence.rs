//! This side of the fence: starts the worker, speaks with it, ends it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

use super::super::error::{Failure, Kind};
use super::process::{Ended, GRACE, Worker};
use super::wire::{Invalid, Limits, Reply, Request};
use super::worker::{JQ_WORKER, TIME_IS_UP};

/// How long a worker may take to say that it is there.
const START: Duration = Duration::from_secs(60);

/// On how many events a program may pass a bound before it is not run any more.
///
/// Each costs up to the time limit and a new process; a program that never ends would hold up a gate over a long
/// recording for days.
const STRIKES: u32 = 5;

/// What of the environment the worker keeps: what the system's loader may need to start it.
const LOADER: &[&str] = &[
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "SYSTEMROOT",
    "SystemRoot",
];

/// A process that runs jq programs, with bounds on time, memory and output.
///
/// The process is an executable that calls [`jq_worker`](super::jq_worker); it is started when the first program
/// is to be compiled, serves one event after the other, and is started anew after a bound was passed. It ends with
/// the fence, and by itself when the process that holds the fence is gone.
///
/// Memory is bounded as address space, by `ulimit -v`: on Linux that holds, on systems that do not know the limit
/// only time and output are bounded. The process gets an empty environment, save for what the system's loader
/// reads.
///
/// One fence runs one event at a time; calls from several threads wait for each other.
pub struct Fence {
    command: Vec<OsString>,
    time: Duration,
    memory: u64,
    output: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    worker: Option<Worker>,
    /// Programs that do not compile.
    invalid: HashMap<Arc<str>, Invalid>,
    /// How often a program passed a bound, and how the last time was told.
    strikes: HashMap<Arc<str>, (u32, Failure)>,
}

impl State {
    /// Keeps the worker for the next event, or ends it, and counts against the program what it did.
    fn settle<T>(
        &mut self,
        program: &Arc<str>,
        worker: Worker,
        result: Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Err(failure) = &result else {
            self.worker = Some(worker);
            return result;
        };
        match failure.kind {
            // The worker is well; it was the program that had something to say.
            Kind::Refused | Kind::Program => self.worker = Some(worker),
            Kind::Limit | Kind::Timeout | Kind::Panicked => {
                // Its memory may be large and what it prints unread: the next event gets a new process.
                drop(worker);
                let strikes = self
                    .strikes
                    .entry(Arc::clone(program))
                    .or_insert_with(|| (0, failure.clone()));
                strikes.0 += 1;
                strikes.1 = failure.clone();
            }
            Kind::Missing | Kind::Cycle | Kind::Undeclared | Kind::Alone | Kind::Fence => drop(worker),
        }
        result
    }
}

impl Fence {
    /// A fence whose worker is started by this command line: program and arguments.
    ///
    /// An event may take 2 seconds, the worker 512 MiB of address space, one answer 16 MiB.
    pub fn for_command(command: Vec<OsString>) -> Self {
        Self {
            command,
            time: Duration::from_secs(2),
            memory: 512 << 20,
            output: 16 << 20,
            state: Mutex::default(),
        }
    }

    /// A fence whose worker is the running executable, which has to begin with
    /// [`jq_worker_if_asked`](super::jq_worker_if_asked).
    ///
    /// # Errors
    ///
    /// When the system does not say where the executable is.
    pub fn for_current_executable() -> io::Result<Self> {
        let executable = std::env::current_exe()?;
        Ok(Self::for_command(vec![
            executable.into_os_string(),
            OsString::from(JQ_WORKER),
        ]))
    }

    /// The same fence with another limit on the time that one event may take.
    #[must_use]
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// The same fence with another limit on the worker's address space, in bytes.
    ///
    /// The executable itself and its stacks are part of it; below 128 MiB the worker may not start.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// The same fence with another limit on what one event may become, in bytes of JSON.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }

    /// The process id of the worker, if one is running.
    pub fn worker_id(&self) -> Option<u32> {
        self.lock().worker.as_ref().map(Worker::id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // While a worker speaks it is out of the state, so that a panic leaves no half-finished talk behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles `program` if that has not been done.
    pub(super) fn prepare(&self, program: &Arc<str>) -> Result<(), (Failure, Option<u64>)> {
        let mut state = self.lock();
        let prepared = self.compiled(&mut state, program).map(|(worker, _)| worker);
        match prepared {
            Ok(worker) => {
                state.worker = Some(worker);
                Ok(())
            }
            Err(failure) => {
                let line = state.invalid.get(program).map(|invalid| invalid.line);
                Err((failure, line.filter(|line| *line > 0)))
            }
        }
    }

    /// Runs `program` on `data`; `event` is the envelope as JSON.
    pub(super) fn run(&self, program: &Arc<str>, data: &str, event: &str) -> Result<Vec<Value>, Failure> {
        let mut state = self.lock();
        let (mut worker, id) = self.compiled(&mut state, program)?;
        let request = Request::Run {
            id,
            data: raw(data)?,
            event: raw(event)?,
        };
        let answer = worker.ask(&request, self.time + GRACE);
        let made = self.heard(answer, |reply| match reply {
            Reply::Made(made) => Some(made.iter().map(|text| strict(text)).collect()),
            _ => None,
        });
        state.settle(program, worker, made)
    }

    /// A worker that has `program`, and the number it has it under. The worker is out of the state until it is
    /// known that it is still of use.
    fn compiled(&self, state: &mut State, program: &Arc<str>) -> Result<(Worker, u32), Failure> {
        if let Some(invalid) = state.invalid.get(program) {
            return Err(does_not_compile(invalid));
        }
        if let Some((STRIKES.., failure)) = state.strikes.get(program) {
            let mut failure = failure.clone();
            failure.message = format!(
                "{}, as on {STRIKES} events before; it is not run any more",
                failure.message
            );
            return Err(failure);
        }
        let mut worker = match state.worker.take() {
            Some(worker) if worker.is_alive() => worker,
            _ => self.start()?,
        };
        if let Some(&id) = worker.programs.get(program) {
            return Ok((worker, id));
        }
        let id = u32::try_from(worker.programs.len()).unwrap_or(u32::MAX);
        let request = Request::Compile {
            id,
            source: program.to_string(),
        };
        let answer = worker.ask(&request, self.time + GRACE);
        let mut invalid = None;
        let compiled = self.heard(answer, |reply| match reply {
            Reply::Compiled => Some(Ok(())),
            Reply::Invalid(found) => {
                let failure = does_not_compile(&found);
                invalid = Some(found);
                Some(Err(failure))
            }
            _ => None,
        });
        if let Some(found) = invalid {
            state.invalid.insert(Arc::clone(program), found);
        }
        if compiled.is_ok() {
            worker.programs.insert(Arc::clone(program), id);
            return Ok((worker, id));
        }
        state.settle(program, worker, compiled)?;
        Err(Failure::new(Kind::Fence, "the worker gave no answer"))
    }

    /// Reads an answer: what `expected` takes of it, or the failure it tells.
    fn heard<T>(
        &self,
        answer: Result<Vec<u8>, Ended>,
        expected: impl FnOnce(Reply<'_>) -> Option<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let line = answer.map_err(|ended| self.passed(&ended))?;
        let reply = serde_json::from_slice(&line).map_err(|error| {
            Failure::new(
                Kind::Fence,
                format!("the worker's answer is not understood: {error}"),
            )
        })?;
        match reply {
            Reply::Refused { message, pointer } => Err(Failure::new(Kind::Refused, message).at(pointer)),
            Reply::Limit { message } => Err(Failure::new(Kind::Limit, message)),
            Reply::Panicked { message } => Err(panicked(&message)),
            Reply::Confused { message } => Err(Failure::new(
                Kind::Fence,
                format!("the worker does not understand the request: {message}"),
            )),
            reply => expected(reply)
                .unwrap_or_else(|| Err(Failure::new(Kind::Fence, "the worker answers another question"))),
        }
    }

    /// The bound that a worker passed when it ended in the middle of a request.
    fn passed(&self, ended: &Ended) -> Failure {
        let seconds = self.time.as_secs_f64();
        if ended.killed || ended.status.and_then(|status| status.code()) == Some(TIME_IS_UP) {
            return Failure::new(Kind::Timeout, format!("runs longer than {seconds} seconds"));
        }
        if ended.said.contains("overflowed its stack") {
            return Failure::new(Kind::Limit, "recurses too deeply");
        }
        if ended.said.contains("memory allocation of") {
            return Failure::new(
                Kind::Limit,
                format!("needs more than {} MiB of memory", self.memory >> 20),
            );
        }
        let how = ended
            .status
            .map_or_else(|| "for a reason unknown".to_owned(), |status| status.to_string());
        Failure::new(Kind::Limit, format!("ends the process that runs it: {how}"))
    }

    fn start(&self) -> Result<Worker, Failure> {
        let cannot = |what: &str| {
            let command: Vec<String> = self
                .command
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            Failure::new(
                Kind::Fence,
                format!("cannot run, since its process `{}` {what}", command.join(" ")),
            )
        };
        let mut worker = self
            .command()
            .and_then(Worker::start)
            .map_err(|error| cannot(&format!("does not start: {error}")))?;
        let hello = Request::Hello(Limits {
            time_ms: u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            output_bytes: self.output,
        });
        let answer = worker
            .ask(&hello, START)
            .map_err(|ended| cannot(&format!("ends before it answers: {}", ended.how())))?;
        match serde_json::from_slice(&answer) {
            Ok(Reply::Ready) => Ok(worker),
            _ => Err(cannot("is no jq worker")),
        }
    }

    fn command(&self) -> io::Result<Command> {
        let (program, args) = self
            .command
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command was given"))?;
        let mut command = if cfg!(unix) {
            // A process cannot bound itself without calls that Rust's library does not have; the shell can, and
            // then becomes the worker. Where the system does not know the limit the worker runs without it.
            let mut shell = Command::new("/bin/sh");
            shell
                .arg("-c")
                .arg(r#"ulimit -v "$1" 2>/dev/null; ulimit -c 0 2>/dev/null; shift; exec "$@""#)
                .arg("sh")
                .arg((self.memory >> 10).to_string())
                .arg(program);
            shell
        } else {
            Command::new(program)
        };
        // One heap, not one for each thread: a reserve of address space that nobody uses would count as memory.
        command.args(args).env_clear().env("MALLOC_ARENA_MAX", "1");
        for name in LOADER {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Ok(command)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence")
            .field("command", &self.command)
            .field("time_limit", &self.time)
            .field("memory_limit", &self.memory)
            .field("output_limit", &self.output)
            .finish_non_exhaustive()
    }
}

fn does_not_compile(invalid: &Invalid) -> Failure {
    let Invalid {
        message,
        line,
        column,
    } = invalid;
    Failure::new(
        Kind::Program,
        if *line == 0 {
            format!("does not compile: {message}")
        } else {
            format!("does not compile: line {line}, column {column}: {message}")
        },
    )
}

fn panicked(message: &str) -> Failure {
    if message.contains("capacity overflow") {
        return Failure::new(Kind::Limit, "needs more memory than there can be");
    }
    Failure::new(Kind::Panicked, format!("panics: {message}"))
}

fn raw(text: &str) -> Result<&RawValue, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::new(Kind::Refused, format!("cannot hand over the event: {error}")))
}

/// Reads what a program made as strictly as what was recorded.
fn strict(text: &RawValue) -> Result<Value, Failure> {
    let parsed = json::parse(text.get().as_bytes()).map_err(|error| {
        let kind = match error.kind() {
            json::JsonErrorKind::TooDeep => Kind::Limit,
            _ => Kind::Refused,
        };
        Failure::new(kind, format!("makes what is no JSON: {error}")).at(error.pointer())
    })?;
    Ok(parsed.value)
}
