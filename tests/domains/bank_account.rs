//! A bank account that asks a cash machine and a cheque service before it decides; an aggregate of `cqrs-es`.
//!
//! Prior art: `serverlesstechnology/cqrs`, `demo/src/domain/aggregate.rs` (8 cases), with `demo/src/services.rs` and
//! the view of `demo/src/queries.rs`.
//!
//! The eight cases are told by the names of that crate's own test framework, from ours; the aggregate knows nothing
//! of us. Stricter here:
//!
//! * Money is put into, and taken out of, an account that was never opened in all of the original's cases, and its
//!   aggregate lets it. So the cheque service is asked about an account with no name; its mock does not look.
//!   Here the mock looks, and the account is opened first where it is asked.
//! * The original's mocks answer once and panic when they are asked again, and its cases that expect "funds not
//!   available" have mocks without an answer to show that nobody asks. So it is here, and the names of the services
//!   that were asked are compared as well.
//! * Amounts are floats, as there. They survive JSON exactly, which each case sees for its events.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use pastproof::adapters::cqrs_es::{TestFramework, Viewing};
use pastproof::scenario::given_nothing;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum AccountCommand {
    OpenAccount { account: String },
    DepositMoney { amount: f64 },
    WithdrawMoney { amount: f64, atm: String },
    WriteCheck { number: String, amount: f64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AccountEvent {
    AccountOpened {
        account: String,
    },
    CustomerDepositedMoney {
        amount: f64,
        balance: f64,
    },
    CustomerWithdrewCash {
        amount: f64,
        balance: f64,
    },
    CustomerWroteCheck {
        number: String,
        amount: f64,
        balance: f64,
    },
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::AccountOpened { .. } => "AccountOpened",
            Self::CustomerDepositedMoney { .. } => "CustomerDepositedMoney",
            Self::CustomerWithdrewCash { .. } => "CustomerWithdrewCash",
            Self::CustomerWroteCheck { .. } => "CustomerWroteCheck",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountError(pub String);

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AccountError {}

/// Whether an outside service agrees.
pub type Agreement<'a> = Pin<Box<dyn Future<Output = Result<(), ()>> + Send + 'a>>;

/// Whom the account asks.
pub trait Bank: Send + Sync {
    fn pays_out<'a>(&'a self, atm: &'a str, amount: f64) -> Agreement<'a>;
    fn honours<'a>(&'a self, account: &'a str, check: &'a str) -> Agreement<'a>;
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct BankAccount {
    pub account: String,
    pub balance: f64,
}

impl BankAccount {
    fn without(&self, amount: f64) -> Result<f64, AccountError> {
        let balance = self.balance - amount;
        if balance < 0.0 {
            return Err(AccountError("funds not available".to_owned()));
        }
        Ok(balance)
    }
}

impl Aggregate for BankAccount {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountError;
    type Services = Box<dyn Bank>;

    async fn handle(
        &mut self,
        command: AccountCommand,
        bank: &Box<dyn Bank>,
        sink: &EventSink<Self>,
    ) -> Result<(), AccountError> {
        let event = match command {
            AccountCommand::OpenAccount { account } => AccountEvent::AccountOpened { account },
            AccountCommand::DepositMoney { amount } => AccountEvent::CustomerDepositedMoney {
                amount,
                balance: self.balance + amount,
            },
            AccountCommand::WithdrawMoney { amount, atm } => {
                let balance = self.without(amount)?;
                let agreed = bank.pays_out(&atm, amount).await;
                agreed.map_err(|()| AccountError("atm rule violation".to_owned()))?;
                AccountEvent::CustomerWithdrewCash { amount, balance }
            }
            AccountCommand::WriteCheck { number, amount } => {
                let balance = self.without(amount)?;
                let agreed = bank.honours(&self.account, &number).await;
                agreed.map_err(|()| AccountError("check invalid".to_owned()))?;
                AccountEvent::CustomerWroteCheck {
                    number,
                    amount,
                    balance,
                }
            }
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::AccountOpened { account } => self.account = account,
            AccountEvent::CustomerDepositedMoney { balance, .. }
            | AccountEvent::CustomerWithdrewCash { balance, .. }
            | AccountEvent::CustomerWroteCheck { balance, .. } => self.balance = balance,
        }
    }
}

/// Answers once, and writes down what it was asked.
#[derive(Clone, Default)]
pub struct Mock {
    answer: Arc<Mutex<Option<Result<(), ()>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mock {
    fn answering(answer: Result<(), ()>) -> Self {
        let mock = Self::default();
        *mock.answer.lock().unwrap() = Some(answer);
        mock
    }

    fn answer(&self, question: String) -> Agreement<'static> {
        self.asked.lock().unwrap().push(question);
        let answer = self.answer.lock().unwrap().take();
        Box::pin(ready(answer.expect("nobody should ask, or ask again")))
    }

    #[track_caller]
    fn was_asked(&self, questions: &[&str]) {
        assert_eq!(*self.asked.lock().unwrap(), questions);
    }
}

impl Bank for Mock {
    fn pays_out<'a>(&'a self, atm: &'a str, amount: f64) -> Agreement<'a> {
        self.answer(format!("{atm} pays {amount:.2}"))
    }

    fn honours<'a>(&'a self, account: &'a str, check: &'a str) -> Agreement<'a> {
        self.answer(format!("{account} writes {check}"))
    }
}

type AccountTestFramework = TestFramework<BankAccount>;

fn with(mock: &Mock) -> AccountTestFramework {
    AccountTestFramework::with(Box::new(mock.clone()))
}

fn opened() -> AccountEvent {
    AccountEvent::AccountOpened {
        account: "ACCT-1".to_owned(),
    }
}

pub fn deposited(amount: f64, balance: f64) -> AccountEvent {
    AccountEvent::CustomerDepositedMoney { amount, balance }
}

fn withdraw(amount: f64) -> AccountCommand {
    AccountCommand::WithdrawMoney {
        amount,
        atm: "ATM-34".to_owned(),
    }
}

fn write_check(amount: f64) -> AccountCommand {
    AccountCommand::WriteCheck {
        number: "1170".to_owned(),
        amount,
    }
}

#[test]
fn money_is_deposited() {
    with(&Mock::default())
        .given_no_previous_events()
        .when(AccountCommand::DepositMoney { amount: 200.0 })
        .then_expect_events(vec![deposited(200.0, 200.0)]);
}

#[test]
fn money_is_added_to_what_is_there() {
    with(&Mock::default())
        .given(vec![deposited(200.0, 200.0)])
        .when(AccountCommand::DepositMoney { amount: 200.0 })
        .then_expect_events(vec![deposited(200.0, 400.0)]);
}

#[test]
fn cash_is_paid_out() {
    let mock = Mock::answering(Ok(()));
    with(&mock)
        .given(vec![opened()])
        .and(vec![deposited(200.0, 200.0)])
        .when(withdraw(100.0))
        .then_expect_events(vec![AccountEvent::CustomerWithdrewCash {
            amount: 100.0,
            balance: 100.0,
        }]);
    mock.was_asked(&["ATM-34 pays 100.00"]);
}

#[test]
fn a_cash_machine_may_refuse() {
    let mock = Mock::answering(Err(()));
    with(&mock)
        .given(vec![opened(), deposited(200.0, 200.0)])
        .when(withdraw(100.0))
        .then_expect_error_message("atm rule violation");
    mock.was_asked(&["ATM-34 pays 100.00"]);
}

#[test]
fn without_funds_no_cash_machine_is_asked() {
    let mock = Mock::default();
    with(&mock)
        .given_no_previous_events()
        .when(withdraw(200.0))
        .then_expect_error_message("funds not available");
    mock.was_asked(&[]);
}

#[test]
fn a_cheque_is_written() {
    let mock = Mock::answering(Ok(()));
    with(&mock)
        .given(vec![opened(), deposited(200.0, 200.0)])
        .when(write_check(100.0))
        .then_expect_events(vec![AccountEvent::CustomerWroteCheck {
            number: "1170".to_owned(),
            amount: 100.0,
            balance: 100.0,
        }]);
    mock.was_asked(&["ACCT-1 writes 1170"]);
}

#[test]
fn a_cheque_may_be_bad() {
    let mock = Mock::answering(Err(()));
    with(&mock)
        .given(vec![opened(), deposited(200.0, 200.0)])
        .when(write_check(100.0))
        .then_expect_error(AccountError("check invalid".to_owned()));
    mock.was_asked(&["ACCT-1 writes 1170"]);
}

#[test]
fn without_funds_no_cheque_is_asked_about() {
    let mock = Mock::default();
    with(&mock)
        .given_no_previous_events()
        .when(write_check(100.0))
        .then_expect_error_message("funds not available");
    mock.was_asked(&[]);
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    account: Option<String>,
    balance: f64,
    checks: Vec<String>,
    ledger: Vec<(String, f64)>,
    /// Where its last event stands, which the framework tells a view.
    last: (String, usize),
}

impl View<BankAccount> for AccountView {
    fn update(&mut self, event: &EventEnvelope<BankAccount>) {
        self.last = (event.aggregate_id.clone(), event.sequence);
        match &event.payload {
            AccountEvent::AccountOpened { account } => self.account = Some(account.clone()),
            AccountEvent::CustomerDepositedMoney { amount, balance } => {
                self.ledger.push(("deposit".to_owned(), *amount));
                self.balance = *balance;
            }
            AccountEvent::CustomerWithdrewCash { amount, balance } => {
                self.ledger.push(("cash".to_owned(), *amount));
                self.balance = *balance;
            }
            AccountEvent::CustomerWroteCheck {
                number,
                amount,
                balance,
            } => {
                self.ledger.push((number.clone(), *amount));
                self.checks.push(number.clone());
                self.balance = *balance;
            }
        }
    }
}

/// The original has a view and no test of it.
#[test]
fn the_view_keeps_a_ledger() {
    let check = AccountEvent::CustomerWroteCheck {
        number: "1170".to_owned(),
        amount: 50.5,
        balance: 149.5,
    };
    given_nothing::<Viewing<AccountView, BankAccount>>()
        .given_in("ACCT-1", [opened(), deposited(200.0, 200.0)])
        .when(check)
        .then_state(AccountView {
            account: Some("ACCT-1".to_owned()),
            balance: 149.5,
            checks: vec!["1170".to_owned()],
            ledger: vec![("deposit".to_owned(), 200.0), ("1170".to_owned(), 50.5)],
            last: ("ACCT-1".to_owned(), 3),
        });
}
