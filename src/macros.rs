//! The one macro that describes events.

/// Declares the events of an aggregate or read model: an enum whose variants hold one payload each, with the
/// stored type name and the version that the code writes today.
///
/// Each payload is a type with `Serialize`, `Deserialize` and `JsonSchema`. The stored name is the variant's
/// unless `as "other-name"` says otherwise.
///
/// ```
/// use pastproof::model::Event as _;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
/// pub struct Opened { pub owner: String }
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
/// pub struct Deposited { pub cents: u64 }
///
/// pastproof::events! {
///     /// What happens to an account.
///     #[derive(Clone, Debug, PartialEq)]
///     pub enum AccountEvent {
///         Opened(Opened) = 1,
///         Deposited(Deposited) as "money-deposited" = 2,
///     }
/// }
///
/// let event = AccountEvent::from(Deposited { cents: 500 });
/// assert_eq!(event.event_type(), "money-deposited");
/// assert_eq!(event.encode()?.to_string(), r#"{"cents":500}"#);
/// assert_eq!(AccountEvent::decode("money-deposited", r#"{"cents":500}"#)?, event);
/// # Ok::<(), pastproof::model::EventError>(())
/// ```
#[macro_export]
macro_rules! events {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident($payload:ty) $(as $stored:literal)? = $version:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $( $(#[$variant_meta])* $variant($payload) ),+
        }

        impl $crate::model::Event for $name {
            fn event_type(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $crate::events!(@name $variant $($stored)?) ),+
                }
            }

            fn version(&self) -> $crate::model::Version {
                match self {
                    $( Self::$variant(_) => $crate::model::Version::from($version) ),+
                }
            }

            fn encode(&self) -> ::core::result::Result<$crate::__private::Value, $crate::model::EventError> {
                match self {
                    $( Self::$variant(payload) => $crate::model::write_json(payload) ),+
                }
            }

            fn encode_into(&self, to: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), $crate::model::EventError> {
                match self {
                    $( Self::$variant(payload) => $crate::model::append_json(payload, to) ),+
                }
            }

            fn decode(event_type: &str, data: &str) -> ::core::result::Result<Self, $crate::model::EventError> {
                $(
                    if event_type == $crate::events!(@name $variant $($stored)?) {
                        return $crate::model::read_json::<$payload>(data).map(Self::$variant);
                    }
                )+
                ::core::result::Result::Err($crate::model::EventError::new(::std::format!(
                    "{event_type} is not an event of {}", ::core::stringify!($name)
                )))
            }

            fn kinds() -> ::std::vec::Vec<$crate::model::EventKind> {
                ::std::vec![ $(
                    $crate::schema::kind::<$payload>(
                        $crate::events!(@name $variant $($stored)?),
                        $crate::model::Version::from($version),
                    )
                ),+ ]
            }

            fn equals(&self, other: &Self) -> ::core::option::Option<bool> {
                #[allow(unused_imports)]
                use $crate::__private::{ByNothing as _, ByPartialEq as _};
                #[allow(unreachable_patterns)]
                match (self, other) {
                    $( (Self::$variant(left), Self::$variant(right)) => {
                        (&$crate::__private::Compared(left)).compared(right)
                    } )+
                    _ => ::core::option::Option::Some(false),
                }
            }
        }

        $(
            impl ::core::convert::From<$payload> for $name {
                fn from(payload: $payload) -> Self {
                    Self::$variant(payload)
                }
            }
        )+
    };
    (@name $variant:ident) => { ::core::stringify!($variant) };
    (@name $variant:ident $stored:literal) => { $stored };
}
