//! Recorded history through the code: data in, findings out.

#[path = "replay/bed.rs"]
mod bed;
#[path = "replay/domain.rs"]
mod domain;
#[path = "replay/events.rs"]
mod events;
