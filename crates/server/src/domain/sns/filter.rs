//! Filter policies of subscriptions: an event pattern over a message's attributes or its body.

use super::{Invalid, invalid, message::Message};
use crate::domain::event::pattern::{Pattern, PatternError};
use serde_json::Value;

/// Fields of a policy at most.
const MAX_FIELDS: usize = 5;
/// Combinations of its values at most.
const MAX_COMBINATIONS: usize = 150;

/// What a filter policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Attributes,
    Body,
}

impl Scope {
    /// Reads `FilterPolicyScope`; without one it is the attributes.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        match text {
            None | Some("MessageAttributes") => Ok(Self::Attributes),
            Some("MessageBody") => Ok(Self::Body),
            Some(other) => invalid(format_args!(
                "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
            )),
        }
    }
}

/// A compiled filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pattern: Pattern,
    scope: Scope,
}

impl Filter {
    /// Reads a policy. An empty object lets everything through, as no policy does.
    pub(crate) fn parse(text: &str, scope: Scope) -> Result<Option<Self>, Invalid> {
        if serde_json::from_str::<Value>(text)
            .is_ok_and(|value| value.as_object().is_some_and(|all| all.is_empty()))
        {
            return Ok(None);
        }
        let pattern = Pattern::parse(text)
            .or_else(|PatternError(reason)| invalid(format_args!("FilterPolicy: {reason}")))?;
        let size = pattern.size();
        if scope == Scope::Attributes && size.nested {
            return invalid("Filter policy scope MessageAttributes does not support nested filter policy");
        }
        if size.leaves > MAX_FIELDS {
            return invalid("FilterPolicy: Filter policy can not have more than 5 keys");
        }
        if size.combinations > MAX_COMBINATIONS {
            return invalid("FilterPolicy: Filter policy is too complex");
        }
        Ok(Some(Self { pattern, scope }))
    }

    /// Whether the subscriber wants the message.
    pub(crate) fn matches(&self, message: &Message) -> bool {
        match self.scope {
            Scope::Attributes => self.pattern.matches(&message.attribute_values()),
            // A body that is no object has no fields.
            Scope::Body => serde_json::from_str::<Value>(&message.text)
                .is_ok_and(|body| body.is_object() && self.pattern.matches(&body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sns::message_attribute::Attribute;

    fn message(attributes: &[(&str, &str, &str)], text: &str) -> Message {
        let attribute = |(name, kind, value): &(&str, &str, &str)| {
            let attribute = Attribute { kind: (*kind).to_owned(), value: (*value).to_owned() };
            ((*name).to_owned(), attribute)
        };
        Message {
            text: text.to_owned(),
            attributes: attributes.iter().map(attribute).collect(),
            ..Message::default()
        }
    }

    #[test]
    fn attributes_and_bodies_are_filtered() {
        let event = message(
            &[
                ("store", "String", "example"),
                ("list", "String.Array", r#"["a", 5, true]"#),
                ("price", "Number.float", "210.75"),
                ("text", "String", "5"),
                ("bytes", "Binary", "eA=="),
            ],
            r#"{"store":"body","deep":{"n":1}}"#,
        );
        for (policy, scope, expected) in [
            (r#"{"store":["example"]}"#, Scope::Attributes, true),
            (r#"{"store":["body"]}"#, Scope::Attributes, false),
            (r#"{"list":["a"]}"#, Scope::Attributes, true),
            (r#"{"list":[5]}"#, Scope::Attributes, true),
            (r#"{"price":[{"numeric":[">",200,"<=",300]}]}"#, Scope::Attributes, true),
            (r#"{"text":[5]}"#, Scope::Attributes, false),
            (r#"{"bytes":[{"exists":false}]}"#, Scope::Attributes, true),
            (r#"{"gone":[{"anything-but":"x"}]}"#, Scope::Attributes, false),
            (r#"{"store":["body"]}"#, Scope::Body, true),
            (r#"{"deep":{"n":[1]}}"#, Scope::Body, true),
            (r#"{"deep":{"n":[2]}}"#, Scope::Body, false),
        ] {
            let filter = Filter::parse(policy, scope).unwrap().unwrap();
            assert_eq!(filter.matches(&event), expected, "{policy}");
        }
        let absent = Filter::parse(r#"{"a":[{"exists":false}]}"#, Scope::Body).unwrap().unwrap();
        assert!(!absent.matches(&message(&[], "no JSON")) && !absent.matches(&message(&[], "[1]")));
        assert!(Filter::parse("{}", Scope::Attributes).unwrap().is_none());
    }

    #[test]
    fn limits_are_those_of_aws() {
        let refusal = |policy: &str, scope| Filter::parse(policy, scope).unwrap_err().0;
        assert_eq!(
            refusal(r#"{"a":{"b":["c"]}}"#, Scope::Attributes),
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
        );
        assert_eq!(
            refusal(r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#, Scope::Attributes),
            "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys"
        );
        let many: Vec<u32> = (0..151).collect();
        assert_eq!(
            refusal(&serde_json::json!({ "a": many }).to_string(), Scope::Body),
            "Invalid parameter: FilterPolicy: Filter policy is too complex"
        );
        assert!(
            refusal("x", Scope::Body).starts_with("Invalid parameter: FilterPolicy: failed to parse JSON")
        );
    }
}
