//! The cash box that a courier carries for a day: one box, one currency, counted in the evening.

use std::collections::BTreeMap;

use pastproof::model::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::{CashAdded, CashBoxEvent, CashBoxOpened, CashHandedOver, DiscrepancyFound, Money};

/// What may be asked of a cash box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CashBoxCommand {
    Open {
        courier: String,
        depot: String,
        float: Money,
    },
    Add {
        parcel: String,
        amount: Money,
    },
    HandOver {
        clerk: String,
        counted: Money,
    },
}

/// Why a cash box refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CashBoxError {
    /// Another courier has it, or started with another amount.
    OpenedDifferently,
    /// Nobody has opened it.
    NotOpen,
    /// It was counted already.
    AlreadyHandedOver,
    /// Money of another currency belongs in another box.
    OtherCurrency,
    /// The parcel was paid for already, with another amount.
    AmountDiffers { before: Money },
}

/// What is known of a cash box.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CashBox {
    pub opened: Option<CashBoxOpened>,
    /// What was put in, by parcel.
    pub added: BTreeMap<String, Money>,
    pub counted: Option<CashHandedOver>,
    /// What the clerk found beyond what should be there, in hundredths; below zero when something is missing.
    pub surplus_cents: i128,
}

impl CashBox {
    /// What should be in the box; nothing before it is opened.
    pub fn expected(&self) -> Option<Money> {
        let float = self.opened.as_ref()?.float;
        // Saturates, because a fold must not panic whatever history holds.
        let cents = self
            .added
            .values()
            .fold(float.cents, |sum, amount| sum.saturating_add(amount.cents));
        Some(Money { cents, ..float })
    }

    fn open(&self, opening: CashBoxOpened) -> Result<Vec<CashBoxEvent>, CashBoxError> {
        match &self.opened {
            None => Ok(vec![opening.into()]),
            Some(before) if *before == opening => Ok(vec![]),
            Some(_) => Err(CashBoxError::OpenedDifferently),
        }
    }

    fn add(&self, parcel: &str, amount: Money) -> Result<Vec<CashBoxEvent>, CashBoxError> {
        let opened = self.opened.as_ref().ok_or(CashBoxError::NotOpen)?;
        match self.added.get(parcel) {
            Some(before) if *before == amount => return Ok(vec![]),
            Some(before) => return Err(CashBoxError::AmountDiffers { before: *before }),
            None => {}
        }
        if self.counted.is_some() {
            return Err(CashBoxError::AlreadyHandedOver);
        }
        if amount.currency != opened.float.currency {
            return Err(CashBoxError::OtherCurrency);
        }
        let parcel = parcel.to_owned();
        Ok(vec![CashAdded { parcel, amount }.into()])
    }

    fn hand_over(&self, counting: CashHandedOver) -> Result<Vec<CashBoxEvent>, CashBoxError> {
        let expected = self.expected().ok_or(CashBoxError::NotOpen)?;
        match &self.counted {
            None => {}
            Some(before) if *before == counting => return Ok(vec![]),
            Some(_) => return Err(CashBoxError::AlreadyHandedOver),
        }
        let counted = counting.counted;
        if counted.currency != expected.currency {
            return Err(CashBoxError::OtherCurrency);
        }
        let mut events = vec![counting.into()];
        if counted != expected {
            events.push(DiscrepancyFound { expected, counted }.into());
        }
        Ok(events)
    }
}

impl Aggregate for CashBox {
    type Command = CashBoxCommand;
    type Event = CashBoxEvent;
    type Error = CashBoxError;

    fn handle(&self, command: &CashBoxCommand) -> Result<Vec<CashBoxEvent>, CashBoxError> {
        match command.clone() {
            CashBoxCommand::Open {
                courier,
                depot,
                float,
            } => self.open(CashBoxOpened {
                courier,
                depot,
                float,
            }),
            CashBoxCommand::Add { parcel, amount } => self.add(&parcel, amount),
            CashBoxCommand::HandOver { clerk, counted } => self.hand_over(CashHandedOver { clerk, counted }),
        }
    }

    fn apply(&mut self, event: &CashBoxEvent) {
        match event {
            CashBoxEvent::CashBoxOpened(opened) => self.opened = Some(opened.clone()),
            CashBoxEvent::CashAdded(CashAdded { parcel, amount }) => {
                self.added.insert(parcel.clone(), *amount);
            }
            CashBoxEvent::CashHandedOver(counting) => self.counted = Some(counting.clone()),
            CashBoxEvent::DiscrepancyFound(DiscrepancyFound { expected, counted }) => {
                self.surplus_cents = i128::from(counted.cents) - i128::from(expected.cents);
            }
        }
    }
}
