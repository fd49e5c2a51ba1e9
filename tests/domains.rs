//! Domains that other projects test with kits of their own, told with ours. Each file names its original, and says
//! where ours is stricter and what that has shown.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(
    clippy::enum_variant_names,
    reason = "events have the names that their originals gave them"
)]

mod domains {
    mod account_entity;
    mod bank_account;
    mod bank_account_elsewhere;
    mod banking;
    mod come_back;
    mod group_checkout;
    mod hotel;
    mod hotel_saga;
    mod turnstile;
}
