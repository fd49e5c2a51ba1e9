//! jq programs as upcasters, run behind a fence.
//!
//! A program sees the event and nothing else: no clock, no environment, no other input, no way out. It runs in a
//! process of its own, so that one that never ends, fills the memory or recurses without end takes nothing with
//! it. [`Fence`] is this side of the process, `worker` the other; `jaq` is the only module that knows the
//! implementation of the language.

mod fence;
mod jaq;
mod process;
mod step;
mod wire;
mod worker;

pub use fence::Fence;
pub use worker::{JQ_WORKER, jq_worker, jq_worker_if_asked};
