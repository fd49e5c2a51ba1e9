//! Declarative upcasters: `<from>-to-<to>.upcast.json` beside a type's schemas.
//!
//! A closed set of operations, few enough that each is known not only on data but on schemas: from the schema of
//! the old version follows the schema of everything that comes out, and whether that lies inside the schema of the
//! new version is a question the comparison answers with a proof. [The guide](crate::docs::upcasters) lists them.

mod alternatives;
mod image;
mod places;
mod plan;
mod read;
mod run;
mod step;
mod values;

pub(super) use step::{Declared, Proof};
