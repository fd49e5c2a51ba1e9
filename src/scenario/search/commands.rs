//! Legal sequences of commands, as a strategy.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::lives::{Searchable, Went};

/// How often a command is drawn anew when the aggregate refuses it.
const DRAWS: usize = 16;

/// Sequences of commands that `A` accepts one after the other, from no history on or from one that
/// [`after`](Commands::after) names; `next` says what may be asked in a state. Of a process manager they are events and
/// time.
///
/// A command that is refused is drawn anew a few times and then left out. One on which `handle` or `apply` panics ends
/// its sequence. Sequences shrink by leaving out commands, and what is refused without them, and then command by
/// command.
pub fn commands<A>(next: fn(&A::Seen) -> BoxedStrategy<A::Ask>, length: Range<usize>) -> Commands<A>
where
    A: Searchable,
{
    Commands {
        next,
        length,
        history: Arc::new(Vec::new()),
    }
}

/// See [`commands`].
pub struct Commands<A: Searchable> {
    next: fn(&A::Seen) -> BoxedStrategy<A::Ask>,
    length: Range<usize>,
    history: Arc<Vec<A::Event>>,
}

impl<A: Searchable> Commands<A> {
    /// The same sequences, which go on after these events.
    #[must_use]
    pub fn after(mut self, history: impl IntoIterator<Item = A::Event>) -> Self {
        self.history = Arc::new(history.into_iter().collect());
        self
    }
}

impl<A: Searchable> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self {
            next: self.next,
            length: self.length.clone(),
            history: Arc::clone(&self.history),
        }
    }
}

impl<A: Searchable> fmt::Debug for Commands<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl<A> Strategy for Commands<A>
where
    A: Searchable,
{
    type Tree = Sequence<A>;
    type Value = Vec<A::Ask>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let length = self.length.new_tree(runner)?.current();
        let mut state = A::reached(&self.history);
        let mut trees = Vec::with_capacity(length);
        'sequence: for _ in 0..length {
            let next = (self.next)(&state);
            for _ in 0..DRAWS {
                let tree = next.new_tree(runner)?;
                match A::live(&mut state, &tree.current()) {
                    Went::On => {
                        trees.push(tree);
                        continue 'sequence;
                    }
                    Went::Over => {
                        trees.push(tree);
                        break 'sequence;
                    }
                    Went::Refused => {}
                }
            }
        }
        Ok(Sequence::new(trees, Arc::clone(&self.history)))
    }
}

type CommandTree<A> = Box<dyn ValueTree<Value = <A as Searchable>::Ask>>;

/// A sequence that can be made smaller.
pub struct Sequence<A: Searchable> {
    trees: Vec<CommandTree<A>>,
    kept: Vec<bool>,
    /// What is tried next.
    stage: Stage,
    /// What was tried last, until it is known whether it may stay.
    tried: Option<Tried>,
    /// Whether this round made anything smaller.
    smaller: bool,
    history: Arc<Vec<A::Event>>,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Leave out `size` commands from the one that is `at` among those left.
    Leave {
        size: usize,
        at: usize,
    },
    /// Make the command at this index smaller.
    Shrink(usize),
    Done,
}

enum Tried {
    Left(Vec<usize>),
    Shrunk(usize),
}

impl<A: Searchable> Sequence<A> {
    fn new(trees: Vec<CommandTree<A>>, history: Arc<Vec<A::Event>>) -> Self {
        let count = trees.len();
        Self {
            kept: vec![true; count],
            trees,
            stage: Stage::Leave {
                size: count.div_ceil(2),
                at: 0,
            },
            tried: None,
            smaller: false,
            history,
        }
    }

    fn left(&self) -> Vec<usize> {
        (0..self.trees.len()).filter(|index| self.kept[*index]).collect()
    }
}

impl<A> ValueTree for Sequence<A>
where
    A: Searchable,
{
    type Value = Vec<A::Ask>;

    fn current(&self) -> Vec<A::Ask> {
        let mut state = A::reached(&self.history);
        let mut commands = Vec::new();
        for index in self.left() {
            let command = self.trees[index].current();
            match A::live(&mut state, &command) {
                Went::On => commands.push(command),
                // Without what was left out before it.
                Went::Refused => {}
                Went::Over => {
                    commands.push(command);
                    break;
                }
            }
        }
        commands
    }

    fn simplify(&mut self) -> bool {
        self.smaller |= self.tried.take().is_some();
        loop {
            match self.stage {
                Stage::Leave { size: 0, .. } => self.stage = Stage::Shrink(0),
                Stage::Leave { size, at } => {
                    let left = self.left();
                    if at >= left.len() {
                        self.stage = Stage::Leave {
                            size: size / 2,
                            at: 0,
                        };
                        continue;
                    }
                    let out: Vec<usize> = left.into_iter().skip(at).take(size).collect();
                    for index in &out {
                        self.kept[*index] = false;
                    }
                    self.tried = Some(Tried::Left(out));
                    return true;
                }
                Stage::Shrink(index) if index >= self.trees.len() => {
                    let count = self.left().len();
                    self.stage = if std::mem::take(&mut self.smaller) {
                        Stage::Leave {
                            size: count.div_ceil(2),
                            at: 0,
                        }
                    } else {
                        Stage::Done
                    };
                }
                Stage::Shrink(index) => {
                    if self.kept[index] && self.trees[index].simplify() {
                        self.tried = Some(Tried::Shrunk(index));
                        return true;
                    }
                    self.stage = Stage::Shrink(index + 1);
                }
                Stage::Done => return false,
            }
        }
    }

    fn complicate(&mut self) -> bool {
        match self.tried.take() {
            None => false,
            Some(Tried::Left(out)) => {
                for index in &out {
                    self.kept[*index] = true;
                }
                if let Stage::Leave { size, at } = self.stage {
                    self.stage = Stage::Leave { size, at: at + size };
                }
                true
            }
            Some(Tried::Shrunk(index)) => {
                let went = self.trees[index].complicate();
                if went {
                    self.tried = Some(Tried::Shrunk(index));
                }
                went
            }
        }
    }
}
