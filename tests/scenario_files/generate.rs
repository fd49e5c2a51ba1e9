//! Scenario files of every kind.

use std::collections::BTreeMap;

use pastproof::model::{Timestamp, Version};
use pastproof::scenario::file::{
    EventTemplate, GivenEvent, GivenLine, OutcomeWord, ScenarioFile, ScheduledLine, Step, TagValues,
    Template, Then, WhenLine,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Number, Value};

/// Any JSON, with members that look like words of the format among them.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers", |float| Number::from_f64(float)
            .map(Value::from)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop_oneof![
            4 => "[a-zé/~\"\\\\]{0,4}",
            1 => Just("$bind".to_owned()),
            1 => Just("$is".to_owned()),
            1 => Just("$literal".to_owned()),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn template() -> impl Strategy<Value = Template> {
    value().prop_map(|value| Template::literal(&value))
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![
        any::<u64>().prop_map(Version::from),
        "[0-9]\\.[0-9]\\.[0-9]|v1|\"".prop_map(Version::from),
    ]
}

fn event() -> impl Strategy<Value = EventTemplate> {
    (".{0,8}", version(), template()).prop_map(|(event_type, version, data)| EventTemplate {
        event_type,
        version,
        data,
    })
}

fn tags() -> impl Strategy<Value = BTreeMap<String, TagValues>> {
    let values = vec(".{0,8}", 1..3).prop_map(|values| TagValues::new(values).unwrap());
    btree_map(".{0,8}", values, 0..3)
}

/// A question under its name.
fn query() -> impl Strategy<Value = Template> {
    let name = || "[a-z/~\"]{1,6}";
    prop_oneof![
        (name(), value())
            .prop_map(|(name, asked)| { Template::literal(&Value::from(Map::from_iter([(name, asked)]))) }),
        name().prop_map(|name| Template::literal(&Value::from(name))),
    ]
}

fn span() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..9_000_u32).prop_map(|days| format!("P{days}D")),
        (0..9_000_u32, 0..999_u32).prop_map(|(hours, millis)| format!("PT{hours}H0.{millis:03}S")),
    ]
}

fn given() -> impl Strategy<Value = GivenLine> {
    prop_oneof![
        (event(), option::of(".{0,8}"), tags()).prop_map(|(event, stream, tags)| GivenLine::Event(
            GivenEvent {
                stream,
                tags,
                ..event.into()
            }
        )),
        moment().prop_map(|time| GivenLine::Time { time }),
        template().prop_map(|command| GivenLine::Command { command }),
        ".{1,8}".prop_map(|scenario| GivenLine::Scenario { scenario }),
    ]
}

fn then() -> impl Strategy<Value = Then> {
    let events = option::of(vec(event(), 0..3));
    let some = || option::of(vec(event(), 1..3));
    (
        (events, some(), some(), some(), vec("/[a-z/~]{0,4}", 0..2)),
        option::of(prop_oneof![
            Just(OutcomeWord::AcceptedWithoutEvents),
            Just(OutcomeWord::Ignored)
        ]),
        (option::of(template()), option::of(".{0,8}"), option::of(".{0,8}")),
        (
            option::of(template()),
            option::of(template()),
            option::of(vec(template(), 0..2)),
            option::of(vec(template(), 0..2)),
            option::of(vec(scheduled(), 0..2)),
            option::of(vec(".{0,8}", 0..2)),
        ),
        (
            option::of(template()),
            option::of(btree_map(".{0,8}", template(), 1..3)),
            vec(".{0,8}", 0..2),
        ),
        vec(".{1,8}", 0..2),
    )
        .prop_map(
            |(lists, outcome, (error, error_variant, error_text), rest, read, holds)| {
                let (result, rows, no_rows) = read;
                let (state, reply, effects, commands, scheduled, cancelled) = rest;
                let (events, events_unordered, events_containing, events_starting_with, ignoring) = lists;
                let mut then = Then {
                    events,
                    events_unordered,
                    events_containing,
                    events_starting_with,
                    ignoring,
                    outcome,
                    error,
                    error_variant,
                    error_text,
                    state,
                    reply,
                    result,
                    rows,
                    no_rows,
                    effects,
                    commands,
                    scheduled,
                    cancelled,
                    holds,
                };
                let lists = [
                    &then.events,
                    &then.events_unordered,
                    &then.events_containing,
                    &then.events_starting_with,
                ];
                if lists.iter().all(|list| list.is_none()) {
                    then.ignoring.clear();
                }
                if then == Then::default() {
                    then.events = Some(Vec::new());
                }
                then
            },
        )
}

fn moment() -> impl Strategy<Value = String> {
    (0_i64..4_000_000_000).prop_map(|seconds| Timestamp::from_unix_seconds(seconds).to_string())
}

fn scheduled() -> impl Strategy<Value = ScheduledLine> {
    (".{0,8}", moment()).prop_map(|(timeout, due)| ScheduledLine { timeout, due })
}

fn when() -> impl Strategy<Value = Vec<WhenLine>> {
    let line = prop_oneof![
        template().prop_map(|command| WhenLine::Command { command }),
        event().prop_map(WhenLine::Event),
        moment().prop_map(|time| WhenLine::Time { time }),
        span().prop_map(|passes| WhenLine::Passing { passes }),
        query().prop_map(|query| WhenLine::Query { query }),
    ];
    vec(line, 1..3)
}

/// Scenario files that are in order.
pub fn file() -> impl Strategy<Value = ScenarioFile> {
    (
        option::of(".{0,8}"),
        ".{1,8}",
        option::of(any::<String>()),
        (
            option::of(".{0,8}"),
            option::of(moment()),
            prop_oneof![Just(0), any::<u64>()],
        ),
        vec(given(), 0..3),
        (when(), then()),
        vec(
            (when(), then()).prop_map(|(when, then)| Step { when, then }),
            0..2,
        ),
    )
        .prop_map(
            |(schema, subject, tells, (stream, at, ids), given, (when, then), and)| ScenarioFile {
                schema,
                tells,
                stream,
                at,
                ids,
                and,
                ..ScenarioFile::new(subject, given, when, then)
            },
        )
}
