/// Every event of this history must fold. Today: apply-panicked, the aggregate of category `account` panics on Withdrawn 1: the account is overdrawn by #.
///
/// `chains()` hands over the upcasters that production runs.
pub fn history_of_account_1() {
    use pastproof::scenario::{Fixture, json};

    Fixture::<crate::domain::Brittle>::new()
        .upcasters(chains())
        .given_stored([
            ("Opened", 1, json!({"owner":""})),
            ("Withdrawn", 1, json!({"cents":1000})),
            ("Deposited", 2, json!({"cents":0,"currency":"USD"})),
            ("Withdrawn", 1, json!({"cents":5000})),
        ])
        .when_nothing()
        .then_state_that("it folds", |_| true);
}
