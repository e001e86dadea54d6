//! Event patterns of EventBridge, which filter policies of SNS share: which fields an event must have, and with what
//! values.
//!
//! A pattern is compiled once and matched many times. Fields are joined by "and", the values of a field by "or", the
//! patterns of `$or` by "or". A field of the event that is a list matches if one of its elements does. Matching takes time
//! linear in pattern and event, whoever wrote them. Not for: who gets an event that matches.

mod matcher;
mod parse;
#[cfg(test)]
mod tests;

use matcher::Matcher;
use serde_json::Value;

/// Why a text is no pattern, in AWS's words where they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct PatternError(pub(crate) String);

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    root: Fields,
}

/// Fields that must all match, and groups of which one of each must.
#[derive(Debug, Clone, PartialEq, Default)]
struct Fields {
    fields: Vec<(String, Node)>,
    any_of: Vec<Vec<Fields>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// The field's value is one of these.
    Leaf(Vec<Matcher>),
    /// The field is an object with these.
    Object(Fields),
}

/// How large a pattern is, for limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Fields with values.
    pub(crate) leaves: usize,
    /// The product over the leaves of their number of values, each times its depth.
    pub(crate) combinations: usize,
    /// Whether it has objects in objects.
    pub(crate) nested: bool,
}

impl Pattern {
    /// Compiles the text of a pattern.
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            PatternError(format!("failed to parse JSON. line {}, column {}", error.line(), error.column()))
        })?;
        parse::fields(&value, 0).map(|root| Self { root })
    }

    /// Whether the event is as the pattern says.
    pub(crate) fn matches(&self, event: &Value) -> bool {
        self.root.matches(Some(event))
    }

    /// Its size.
    pub(crate) fn size(&self) -> Size {
        let mut size = Size { leaves: 0, combinations: 1, nested: false };
        self.root.measure(1, &mut size);
        size
    }
}

impl Fields {
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            // One element has all of it: fields of different elements do not make one event.
            Some(Value::Array(elements)) if !elements.is_empty() => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            _ => {
                let field = |name: &str| value.and_then(|value| value.get(name));
                self.fields.iter().all(|(name, node)| node.matches(field(name)))
                    && self.any_of.iter().all(|group| group.iter().any(|fields| fields.matches(value)))
            }
        }
    }

    fn measure(&self, depth: usize, size: &mut Size) {
        for (_, node) in &self.fields {
            match node {
                Node::Leaf(matchers) => {
                    size.leaves += 1;
                    size.combinations =
                        size.combinations.saturating_mul(matchers.len().saturating_mul(depth));
                }
                Node::Object(fields) => {
                    size.nested = true;
                    fields.measure(depth + 1, size);
                }
            }
        }
        self.any_of.iter().flatten().for_each(|fields| fields.measure(depth, size));
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(fields) => {
                fields.matches(value.filter(|value| value.is_object() || value.is_array()))
            }
            Self::Leaf(matchers) => {
                let mut found = Vec::new();
                collect(value, &mut found);
                matchers.iter().any(|matcher| matcher.matches(&found))
            }
        }
    }
}

/// The plain values of a field: itself, or those in its lists.
fn collect<'v>(value: Option<&'v Value>, found: &mut Vec<&'v Value>) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(elements)) => elements.iter().for_each(|element| collect(Some(element), found)),
        Some(plain) => found.push(plain),
    }
}
