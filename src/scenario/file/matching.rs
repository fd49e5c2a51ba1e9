//! Expected events beside actual ones, with names and ignored members.

use serde_json::Value;

use crate::scenario::StoredEvent;
use crate::scenario::text::Told;

use super::EventTemplate;
use super::bind::Bindings;

/// Expected events with the values that names and ignored members stand for, and the actual ones that are compared
/// with them.
pub(super) struct Matched {
    pub(super) expected: Vec<Told>,
    pub(super) actual: Vec<Told>,
}

impl Matched {
    pub(super) fn new(
        member: &str,
        expected: &[EventTemplate],
        actual: &[Told],
        ignoring: &[String],
        bindings: &mut Bindings,
    ) -> Self {
        let partners = partners(member, expected, actual, ignoring, bindings);
        let mut resolved = Vec::new();
        for (template, partner) in expected.iter().zip(&partners) {
            let partner = partner.map(|index| &actual[index]);
            let data = expect(template, partner, ignoring, bindings);
            resolved.push(Told::stored(StoredEvent {
                event_type: template.event_type.clone(),
                version: template.version.clone(),
                data,
            }));
        }
        let all_met = resolved
            .iter()
            .zip(&partners)
            .all(|(expected, partner)| partner.is_some_and(|index| expected.same(&actual[index])));
        let compared = match member {
            "events_starting_with" => actual.iter().take(expected.len()).cloned().collect(),
            "events_containing" if all_met => resolved.clone(),
            "events_unordered" => {
                let mut rest: Vec<usize> = (0..actual.len()).collect();
                rest.retain(|index| !partners.contains(&Some(*index)));
                partners
                    .iter()
                    .flatten()
                    .chain(&rest)
                    .map(|index| actual[*index].clone())
                    .collect()
            }
            _ => actual.to_vec(),
        };
        Self {
            expected: resolved,
            actual: compared,
        }
    }
}

/// What `template` expects beside its partner.
fn expect(
    template: &EventTemplate,
    partner: Option<&Told>,
    ignoring: &[String],
    bindings: &mut Bindings,
) -> Value {
    let actual = partner.map(|told| &told.stored.data);
    let mut data = template.data.expect(actual, bindings);
    if let Some(actual) = actual {
        for pointer in ignoring {
            ignore(&mut data, actual, pointer);
        }
    }
    data
}

/// Makes what stands at `pointer` the same as in `actual`.
fn ignore(data: &mut Value, actual: &Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match (data.pointer_mut(parent), actual.pointer(pointer)) {
        (Some(Value::Object(members)), Some(value)) => {
            members.insert(name, value.clone());
        }
        (Some(Value::Object(members)), None) => {
            members.remove(&name);
        }
        (Some(Value::Array(items)), Some(value)) => {
            if let Some(item) = name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = value.clone();
            }
        }
        _ => {}
    }
}

/// Which actual event each expected one is compared with.
fn partners(
    member: &str,
    expected: &[EventTemplate],
    actual: &[Told],
    ignoring: &[String],
    bindings: &Bindings,
) -> Vec<Option<usize>> {
    let mut bindings = bindings.clone();
    let mut taken = vec![false; actual.len()];
    let mut partners = Vec::new();
    for (position, template) in expected.iter().enumerate() {
        let same_type = |index: &usize| {
            actual
                .get(*index)
                .is_some_and(|told| told.stored.event_type == template.event_type)
        };
        let meets = |index: &usize| {
            let told = &actual[*index];
            let data = expect(template, Some(told), ignoring, &mut bindings.clone());
            told.same(&Told::stored(StoredEvent {
                event_type: template.event_type.clone(),
                version: template.version.clone(),
                data,
            }))
        };
        let partner = match member {
            "events" | "events_starting_with" => Some(position).filter(same_type),
            _ => {
                let free = || (0..actual.len()).filter(|index| !taken[*index]);
                let met = free().find(meets);
                match member {
                    "events_containing" => met,
                    _ => met.or_else(|| free().find(same_type)),
                }
            }
        };
        if let Some(index) = partner {
            taken[index] = true;
            expect(template, Some(&actual[index]), ignoring, &mut bindings);
        }
        partners.push(partner);
    }
    partners
}
