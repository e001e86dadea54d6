//! A parameter of a document: its type, and which values it takes.

use fancy_regex::Regex;
use serde_json::Value;

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterType {
    /// One text.
    String,
    /// A list of texts.
    StringList,
}

/// Why given parameters do not fit a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterError {
    /// The document has no such parameter.
    #[error("the document has no parameter {0}")]
    Unknown(String),
    /// A parameter without a default was not given.
    #[error("the parameter {0} is required")]
    Missing(String),
    /// The value breaks the parameter's rules.
    #[error("the value of the parameter {0} is not allowed")]
    Refused(String),
}

/// A parameter of a document.
#[derive(Debug)]
pub(crate) struct ParameterDefinition {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    pub(crate) parameter_type: ParameterType,
    /// Its value when none is given.
    pub(crate) default: Option<Value>,
    allowed_pattern: Option<Regex>,
    allowed_values: Option<Vec<String>>,
    max_chars: Option<usize>,
    min_chars: usize,
    max_items: Option<usize>,
    min_items: usize,
}

impl ParameterDefinition {
    /// Reads a definition.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(name: &str, definition: &Value) -> Result<Self, String> {
        let text = |key: &str| definition.get(key).and_then(Value::as_str);
        let number =
            |key: &str| definition.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let parameter_type = match text("type") {
            Some("String") => ParameterType::String,
            Some("StringList") => ParameterType::StringList,
            other => return Err(format!("parameter {name} has the type {other:?}")),
        };
        // The whole value must match, whatever alternatives the pattern has.
        let pattern = text("allowedPattern").map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
        let allowed_values = definition.get("allowedValues").and_then(Value::as_array);
        Ok(Self {
            name: name.to_owned(),
            parameter_type,
            default: definition.get("default").cloned(),
            allowed_pattern: pattern.transpose().map_err(|error| format!("parameter {name}: {error}"))?,
            allowed_values: allowed_values
                .map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            max_chars: number("maxChars"),
            min_chars: number("minChars").unwrap_or(0),
            max_items: number("maxItems"),
            min_items: number("minItems").unwrap_or(0),
        })
    }

    /// The value a node gets for what a caller gave.
    ///
    /// # Errors
    /// [`ParameterError::Refused`].
    pub(crate) fn accept(&self, values: &[String]) -> Result<Value, ParameterError> {
        let refused = || ParameterError::Refused(self.name.clone());
        if !values.iter().all(|value| self.allows(value)) {
            return Err(refused());
        }
        match (self.parameter_type, values) {
            (ParameterType::String, [value]) => Ok(Value::String(value.clone())),
            (ParameterType::String, _) => Err(refused()),
            (ParameterType::StringList, values) => {
                let fits =
                    values.len() >= self.min_items && self.max_items.is_none_or(|max| values.len() <= max);
                if fits { Ok(Value::from(values)) } else { Err(refused()) }
            }
        }
    }

    fn allows(&self, value: &str) -> bool {
        let characters = value.chars().count();
        characters >= self.min_chars
            && self.max_chars.is_none_or(|max| characters <= max)
            && self.allowed_values.as_ref().is_none_or(|allowed| allowed.iter().any(|other| other == value))
            // A pattern that gives up (too much backtracking) has not matched.
            && self.allowed_pattern.as_ref().is_none_or(|pattern| pattern.is_match(value).unwrap_or(false))
    }
}
