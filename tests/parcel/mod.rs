//! The example domain: parcels that are paid for on delivery.
//!
//! A shop creates an order, a carrier takes the parcel and ships it from depot to depot, a courier knocks, hands
//! the parcel over and collects the money, or the recipient refuses and the parcel goes back. What a courier
//! collects in cash is kept in a cash box, which is counted at the depot in the evening.
//!
//! The files are laid out as those of a service would be:
//!
//! | file | what it holds |
//! |---|---|
//! | [`events`] | the events as the code writes them today |
//! | [`history`] | the payloads that earlier releases wrote, for as long as a store holds them |
//! | [`upcasters`] | how the second become the first |
//! | [`parcel`], [`cash_box`] | the two aggregates |
//! | [`board`] | the read model that a dispatcher looks at |
//! | [`follow_up`] | the process that sees to it that parcels and money arrive, with its timeouts |
//! | [`notices`] | the reactor that tells recipients and shops |
//! | [`scenarios`] | what they all do, one story each |
//! | [`writers`], [`simulation`] | three releases running for three months: where `tests/recordings` comes from |

// Each integration test is a crate of its own and uses its part of this module.
#![allow(dead_code, unused_imports)]

pub mod board;
pub mod cash_box;
pub mod events;
pub mod follow_up;
pub mod history;
pub mod notices;
#[expect(
    clippy::module_inception,
    reason = "the domain is named after its first aggregate"
)]
pub mod parcel;
pub mod scenarios;
pub mod simulation;
pub mod upcasters;
pub mod writers;

use pastproof::model::{Event, Version};

/// What the code reads: the versions that it writes.
pub fn current_versions() -> Vec<(String, Version)> {
    let kinds = events::ParcelEvent::kinds()
        .into_iter()
        .chain(events::CashBoxEvent::kinds());
    kinds
        .map(|kind| (kind.event_type.to_owned(), kind.version))
        .collect()
}
