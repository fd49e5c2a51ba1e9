//! Counting answers and the time they take.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Real data beside the project; its absence is said aloud, and is a failure where it is required.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(path);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1");
    assert!(!required, "{} is required and absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// What `work` makes of each item, in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(index) else { return done };
                        done.push((index, work(item)));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Times of single answers.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| {
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss
            )]
            let index = ((self.0.len() as f64 * share) as usize).min(self.0.len() - 1);
            self.0[index].as_secs_f64() * 1e3
        };
        let total: Duration = self.0.iter().sum();
        write!(
            f,
            "median {:.2} ms, 99th percentile {:.2} ms, worst {:.2} ms, all {:.2} s",
            at(0.5),
            at(0.99),
            at(1.0),
            total.as_secs_f64()
        )
    }
}
