//! The evolutions, as old and new Rust types of every shape.

use crate::shapes::{members, variants};

members!(with_option, [], [note: Option<String>,]);
members!(with_default, [], [#[serde(default)] count: u32,]);
members!(with_required, [], [count: u32,]);
members!(without_option, [note: Option<String>,], []);
members!(without_required, [count: u32,], []);
members!(renamed, [total: u32,], [cents: u32,]);
members!(renamed_with_alias, [total: u32,], [#[serde(alias = "total")] cents: u32,]);
members!(renamed_twice_with_aliases,
    [total: u32, by: String,],
    [#[serde(alias = "total", alias = "sum")] cents: u32, #[serde(alias = "by")] clerk: String,]
);
members!(renamed_with_alias_and_narrowed, [total: i64,], [#[serde(alias = "total")] cents: i32,]);
// An alias that the old version uses for something else: both at once are one member twice.
members!(alias_taken, [total: u32, cents: u32,], [#[serde(alias = "total")] cents: u32,]);
members!(widened, [count: u32,], [count: u64,]);
members!(narrowed, [count: i64,], [count: i32,]);
members!(to_float, [count: i32,], [count: f64,]);

variants!(with_variant,
    old: [[First, Second,] [First, Second { a: u8 },]],
    new: [[First, Second, Third,] [First, Second { a: u8 }, Third { b: String },]]
);
variants!(without_variant,
    old: [[First, Second, Third,] [First, Second { a: u8 }, Third { b: String },]],
    new: [[First, Second,] [First, Second { a: u8 },]]
);
variants!(without_variant_but_other,
    old: [[First, Second, Third,] [First, Second { a: u8 }, Third { b: String },]],
    new: [[First, Second, #[serde(other)] Other,] [First, Second { a: u8 }, #[serde(other)] Other,]]
);
// What `other` was made for: variants without data come and go.
variants!(without_unit_but_other,
    old: [[First, Second, Third,] [First, Second { a: u8 }, Third,]],
    new: [[First, Second, #[serde(other)] Other,] [First, Second { a: u8 }, #[serde(other)] Other,]]
);
variants!(variant_renamed_with_alias,
    old: [[First, Third,] [First, Third { a: u8 },]],
    new: [[First, #[serde(alias = "Third")] Last,] [First, #[serde(alias = "Third")] Last { a: u8 },]]
);

/// Untagged choices have no tags, so that `other` and aliases of variants do not apply to them.
pub mod untagged {
    pub mod two {
        use schemars::JsonSchema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Untagged {
            First { a: u8 },
            Second { b: String },
        }
    }

    pub mod three {
        use schemars::JsonSchema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Untagged {
            First { a: u8 },
            Second { b: String },
            Third(i64),
        }
    }

    /// The order decides what a value is read as, not whether it is read.
    pub mod turned {
        use schemars::JsonSchema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Untagged {
            Third(i64),
            Second { b: String },
            First { a: u8 },
        }
    }
}
