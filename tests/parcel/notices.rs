//! What recipients and shops are told: a reactor, which turns what happened into messages and keeps nothing in mind.

use pastproof::model::{Context, Position, Reactor};
use schemars::JsonSchema;
use serde::Serialize;

use super::events::{
    Delivered, DeliveryFailed, FailureReason, Money, MoneyCollected, OutForDelivery, ParcelEvent,
    ReturnReason, ReturnStarted,
};

/// A message to be sent. Who gets it, and how, is looked up by whoever sends it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Notice {
    /// The stream of the parcel.
    pub parcel: String,
    pub to: Reader,
    pub about: About,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub enum Reader {
    Recipient,
    Shop,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub enum About {
    /// It comes today.
    ComesToday,
    /// Nobody opened; the courier comes again, or it can be fetched.
    Missed { attempt: u8 },
    /// It is there, and this person has it.
    Arrived { received_by: String },
    /// A receipt.
    Paid { amount: Money },
    /// It comes back.
    ComesBack { reason: ReturnReason },
}

/// Tells recipients and shops what they wait for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomerNotices;

impl Reactor for CustomerNotices {
    type Event = ParcelEvent;
    type Effect = Notice;

    fn react(&self, event: &ParcelEvent, at: Position<'_>, _: &mut Context) -> Vec<Notice> {
        let notice = |to, about| Notice {
            parcel: at.stream.to_owned(),
            to,
            about,
        };
        match event {
            ParcelEvent::OutForDelivery(OutForDelivery { .. }) => {
                vec![notice(Reader::Recipient, About::ComesToday)]
            }
            ParcelEvent::DeliveryFailed(DeliveryFailed { attempt, reason }) => match reason {
                FailureReason::NobodyHome | FailureReason::NoMoney => {
                    vec![notice(Reader::Recipient, About::Missed { attempt: *attempt })]
                }
                // Who refused it knows, and who lives elsewhere gets no message.
                FailureReason::Refused { .. } | FailureReason::WrongAddress => vec![],
            },
            ParcelEvent::Delivered(Delivered { received_by }) => {
                let arrived = || About::Arrived {
                    received_by: received_by.clone(),
                };
                vec![
                    notice(Reader::Recipient, arrived()),
                    notice(Reader::Shop, arrived()),
                ]
            }
            ParcelEvent::MoneyCollected(MoneyCollected { amount, .. }) => {
                vec![notice(Reader::Recipient, About::Paid { amount: *amount })]
            }
            ParcelEvent::ReturnStarted(ReturnStarted { reason }) => {
                vec![notice(Reader::Shop, About::ComesBack { reason: *reason })]
            }
            ParcelEvent::OrderCreated(_)
            | ParcelEvent::TakenByCarrier(_)
            | ParcelEvent::DepotReached(_)
            | ParcelEvent::ReturnedToSender(_) => vec![],
        }
    }
}
