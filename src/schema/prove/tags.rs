//! What tells the branches of a choice apart at a glance: the kinds of their values, and tags of objects.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::node::{Constant, Graph, Id, Keys, Kind, Node};

/// How many references and conjunctions are followed.
const FOLLOWED: usize = 64;

/// What every value of a node is known to be.
#[derive(Debug)]
pub(super) struct Tags {
    kinds: u8,
    /// Members that have to be there, with the constants that they may be.
    tags: BTreeMap<Rc<str>, Vec<Constant>>,
}

impl Tags {
    pub(super) fn of(graph: &Graph, id: Id) -> Self {
        let mut kinds = u8::MAX;
        let mut required = Vec::new();
        let mut listed: BTreeMap<Rc<str>, Vec<Constant>> = BTreeMap::new();
        let mut open = vec![id];
        let mut left = FOLLOWED;
        while let Some(id) = open.pop()
            && left > 0
        {
            left -= 1;
            let Some(id) = graph.resolved(id) else { continue };
            match &*graph.get(id) {
                Node::And(parts) => open.extend(parts),
                Node::Types(named) => kinds &= named,
                Node::Has(name) => required.push(Rc::clone(name)),
                Node::Members(Keys::Name(name), schema) => {
                    if let Some(values) = constants(graph, *schema) {
                        listed.insert(Rc::clone(name), values);
                    }
                }
                _ => {}
            }
        }
        listed.retain(|name, _| required.contains(name));
        Self { kinds, tags: listed }
    }

    /// Whether no value is of both.
    pub(super) fn exclude(&self, other: &Self) -> bool {
        let both = self.kinds & other.kinds;
        if both == 0 {
            return true;
        }
        both == Kind::Object.bit()
            && self.tags.iter().any(|(name, values)| {
                other
                    .tags
                    .get(name)
                    .is_some_and(|others| !values.iter().any(|value| others.binary_search(value).is_ok()))
            })
    }
}

/// The constants that a schema lists, alone or beside something else, in order.
fn constants(graph: &Graph, id: Id) -> Option<Vec<Constant>> {
    match &*graph.get(graph.resolved(id)?) {
        Node::Values(values) => Some(values.clone()),
        Node::And(parts) => parts
            .iter()
            .find_map(|part| match &*graph.get(graph.resolved(*part)?) {
                Node::Values(values) => Some(values.clone()),
                _ => None,
            }),
        _ => None,
    }
}
