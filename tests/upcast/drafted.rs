//! Drafted from the schemas of OrderPlaced 1 and 2. Read it before it is believed.

use pastproof::upcast::{Upcast, Upcaster};
use serde_json::{Value, json};

/// OrderPlaced 1 to 2.
///
/// What no old event says is for the caller to decide, from the old data:
///
/// * `state` is /state: "shut" is no longer a value.
/// * `new_type` is /type: it is new and required.
pub fn order_placed_1_to_2(
    state: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    new_type: impl Fn(&Value) -> Result<String, String> + Send + Sync + 'static,
) -> Upcaster {
    Upcaster::json("OrderPlaced", 1, [("OrderPlaced", 2)], move |old: Value| {
        let mut data = old.clone();
        // names alike, confidence 0.71
        if let Some(value) = take(&mut data, "/order_number") {
            put(&mut data, "/order_no", value)?;
        }
        // the new version has no such member: what it said is lost
        take(&mut data, "/fax");
        // same name inside a new object, confidence 0.80
        if let Some(value) = take(&mut data, "/street") {
            put(&mut data, "/address/street", value)?;
        }
        for item in data.pointer_mut("/lines").and_then(Value::as_array_mut).into_iter().flatten() {
            // names alike, confidence 0.93
            if let Some(value) = take(&mut *item, "/item_name") {
                put(&mut *item, "/item_names", value)?;
            }
        }
        // "shut" is no longer a value
        put(&mut data, "/state", json!(state(&old)?))?;
        // refuses a text that is not written so
        if let Some(value) = take(&mut data, "/total") {
            let value = match value {
                Value::String(text) => json!(text.parse::<i64>().map_err(|error| format!("{text}: {error}"))?),
                value => value,
            };
            put(&mut data, "/total", value)?;
        }
        // it is new and required
        put(&mut data, "/type", json!(new_type(&old)?))?;
        // the default that the new schema states
        if data.pointer("/version").is_none() {
            put(&mut data, "/version", json!(2))?;
        }
        Ok::<_, String>(vec![Upcast::new("OrderPlaced", 2, data)])
    })
}

fn take(data: &mut Value, pointer: &str) -> Option<Value> {
    let (above, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    data.pointer_mut(above)?.as_object_mut()?.remove(&name)
}

fn put(data: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let mut place = data;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let members = place.as_object_mut().ok_or_else(|| format!("no object on the way to {pointer}"))?;
        place = members.entry(name).or_insert_with(|| json!({}));
    }
    *place = value;
    Ok(())
}
