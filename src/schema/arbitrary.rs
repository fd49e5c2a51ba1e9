//! proptest strategies for the instances of a schema.
//!
//! Instances are built, not filtered: choices are taken, references followed, refusals turned into demands, and
//! what comes out is held against the validator. Shrinking drops members and items and puts simpler values in
//! place, and keeps to what the schema accepts.

use std::fmt;
use std::rc::Rc;

use proptest::prelude::{Rng, Strategy};
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::{TestRng, TestRunner};
use serde_json::Value;

use super::draft::Draft;
use super::error::SchemaError;
use super::generate::{Choices, Generator, NearMiss, NearMisses};
use super::smaller;

/// A strategy for the instances of `schema`, in the draft that it names.
///
/// Every instance is accepted by the validator, and stays so while it shrinks. Integers are written without a
/// point, as every writer writes them. When no instance is found, the strategy refuses to make a value, as
/// proptest's own filters do; a schema without instances is one that nothing satisfies.
///
/// # Errors
///
/// When it is no schema, refers to something outside itself, or uses `$dynamicRef` or `$recursiveRef`.
///
/// ```
/// use pastproof::schema::arbitrary;
/// use proptest::prelude::*;
/// use proptest::test_runner::TestRunner;
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {"id": {"type": "string", "pattern": "^P-[0-9]{4}$"}, "cents": {"type": "integer", "minimum": 1}},
///     "required": ["id", "cents"],
/// });
/// TestRunner::default().run(&arbitrary(&schema)?, |event| {
///     prop_assert!(event["cents"].as_i64() >= Some(1));
///     prop_assert_eq!(event["id"].as_str().map(str::len), Some(6));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn arbitrary(schema: &Value) -> Result<Instances, SchemaError> {
    arbitrary_in(schema, None)
}

/// As [`arbitrary`], in `draft` whatever the schema names.
///
/// # Errors
///
/// As [`arbitrary`].
pub fn arbitrary_in(schema: &Value, draft: impl Into<Option<Draft>>) -> Result<Instances, SchemaError> {
    Ok(Instances {
        generator: Rc::new(Generator::new(schema, draft.into())?),
    })
}

/// A strategy for values that `schema` refuses because of one keyword alone, which is named.
///
/// Without that keyword the value is accepted: a test that shows the value to some reader shows what the reader
/// makes of the keyword. A value that shrinks keeps missing the same keyword.
///
/// # Errors
///
/// As [`arbitrary`].
///
/// ```
/// use pastproof::schema::near_misses;
/// use proptest::prelude::*;
/// use proptest::test_runner::TestRunner;
/// use serde_json::json;
///
/// let schema = json!({"type": "integer", "maximum": 9});
/// TestRunner::default().run(&near_misses(&schema)?, |miss| {
///     prop_assert!(miss.keyword == "/type" || miss.value.as_i64() > Some(9));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn near_misses(schema: &Value) -> Result<Misses, SchemaError> {
    Ok(Misses {
        misses: Rc::new(NearMisses::new(schema, None)?),
    })
}

/// The strategy of [`arbitrary`].
#[derive(Clone)]
pub struct Instances {
    generator: Rc<Generator>,
}

/// The strategy of [`near_misses`].
#[derive(Clone)]
pub struct Misses {
    misses: Rc<NearMisses>,
}

impl fmt::Debug for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances").finish_non_exhaustive()
    }
}

impl fmt::Debug for Misses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Misses").finish_non_exhaustive()
    }
}

struct Drawn<'a>(&'a mut TestRng);

impl Choices for Drawn<'_> {
    fn next(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl Strategy for Instances {
    type Tree = Tree<Value>;
    type Value = Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let value = self
            .generator
            .instance(&mut Drawn(runner.rng()))
            .ok_or("no instance of the schema was found")?;
        let generator = Rc::clone(&self.generator);
        Ok(Tree::new(
            value,
            Value::clone,
            Rc::new(move |value: &Value| generator.accepts(value).then(|| value.clone())),
        ))
    }
}

impl Strategy for Misses {
    type Tree = Tree<NearMiss>;
    type Value = NearMiss;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let NearMiss { value, keyword } = self
            .misses
            .near_miss(&mut Drawn(runner.rng()))
            .ok_or("no near miss of the schema was found")?;
        let misses = Rc::clone(&self.misses);
        let miss = NearMiss {
            value,
            keyword: keyword.clone(),
        };
        Ok(Tree::new(
            miss,
            |miss| miss.value.clone(),
            Rc::new(move |value: &Value| {
                misses.misses(value, &keyword).then(|| NearMiss {
                    value: value.clone(),
                    keyword: keyword.clone(),
                })
            }),
        ))
    }
}

/// What a smaller value is, if it is one of these.
type Remade<T> = Rc<dyn Fn(&Value) -> Option<T>>;

/// A value that shrinks as long as it stays what it is.
pub struct Tree<T> {
    current: T,
    /// What to go back to when the current one is too simple.
    before: Option<T>,
    /// Smaller ones that were not tried yet, the smallest first.
    candidates: std::vec::IntoIter<Value>,
    value: fn(&T) -> Value,
    remade: Remade<T>,
}

impl<T: fmt::Debug> fmt::Debug for Tree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl<T> Tree<T> {
    fn new(current: T, value: fn(&T) -> Value, remade: Remade<T>) -> Self {
        let candidates = smaller::than(&value(&current)).into_iter();
        Self {
            current,
            before: None,
            candidates,
            value,
            remade,
        }
    }

    fn next(&mut self) -> bool {
        for candidate in self.candidates.by_ref() {
            if let Some(smaller) = (self.remade)(&candidate) {
                self.before = Some(std::mem::replace(&mut self.current, smaller));
                return true;
            }
        }
        false
    }
}

impl<T: fmt::Debug + Clone> ValueTree for Tree<T> {
    type Value = T;

    fn current(&self) -> T {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.before.take().is_some() {
            // The smaller one is taken, and what is smaller still comes next.
            self.candidates = smaller::than(&(self.value)(&self.current)).into_iter();
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        match self.before.take() {
            Some(before) => {
                self.current = before;
                self.next()
            }
            None => false,
        }
    }
}
