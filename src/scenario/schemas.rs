//! The catalogue that events are held against.

use std::cell::RefCell;
use std::sync::Arc;

use super::StoredEvent;

/// What the catalogue has to say against an event.
pub(super) type Schemas = Arc<dyn Fn(&StoredEvent) -> Result<(), Vec<String>> + Send + Sync>;

thread_local! {
    static AROUND: RefCell<Option<Schemas>> = const { RefCell::new(None) };
}

/// The catalogue that somebody around this scenario has set.
pub(super) fn around() -> Option<Schemas> {
    AROUND.with_borrow(Option::clone)
}

/// Runs `scenarios` with a catalogue for those that have none of their own.
///
/// Types and versions that it does not have are passed over: a harness tells of them once, and not with every scenario.
#[cfg(feature = "compat")]
pub fn with_catalogue<T>(validators: crate::schema::Validators, scenarios: impl FnOnce() -> T) -> T {
    /// Puts back what was there, also after a panic.
    struct Before(Option<Schemas>);
    impl Drop for Before {
        fn drop(&mut self) {
            AROUND.set(self.0.take());
        }
    }
    let _before = Before(AROUND.replace(Some(of(validators, false))));
    scenarios()
}

#[cfg(feature = "compat")]
pub(super) fn of(validators: crate::schema::Validators, strict: bool) -> Schemas {
    use crate::schema::Validation;
    Arc::new(
        move |event| match validators.validate(&event.event_type, &event.version, &event.data) {
            Validation::Valid => Ok(()),
            Validation::Invalid(violations) => Err(violations
                .iter()
                .map(|violation| {
                    let pointer = &violation.pointer;
                    if pointer.is_empty() {
                        violation.message.clone()
                    } else {
                        format!("{pointer}: {}", violation.message)
                    }
                })
                .collect()),
            Validation::UnknownType | Validation::UnknownVersion if !strict => Ok(()),
            Validation::UnknownType => Err(vec![format!(
                "it has no {}: `pastproof schema accept` freezes what the code writes",
                event.event_type
            )]),
            Validation::UnknownVersion => Err(vec![format!(
                "it has {}, and no version {}: `pastproof schema accept` freezes what the code writes",
                event.event_type, event.version
            )]),
            Validation::Unusable(why) => Err(vec![format!("its schema cannot be used: {why}")]),
        },
    )
}
