//! Decision queries: which events a decision looks at, where there are no streams.

/// A domain id that an event carries: name and value.
pub type Tag = (String, String);

/// Which events a decision looks at, by type and by tags.
///
/// It is a list of items. An event is selected by an item when its type is one of the item's, or the item names none,
/// and it carries all of the item's tags. An event is selected by the query when it is by one of the items. This is
/// the query of the Dynamic Consistency Boundary specification (`dcb.events`).
///
/// ```
/// use pastproof::adapters::DecisionQuery;
///
/// let query = DecisionQuery::types(["CourseCreated", "CourseClosed"])
///     .tagged("course", "c1")
///     .or(DecisionQuery::types(["StudentSubscribed"]).tagged("student", 7));
/// let tags = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
/// assert!(query.selects("CourseClosed", &tags("course", "c1")));
/// assert!(!query.selects("CourseClosed", &tags("course", "c2")));
/// assert!(query.selects("StudentSubscribed", &tags("student", "7")));
/// assert!(!query.selects("StudentSubscribed", &tags("course", "c1")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionQuery {
    items: Vec<Item>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Item {
    types: Vec<String>,
    tags: Vec<Tag>,
}

impl DecisionQuery {
    /// Every event.
    pub fn all() -> Self {
        Self {
            items: vec![Item::default()],
        }
    }

    /// No event: the decision looks at nothing that happened.
    pub fn nothing() -> Self {
        Self { items: Vec::new() }
    }

    /// Events of these types, whatever their tags.
    pub fn types<T: Into<String>>(types: impl IntoIterator<Item = T>) -> Self {
        let types: Vec<String> = types.into_iter().map(Into::into).collect();
        if types.is_empty() {
            return Self::nothing();
        }
        Self {
            items: vec![Item {
                types,
                tags: Vec::new(),
            }],
        }
    }

    /// Events that carry this tag, of any type.
    pub fn tag(name: impl Into<String>, value: impl ToString) -> Self {
        Self::all().tagged(name, value)
    }

    /// Of those events, the ones that carry this tag as well.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a number or a text is written where it is used"
    )]
    pub fn tagged(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let tag = (name.into(), value.to_string());
        for item in &mut self.items {
            item.tags.push(tag.clone());
        }
        self
    }

    /// Those events, and those of the other query.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.items.extend(other.items);
        self
    }

    /// Whether an event of this type with these tags is one of them.
    pub fn selects(&self, event_type: &str, tags: &[Tag]) -> bool {
        self.items.iter().any(|item| {
            (item.types.is_empty() || item.types.iter().any(|known| known == event_type))
                && item.tags.iter().all(|tag| tags.contains(tag))
        })
    }
}
