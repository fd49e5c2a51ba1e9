//! The example domain's harness: everything pastproof can check of it, as tests of `cargo test` and nextest, and for
//! `pastproof gate`.

use std::process::ExitCode;

use pastproof::harness::Suite;
use pastproof::scenario::coverage::Inventory;
use pastproof::scenario::file::FileReader;
use pastproof::scenario::{Managing, Reacting};

use parcel::board::DeliveryBoard;
use parcel::cash_box::CashBox;
use parcel::follow_up::FollowUp;
use parcel::notices::CustomerNotices;
use parcel::parcel::Parcel;
use parcel::scenarios::invariants;
use parcel::{history, scenarios, upcasters};

mod parcel;

fn main() -> ExitCode {
    Suite::new(env!("CARGO_MANIFEST_DIR"))
        .aggregate::<Parcel>("parcel")
        .aggregate::<CashBox>("cashbox")
        .projector::<DeliveryBoard>("delivery-board")
        .upcasters(upcasters::typed())
        .history(history::kinds())
        .scenarios(scenarios::all())
        .scenario_files(
            "parcel",
            FileReader::<Parcel>::decider().invariants(invariants::of_parcels()),
        )
        .scenario_files(
            "cashbox",
            FileReader::<CashBox>::decider().invariants(invariants::of_cash_boxes()),
        )
        .inventory(
            "follow-up",
            Inventory::<Managing<FollowUp>>::new()
                .sends()
                .timeouts()
                .effects(),
        )
        .inventory("notices", Inventory::<Reacting<CustomerNotices>>::new().effects())
        .main()
}
