//! What holds of parcels and cash boxes whatever happens to them.

use pastproof::scenario::Invariants;

use crate::parcel::cash_box::CashBox;
use crate::parcel::events::*;
use crate::parcel::parcel::{MAX_ATTEMPTS, Parcel};

pub fn of_parcels() -> Invariants<Parcel> {
    Invariants::new()
        .always(
            "money is collected only from who got the parcel",
            |parcel: &Parcel| parcel.payment.is_none() || parcel.received_by.is_some(),
        )
        .always("nobody knocks more often than is agreed", |parcel: &Parcel| {
            parcel.failed_attempts <= MAX_ATTEMPTS
        })
        .of_history("a parcel is handed over once", |_, events| {
            let handed_over = events.iter().filter(|event| {
                matches!(
                    event,
                    ParcelEvent::Delivered(_) | ParcelEvent::ReturnedToSender(_)
                )
            });
            handed_over.count() <= 1
        })
}

pub fn of_cash_boxes() -> Invariants<CashBox> {
    Invariants::new().of_history("what goes in is in there", |cash_box: &CashBox, events| {
        let cents = events.iter().fold(0, |sum, event| match event {
            CashBoxEvent::CashBoxOpened(opened) => sum + opened.float.cents,
            CashBoxEvent::CashAdded(added) => sum + added.amount.cents,
            CashBoxEvent::CashHandedOver(_) | CashBoxEvent::DiscrepancyFound(_) => sum,
        });
        cash_box.expected().map_or(0, |expected| expected.cents) == cents
    })
}
