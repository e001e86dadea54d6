//! Reading JSON level by level: members in order with doubled names refused, and where in the text a value stands. `None` is
//! for what is no JSON, or of another type.
//! `serde_json` skips nested values without recursion, so that deep nesting costs nothing. Not for: the grammar of
//! policies.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashSet, fmt};

/// An object's members, in the order of the text.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                let mut seen = HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if !seen.insert(name.clone()) {
                        return Err(A::Error::custom("a member twice"));
                    }
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader).map(Self)
    }
}

/// The members of an object.
pub(crate) fn object(text: &str) -> Option<Vec<(String, &RawValue)>> {
    serde_json::from_str::<Members<'_>>(text).map(|members| members.0).ok()
}

/// The elements of a list, or the value itself as the only one.
pub(crate) fn one_or_many(value: &RawValue) -> Option<Vec<&RawValue>> {
    if value.get().starts_with('[') { serde_json::from_str(value.get()).ok() } else { Some(vec![value]) }
}

/// A string.
pub(crate) fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A string, or a list of strings.
pub(crate) fn strings(value: &RawValue) -> Option<Vec<String>> {
    one_or_many(value)?.into_iter().map(string).collect()
}

/// Strings, numbers and booleans as text: one, or a list.
pub(crate) fn scalars(value: &RawValue) -> Option<Vec<String>> {
    let scalar = |value: &RawValue| match value.get().as_bytes().first()? {
        b'"' => string(value),
        b't' | b'f' | b'-' | b'0'..=b'9' => Some(value.get().to_owned()),
        _ => None,
    };
    one_or_many(value)?.into_iter().map(scalar).collect()
}

/// Where a value begins in the text that it was read from, in bytes.
pub(crate) fn offset(text: &str, value: &RawValue) -> usize {
    (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// ASCII letters made small, without an allocation if none is capital.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
