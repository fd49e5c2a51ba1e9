//! A JSON document as one flat list of entries, read strictly and without an allocation for each value.
//!
//! A tape is filled again and again, so that reading a million lines costs the memory of the longest one.

/// One value, or the name of a member, which stands before its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Index of the entry after the value and all that is in it.
    pub(crate) next: u32,
    /// What the kind says: the bits of a number, where a text stands, how many parts a value has.
    pub(super) bits: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    /// A whole number from 0 that fits 64 bits.
    Unsigned,
    /// A negative whole number that fits 64 bits.
    Signed,
    /// A number with a fraction or an exponent, or `-0`.
    Float,
    /// A whole number that does not fit 64 bits: start and length of its digits in the document.
    Big,
    /// A text without escapes: start and length in the document.
    Plain,
    /// A text with escapes: start and length in the decoded texts.
    Decoded,
    /// The number of its items.
    Array,
    /// The number of its members.
    Object,
}

impl Entry {
    pub(super) fn new(kind: Kind, bits: u64) -> Self {
        Self { kind, next: 0, bits }
    }

    pub(super) fn span(kind: Kind, start: usize, end: usize) -> Self {
        // Documents beyond 4 GiB are refused before, so both fit 32 bits.
        Self::new(kind, (start as u64) << 32 | (end - start) as u64)
    }

    /// How many items or members a container has.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are no more entries than bytes, and those fit memory"
    )]
    pub(crate) fn count(self) -> usize {
        self.bits as usize
    }

    /// How many bytes a text has.
    fn length(self) -> usize {
        (self.bits & 0xFFFF_FFFF) as usize
    }

    pub(crate) fn unsigned(self) -> u64 {
        self.bits
    }

    pub(crate) fn signed(self) -> i64 {
        self.bits.cast_signed()
    }
}

/// Where a member of the outermost object stands in the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The entries of a document. Texts without escapes stay in the document itself.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(super) entries: Vec<Entry>,
    pub(super) decoded: String,
    pub(super) members: Vec<Member>,
    pub(super) imprecise: Option<String>,
}

/// A document with its tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'a> {
    tape: &'a Tape,
    text: &'a str,
}

impl<'a> Document<'a> {
    pub(crate) fn entry(self, at: u32) -> Entry {
        self.tape.entries[at as usize]
    }

    /// The text of an entry that is one.
    #[inline]
    pub(crate) fn text_of(self, entry: Entry) -> &'a str {
        let start = (entry.bits >> 32) as usize;
        let end = start + entry.length();
        match entry.kind {
            Kind::Decoded => &self.tape.decoded[start..end],
            _ => &self.text[start..end],
        }
    }

    /// Whether the text of an entry that is one is `text`.
    #[inline]
    pub(crate) fn has_text(self, entry: Entry, text: &str) -> bool {
        // Most texts that differ have another length, and finding that out touches nothing but the entry.
        entry.length() == text.len() && self.text_of(entry).as_bytes() == text.as_bytes()
    }

    /// The value of a number that is neither unsigned nor signed.
    pub(crate) fn float(self, entry: Entry) -> f64 {
        match entry.kind {
            // Digits are a number that `f64` has, or the reader would have refused them.
            Kind::Big => self.text_of(entry).parse().unwrap_or(f64::MAX),
            _ => f64::from_bits(entry.bits),
        }
    }

    /// The text of an entry, where it is one.
    pub(crate) fn text(self, entry: Entry) -> Option<&'a str> {
        matches!(entry.kind, Kind::Plain | Kind::Decoded).then(|| self.text_of(entry))
    }

    /// Names and values of the members of the object at `at`, as entries.
    pub(crate) fn members(self, at: u32) -> Members<'a> {
        let entry = self.entry(at);
        Members {
            document: self,
            at: at + 1,
            left: if entry.kind == Kind::Object {
                entry.count()
            } else {
                0
            },
        }
    }

    /// The items of the array at `at`, as entries.
    pub(crate) fn items(self, at: u32) -> Items<'a> {
        let entry = self.entry(at);
        Items {
            document: self,
            at: at + 1,
            left: if entry.kind == Kind::Array {
                entry.count()
            } else {
                0
            },
        }
    }

    /// The value of the member `name` of the object at `at`.
    #[cfg(feature = "compat")]
    pub(crate) fn member(self, at: u32, name: &str) -> Option<u32> {
        self.members(at)
            .find(|(found, _)| self.has_text(self.entry(*found), name))
            .map(|(_, value)| value)
    }

    /// The members of the outermost object with the text they were written in.
    pub(crate) fn outermost(self) -> impl Iterator<Item = (&'a str, u32, &'a str)> {
        self.tape.members.iter().map(move |member| {
            let name = self.text_of(self.entry(member.name));
            (name, member.name + 1, &self.text[member.start..member.end])
        })
    }

    /// The value that the JSON pointer names.
    #[cfg(feature = "compat")]
    pub(crate) fn pointer(self, pointer: &str) -> Option<u32> {
        let mut at = 0;
        let mut steps = pointer.split('/');
        // What stands before the first `/` is empty in a JSON pointer.
        if !steps.next()?.is_empty() {
            return None;
        }
        for step in steps {
            at = match self.entry(at).kind {
                Kind::Object if step.contains('~') => {
                    self.member(at, &step.replace("~1", "/").replace("~0", "~"))?
                }
                Kind::Object => self.member(at, step)?,
                Kind::Array if step == "0" || !step.starts_with(['0', '+']) => {
                    self.items(at).nth(step.parse().ok()?)?
                }
                _ => return None,
            };
        }
        Some(at)
    }

    /// Tells documents that exist at one time apart.
    #[cfg(feature = "compat")]
    pub(crate) fn address(self) -> usize {
        std::ptr::from_ref(self.tape).addr()
    }

    /// Pointer of the first integer that does not fit 64 bits.
    pub(crate) fn imprecise(self) -> Option<&'a str> {
        self.tape.imprecise.as_deref()
    }
}

/// See [`Document::members`].
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    document: Document<'a>,
    at: u32,
    left: usize,
}

impl Iterator for Members<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        self.left = self.left.checked_sub(1)?;
        let (name, value) = (self.at, self.at + 1);
        self.at = self.document.entry(value).next;
        Some((name, value))
    }
}

/// See [`Document::items`].
#[derive(Clone, Debug)]
pub(crate) struct Items<'a> {
    document: Document<'a>,
    at: u32,
    left: usize,
}

impl Iterator for Items<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let item = self.at;
        self.at = self.document.entry(item).next;
        Some(item)
    }
}

impl Tape {
    /// The tape with the document that filled it.
    pub(super) fn document<'a>(&'a self, text: &'a str) -> Document<'a> {
        Document { tape: self, text }
    }
}
