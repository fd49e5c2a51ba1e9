//! A number of instances, the same ones each time.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schema::error::SchemaError;

use super::choices::Seeded;
use super::instance::Generator;
use super::near::{NearMiss, NearMisses};

/// Up to `count` different instances of `schema`, in the draft that it names. The same `seed` gives the same ones;
/// fewer come when fewer are found.
///
/// Integers are written without a point, as every writer writes them.
///
/// # Errors
///
/// When it is no schema, refers to something outside itself, or uses `$dynamicRef` or `$recursiveRef`.
///
/// ```
/// let schema = serde_json::json!({"type": "integer", "minimum": 1, "maximum": 3});
/// let mut instances = pastproof::schema::sample_instances(&schema, 7, 100)?;
/// instances.sort_by_key(serde_json::Value::as_i64);
/// assert_eq!(instances, [1, 2, 3]);
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
pub fn sample_instances(schema: &Value, seed: u64, count: usize) -> Result<Vec<Value>, SchemaError> {
    let generator = Generator::new(schema, None)?;
    let mut choices = Seeded(seed);
    Ok(different(
        count,
        || generator.instance(&mut choices),
        Value::clone,
    ))
}

/// Up to `count` different values that `schema` refuses because of one keyword alone, as [`sample_instances`].
///
/// # Errors
///
/// As [`sample_instances`].
///
/// ```
/// let schema = serde_json::json!({"type": "string", "maxLength": 2});
/// let misses = pastproof::schema::sample_near_misses(&schema, 7, 10)?;
/// assert!(misses.iter().any(|miss| miss.keyword == "/maxLength"));
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
pub fn sample_near_misses(schema: &Value, seed: u64, count: usize) -> Result<Vec<NearMiss>, SchemaError> {
    let misses = NearMisses::new(schema, None)?;
    let mut choices = Seeded(seed);
    Ok(different(
        count,
        || misses.near_miss(&mut choices),
        |miss| miss.value.clone(),
    ))
}

fn different<T>(count: usize, mut make: impl FnMut() -> Option<T>, value: impl Fn(&T) -> Value) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut made = Vec::new();
    // A schema with few instances gives the same ones again and again.
    let mut tries = count.saturating_mul(2).saturating_add(20);
    while made.len() < count && tries > 0 {
        tries -= 1;
        match make() {
            Some(one) => {
                if seen.insert(value(&one).to_string()) {
                    made.push(one);
                }
            }
            None => break,
        }
    }
    made
}
