//! Forms as JSON for scenarios that have none of their own, where somebody writes them down.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::fixture::Fixture;
use super::subject::Subject;

/// By subject: the fixture that knows the forms.
pub(super) type Forms = HashMap<TypeId, Arc<dyn Any>>;

thread_local! {
    static AROUND: RefCell<Option<Forms>> = const { RefCell::new(None) };
}

/// Runs `scenarios`, whose values take the forms of these fixtures where they have none.
pub(super) fn with<T>(forms: Forms, scenarios: impl FnOnce() -> T) -> T {
    /// Puts back what was there, also after a panic.
    struct Before(Option<Forms>);
    impl Drop for Before {
        fn drop(&mut self) {
            AROUND.set(self.0.take());
        }
    }
    let _before = Before(AROUND.replace(Some(forms)));
    scenarios()
}

/// Gives a fixture the forms that somebody around it knows.
pub(super) fn lend<S: Subject>(fixture: &mut Fixture<S>) {
    let lent = AROUND.with_borrow(|forms| forms.as_ref()?.get(&TypeId::of::<S>()).cloned());
    let Some(lent) = lent.as_ref().and_then(|lent| lent.downcast_ref::<Fixture<S>>()) else {
        return;
    };
    let (own, lent_views) = (&mut fixture.views, &lent.views);
    own.input.json = own.input.json.or(lent_views.input.json);
    own.error.json = own.error.json.or(lent_views.error.json);
    own.reply.json = own.reply.json.or(lent_views.reply.json);
    own.effect.json = own.effect.json.or(lent_views.effect.json);
    own.sent.json = own.sent.json.or(lent_views.sent.json);
    if fixture.queries.is_none() {
        fixture.queries.clone_from(&lent.queries);
    }
}
