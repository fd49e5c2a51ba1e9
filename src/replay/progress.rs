//! What a replay says while it runs.

/// Told what is about to run, so that a driver in another process knows where user code took the process down.
///
/// A panic is caught and becomes a finding; a stack overflow or an abort is not, and ends the process in the
/// middle of whatever was announced last.
///
/// ```
/// use pastproof::replay::Progress;
///
/// /// Remembers the last announcement.
/// #[derive(Default)]
/// struct Last(String, Option<u64>);
///
/// impl Progress for Last {
///     fn begin(&mut self, stream: &str, revision: Option<u64>, _: &str) {
///         self.0.clear();
///         self.0.push_str(stream);
///         self.1 = revision;
///     }
/// }
/// ```
pub trait Progress {
    /// User code is about to see this event: upcasters, then the types that read it, then the folds.
    ///
    /// `stream` is empty for an event that has tags only.
    fn begin(&mut self, stream: &str, revision: Option<u64>, event_type: &str);

    /// The stream is folded, up to `revision`, and its state is about to be taken and dropped.
    ///
    /// `event_type` is that of its last event. Unless overridden this is one more [`begin`](Self::begin), so that
    /// a state that takes the process down while it serializes is blamed on its own stream.
    fn finish(&mut self, stream: &str, revision: Option<u64>, event_type: &str) {
        self.begin(stream, revision, event_type);
    }

    /// The rows of a read model are about to be taken.
    fn rows(&mut self, projector: &str) {
        let _ = projector;
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: Option<u64>, _: &str) {}
}
