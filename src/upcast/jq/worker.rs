//! The fenced side: a process that compiles and runs jq programs.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::error::said;
use super::jaq::{self, Program, Stop};
use super::wire::{Limits, Reply, Request};

/// The argument under which an executable becomes the worker of a [`Fence`](super::Fence).
pub const JQ_WORKER: &str = "--pastproof-jq-worker";

/// The exit code of a worker that ended itself because a request took too long.
pub(super) const TIME_IS_UP: i32 = 124;

/// How many events one run may make.
const OUTPUTS: usize = 1_000;

/// Room for recursion, the same on every machine whatever the stack that a main thread gets there.
const STACK: usize = 64 << 20;

/// Serves as the worker of a [`Fence`](super::Fence) if the first argument asks for it, and says with which code
/// the process is to end. An executable that fences itself starts with it:
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     if let Some(code) = pastproof::upcast::jq_worker_if_asked(std::env::args_os()) {
///         return code;
///     }
///     // ... what the executable is for
///     ExitCode::SUCCESS
/// }
/// ```
pub fn jq_worker_if_asked(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let asked = args.into_iter().nth(1);
    if asked.as_deref() != Some(OsStr::new(JQ_WORKER)) {
        return None;
    }
    Some(match jq_worker(io::stdin(), io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody listens: the other side of the pipe is gone.
        Err(_) => ExitCode::FAILURE,
    })
}

/// Answers requests from `input` on `output`, one line each, until the input ends.
///
/// It ends its process when one request takes longer than the limit it was told, since nothing else ends a
/// program that runs on; call it in a process that is there for nothing else.
///
/// # Errors
///
/// When reading or writing fails, or the thread that runs the programs cannot be started.
pub fn jq_worker(input: impl Read + Send, output: impl Write + Send) -> io::Result<()> {
    let watch = Watch::default();
    thread::scope(|scope| {
        let watchdog = thread::Builder::new().spawn_scoped(scope, || watch.keep())?;
        let served = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || serve(BufReader::new(input), output, &watch))
            .map_or_else(Err, |server| {
                server
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("the worker panicked")))
            });
        watch.over.store(true, Ordering::Release);
        watchdog.thread().unpark();
        served
    })
}

/// Sees that no request takes too long.
struct Watch {
    start: Instant,
    /// Milliseconds from `start` until the request at work must be done; 0 when there is none.
    deadline: AtomicU64,
    over: AtomicBool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            deadline: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }
}

impl Watch {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn begin(&self, limits: Limits) {
        let deadline = self.now().saturating_add(limits.time_ms).max(1);
        self.deadline.store(deadline, Ordering::Release);
    }

    fn end(&self) {
        self.deadline.store(0, Ordering::Release);
    }

    fn keep(&self) {
        while !self.over.load(Ordering::Acquire) {
            let deadline = self.deadline.load(Ordering::Acquire);
            if deadline != 0 && self.now() > deadline {
                // A program that runs on can only be ended with its process.
                std::process::exit(TIME_IS_UP);
            }
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

fn serve(mut input: impl BufRead, mut output: impl Write, watch: &Watch) -> io::Result<()> {
    let mut line = Vec::new();
    let mut reply = Vec::new();
    let mut limits = Limits {
        time_ms: 2_000,
        output_bytes: 16 << 20,
    };
    let mut programs = HashMap::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        watch.begin(limits);
        reply.clear();
        let answered = catch_unwind(AssertUnwindSafe(|| {
            answer(&line, &mut limits, &mut programs, &mut reply);
        }));
        watch.end();
        if let Err(panic) = answered {
            reply.clear();
            say(
                &Reply::Panicked {
                    message: said(&*panic).unwrap_or_else(|| "no message".to_owned()),
                },
                &mut reply,
            );
        }
        reply.push(b'\n');
        output.write_all(&reply)?;
        output.flush()?;
    }
}

fn answer(line: &[u8], limits: &mut Limits, programs: &mut HashMap<u32, Program>, reply: &mut Vec<u8>) {
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return say(
                &Reply::Confused {
                    message: error.to_string(),
                },
                reply,
            );
        }
    };
    match request {
        Request::Hello(told) => {
            *limits = told;
            say(&Reply::Ready, reply);
        }
        Request::Compile { id, source } => match jaq::compile(&source) {
            Ok(program) => {
                programs.insert(id, program);
                say(&Reply::Compiled, reply);
            }
            Err(invalid) => say(&Reply::Invalid(invalid), reply),
        },
        Request::Run { id, data, event } => {
            let Some(program) = programs.get(&id) else {
                return say(
                    &Reply::Confused {
                        message: format!("there is no program {id}"),
                    },
                    reply,
                );
            };
            // Written as it is made, in the form that `Reply::Made` is read in.
            reply.extend_from_slice(br#"{"made":["#);
            match program.run(data.get(), event.get(), OUTPUTS, limits.output_bytes, reply) {
                Ok(()) => reply.extend_from_slice(b"]}"),
                Err(stop) => {
                    reply.clear();
                    let stopped = match stop {
                        Stop::Refused { message, pointer } => Reply::Refused { message, pointer },
                        Stop::Limit(message) => Reply::Limit { message },
                    };
                    say(&stopped, reply);
                }
            }
        }
    }
}

fn say(what: &Reply<'_>, reply: &mut Vec<u8>) {
    if let Err(error) = serde_json::to_writer(&mut *reply, what) {
        // Texts and numbers always serialize; the line must not stay empty all the same.
        reply.clear();
        reply.extend_from_slice(br#"{"confused":{"message":"#);
        reply.extend_from_slice(serde_json::Value::from(error.to_string()).to_string().as_bytes());
        reply.extend_from_slice(b"}}");
    }
}
