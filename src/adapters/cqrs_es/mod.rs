//! Aggregates, views and queries of `cqrs-es`, as they stand.
//!
//! [`TestFramework`] has the names that tests of that crate use, so that a test moves over by one import:
//! `use cqrs_es::test::TestFramework` becomes `use pastproof::adapters::cqrs_es::TestFramework`. A test that passed
//! by accident may then fail; see [below](self#what-may-come-to-light).
//!
//! [`Hosted`] is an aggregate as a subject, for all the words of [`scenario`](crate::scenario). [`Viewing`] and
//! [`Querying`] are a view and a query, for scenarios of read models.
//!
//! [`Upcasters`] are a store's own upcasters, to be verified as they are; [`ChainUpcaster`] is a verified chain as an
//! upcaster for the store.
//!
//! ```
//! use pastproof::adapters::cqrs_es::{TestFramework, Viewing};
//! use pastproof::scenario::given;
//! # use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View, event_sink::EventSink};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # pub enum LampEvent { Lit { watts: u8 } }
//! # impl DomainEvent for LampEvent {
//! #     fn event_type(&self) -> String { "Lit".to_owned() }
//! #     fn event_version(&self) -> String { "1.0".to_owned() }
//! # }
//! # pub enum LampCommand { Light { watts: u8 } }
//! # #[derive(Debug)] pub struct LampError(&'static str);
//! # impl std::fmt::Display for LampError {
//! #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.0) }
//! # }
//! # impl std::error::Error for LampError {}
//! # #[derive(Default, Serialize, Deserialize)] pub struct Lamp { watts: Option<u8> }
//! # impl Aggregate for Lamp {
//! #     const TYPE: &'static str = "lamp";
//! #     type Command = LampCommand;
//! #     type Event = LampEvent;
//! #     type Error = LampError;
//! #     type Services = ();
//! #     async fn handle(&mut self, LampCommand::Light { watts }: LampCommand, _: &(), sink: &EventSink<Self>) -> Result<(), LampError> {
//! #         if self.watts.is_some() { return Err(LampError("it is lit already")) }
//! #         sink.write(LampEvent::Lit { watts }, self).await;
//! #         Ok(())
//! #     }
//! #     fn apply(&mut self, LampEvent::Lit { watts }: LampEvent) { self.watts = Some(watts) }
//! # }
//! # #[derive(Debug, Default, Serialize, Deserialize)] pub struct LampView { total: u32 }
//! # impl View<Lamp> for LampView {
//! #     fn update(&mut self, event: &EventEnvelope<Lamp>) {
//! #         let LampEvent::Lit { watts } = &event.payload;
//! #         self.total += u32::from(*watts);
//! #     }
//! # }
//!
//! TestFramework::<Lamp>::with(())
//!     .given_no_previous_events()
//!     .when(LampCommand::Light { watts: 40 })
//!     .then_expect_events(vec![LampEvent::Lit { watts: 40 }]);
//!
//! TestFramework::<Lamp>::with(())
//!     .given(vec![LampEvent::Lit { watts: 40 }])
//!     .when(LampCommand::Light { watts: 60 })
//!     .then_expect_error_message("it is lit already");
//!
//! given::<Viewing<LampView, Lamp>>([LampEvent::Lit { watts: 40 }])
//!     .when(LampEvent::Lit { watts: 60 })
//!     .then_state_that("it adds up", |view| view.total == 100);
//! ```
//!
//! # What may come to light
//!
//! * A result that nobody looks at fails; there it is dropped.
//! * Events that were written before the command failed are shown, and fail a test that expects the error alone: the
//!   aggregate has changed itself by them, and the framework then throws them away.
//! * Every event goes through its stored form and back, and has to be equal to itself.
//! * A handler that changes the aggregate in another way than by an event is caught: the change would be gone when
//!   the aggregate is loaded again.
//! * The test starts no runtime. A handler that waits for something that is not ready fails, and says that
//!   `when_async` awaits it.

mod aggregate;
mod framework;
mod read_model;
mod upcasters;

pub use aggregate::{Hosted, HostedOnce, Once};
pub use framework::{AggregateResultValidator, AggregateTestExecutor, TestFramework};
pub use read_model::{Querying, Viewing};
pub use upcasters::{ChainUpcaster, Unsuited, Upcasters};
