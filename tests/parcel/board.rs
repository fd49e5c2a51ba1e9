//! What a dispatcher looks at: one row for each parcel.

use std::collections::BTreeMap;

use pastproof::model::{Position, Projector};
use serde::Serialize;

use super::events::{
    CashAdded, Delivered, DeliveryFailed, DepotReached, Money, MoneyCollected, OrderCreated, OutForDelivery,
    ReturnStarted, ReturnedToSender, TakenByCarrier,
};
use super::parcel::Stage;

pastproof::events! {
    /// What the board follows: everything about parcels, and of cash boxes only what belongs to a parcel.
    #[derive(Clone, Debug, PartialEq)]
    pub enum BoardEvent {
        OrderCreated(OrderCreated) = 3,
        TakenByCarrier(TakenByCarrier) = 1,
        DepotReached(DepotReached) = 2,
        OutForDelivery(OutForDelivery) = 1,
        DeliveryFailed(DeliveryFailed) = 2,
        Delivered(Delivered) = 2,
        MoneyCollected(MoneyCollected) = 2,
        ReturnStarted(ReturnStarted) = 1,
        ReturnedToSender(ReturnedToSender) = 1,
        CashAdded(CashAdded) = 1,
    }
}

/// A parcel as the dispatcher sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BoardRow {
    pub status: Stage,
    pub depot: Option<String>,
    pub courier: Option<String>,
    pub failed_attempts: u8,
    pub due: Option<Money>,
    pub collected: Option<Money>,
    /// Stream of the cash box that holds the money; none while the courier still has it, and none for cards.
    pub cash_box: Option<String>,
}

/// The delivery board.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeliveryBoard {
    rows: BTreeMap<String, BoardRow>,
}

impl DeliveryBoard {
    fn row(&mut self, parcel: &str) -> Result<&mut BoardRow, String> {
        self.rows
            .get_mut(parcel)
            .ok_or_else(|| format!("{parcel} was never ordered"))
    }
}

impl Projector for DeliveryBoard {
    type Event = BoardEvent;
    type Row = BoardRow;

    fn project(&mut self, event: &BoardEvent, at: Position<'_>) -> Result<(), String> {
        match event {
            BoardEvent::OrderCreated(order) => {
                let row = BoardRow {
                    status: Stage::Ordered,
                    due: order.due,
                    ..BoardRow::default()
                };
                self.rows.insert(at.stream.to_owned(), row);
            }
            BoardEvent::TakenByCarrier(_) => self.row(at.stream)?.status = Stage::Shipping,
            BoardEvent::DepotReached(DepotReached { depot, .. }) => {
                self.row(at.stream)?.depot = Some(depot.clone());
            }
            BoardEvent::OutForDelivery(OutForDelivery { courier }) => {
                let row = self.row(at.stream)?;
                row.status = Stage::OutForDelivery;
                row.courier = Some(courier.clone());
            }
            BoardEvent::DeliveryFailed(DeliveryFailed { attempt, .. }) => {
                let row = self.row(at.stream)?;
                row.status = Stage::Shipping;
                row.courier = None;
                row.failed_attempts = *attempt;
            }
            BoardEvent::Delivered(_) => self.row(at.stream)?.status = Stage::Delivered,
            BoardEvent::MoneyCollected(MoneyCollected { amount, .. }) => {
                self.row(at.stream)?.collected = Some(*amount);
            }
            BoardEvent::ReturnStarted(_) => self.row(at.stream)?.status = Stage::Returning,
            BoardEvent::ReturnedToSender(_) => self.row(at.stream)?.status = Stage::Returned,
            // The one event of another stream: the parcel's money is where it belongs.
            BoardEvent::CashAdded(CashAdded { parcel, amount }) => {
                let cash_box = at.stream.to_owned();
                let row = self.row(parcel)?;
                if row.collected != Some(*amount) {
                    return Err(format!(
                        "{cash_box} holds money for {parcel} that nobody collected"
                    ));
                }
                row.cash_box = Some(cash_box);
            }
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, BoardRow)> {
        self.rows
            .iter()
            .map(|(parcel, row)| (parcel.clone(), row.clone()))
            .collect()
    }
}
