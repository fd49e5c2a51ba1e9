//! In which order a release may go out, and whether it can be taken back.
//!
//! While a release goes out, old and new code run side by side, and what one writes the other may have to read. So
//! there are two questions about two versions of a type: does the new code read what the old code writes and what
//! is stored, and does the old code read what the new code writes. The second is also whether the release can be
//! taken back once the first new event is stored.

use serde::Serialize;
use serde_json::Value;

use crate::model::Version;

use super::compare::Verdict;
use super::readings::{Reading, Readings};

/// In which order the code of a new version may be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Each reads the other: any order, side by side.
    Any,
    /// The new code reads the old events, the old code does not read the new ones: nothing may write the new version
    /// before everything reads it.
    ReadersFirst,
    /// The old code reads the new events, the new code does not read the old ones: nothing may read with the new
    /// version while the old one is written or stored.
    WritersFirst,
    /// Neither reads the other: they cannot run side by side.
    Apart,
}

/// How the newest version of a type goes out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    /// The type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version that is out.
    pub from: Version,
    /// The version that goes out.
    pub to: Version,
    /// The order that is safe.
    pub order: Order,
    /// What becomes of the events of `from` where the new code reads them.
    pub backward: Reading,
    /// What becomes of the events of `to` where the old code reads them.
    pub forward: Reading,
    /// Whether the release can be taken back at any time without loss: the old code reads what the new one wrote.
    pub rollback: Verdict,
    /// What the side that refuses has against the witness, or where the proof is stuck; empty where any order
    /// will do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// The event that shows it: one that the other side refuses.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::json::sorted"
    )]
    pub witness: Option<Value>,
}

impl Order {
    /// The order in a few words.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Any => "any order",
            Self::ReadersFirst => "readers first, then writers",
            Self::WritersFirst => "writers first, then readers",
            Self::Apart => "not side by side",
        }
    }

    /// What makes it so, where it is not any order.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::ReadersFirst => "The old code refuses events that the new code writes:",
            Self::WritersFirst => "The new code refuses events that the old code writes:",
            Self::Apart => {
                "Neither code reads what the other writes; of the new events the old code refuses:"
            }
        }
    }

    /// What to do, and until when the release can be taken back, in whole sentences.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Any => "Old and new code may run side by side. The release can be rolled back at any time.",
            Self::ReadersFirst => {
                "Bring everything that reads the type to the new version before anything writes it. Where one process \
                 does both, read the new version in this release and write it in the next. The release can be rolled \
                 back until the first event of the new version is stored."
            }
            Self::WritersFirst => {
                "Nothing may read with the new version while the old one is written, and what is stored of the old \
                 one needs an upcaster first. The release can be rolled back at any time."
            }
            Self::Apart => {
                "Stop everything that writes the old version, then deploy, with an upcaster for what is stored. The \
                 release can be rolled back until the first event of the new version is stored."
            }
        }
    }
}

/// How the step from the version at `from` to the one at `to` goes out.
pub(super) fn deployment(readings: &Readings<'_>, from: usize, to: usize) -> Deployment {
    let (backward, forward) = (readings.reading(from, to), readings.reading(to, from));
    let order = match (backward.holds(), forward.holds()) {
        (true, true) => Order::Any,
        (true, false) => Order::ReadersFirst,
        (false, true) => Order::WritersFirst,
        (false, false) => Order::Apart,
    };
    let (old, new) = (&readings.version(from).version, &readings.version(to).version);
    // Where the old code refuses, the order follows from that; else from what the new code refuses.
    let refused = match order {
        Order::Any => None,
        Order::ReadersFirst | Order::Apart => Some(readings.direction(to, from)),
        Order::WritersFirst => Some(readings.direction(from, to)),
    };
    let because = refused
        .as_ref()
        .and_then(|direction| direction.findings.first())
        .map_or_else(String::new, |difference| difference.message.clone());
    Deployment {
        event_type: readings.history().event_type.clone(),
        from: old.clone(),
        to: new.clone(),
        order,
        backward,
        forward,
        rollback: match forward {
            Reading::Works | Reading::ThroughUpcasters => Verdict::Compatible,
            Reading::Breaks => Verdict::Breaking,
            Reading::Unproven => Verdict::Unproven,
        },
        because,
        witness: refused.and_then(|direction| direction.witness.clone()),
    }
}
