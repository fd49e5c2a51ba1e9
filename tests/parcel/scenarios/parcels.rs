//! What parcels do.

use pastproof::scenario::{given, given_nothing};

use super::samples::*;
use crate::parcel::events::*;
use crate::parcel::parcel::{MAX_DUE_CENTS, Parcel, ParcelCommand, ParcelError, Stage, in_cash};

pub fn an_order_is_created() {
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(order()))
        .then([order()]);
}

pub fn an_order_sent_twice_is_one_order() {
    given::<Parcel>([order()])
        .when(ParcelCommand::CreateOrder(order()))
        .then_nothing();
}

pub fn an_order_number_stands_for_one_order() {
    let other = OrderCreated { due: None, ..order() };
    given::<Parcel>([order()])
        .when(ParcelCommand::CreateOrder(other))
        .then_error(ParcelError::OrderDiffers);
}

pub fn an_order_of_nothing_is_refused() {
    let mut nothing = order();
    nothing.items[0].quantity = 0;
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(nothing))
        .then_error(ParcelError::NothingOrdered);
}

pub fn an_order_beyond_what_couriers_carry_is_refused() {
    let limit_cents = MAX_DUE_CENTS;
    let due = |cents| OrderCreated {
        due: Some(euro(cents)),
        ..order()
    };
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(due(limit_cents)))
        .then([due(limit_cents)]);
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(due(limit_cents + 1)))
        .then_error(ParcelError::TooMuchDue { limit_cents });
}

pub fn a_window_that_never_opens_is_refused() {
    let window = DeliveryWindow::Between {
        from_hour: 18,
        until_hour: 18,
    };
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(OrderCreated { window, ..order() }))
        .then_error(ParcelError::WindowNeverOpens);
}

pub fn a_carrier_takes_the_parcel_once() {
    let take = |carrier: &str| ParcelCommand::Take {
        carrier: carrier.to_owned(),
        weight_grams: Some(740),
    };
    let carrier = "swift-hare".to_owned();
    given::<Parcel>([order()])
        .when(take("swift-hare"))
        .then([TakenByCarrier {
            carrier: carrier.clone(),
            weight_grams: Some(740),
        }])
        .when(take("swift-hare"))
        .then_nothing()
        .when(take("grey-goose"))
        .then_error(ParcelError::TakenByAnother { carrier });
}

pub fn a_depot_scans_a_parcel_once() {
    let scan = |depot: &str| ParcelCommand::ReachDepot {
        depot: depot.to_owned(),
        scanner: None,
    };
    given::<Parcel>([order()])
        .when(scan("depot-07"))
        .then_error(ParcelError::NotNow {
            stage: Stage::Ordered,
        });
    given::<Parcel>((order(), taken()))
        .when(scan("depot-07"))
        .then([depot()])
        .when(scan("depot-07"))
        .then_nothing();
    // On the way back as well.
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, FailureReason::WrongAddress),
            back(ReturnReason::WrongAddress),
        ))
        .when(scan("depot-03"))
        .then([DepotReached {
            depot: "depot-03".to_owned(),
            scanner: None,
        }]);
}

pub fn a_courier_loads_at_a_depot() {
    let courier = || "courier-1".to_owned();
    given::<Parcel>((order(), taken()))
        .when(ParcelCommand::SendOut { courier: courier() })
        .then_error(ParcelError::NotNow {
            stage: Stage::Shipping,
        })
        .when(ParcelCommand::ReachDepot {
            depot: "depot-07".to_owned(),
            scanner: None,
        })
        .then([depot()])
        .when(ParcelCommand::SendOut { courier: courier() })
        .then([OutForDelivery { courier: courier() }]);
}

pub fn what_is_due_is_collected_at_the_door() {
    given::<Parcel>(at_the_door(order()))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then((delivered("Žofie"), in_cash(euro(4_990))));
}

pub fn a_paid_order_is_handed_over_without_money() {
    given::<Parcel>(at_the_door(OrderCreated { due: None, ..order() }))
        .when(hand_over("Žofie", None))
        .then([delivered("Žofie")]);
}

pub fn another_amount_is_refused() {
    let due = Some(euro(4_990));
    for offered in [None, Some(euro(4_989)), Some(euro(4_991))] {
        given::<Parcel>(at_the_door(order()))
            .when(hand_over("Žofie", offered))
            .then_error(ParcelError::WrongAmount { due, offered });
    }
}

pub fn another_currency_is_refused() {
    let offered = Some(Money {
        cents: 4_990,
        currency: Currency::Czk,
    });
    given::<Parcel>(at_the_door(order()))
        .when(hand_over("Žofie", offered))
        .then_error(ParcelError::WrongAmount {
            due: Some(euro(4_990)),
            offered,
        });
}

pub fn a_parcel_is_handed_over_once() {
    given::<Parcel>(at_the_door(order()))
        .given((delivered("Žofie"), in_cash(euro(4_990))))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_nothing()
        .when(hand_over("Jörg", Some(euro(4_990))))
        .then_error(ParcelError::AlreadyDelivered);
}

pub fn what_is_not_on_the_road_cannot_fail_or_come_back() {
    given::<Parcel>([order()])
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NobodyHome,
        })
        .then_error(ParcelError::NotNow {
            stage: Stage::Ordered,
        })
        .when(ParcelCommand::ReturnToSender {
            received_by: "Teehaus Blüte".to_owned(),
        })
        .then_error(ParcelError::NotNow {
            stage: Stage::Ordered,
        });
}

pub fn nobody_home_is_one_attempt() {
    given::<Parcel>(at_the_door(order()))
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NobodyHome,
        })
        .then([failed(1, FailureReason::NobodyHome)])
        .then_state_that("the parcel is at the depot again", |parcel| {
            parcel.stage == Stage::Shipping && parcel.courier.is_none()
        });
}

pub fn the_third_attempt_is_the_last() {
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, FailureReason::NobodyHome),
            out(),
            failed(2, FailureReason::NobodyHome),
            out(),
        ))
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NoMoney,
        })
        .then((
            failed(3, FailureReason::NoMoney),
            back(ReturnReason::TooManyAttempts),
        ));
}

pub fn a_refused_parcel_goes_back_at_once() {
    let refused = || FailureReason::Refused {
        statement: Some("I never ordered this.".to_owned()),
    };
    given::<Parcel>(at_the_door(order()))
        .when(ParcelCommand::GiveUp { reason: refused() })
        .then((failed(1, refused()), back(ReturnReason::Refused)));
}

pub fn a_wrong_address_is_not_tried_again() {
    given::<Parcel>(at_the_door(order()))
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::WrongAddress,
        })
        .then((
            failed(1, FailureReason::WrongAddress),
            back(ReturnReason::WrongAddress),
        ))
        .when(ParcelCommand::SendOut {
            courier: "courier-1".to_owned(),
        })
        .then_error(ParcelError::NotNow {
            stage: Stage::Returning,
        });
}

pub fn a_parcel_on_its_way_back_is_not_handed_over() {
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, FailureReason::WrongAddress),
            back(ReturnReason::WrongAddress),
        ))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_error(ParcelError::NotNow {
            stage: Stage::Returning,
        });
}

pub fn a_shop_gets_its_parcel_back() {
    let received_by = || "Frau Blüte".to_owned();
    let refused = FailureReason::Refused { statement: None };
    given::<Parcel>(at_the_door(order()))
        .given((failed(1, refused), back(ReturnReason::Refused)))
        .when(ParcelCommand::ReturnToSender {
            received_by: received_by(),
        })
        .then([ReturnedToSender {
            received_by: received_by(),
        }])
        .when(ParcelCommand::ReturnToSender {
            received_by: received_by(),
        })
        .then_nothing();
}
