//! How a room that is added to the inventory comes to be booked: a saga across two contexts.
//!
//! Prior art: `AxonIQ/hotel-demo`, `booking/src/test/java/io/axoniq/demo/hotel/booking/command/
//! BookingInventorySagaTest.java` (2 cases).
//!
//! Stricter here: the original keeps the id of the room in a setter of the saga and counts living sagas; it would
//! send its last command with no id if the two events came in the other order, and again for an event that is
//! delivered twice. Here what the saga knows is a fold of its events, its end is a state, and both of these are told.

use pastproof::model::{Context, Never, ProcessManager, Reaction, Trigger};
use pastproof::scenario::{Managing, given, given_nothing};
use serde::Serialize;

use super::hotel::{DESCRIPTION, ROOM, RoomAdded, RoomAddedToInventory};

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum SagaEvent {
        RoomAddedToInventory(RoomAddedToInventory) = 1,
        RoomAdded(RoomAdded) = 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
enum SagaCommand {
    AddRoom { room: u32, description: String },
    MarkRoomAsAddedToBookingSystem { id: String },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
enum BookingInventory {
    #[default]
    NotStarted,
    Adding {
        id: String,
        room: u32,
    },
    Ended,
}

impl ProcessManager for BookingInventory {
    type Event = SagaEvent;
    type Command = SagaCommand;
    type Timeout = Never;
    type Effect = Never;

    fn react(
        &self,
        trigger: Trigger<'_, SagaEvent, Never>,
        _: &mut Context,
    ) -> Reaction<SagaEvent, SagaCommand, Never> {
        match (self, trigger) {
            (Self::NotStarted, Trigger::Event(SagaEvent::RoomAddedToInventory(added))) => Reaction::new()
                .sending(SagaCommand::AddRoom {
                    room: added.room,
                    description: added.description.clone(),
                }),
            (Self::Adding { id, room }, Trigger::Event(SagaEvent::RoomAdded(added)))
                if *room == added.room =>
            {
                Reaction::new().sending(SagaCommand::MarkRoomAsAddedToBookingSystem { id: id.clone() })
            }
            (_, Trigger::Event(_)) => Reaction::ignored(),
            (_, Trigger::Timeout(never)) => match *never {},
        }
    }

    fn apply(&mut self, event: &SagaEvent) {
        match (&*self, event) {
            (Self::NotStarted, SagaEvent::RoomAddedToInventory(added)) => {
                *self = Self::Adding {
                    id: added.id.clone(),
                    room: added.room,
                };
            }
            (Self::Adding { room, .. }, SagaEvent::RoomAdded(added)) if *room == added.room => {
                *self = Self::Ended;
            }
            _ => {}
        }
    }
}

fn in_inventory() -> RoomAddedToInventory {
    RoomAddedToInventory {
        id: "room-42".to_owned(),
        room: ROOM,
        description: DESCRIPTION.to_owned(),
    }
}

fn added(room: u32) -> RoomAdded {
    RoomAdded {
        room,
        description: DESCRIPTION.to_owned(),
    }
}

#[test]
fn a_room_of_the_inventory_is_added_to_those_for_booking() {
    given_nothing::<Managing<BookingInventory>>()
        .when(in_inventory())
        .then_commands([SagaCommand::AddRoom {
            room: ROOM,
            description: DESCRIPTION.to_owned(),
        }])
        .then_state(BookingInventory::Adding {
            id: "room-42".to_owned(),
            room: ROOM,
        });
}

#[test]
fn the_inventory_is_told_and_the_saga_ends() {
    given::<Managing<BookingInventory>>([in_inventory()])
        .when(added(ROOM))
        .then_commands([SagaCommand::MarkRoomAsAddedToBookingSystem {
            id: "room-42".to_owned(),
        }])
        .then_state(BookingInventory::Ended);
}

#[test]
fn what_is_delivered_twice_is_done_once() {
    given::<Managing<BookingInventory>>([in_inventory()])
        .when(in_inventory())
        .then_ignored()
        .when(added(ROOM))
        .then_commands([SagaCommand::MarkRoomAsAddedToBookingSystem {
            id: "room-42".to_owned(),
        }])
        .when(added(ROOM))
        .then_ignored();
}

#[test]
fn another_room_and_the_other_order_are_none_of_its_business() {
    given_nothing::<Managing<BookingInventory>>()
        .when(added(ROOM))
        .then_ignored()
        .when(in_inventory())
        .then_commands([SagaCommand::AddRoom {
            room: ROOM,
            description: DESCRIPTION.to_owned(),
        }])
        .when(added(7))
        .then_ignored();
}
