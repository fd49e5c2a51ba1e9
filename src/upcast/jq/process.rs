//! A running worker process: asked, watched, ended.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::wire::Request;

/// How much longer than the worker itself this side waits before it ends the worker.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// A running worker process.
pub(super) struct Worker {
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: Option<ChildStderr>,
    watch: Arc<Watch>,
    watchdog: Option<JoinHandle<()>>,
    /// The programs it has compiled, and the numbers it has them under.
    pub(super) programs: HashMap<Arc<str>, u32>,
}

/// How a worker ended in the middle of a request.
pub(super) struct Ended {
    pub(super) status: Option<ExitStatus>,
    /// Whether it had to be ended because no answer came.
    pub(super) killed: bool,
    /// What it printed last.
    pub(super) said: String,
}

impl Ended {
    pub(super) fn how(&self) -> String {
        let said = self.said.lines().next().unwrap_or_default();
        match (&self.status, self.killed) {
            (_, true) => "it gave no answer in time".to_owned(),
            (Some(status), false) if said.is_empty() => status.to_string(),
            (Some(status), false) => format!("{status}, {said}"),
            (None, false) => "for a reason unknown".to_owned(),
        }
    }
}

/// Sees that the worker answers; the worker sees to its own time limit, and this is for one that cannot.
struct Watch {
    start: Instant,
    /// Milliseconds from `start` until the answer must be there; 0 when none is awaited.
    deadline: AtomicU64,
    over: AtomicBool,
    killed: AtomicBool,
}

impl Worker {
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("its pipes are missing"));
        };
        let errors = child.stderr.take();
        let child = Arc::new(Mutex::new(child));
        let watch = Arc::new(Watch {
            start: Instant::now(),
            deadline: AtomicU64::new(0),
            over: AtomicBool::new(false),
            killed: AtomicBool::new(false),
        });
        let mut worker = Self {
            child: Arc::clone(&child),
            input: Some(input),
            output: BufReader::new(output),
            errors,
            watch: Arc::clone(&watch),
            watchdog: None,
            programs: HashMap::new(),
        };
        worker.watchdog = Some(
            thread::Builder::new()
                .name("jq fence".to_owned())
                .spawn(move || watch.keep(&child))?,
        );
        Ok(worker)
    }

    pub(super) fn id(&self) -> u32 {
        lock(&self.child).id()
    }

    pub(super) fn is_alive(&self) -> bool {
        matches!(lock(&self.child).try_wait(), Ok(None))
    }

    /// Sends a request and waits for the answer.
    pub(super) fn ask(&mut self, request: &Request<'_>, time: Duration) -> Result<Vec<u8>, Ended> {
        self.watch.begin(time);
        let answer = self.talk(request);
        self.watch.end();
        answer.map_err(|_| self.end())
    }

    fn talk(&mut self, request: &Request<'_>) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(request)?;
        // Between two tokens of JSON a line may break; in this talk it must not.
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        line.push(b'\n');
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(&line)?;
        let mut answer = Vec::new();
        self.output.read_until(b'\n', &mut answer)?;
        if answer.pop() == Some(b'\n') {
            Ok(answer)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Ends the process, if it has not ended itself, and says how it ended.
    fn end(&mut self) -> Ended {
        self.input = None;
        let killed = self.watch.killed.load(Ordering::Acquire);
        let mut child = lock(&self.child);
        // A process that crashes closes its pipes before its exit code is there; one that is killed on the way
        // would tell another story.
        let patience = Instant::now() + GRACE;
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        let status = child.wait().ok();
        drop(child);
        let mut said = Vec::new();
        if let Some(errors) = self.errors.take() {
            let _ = errors.take(64 << 10).read_to_end(&mut said);
        }
        Ended {
            status,
            killed,
            said: String::from_utf8_lossy(&said).into_owned(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.input = None;
        {
            let mut child = lock(&self.child);
            let _ = child.kill();
            let _ = child.wait();
        }
        self.watch.over.store(true, Ordering::Release);
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.thread().unpark();
            let _ = watchdog.join();
        }
    }
}

impl Watch {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn begin(&self, time: Duration) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let deadline = self.now().saturating_add(time).max(1);
        self.deadline.store(deadline, Ordering::Release);
    }

    fn end(&self) {
        self.deadline.store(0, Ordering::Release);
    }

    fn keep(&self, child: &Mutex<Child>) {
        while !self.over.load(Ordering::Acquire) {
            let deadline = self.deadline.load(Ordering::Acquire);
            if deadline != 0 && self.now() > deadline {
                self.killed.store(true, Ordering::Release);
                let _ = lock(child).kill();
                return;
            }
            thread::park_timeout(Duration::from_millis(100));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
