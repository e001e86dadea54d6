//! One condition on the values of a field.

use serde_json::Value;
use std::{cmp::Ordering, net::IpAddr};

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// `"x"`, `5`, `true`, `null`.
    Exactly(Value),
    /// `{"exists": true}`.
    Exists(bool),
    /// `{"anything-but": …}`: a value that is none of these.
    AnythingBut(Vec<Matcher>),
    /// Conditions on text.
    Text(Text),
    /// `{"numeric": [">", 0, "<=", 5]}`: both ends.
    Numeric { bottom: Option<Bound>, top: Option<Bound> },
    /// `{"cidr": "10.0.0.0/8"}`.
    Cidr { address: IpAddr, prefix: u8 },
}

/// A condition on text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Prefix(String),
    Suffix(String),
    /// The operand is in lower case.
    PrefixIgnoreCase(String),
    /// The operand is in lower case.
    SuffixIgnoreCase(String),
    /// The operand is in lower case.
    EqualsIgnoreCase(String),
    /// The parts between the wildcards; at least one.
    Wildcard(Vec<String>),
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    pub(super) value: f64,
    pub(super) inclusive: bool,
}

impl Matcher {
    /// Whether one of the values of a field satisfies it; a field without any is absent.
    pub(super) fn matches(&self, values: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => *wanted != values.is_empty(),
            _ => values.iter().any(|value| self.matches_one(value)),
        }
    }

    fn matches_one(&self, value: &Value) -> bool {
        match self {
            Self::Exactly(wanted) => equal(wanted, value),
            Self::Exists(wanted) => *wanted,
            Self::AnythingBut(none_of) => !none_of.iter().any(|matcher| matcher.matches_one(value)),
            Self::Text(condition) => value.as_str().is_some_and(|text| condition.matches(text)),
            Self::Numeric { bottom, top } => value.as_f64().is_some_and(|number| {
                bottom
                    .is_none_or(|bottom| number > bottom.value || bottom.inclusive && number == bottom.value)
                    && top.is_none_or(|top| number < top.value || top.inclusive && number == top.value)
            }),
            Self::Cidr { address, prefix } => value
                .as_str()
                .and_then(|text| text.parse().ok())
                .is_some_and(|found| in_network(found, *address, *prefix)),
        }
    }
}

/// Numbers are equal by value, however they are written.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other
                || one
                    .as_f64()
                    .zip(other.as_f64())
                    .is_some_and(|(one, other)| one.partial_cmp(&other) == Some(Ordering::Equal))
        }
        _ => one == other,
    }
}

impl Text {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::PrefixIgnoreCase(prefix) => text.to_lowercase().starts_with(prefix.as_str()),
            Self::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(suffix.as_str()),
            Self::EqualsIgnoreCase(wanted) => text.to_lowercase() == *wanted,
            Self::Wildcard(parts) => wildcard(parts, text),
        }
    }
}

/// Whether the parts stand in the text in their order, the first at its beginning and the last at its end. The
/// earliest place of each part leaves the most for the others, so nothing is tried twice.
fn wildcard(parts: &[String], text: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    let Some((last, middle)) = rest.split_last() else { return text == first };
    let Some(mut text) = text.strip_prefix(first.as_str()).and_then(|text| text.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for part in middle {
        match text.split_once(part.as_str()) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    true
}

fn in_network(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((one, length), (other, other_length)) = (bits(address), bits(network));
    length == other_length && (prefix == 0 || (one ^ other) >> (128 - u32::from(prefix)) == 0)
}
