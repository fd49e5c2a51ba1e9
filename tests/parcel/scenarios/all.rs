//! The list of scenarios.

/// Every scenario by its name.
pub fn all() -> Vec<(&'static str, fn())> {
    macro_rules! named {
        ($($file:ident: $($scenario:ident),+;)+) => {
            vec![$($((stringify!($scenario), super::$file::$scenario as fn())),+),+]
        };
    }
    named![
        parcels:
            an_order_is_created,
            an_order_sent_twice_is_one_order,
            an_order_number_stands_for_one_order,
            an_order_of_nothing_is_refused,
            an_order_beyond_what_couriers_carry_is_refused,
            a_window_that_never_opens_is_refused,
            a_carrier_takes_the_parcel_once,
            a_depot_scans_a_parcel_once,
            a_courier_loads_at_a_depot,
            what_is_due_is_collected_at_the_door,
            a_paid_order_is_handed_over_without_money,
            another_amount_is_refused,
            another_currency_is_refused,
            a_parcel_is_handed_over_once,
            what_is_not_on_the_road_cannot_fail_or_come_back,
            nobody_home_is_one_attempt,
            the_third_attempt_is_the_last,
            a_refused_parcel_goes_back_at_once,
            a_wrong_address_is_not_tried_again,
            a_parcel_on_its_way_back_is_not_handed_over,
            a_shop_gets_its_parcel_back;
        cash_boxes:
            a_cash_box_is_opened_once,
            a_cash_box_that_nobody_opened_takes_nothing,
            a_cash_box_holds_one_currency,
            money_for_a_parcel_is_added_once,
            a_cash_box_that_is_right_is_closed_without_a_word,
            missing_money_is_written_down,
            a_cash_box_is_counted_once;
        followers:
            a_courier_is_expected_back_in_the_evening,
            a_courier_who_is_back_is_no_longer_expected,
            a_courier_who_does_not_come_back_has_failed,
            a_courier_who_handed_it_over_is_no_longer_expected,
            each_attempt_has_its_own_evening,
            cash_goes_into_the_box_of_its_courier,
            a_payment_by_card_is_left_to_the_bank,
            cash_in_a_box_is_no_longer_missed,
            missing_cash_is_asked_for_again_and_then_looked_for,
            a_recipient_is_told_that_the_parcel_comes,
            a_recipient_who_was_not_at_home_is_told_so,
            a_recipient_who_refused_is_left_alone_and_the_shop_is_told,
            nobody_is_told_what_can_be_looked_up,
            both_sides_are_told_of_a_delivery;
        boards:
            a_parcel_is_on_the_board_until_it_is_delivered,
            a_parcel_that_goes_back_is_on_the_board_until_it_is_back,
            the_board_knows_where_the_money_is,
            money_that_nobody_collected_is_refused;
        stored:
            a_history_of_the_first_release_goes_on_today,
            an_old_delivery_was_a_delivery_and_a_payment,
            an_old_delivery_of_a_paid_order_collected_nothing,
            an_old_cash_box_started_empty,
            the_life_of_a_parcel,
            the_day_of_a_cash_box;
    ]
}
