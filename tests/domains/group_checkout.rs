//! A group of guests that checks out together: a process manager with a timeout.
//!
//! Prior art: `event-driven-io/emmett`, `src/packages/emmett/src/testing/workflowSpecification.unit.spec.ts` (18
//! cases), over `src/packages/emmett/src/workflows/workflow.testHelpers.ts`.
//!
//! Stricter here:
//!
//! * The original's decision changes the map of guests that its state holds. Asked twice, it answers twice: the
//!   second time the guest has checked out already and nothing happens. Every scenario here decides twice.
//! * Its comparison takes any date for any other, all of its cases use one date, and it does not look at order. Here
//!   each message has a minute of its own.
//! * Its completed event lists the guests' statuses, which say of nobody whether they have left. Here it is the
//!   guests by name.
//! * A group of which one guest has left is complete there whatever became of the others, and the function that says
//!   so is called "all completed". The cases pin it, so it stays, with the failed ones named.
//! * A guest of no group whose message names the group is added to the map there. No case tells of it; here it is
//!   ignored.
//! * There the timeout is a message that anybody may send at any time. Here it is scheduled when the group begins to
//!   leave and cancelled when it has left, so that time itself is what passes in the cases about it.

use std::collections::BTreeMap;
use std::time::Duration;

use pastproof::model::{Context, Never, ProcessManager, Reaction, Timestamp, Trigger};
use pastproof::scenario::{Fixture, Given, Managing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The front desk waits this long for a group.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A clerk asks that a group leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCheckoutRequested {
    group: String,
    clerk: String,
    guests: Vec<String>,
    at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCheckedOut {
    guest: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Why {
    NotCheckedIn,
    BalanceNotSettled,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCheckoutFailed {
    guest: String,
    why: Why,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCheckoutInitiated {
    group: String,
    clerk: String,
    guests: Vec<String>,
    at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCheckoutCompleted {
    group: String,
    completed: Vec<String>,
    failed: Vec<String>,
    at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCheckoutFailed {
    group: String,
    failed: Vec<String>,
    at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCheckoutTimedOut {
    group: String,
    incomplete: Vec<String>,
    completed: Vec<String>,
    failed: Vec<String>,
    at: String,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum CheckoutEvent {
        GroupCheckoutRequested(GroupCheckoutRequested) = 1,
        GuestCheckedOut(GuestCheckedOut) = 1,
        GuestCheckoutFailed(GuestCheckoutFailed) = 1,
        GroupCheckoutInitiated(GroupCheckoutInitiated) = 1,
        GroupCheckoutCompleted(GroupCheckoutCompleted) = 1,
        GroupCheckoutFailed(GroupCheckoutFailed) = 1,
        GroupCheckoutTimedOut(GroupCheckoutTimedOut) = 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckOut {
    guest: String,
    group: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutOfPatience {
    group: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Stay {
    Pending,
    Completed,
    Failed,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub enum GroupCheckout {
    #[default]
    NotExisting,
    Pending {
        group: String,
        guests: BTreeMap<String, Stay>,
    },
    Finished,
}

type CheckoutReaction = Reaction<CheckoutEvent, CheckOut, OutOfPatience, Never>;

fn those(guests: &BTreeMap<String, Stay>, wanted: Stay) -> Vec<String> {
    let those = guests.iter().filter(|(_, stay)| **stay == wanted);
    those.map(|(guest, _)| guest.clone()).collect()
}

impl GroupCheckout {
    fn initiate(&self, request: &GroupCheckoutRequested, now: Timestamp) -> CheckoutReaction {
        if *self != Self::NotExisting {
            return Reaction::ignored();
        }
        let initiated = GroupCheckoutInitiated {
            group: request.group.clone(),
            clerk: request.clerk.clone(),
            guests: request.guests.clone(),
            at: request.at.clone(),
        };
        let patience = OutOfPatience {
            group: request.group.clone(),
        };
        let reaction = Reaction::new()
            .recording(initiated)
            .scheduling(patience, now + PATIENCE);
        request.guests.iter().fold(reaction, |reaction, guest| {
            reaction.sending(CheckOut {
                guest: guest.clone(),
                group: request.group.clone(),
            })
        })
    }

    fn left(&self, guest: &str, group: Option<&str>, stay: Stay, at: &str) -> CheckoutReaction {
        let Self::Pending { group: own, guests } = self else {
            return Reaction::ignored();
        };
        if group != Some(own.as_str()) || guests.get(guest) != Some(&Stay::Pending) {
            return Reaction::ignored();
        }
        let mut guests = guests.clone();
        guests.insert(guest.to_owned(), stay);
        if guests.values().any(|stay| *stay == Stay::Pending) {
            return Reaction::new();
        }
        let (group, at) = (own.clone(), at.to_owned());
        let (completed, failed) = (those(&guests, Stay::Completed), those(&guests, Stay::Failed));
        let reaction = Reaction::new().cancelling(OutOfPatience { group: group.clone() });
        if completed.is_empty() {
            reaction.recording(GroupCheckoutFailed { group, failed, at })
        } else {
            reaction.recording(GroupCheckoutCompleted {
                group,
                completed,
                failed,
                at,
            })
        }
    }

    fn out_of_patience(&self, timeout: &OutOfPatience, now: Timestamp) -> CheckoutReaction {
        match self {
            Self::Pending { group, guests } if *group == timeout.group => {
                Reaction::new().recording(GroupCheckoutTimedOut {
                    group: group.clone(),
                    incomplete: those(guests, Stay::Pending),
                    completed: those(guests, Stay::Completed),
                    failed: those(guests, Stay::Failed),
                    at: now.to_string(),
                })
            }
            _ => Reaction::ignored(),
        }
    }
}

impl ProcessManager for GroupCheckout {
    type Event = CheckoutEvent;
    type Command = CheckOut;
    type Timeout = OutOfPatience;
    type Effect = Never;

    fn react(
        &self,
        trigger: Trigger<'_, CheckoutEvent, OutOfPatience>,
        context: &mut Context,
    ) -> CheckoutReaction {
        match trigger {
            Trigger::Event(CheckoutEvent::GroupCheckoutRequested(request)) => {
                self.initiate(request, context.now())
            }
            Trigger::Event(CheckoutEvent::GuestCheckedOut(GuestCheckedOut { guest, at, group })) => {
                self.left(guest, group.as_deref(), Stay::Completed, at)
            }
            Trigger::Event(CheckoutEvent::GuestCheckoutFailed(GuestCheckoutFailed {
                guest,
                at,
                group,
                ..
            })) => self.left(guest, group.as_deref(), Stay::Failed, at),
            Trigger::Timeout(timeout) => self.out_of_patience(timeout, context.now()),
            // Its own.
            Trigger::Event(
                CheckoutEvent::GroupCheckoutInitiated(_)
                | CheckoutEvent::GroupCheckoutCompleted(_)
                | CheckoutEvent::GroupCheckoutFailed(_)
                | CheckoutEvent::GroupCheckoutTimedOut(_),
            ) => Reaction::ignored(),
        }
    }

    fn apply(&mut self, event: &CheckoutEvent) {
        match (&mut *self, event) {
            (Self::NotExisting, CheckoutEvent::GroupCheckoutInitiated(initiated)) => {
                let guests = initiated
                    .guests
                    .iter()
                    .cloned()
                    .map(|guest| (guest, Stay::Pending));
                *self = Self::Pending {
                    group: initiated.group.clone(),
                    guests: guests.collect(),
                };
            }
            (Self::Pending { group, guests }, CheckoutEvent::GuestCheckedOut(left))
                if left.group.as_ref() == Some(group) =>
            {
                guests.insert(left.guest.clone(), Stay::Completed);
            }
            (Self::Pending { group, guests }, CheckoutEvent::GuestCheckoutFailed(left))
                if left.group.as_ref() == Some(group) =>
            {
                guests.insert(left.guest.clone(), Stay::Failed);
            }
            (
                Self::Pending { .. },
                CheckoutEvent::GroupCheckoutCompleted(_)
                | CheckoutEvent::GroupCheckoutFailed(_)
                | CheckoutEvent::GroupCheckoutTimedOut(_),
            ) => *self = Self::Finished,
            _ => {}
        }
    }
}

const NOON: &str = "2024-02-29T12:00:00Z";

/// A time in the minutes after noon.
fn minute(minute: u8) -> String {
    format!("2024-02-29T12:{minute:02}:00Z")
}

fn checkout() -> Fixture<Managing<GroupCheckout>> {
    Fixture::new().at(NOON)
}

fn names(guests: &[&str]) -> Vec<String> {
    guests.iter().map(|guest| (*guest).to_owned()).collect()
}

fn requested(clerk: &str, guests: &[&str]) -> GroupCheckoutRequested {
    GroupCheckoutRequested {
        group: "gc-1".to_owned(),
        clerk: clerk.to_owned(),
        guests: names(guests),
        at: minute(0),
    }
}

fn initiated(guests: &[&str]) -> GroupCheckoutInitiated {
    GroupCheckoutInitiated {
        group: "gc-1".to_owned(),
        clerk: "clerk-1".to_owned(),
        guests: names(guests),
        at: minute(0),
    }
}

fn out(guest: &str, at: u8) -> GuestCheckedOut {
    GuestCheckedOut {
        guest: guest.to_owned(),
        at: minute(at),
        group: Some("gc-1".to_owned()),
    }
}

fn failed(guest: &str, why: Why, at: u8) -> GuestCheckoutFailed {
    GuestCheckoutFailed {
        guest: guest.to_owned(),
        why,
        at: minute(at),
        group: Some("gc-1".to_owned()),
    }
}

fn completed(guests: &[&str], without: &[&str], at: u8) -> GroupCheckoutCompleted {
    GroupCheckoutCompleted {
        group: "gc-1".to_owned(),
        completed: names(guests),
        failed: names(without),
        at: minute(at),
    }
}

fn patience() -> OutOfPatience {
    OutOfPatience {
        group: "gc-1".to_owned(),
    }
}

fn check_out(guest: &str) -> CheckOut {
    CheckOut {
        guest: guest.to_owned(),
        group: "gc-1".to_owned(),
    }
}

/// A group that is about to leave, with its timeout.
fn leaving(guests: &[&str]) -> Given<Managing<GroupCheckout>> {
    checkout().given((requested("clerk-1", guests), initiated(guests)))
}

/// A group of one that has left.
fn gone() -> Given<Managing<GroupCheckout>> {
    leaving(&["guest-1"]).given((out("guest-1", 1), completed(&["guest-1"], &[], 1)))
}

mod initiating {
    use super::*;

    #[test]
    fn it_begins_and_asks_every_guest_to_check_out() {
        checkout()
            .given_nothing()
            .when(requested("clerk-1", &["guest-1", "guest-2"]))
            .then([initiated(&["guest-1", "guest-2"])])
            .then_commands([check_out("guest-1"), check_out("guest-2")])
            .then_scheduled([(patience(), "2024-02-29T12:05:00Z")]);
    }

    #[test]
    fn it_begins_once() {
        leaving(&["guest-1"])
            .when(requested("clerk-2", &["guest-2"]))
            .then_ignored();
    }

    #[test]
    fn they_come_back_from_files() {
        use pastproof::scenario::file::{FileReader, Library};

        let files = FileReader::<Managing<GroupCheckout>>::follower(Fixture::new());
        let library = Library::new("/nowhere").subject("checkout", files);
        crate::domains::come_back::come_back(
            &library,
            &[it_begins_and_asks_every_guest_to_check_out, it_begins_once],
        );
    }
}

mod a_guest_has_checked_out {
    use super::*;

    #[test]
    fn of_no_group() {
        let alone = GuestCheckedOut {
            group: None,
            ..out("guest-1", 1)
        };
        checkout().given_nothing().when(alone).then_ignored();
    }

    #[test]
    fn of_a_group_that_is_not_leaving() {
        checkout().given_nothing().when(out("guest-1", 1)).then_ignored();
    }

    #[test]
    fn of_a_group_that_has_left() {
        gone().when(out("guest-1", 2)).then_ignored();
    }

    #[test]
    fn who_had_checked_out_already() {
        leaving(&["guest-1", "guest-2"])
            .given([out("guest-1", 1)])
            .when(out("guest-1", 2))
            .then_ignored();
    }

    #[test]
    fn while_others_have_not() {
        leaving(&["guest-1", "guest-2"])
            .when(out("guest-1", 1))
            .then_nothing()
            .then_state_that("one guest is still there", |checkout| {
                matches!(checkout, GroupCheckout::Pending { guests, .. }
                    if those(guests, Stay::Pending) == ["guest-2"])
            });
    }

    #[test]
    fn as_the_last_one() {
        leaving(&["guest-1", "guest-2"])
            .given([out("guest-1", 1)])
            .when(out("guest-2", 2))
            .then([completed(&["guest-1", "guest-2"], &[], 2)])
            .then_cancelled([patience()]);
    }

    #[test]
    fn as_the_last_one_when_another_could_not() {
        leaving(&["guest-1", "guest-2"])
            .given([failed("guest-1", Why::BalanceNotSettled, 1)])
            .when(out("guest-2", 2))
            .then([completed(&["guest-2"], &["guest-1"], 2)])
            .then_cancelled([patience()]);
    }
}

mod a_guest_could_not_check_out {
    use super::*;

    #[test]
    fn of_no_group() {
        let alone = GuestCheckoutFailed {
            group: None,
            ..failed("guest-1", Why::NotCheckedIn, 1)
        };
        checkout().given_nothing().when(alone).then_ignored();
    }

    #[test]
    fn of_a_group_that_is_not_leaving() {
        checkout()
            .given_nothing()
            .when(failed("guest-1", Why::NotCheckedIn, 1))
            .then_ignored();
    }

    #[test]
    fn of_a_group_that_has_left() {
        gone()
            .when(failed("guest-1", Why::NotCheckedIn, 2))
            .then_ignored();
    }

    #[test]
    fn who_could_not_before() {
        leaving(&["guest-1", "guest-2"])
            .given([failed("guest-1", Why::NotCheckedIn, 1)])
            .when(failed("guest-1", Why::BalanceNotSettled, 2))
            .then_ignored();
    }

    #[test]
    fn while_others_have_not_tried() {
        leaving(&["guest-1", "guest-2"])
            .when(failed("guest-1", Why::NotCheckedIn, 1))
            .then_nothing();
    }

    #[test]
    fn and_nobody_else_could() {
        leaving(&["guest-1", "guest-2"])
            .given([failed("guest-1", Why::BalanceNotSettled, 1)])
            .when(failed("guest-2", Why::NotCheckedIn, 2))
            .then([GroupCheckoutFailed {
                group: "gc-1".to_owned(),
                failed: names(&["guest-1", "guest-2"]),
                at: minute(2),
            }])
            .then_cancelled([patience()]);
    }
}

mod time_is_up {
    use super::*;

    #[test]
    fn and_one_guest_is_still_there() {
        leaving(&["guest-1", "guest-2", "guest-3"])
            .given((out("guest-1", 1), failed("guest-2", Why::NotCheckedIn, 2)))
            .when_time_passes(PATIENCE)
            .then([GroupCheckoutTimedOut {
                group: "gc-1".to_owned(),
                incomplete: names(&["guest-3"]),
                completed: names(&["guest-1"]),
                failed: names(&["guest-2"]),
                at: minute(5),
            }]);
    }

    #[test]
    fn for_nobody() {
        checkout()
            .given_nothing()
            .when_time_passes(PATIENCE)
            .then_nothing();
    }

    #[test]
    fn after_all_have_left() {
        gone().when_time_passes(PATIENCE).then_nothing();
    }
}

/// What the original leaves untold.
mod beyond_the_original {
    use super::*;

    #[test]
    fn a_stranger_does_not_hold_the_group_up() {
        leaving(&["guest-1"]).when(out("guest-9", 1)).then_ignored();
    }

    #[test]
    fn another_group_is_another_process() {
        let other = GuestCheckedOut {
            group: Some("gc-2".to_owned()),
            ..out("guest-1", 1)
        };
        leaving(&["guest-1"]).when(other).then_ignored();
    }

    #[test]
    fn a_group_waits_until_its_time_is_up_and_no_longer() {
        leaving(&["guest-1"])
            .when_time_is("2024-02-29T12:04:59Z")
            .then_nothing()
            .when_time_is("2024-02-29T12:05:00Z")
            .then([GroupCheckoutTimedOut {
                group: "gc-1".to_owned(),
                incomplete: names(&["guest-1"]),
                completed: vec![],
                failed: vec![],
                at: minute(5),
            }])
            .when(out("guest-1", 6))
            .then_ignored();
    }
}
