//! The same bank account twice: hosted by its framework, and as plain functions. One story is told of both, and both
//! have to come to the same end.

use pastproof::adapters::cqrs_es::Hosted;
use pastproof::adapters::{Deciding, SerdeCodec, agree, serde_decider};
use pastproof::scenario::{Fixture, Subject};
use proptest::prelude::*;
use serde::Serialize;

use super::bank_account::{
    AccountCommand, AccountError, AccountEvent, Agreement, Bank, BankAccount, deposited,
};

/// A bank that agrees to everything but one cash machine and one cheque.
struct Fixed;

impl Bank for Fixed {
    fn pays_out<'a>(&'a self, atm: &'a str, _: f64) -> Agreement<'a> {
        Box::pin(std::future::ready(if atm == "broken" { Err(()) } else { Ok(()) }))
    }

    fn honours<'a>(&'a self, _: &'a str, check: &'a str) -> Agreement<'a> {
        Box::pin(std::future::ready(if check == "forged" {
            Err(())
        } else {
            Ok(())
        }))
    }
}

fn hosted() -> Fixture<Hosted<BankAccount>> {
    Hosted::fixture(|| Box::new(Fixed) as Box<dyn Bank>)
}

#[derive(Clone, Debug, Default, Serialize)]
struct State {
    balance: f64,
}

fn decide(command: &AccountCommand, state: &State) -> Result<Vec<AccountEvent>, AccountError> {
    let refuse = |why: &str| Err(AccountError(why.to_owned()));
    Ok(vec![match command {
        AccountCommand::OpenAccount { account } => AccountEvent::AccountOpened {
            account: account.clone(),
        },
        AccountCommand::DepositMoney { amount } => AccountEvent::CustomerDepositedMoney {
            amount: *amount,
            balance: state.balance + amount,
        },
        AccountCommand::WithdrawMoney { amount, .. } | AccountCommand::WriteCheck { amount, .. }
            if state.balance < *amount =>
        {
            return refuse("funds not available");
        }
        AccountCommand::WithdrawMoney { atm, .. } if atm == "broken" => return refuse("atm rule violation"),
        AccountCommand::WithdrawMoney { amount, .. } => AccountEvent::CustomerWithdrewCash {
            amount: *amount,
            balance: state.balance - amount,
        },
        AccountCommand::WriteCheck { number, .. } if number == "forged" => return refuse("check invalid"),
        AccountCommand::WriteCheck { number, amount } => AccountEvent::CustomerWroteCheck {
            number: number.clone(),
            amount: *amount,
            balance: state.balance - amount,
        },
    }])
}

fn evolve(state: &State, event: &AccountEvent) -> State {
    match event {
        AccountEvent::AccountOpened { .. } => state.clone(),
        AccountEvent::CustomerDepositedMoney { balance, .. }
        | AccountEvent::CustomerWithdrewCash { balance, .. }
        | AccountEvent::CustomerWroteCheck { balance, .. } => State { balance: *balance },
    }
}

type Functions =
    Deciding<State, AccountCommand, Result<Vec<AccountEvent>, AccountError>, SerdeCodec<AccountEvent>>;

fn functions() -> Fixture<Functions> {
    serde_decider(State::default, decide, evolve).fixture()
}

/// One story, in words that know nothing of who tells it.
fn the_story<S>(fixture: &Fixture<S>)
where
    S: Subject<Event = AccountEvent, Input = AccountCommand, Error = AccountError>,
{
    let deposit = |amount| AccountCommand::DepositMoney { amount };
    let withdraw = |amount, atm: &str| AccountCommand::WithdrawMoney {
        amount,
        atm: atm.to_owned(),
    };
    let refused = |why: &str| AccountError(why.to_owned());
    fixture
        .given([deposited(200.0, 200.0)])
        .when(deposit(50.5))
        .then([deposited(50.5, 250.5)])
        .when(withdraw(250.5, "broken"))
        .then_error(refused("atm rule violation"))
        .when(withdraw(250.5, "ATM-34"))
        .then([AccountEvent::CustomerWithdrewCash {
            amount: 250.5,
            balance: 0.0,
        }])
        .when(withdraw(0.01, "ATM-34"))
        .then_error(refused("funds not available"));
}

#[test]
fn one_story_is_told_of_both() {
    the_story(&hosted());
    the_story(&functions());
}

fn any_event() -> impl Strategy<Value = AccountEvent> {
    (0..100_000u32, 0..100_000u32)
        .prop_map(|(amount, balance)| deposited(f64::from(amount) / 100.0, f64::from(balance) / 100.0))
}

fn any_command() -> impl Strategy<Value = AccountCommand> {
    let amount = || (0..100_000u32).prop_map(|cents| f64::from(cents) / 100.0);
    let one_of = |good: &'static str, bad: &'static str| {
        prop_oneof![3 => Just(good), 1 => Just(bad)].prop_map(str::to_owned)
    };
    prop_oneof![
        "[a-z]{1,3}".prop_map(|account| AccountCommand::OpenAccount { account }),
        amount().prop_map(|amount| AccountCommand::DepositMoney { amount }),
        (amount(), one_of("ATM-34", "broken"))
            .prop_map(|(amount, atm)| AccountCommand::WithdrawMoney { amount, atm }),
        (amount(), one_of("1170", "forged"))
            .prop_map(|(amount, number)| AccountCommand::WriteCheck { number, amount }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn they_agree_whatever_is_asked(
        given in prop::collection::vec(any_event(), 0..3),
        commands in prop::collection::vec(any_command(), 0..8),
    ) {
        prop_assert_eq!(agree(&hosted(), &functions(), &given, &commands), Ok(()));
    }
}

#[test]
fn a_rewrite_that_is_wrong_is_found() {
    let wrong = |command: &AccountCommand, state: &State| match command {
        AccountCommand::WithdrawMoney { amount, .. } if *amount >= state.balance => {
            Err(AccountError("funds not available".to_owned()))
        }
        _ => decide(command, state),
    };
    let rewrite = serde_decider(State::default, wrong, evolve).fixture();
    let all = |amount| AccountCommand::WithdrawMoney {
        amount,
        atm: "ATM-34".to_owned(),
    };
    let given = [deposited(10.0, 10.0)];
    agree(&hosted(), &rewrite, &given, &[all(5.0)]).unwrap();
    let told = agree(&hosted(), &rewrite, &given, &[all(5.0), all(5.0)]).unwrap_err();
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("domains__a_rewrite_that_is_wrong", told.to_string());
    });
}
