//! Attributes of messages: names, types and values. Refusals are the text of AWS's error `ParameterValueInvalid`.

use super::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An attribute of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attribute {
    /// `String`, `String.Array`, `Number`, `Binary`, with a suffix of the sender's own.
    pub(crate) kind: String,
    /// The text; base64 of binary ones.
    pub(crate) value: String,
}

impl Attribute {
    /// The value as filter policies see it; binary ones they do not.
    pub(crate) fn filter_value(&self) -> Option<Value> {
        match self.kind.split('.').next() {
            Some("Number") => serde_json::from_str(&self.value).ok().filter(Value::is_number),
            Some("String") if self.kind == "String.Array" => {
                serde_json::from_str(&self.value).ok().filter(Value::is_array)
            }
            Some("String") => Some(Value::String(self.value.clone())),
            _ => None,
        }
    }
}

/// Checks a name.
pub(crate) fn check_name(name: &str) -> Result<(), Invalid> {
    let refuse = |text: String| Err(Invalid(text));
    if name.len() > 256 {
        return refuse("Length of message attribute name must be less than 256 bytes.".to_owned());
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if let Some(wrong) = name.chars().find(|letter| !allowed(*letter)) {
        return refuse(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(wrong)
        ));
    }
    if name.starts_with('.') {
        return refuse("Invalid message attribute name starting with character '.' was found.".to_owned());
    }
    if name.ends_with('.') {
        return refuse("Invalid message attribute name ending with character '.' was found.".to_owned());
    }
    if name.contains("..") {
        return refuse("Message attribute name can not have successive '.' character.".to_owned());
    }
    Ok(())
}

/// An attribute from its parts; `binary` is base64.
pub(crate) fn parse(
    name: &str,
    kind: &str,
    string: Option<&str>,
    binary: Option<&str>,
) -> Result<Attribute, Invalid> {
    check_name(name)?;
    let field = match kind.split('.').next() {
        Some("String" | "Number") => "String",
        Some("Binary") => "Binary",
        _ => {
            return Err(Invalid(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                 prefixes is Binary, Number, and String."
            )));
        }
    };
    let (value, other) = if field == "String" { (string, binary) } else { (binary, string) };
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Err(Invalid(match other {
            Some(_) => format!("The message attribute '{name}' with type '{kind}' must use field '{field}'."),
            None => format!(
                "The message attribute '{name}' must contain non-empty message attribute value for message attribute \
                 type '{kind}'."
            ),
        }));
    };
    if kind.starts_with("Number") && !value.trim().parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(Invalid(format!("Could not cast message attribute '{name}' value to number.")));
    }
    Ok(Attribute { kind: kind.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_those_of_aws() {
        let text = |name: &str, kind: &str, string, binary| parse(name, kind, string, binary).unwrap_err().0;
        for (refused, expected) in [
            (
                text("a", "String", Some(""), None),
                "The message attribute 'a' must contain non-empty message attribute value for message attribute type \
                 'String'.",
            ),
            (
                text("a", "String", None, Some("eA==")),
                "The message attribute 'a' with type 'String' must use field 'String'.",
            ),
            (
                text("a", "Number", None, Some("eA==")),
                "The message attribute 'a' with type 'Number' must use field 'String'.",
            ),
            (
                text("a", "Binary", Some("x"), None),
                "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
            ),
            (
                text("a", "Invalid", Some("x"), None),
                "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is \
                 Binary, Number, and String.",
            ),
            (text("a", "Number", Some("x"), None), "Could not cast message attribute 'a' value to number."),
            (
                text(&"a".repeat(257), "String", Some("x"), None),
                "Length of message attribute name must be less than 256 bytes.",
            ),
            (
                text("a^b", "String", Some("x"), None),
                "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include \
                 alphanumeric characters, hyphens, underscores, or dots.",
            ),
            (
                text(".a", "String", Some("x"), None),
                "Invalid message attribute name starting with character '.' was found.",
            ),
            (
                text("a.", "String", Some("x"), None),
                "Invalid message attribute name ending with character '.' was found.",
            ),
            (
                text("a..b", "String", Some("x"), None),
                "Message attribute name can not have successive '.' character.",
            ),
        ] {
            assert_eq!(refused, expected);
        }
        assert!(parse("a.b", "String.custom", Some("x"), None).is_ok());
        assert!(parse("a", "Binary.gif", None, Some("eA==")).is_ok());
    }
}
