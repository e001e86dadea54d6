//! Parameters: their definitions, and putting values in the place of `{{ name }}`.
//!
//! A string that is one token and nothing else becomes the value with its type; a token inside other text becomes the
//! value's text. One pass: a value that looks like a token stays as it is. Not for: `{{ssm:name}}`, whose values must be
//! fetched.

use super::{DocumentError, member, object, text};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a document says of a parameter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParameterDefinition {
    /// `String`, `StringList`, `Boolean`, `Integer`, `MapList`, `StringMap`.
    pub kind: String,
    /// Value when none is given.
    pub default: Option<Value>,
    /// The whole definition, for whoever checks values: allowed values and pattern, least and most.
    pub definition: Map<String, Value>,
}

impl ParameterDefinition {
    /// Reads a definition.
    ///
    /// # Errors
    /// [`DocumentError::Shape`].
    pub fn parse(definition: &Value) -> Result<Self, DocumentError> {
        let definition = object(definition, "a parameter")?;
        Ok(Self {
            kind: text(definition, "type")?,
            default: member(definition, "default").cloned(),
            definition: definition.clone(),
        })
    }
}

/// Whether this is the name of a parameter: letters and digits.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The values of a State Manager association, which gives lists of text: the first element for `String` and
/// `StringMap`, the list for `StringList`; all other types are left out, as official agents do.
pub fn association_values(
    definitions: &BTreeMap<String, ParameterDefinition>,
    given: &BTreeMap<String, Vec<String>>,
) -> Map<String, Value> {
    let values = given.iter().filter_map(|(name, list)| {
        let value = match definitions.get(name)?.kind.as_str() {
            "String" | "StringMap" => Value::from(list.first()?.clone()),
            "StringList" => Value::from(list.clone()),
            _ => return None,
        };
        Some((name.clone(), value))
    });
    values.collect()
}

/// The same value with tokens replaced, at any depth; keys of objects stay. Tokens of parameters without a value stay.
pub fn substitute(input: &Value, values: &Map<String, Value>) -> Value {
    match input {
        Value::String(text) => substitute_text(text, values),
        Value::Array(items) => items.iter().map(|item| substitute(item, values)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), substitute(member, values))).collect()
        }
        other => other.clone(),
    }
}

fn substitute_text(text: &str, values: &Map<String, Value>) -> Value {
    let mut output = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, candidate) = rest.split_at(start);
        let replaced = token(candidate).and_then(|(name, after)| Some((values.get(name)?, after)));
        match replaced {
            Some((value, "")) if output.is_empty() && before.is_empty() && rest.len() == text.len() => {
                return value.clone();
            }
            Some((value, after)) => {
                output.push_str(before);
                output.push_str(&inserted(value));
                rest = after;
            }
            None => {
                // One brace on: in `{{{ name }}` the token begins at the second.
                let (skipped, after) = rest.split_at(start + 1);
                output.push_str(skipped);
                rest = after;
            }
        }
    }
    output.push_str(rest);
    Value::String(output)
}

/// A value as it stands inside other text. A doubled `$` becomes one: documents have come to rely on it.
fn inserted(value: &Value) -> String {
    text_of(value).replace("$$", "$")
}

/// Text as it is; anything else as JSON.
pub(super) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The token at the beginning of `text`, which begins with `{{`: its name, and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix("{{")?.trim_start_matches(is_space);
    let end = inside.find(|character: char| !character.is_ascii_alphanumeric())?;
    let (name, after) = inside.split_at(end);
    let after = after.trim_start_matches(is_space).strip_prefix("}}")?;
    is_name(name).then_some((name, after))
}

/// White space inside tokens.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// Whether text holds `{{ <kind>:name }}`, with `ssm` or `ssm-secure` as kind.
pub(super) fn holds_reference(text: &str, kind: &str) -> bool {
    text.match_indices("{{").any(|(start, opening)| {
        let inside = text.get(start + opening.len()..).unwrap_or_default().trim_start_matches(' ');
        let Some(name) = inside.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')) else {
            return false;
        };
        let is_part = |character: char| character.is_ascii_alphanumeric() || "/_.:-".contains(character);
        let after = name.trim_start_matches(is_part);
        after.len() < name.len() && after.trim_start_matches(' ').starts_with("}}")
    })
}
