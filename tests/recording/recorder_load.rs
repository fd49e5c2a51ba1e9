//! A recorder under load, beside a slow or broken file, and after its process was killed.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pastproof::recording::recorder::{Options, Recorder, append_to};
use pastproof::recording::{Line, Problem, Reader, parse_line};

/// A decision of thread `thread`.
fn record(recorder: &Recorder, thread: u64, number: u64) {
    recorder
        .asked_as(&format!("thread-{thread}"), Some(number), "Do", "data")
        .ignored();
}

/// The decisions in `text`: stream, revision, and how many are missing before it.
fn decisions(text: &[u8]) -> Vec<(String, u64, u64)> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| match parse_line(line).unwrap() {
            Line::Decision(decision) => (decision.stream, decision.revision.unwrap(), decision.dropped),
            Line::Event(event) => panic!("{event:?} is no decision"),
        })
        .collect()
}

#[test]
fn many_threads_lose_nothing_while_the_writer_keeps_up() {
    const THREADS: u64 = 8;
    const EACH: u64 = 500;
    let (recorder, writer) = Recorder::new(Options::default());
    let writing = thread::spawn(move || {
        let mut file = Vec::new();
        let counts = writer.run(&mut file);
        (file, counts)
    });
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let recorder = recorder.clone();
            scope.spawn(move || (0..EACH).for_each(|number| record(&recorder, thread, number)));
        }
    });
    drop(recorder);
    let (file, counts) = writing.join().unwrap();
    assert_eq!(
        (counts.written, counts.dropped, counts.failed),
        (THREADS * EACH, 0, 0)
    );
    let decisions = decisions(&file);
    for thread in 0..THREADS {
        let stream = format!("thread-{thread}");
        let numbers = decisions
            .iter()
            .filter(|(of, _, _)| *of == stream)
            .map(|(_, number, _)| *number);
        assert!(
            numbers.eq(0..EACH),
            "each thread's decisions stand in their order"
        );
    }
}

/// A file that takes its time.
struct Slow(Vec<u8>);

impl Write for &mut Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(5));
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_queue_drops_and_counts_in_the_file_too() {
    const TOTAL: u64 = 20_000;
    let options = Options {
        lines: 16,
        pause: Duration::from_millis(1),
        ..Options::default()
    };
    let (recorder, writer) = Recorder::new(options);
    let writing = thread::spawn(move || {
        let mut file = Slow(Vec::new());
        let counts = writer.run(&mut file);
        (file.0, counts)
    });
    thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = recorder.clone();
            scope.spawn(move || (0..TOTAL / 4).for_each(|number| record(&recorder, thread, number)));
        }
    });
    // The queue has emptied when this one comes, so that it is written and tells what the file has not told yet.
    thread::sleep(Duration::from_millis(100));
    record(&recorder, 9, 0);
    recorder.close();
    let (file, counts) = writing.join().unwrap();
    assert_eq!(recorder.counts(), counts);
    assert!(counts.dropped > 0, "16 lines are not enough for this: {counts:?}");
    assert_eq!(counts.written + counts.dropped, TOTAL + 1);
    let decisions = decisions(&file);
    assert_eq!(decisions.len() as u64, counts.written);
    let told: u64 = decisions.iter().map(|(_, _, dropped)| dropped).sum();
    assert_eq!(
        told, counts.dropped,
        "the file tells of every decision that it lacks"
    );
}

#[test]
fn without_a_running_writer_calls_return_at_once() {
    let (recorder, writer) = Recorder::new(Options {
        bytes: 4096,
        ..Options::default()
    });
    let started = Instant::now();
    (0..10_000).for_each(|number| record(&recorder, 0, number));
    assert!(started.elapsed() < Duration::from_secs(5), "nothing waits");
    let waiting = 10_000 - recorder.counts().dropped;
    assert!((10..100).contains(&waiting), "4096 bytes hold {waiting} lines");
    drop(writer);
    record(&recorder, 0, 10_000);
    assert_eq!(
        recorder.counts().dropped,
        10_001,
        "whose writer is gone, all is lost"
    );
}

#[test]
fn a_line_longer_than_the_queue_is_dropped() {
    let (recorder, writer) = Recorder::new(Options {
        bytes: 1000,
        ..Options::default()
    });
    recorder.asked_as("a", None, "Do", &"x".repeat(1000)).ignored();
    record(&recorder, 0, 0);
    recorder.close();
    let mut file = Vec::new();
    let counts = writer.run(&mut file);
    assert_eq!((counts.written, counts.dropped), (1, 1));
    assert_eq!(decisions(&file), [("thread-0".to_owned(), 0, 1)]);
}

#[test]
fn what_comes_after_closing_is_dropped_and_counted() {
    let (recorder, writer) = Recorder::new(Options::default());
    record(&recorder, 0, 0);
    recorder.close();
    record(&recorder, 0, 1);
    let mut file = Vec::new();
    assert_eq!(writer.run(&mut file).written, 1);
    record(&recorder, 0, 2);
    let counts = recorder.counts();
    assert_eq!((counts.written, counts.dropped), (1, 2));
}

/// A disk that is full for a while, and takes half of what it refuses.
struct Full {
    file: Vec<u8>,
    full: Arc<AtomicBool>,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.full.load(Ordering::SeqCst) {
            return self.file.write(bytes);
        }
        if bytes.len() > 20 {
            return self.file.write(&bytes[..bytes.len() / 2]);
        }
        Err(io::Error::other("no space left"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_was_full_costs_its_batch_and_no_more() {
    let (recorder, writer) = Recorder::new(Options {
        pause: Duration::from_millis(1),
        ..Options::default()
    });
    let full = Arc::new(AtomicBool::new(true));
    let mut disk = Full {
        file: Vec::new(),
        full: Arc::clone(&full),
    };
    let (file, counts) = thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let counts = writer.run(&mut disk);
            (disk.file, counts)
        });
        (0..3).for_each(|number| record(&recorder, 0, number));
        while recorder.counts().failed < 3 {
            thread::sleep(Duration::from_millis(1));
        }
        full.store(false, Ordering::SeqCst);
        record(&recorder, 0, 3);
        recorder.close();
        writing.join().unwrap()
    });
    assert_eq!((counts.failed, counts.written), (3, 1));
    let last = file
        .split(|byte| *byte == b'\n')
        .rfind(|line| !line.is_empty())
        .unwrap();
    assert_eq!(
        decisions(last),
        [("thread-0".to_owned(), 3, 3)],
        "after a torn line comes a whole one"
    );
}

const CHILD: &str = "PASTPROOF_TEST_RECORDER";

/// What the next test starts and kills: it records until then.
#[test]
fn records_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let (recorder, writer) = Recorder::new(Options {
        pause: Duration::from_millis(1),
        ..Options::default()
    });
    let file = append_to(path).unwrap();
    thread::spawn(move || writer.run(file));
    for number in 0.. {
        record(&recorder, 0, number);
        if number % 100 == 99 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_killed_process_leaves_whole_lines_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.ndjson");
    for round in 1..=2 {
        let size = |path| fs::metadata(path).map_or(0, |file| file.len());
        let before = size(&path);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "recording::recorder_load::records_until_it_is_killed"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while size(&path) < before + 50_000 {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing is recorded");
            thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // As a kill in the middle of a write leaves it.
        let mut text = fs::read(&path).unwrap();
        text.truncate(text.len() - 10);
        fs::write(&path, &text).unwrap();

        let mut whole = 0;
        let mut torn = Vec::new();
        for line in Reader::open(&path).unwrap() {
            match line {
                Ok((_, Line::Decision(_))) => whole += 1,
                Ok((_, Line::Event(event))) => panic!("{event:?} is no decision"),
                Err(Problem::Line(finding)) => torn.push(finding.place.line.unwrap()),
                Err(Problem::Broken(error)) => panic!("{error}"),
            }
        }
        assert!(whole > 100, "only {whole} lines are whole");
        assert_eq!(
            torn.len(),
            round,
            "each cut leaves one line that is none, and the reader says which"
        );
    }
}
