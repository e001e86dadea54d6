//! The condition keys of one request. Not for: which keys an operation has.

use std::{borrow::Cow, slice};

/// Condition keys with their values, as text: numbers in decimal, booleans as `true` and `false`, times as ISO 8601 or
/// epoch seconds, binary as Base64. Names ignore case. Setting a key again replaces it.
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Debug, Clone)]
struct Entry<'a> {
    hash: u32,
    name: Cow<'a, str>,
    values: Values<'a>,
}

#[derive(Debug, Clone)]
enum Values<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Context<'a> {
    /// No keys at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No keys, and room for as many.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self { entries: Vec::with_capacity(keys) }
    }

    /// Sets a key that has one value.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.put(key.into(), Values::One(value.into()));
    }

    /// Sets a key that has any number of values (`aws:TagKeys`). Without a value it counts as missing.
    pub fn set_many<V: Into<Cow<'a, str>>>(
        &mut self,
        key: impl Into<Cow<'a, str>>,
        values: impl IntoIterator<Item = V>,
    ) {
        self.put(key.into(), Values::Many(values.into_iter().map(Into::into).collect()));
    }

    /// Whether a key is set and has a value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values(hash(key), key).is_some()
    }

    fn put(&mut self, name: Cow<'a, str>, values: Values<'a>) {
        let hash = hash(&name);
        let same = |entry: &&mut Entry<'_>| entry.hash == hash && entry.name.eq_ignore_ascii_case(&name);
        match self.entries.iter_mut().find(same) {
            Some(entry) => entry.values = values,
            None => self.entries.push(Entry { hash, name, values }),
        }
    }

    fn find(&self, hash: u32, name: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.hash == hash && entry.name.eq_ignore_ascii_case(name))
    }

    fn values(&self, hash: u32, name: &str) -> Option<&[Cow<'a, str>]> {
        match &self.find(hash, name)?.values {
            Values::One(value) => Some(slice::from_ref(value)),
            Values::Many(values) => Some(values.as_slice()).filter(|values| !values.is_empty()),
        }
    }
}

/// A key as policies name it, with its hash made beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    hash: u32,
    name: Box<str>,
}

impl Key {
    pub(crate) fn new(name: &str) -> Self {
        Self { hash: hash(name), name: name.into() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All values; `None` if there is none.
    pub(crate) fn values<'c, 'a>(&self, context: &'c Context<'a>) -> Option<&'c [Cow<'a, str>]> {
        context.values(self.hash, &self.name)
    }

    /// The value, if the key is one that has one value. Only such keys work in variables.
    pub(crate) fn single<'c>(&self, context: &'c Context<'_>) -> Option<&'c str> {
        match &context.find(self.hash, &self.name)?.values {
            Values::One(value) => Some(value),
            Values::Many(_) => None,
        }
    }
}

/// FNV-1a over the name in small letters.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    })
}
