//! Values that a scenario has as JSON.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads `value` as a `T`, as a command stands in a scenario that was found by a search.
///
/// ```
/// use pastproof::scenario::{from_json, json};
/// let command = from_json::<(String, u8)>(json!(["ann", 5]));
/// assert_eq!(command, ("ann".to_owned(), 5));
/// ```
///
/// # Panics
///
/// When `T` refuses the value.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` makes a value, and nobody needs it afterwards"
)]
pub fn from_json<T: DeserializeOwned>(value: Value) -> T {
    match serde_path_to_error::deserialize(&value) {
        Ok(value) => value,
        Err(error) => panic!("{value} is no {}: {error}", super::views::short_name::<T>()),
    }
}
