//! The shapes that an event can have, each with the same members somewhere in it.

/// Old and new types of every shape, whose members are these.
macro_rules! members {
    ($name:ident, [$($old:tt)*], [$($new:tt)*]) => {
        pub mod $name {
            pub mod old {
                crate::shapes::with_members! { $($old)* }
            }
            pub mod new {
                crate::shapes::with_members! { $($new)* }
            }
        }
    };
}

macro_rules! with_members {
    ($($members:tt)*) => {
        use schemars::JsonSchema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Plain {
            id: String,
            $($members)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub enum External {
            Empty,
            Data { id: String, $($members)* },
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum Internal {
            Empty,
            Data { id: String, $($members)* },
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "t", content = "c")]
        pub enum Adjacent {
            Empty,
            Data { id: String, $($members)* },
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Untagged {
            Data { id: String, $($members)* },
            Flag(bool),
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Flattened {
            name: String,
            #[serde(flatten)]
            inner: Inner,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Inner {
            id: String,
            $($members)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Nested {
            inner: Inner,
            more: Vec<Inner>,
            perhaps: Option<Inner>,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Recursive {
            id: String,
            left: Option<Box<Recursive>>,
            children: Vec<Recursive>,
            $($members)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Strict {
            id: String,
            $($members)*
        }
    };
}

/// Old and new types of every shape that has a choice, whose variants are these: units, tagged ones with data, and ones
/// told apart by their members.
macro_rules! variants {
    ($name:ident, old: [$($old:tt)*], new: [$($new:tt)*]) => {
        pub mod $name {
            pub mod old {
                crate::shapes::with_variants! { $($old)* }
            }
            pub mod new {
                crate::shapes::with_variants! { $($new)* }
            }
        }
    };
}

macro_rules! with_variants {
    ([$($units:tt)*] [$($tagged:tt)*]) => {
        use schemars::JsonSchema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Plain {
            id: String,
            kind: Units,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub enum Units {
            $($units)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub enum External {
            $($tagged)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum Internal {
            $($tagged)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "t", content = "c")]
        pub enum Adjacent {
            $($tagged)*
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Flattened {
            id: String,
            #[serde(flatten)]
            kind: Internal,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Nested {
            kind: Internal,
            more: Vec<External>,
            perhaps: Option<Adjacent>,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        pub struct Recursive {
            kind: Internal,
            next: Option<Box<Recursive>>,
            children: Vec<Recursive>,
        }

        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", deny_unknown_fields)]
        pub enum Strict {
            $($tagged)*
        }
    };
}

pub(crate) use {members, variants, with_members, with_variants};
