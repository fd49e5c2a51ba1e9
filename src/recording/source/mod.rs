//! Events as other programs write them, and what of them goes into a recording.

mod cloudevents;
mod mask;
mod mask_value;
mod pointers;
mod raw;
mod select;
mod texts;

pub(super) use cloudevents::read as read_cloudevent;
pub use cloudevents::{from_cloudevent, to_cloudevent};
pub(super) use mask::Masker;
pub use mask::{MaskForm, MaskKey, MaskPart, MaskPolicy, MaskRule};
pub(super) use pointers::Counter;
pub use pointers::{EventPointers, Number};
pub use select::{Sample, Selection};
pub(super) use texts::{Text, Texts};
