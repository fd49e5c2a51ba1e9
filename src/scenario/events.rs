//! Events as a scenario takes them and as it compares them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json;
use crate::model::{Event, EventError, Version};

/// An event as a store holds it: type, version and data.
///
/// ```
/// use pastproof::scenario::{StoredEvent, json};
/// let event = StoredEvent::from(("OrderPlaced", 1, json!({"cents": 4500})));
/// assert_eq!(event.to_string(), r#"OrderPlaced v1 {"cents":4500}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// The stored name of the event's type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version the data is at.
    pub version: Version,
    /// The event's data.
    pub data: Value,
}

impl StoredEvent {
    /// The event as the code would store it today.
    ///
    /// # Errors
    ///
    /// When its payload does not serialize.
    pub fn of<E: Event>(event: &E) -> Result<Self, EventError> {
        Ok(Self {
            event_type: event.event_type().to_owned(),
            version: event.version(),
            data: event.encode()?,
        })
    }

    /// Type and version, as in `OrderPlaced v2`.
    pub(super) fn kind(&self) -> String {
        format!("{} v{}", self.event_type, self.version)
    }
}

impl std::fmt::Display for StoredEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind(), one_line(&self.data))
    }
}

impl<T: Into<String>, V: Into<Version>> From<(T, V, Value)> for StoredEvent {
    fn from((event_type, version, data): (T, V, Value)) -> Self {
        Self {
            event_type: event_type.into(),
            version: version.into(),
            data,
        }
    }
}

/// `value` on one line, members by name whatever features `serde_json` was built with.
pub(super) fn one_line(value: &Value) -> String {
    // A `Value` has texts for keys and no numbers that JSON lacks; should one hold a member twice, its own
    // form is still the truth.
    json::canonical(value).unwrap_or_else(|_| value.to_string())
}

/// A list of events of `E`: an array, a `Vec`, or a tuple whose members may be payloads of different types.
///
/// ```
/// # use pastproof::scenario::Events;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Opened {}
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
/// # pastproof::events! { pub enum AccountEvent { Opened(Opened) = 1, Deposited(Deposited) = 1 } }
/// fn count(events: impl Events<AccountEvent>) -> usize {
///     events.into_events().len()
/// }
/// assert_eq!(count([AccountEvent::Opened(Opened {}), AccountEvent::Deposited(Deposited { cents: 5 })]), 2);
/// assert_eq!(count([Deposited { cents: 5 }, Deposited { cents: 6 }]), 2);
/// assert_eq!(count((Opened {}, Deposited { cents: 5 })), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of `{E}`",
    label = "expected an array, a `Vec` or a tuple of events",
    note = "one event is a list too: `[event]`",
    note = "no event at all has a word of its own: `given_nothing()`, `then_nothing()`"
)]
pub trait Events<E> {
    /// The events in their order.
    fn into_events(self) -> Vec<E>;
}

impl<E, T: Into<E>, const N: usize> Events<E> for [T; N] {
    fn into_events(self) -> Vec<E> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<E, T: Into<E>> Events<E> for Vec<T> {
    fn into_events(self) -> Vec<E> {
        self.into_iter().map(Into::into).collect()
    }
}

macro_rules! tuples {
    ($($member:ident)+) => {
        impl<E, $($member: Into<E>),+> Events<E> for ($($member,)+) {
            fn into_events(self) -> Vec<E> {
                #[expect(non_snake_case, reason = "a variable for each type, under its name")]
                let ($($member,)+) = self;
                vec![$($member.into()),+]
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D F);
tuples!(A B C D F G);
tuples!(A B C D F G H);
tuples!(A B C D F G H I);
