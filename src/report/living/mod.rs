//! Scenarios as documents: Markdown that is written from what ran, and so is never out of date when it is written.

mod escape;
mod masked;
mod matrix;
mod pages;
mod story;

pub use masked::masked;
pub use pages::{MARK, Page, document, pages};
