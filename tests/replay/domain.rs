//! Accounts: a domain small enough to break in every way.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use pastproof::model::{Aggregate, Position, Projector};
use pastproof::upcast::{Chains, Upcast, Upcaster};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deposited {
    pub cents: u32,
    pub currency: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    pub cents: u32,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum AccountEvent {
        Opened(Opened) = 1,
        Deposited(Deposited) = 2,
        Withdrawn(Withdrawn) = 1,
    }
}

/// The schemas, by path in the catalogue. `Moved` is split, from version 2 there is no way,
/// `Audited` is dropped. `Withdrawn` lets numbers pass
/// that the type does not.
pub const SCHEMAS: &[(&str, &str)] = &[
    (
        "Opened/1.json",
        r#"{"type":"object","properties":{"owner":{"type":"string"}},"required":["owner"],"additionalProperties":false}"#,
    ),
    (
        "Deposited/1.json",
        r#"{"type":"object","properties":{"cents":{"type":"integer"}},"required":["cents"],"additionalProperties":false}"#,
    ),
    (
        "Deposited/2.json",
        r#"{"type":"object","properties":{"cents":{"type":"integer","minimum":0},"currency":{"type":"string"}},
            "required":["cents","currency"],"additionalProperties":false}"#,
    ),
    (
        "Withdrawn/1.json",
        r#"{"type":"object","properties":{"cents":{"type":"integer"}},"required":["cents"],"additionalProperties":false}"#,
    ),
    (
        "Moved/1.json",
        r#"{"type":"object","properties":{"cents":{"type":"integer"},"fee":{"type":"integer"}},
            "required":["cents","fee"],"additionalProperties":false}"#,
    ),
    ("Moved/2.json", r#"{"type":"object"}"#),
    ("Audited/1.json", r#"{"type":"object"}"#),
    ("Forgotten/1.json", r#"{"type":"object"}"#),
];

/// Where the code stands: the current versions, and the ways from the older ones.
pub fn chains() -> Chains {
    Chains::new(
        [
            Upcaster::json("Deposited", 1, [("Deposited", 2)], |mut data| {
                match data["cents"].as_i64() {
                    // Three amounts with which the upcaster goes wrong.
                    Some(13) => return Err("amount 13 of the old format".to_owned()),
                    Some(14) => panic!("cannot upcast 14"),
                    _ => {}
                }
                data["currency"] = json!("EUR");
                Ok::<_, String>(vec![Upcast::new("Deposited", 2, data)])
            }),
            Upcaster::json("Moved", 1, [("Withdrawn", 1)], |data| {
                let part = |name: &str| Upcast::new("Withdrawn", 1, json!({"cents": data[name]}));
                Ok::<_, String>(vec![part("cents"), part("fee")])
            }),
            Upcaster::dropped("Audited", 1),
        ],
        [("Opened", 1), ("Deposited", 2), ("Withdrawn", 1)],
    )
}

/// Declares an aggregate over [`AccountEvent`].
macro_rules! account {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? } |$state:ident, $event:ident| $apply:block) => {
        $(#[$meta])*
        #[derive(Default, Serialize)]
        pub struct $name { $(pub $field: $type),* }

        impl Aggregate for $name {
            type Command = ();
            type Event = AccountEvent;
            type Error = String;

            fn handle(&self, (): &()) -> Result<Vec<AccountEvent>, String> {
                Ok(Vec::new())
            }

            fn apply(&mut self, event: &AccountEvent) {
                let ($state, $event) = (self, event);
                $apply
            }
        }
    };
}

account! {
    /// As it should be.
    Account { owner: String, balance: i64, currencies: BTreeMap<String, u32> } |state, event| {
        match event {
            AccountEvent::Opened(Opened { owner }) => state.owner.clone_from(owner),
            AccountEvent::Deposited(Deposited { cents, currency }) => {
                state.balance += i64::from(*cents);
                *state.currencies.entry(currency.clone()).or_default() += 1;
            }
            AccountEvent::Withdrawn(Withdrawn { cents }) => state.balance -= i64::from(*cents),
        }
    }
}

account! {
    /// Forgets withdrawals of more than 100.
    Forgetful { owner: String, balance: i64, currencies: BTreeMap<String, u32> } |state, event| {
        match event {
            AccountEvent::Opened(Opened { owner }) => state.owner.clone_from(owner),
            AccountEvent::Deposited(Deposited { cents, currency }) => {
                state.balance += i64::from(*cents);
                *state.currencies.entry(currency.clone()).or_default() += 1;
            }
            AccountEvent::Withdrawn(Withdrawn { cents }) => {
                state.balance -= i64::from(*cents).min(100);
            }
        }
    }
}

account! {
    /// Panics on withdrawals of 666.
    Superstitious { balance: i64 } |state, event| {
        match event {
            AccountEvent::Opened(_) => {}
            AccountEvent::Deposited(Deposited { cents, .. }) => state.balance += i64::from(*cents),
            AccountEvent::Withdrawn(Withdrawn { cents }) => {
                assert!(*cents != 666, "no {cents} cents from \"Ana\"");
                state.balance -= i64::from(*cents);
            }
        }
    }
}

account! {
    /// Panics on a withdrawal of 5000 and more from an open account that holds dollars and has paid 1000 before.
    Brittle { open: bool, dollars: bool, paid: bool } |state, event| {
        match event {
            AccountEvent::Opened(_) => state.open = true,
            AccountEvent::Deposited(Deposited { currency, .. }) => state.dollars |= currency == "USD",
            AccountEvent::Withdrawn(Withdrawn { cents }) => {
                assert!(
                    *cents < 5000 || !(state.open && state.dollars && state.paid),
                    "the account is overdrawn by {cents}"
                );
                state.paid |= *cents >= 1000;
            }
        }
    }
}

account! {
    /// Has a mean that is not a number before the first deposit.
    Mean { deposits: u32, cents: f64, part: Part } |state, event| {
        if let AccountEvent::Deposited(Deposited { cents, .. }) = event {
            state.deposits += 1;
            state.cents += f64::from(*cents);
        }
        state.part.value = state.cents / f64::from(state.deposits);
    }
}

#[derive(Default, Serialize)]
pub struct Part {
    pub value: f64,
}

account! {
    /// Serializes a map in the order of its hashes.
    Hashed { currencies: HashMap<String, u32> } |state, event| {
        if let AccountEvent::Deposited(Deposited { currency, .. }) = event {
            *state.currencies.entry(currency.clone()).or_default() += 1;
        }
    }
}

account! {
    /// Counts in integers that 64 bits do not hold, and is off by `OFF`.
    Wide { total: u128 } |state, event| {
        if let AccountEvent::Deposited(Deposited { cents, .. }) = event {
            state.total += (1 << 100) + u128::from(*cents);
        }
    }
}

account! {
    /// As `Wide`, and one more.
    Wider { total: u128 } |state, event| {
        if let AccountEvent::Deposited(Deposited { cents, .. }) = event {
            state.total += (1 << 100) + u128::from(*cents) + 1;
        }
    }
}

account! {
    /// Knows how many of it live.
    Counted { events: u64, guard: Guard } |state, _event| {
        state.events += 1;
    }
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
/// The most states of [`Counted`] that ever lived at one time.
pub static MOST: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize)]
pub struct Guard;

impl Default for Guard {
    fn default() -> Self {
        MOST.fetch_max(LIVE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The balance of every account, in one read model.
#[derive(Default)]
pub struct Balances {
    rows: HashMap<String, Row>,
    moved: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    pub balance: i64,
    pub withdrawals: u32,
}

impl Projector for Balances {
    type Event = AccountEvent;
    type Row = Row;

    fn project(&mut self, event: &AccountEvent, at: Position<'_>) -> Result<(), String> {
        let row = self.rows.entry(at.stream.to_owned()).or_default();
        match event {
            AccountEvent::Opened(_) => {}
            AccountEvent::Deposited(Deposited { cents, .. }) => row.balance += i64::from(*cents),
            AccountEvent::Withdrawn(Withdrawn { cents }) => {
                assert!(*cents != 667, "no {cents} here");
                if *cents == 668 {
                    return Err(format!("{cents} of {} is refused", at.stream));
                }
                row.balance -= i64::from(*cents);
                row.withdrawals += 1;
                self.moved += u64::from(*cents);
            }
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, Row)> {
        self.rows
            .iter()
            .map(|(key, row)| (key.clone(), row.clone()))
            .collect()
    }
}

/// The same read model with withdrawals counted twice where there is more than one.
#[derive(Default)]
pub struct Doubled(Balances);

impl Projector for Doubled {
    type Event = AccountEvent;
    type Row = Row;

    fn project(&mut self, event: &AccountEvent, at: Position<'_>) -> Result<(), String> {
        self.0.project(event, at)
    }

    fn rows(&self) -> Vec<(String, Row)> {
        let mut rows = self.0.rows();
        for (_, row) in &mut rows {
            if row.withdrawals > 1 {
                row.withdrawals *= 2;
            }
        }
        rows
    }
}

/// The same read model without the rows of accounts that are overdrawn.
#[derive(Default)]
pub struct Solvent(Balances);

impl Projector for Solvent {
    type Event = AccountEvent;
    type Row = Row;

    fn project(&mut self, event: &AccountEvent, at: Position<'_>) -> Result<(), String> {
        self.0.project(event, at)
    }

    fn rows(&self) -> Vec<(String, Row)> {
        let mut rows = self.0.rows();
        rows.retain(|(_, row)| row.balance >= 0);
        rows
    }
}
