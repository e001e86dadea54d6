//! Attributes of subscriptions: which can be set, to what, and what a subscription says of itself.

use super::{
    Invalid, arn,
    delivery_policy::{self, Effective},
    filter::{Filter, Scope},
    invalid,
};
use muster_store::sns::{Attributes, subscription::Subscription};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sets one attribute among those that are set; an empty value takes it away.
pub(crate) fn set(attributes: &mut Attributes, name: &str, value: &str) -> Result<(), Invalid> {
    let stored = match name {
        "RawMessageDelivery" => match value.to_ascii_lowercase().as_str() {
            truth @ ("true" | "false") => Some(truth.to_owned()),
            _ => {
                return invalid(format_args!(
                    "RawMessageDelivery: Invalid value [{value}]. Must be true or false."
                ));
            }
        },
        "FilterPolicyScope" => {
            Scope::parse(Some(value))?;
            Some(value.to_owned())
        }
        "FilterPolicy" | "DeliveryPolicy" | "RedrivePolicy" if value.is_empty() => None,
        "FilterPolicy" => Some(value.to_owned()),
        "DeliveryPolicy" => {
            let policy = delivery_policy::of_subscription(value)?;
            serde_json::to_string(&policy).ok()
        }
        "RedrivePolicy" => {
            check_redrive(value)?;
            Some(value.to_owned())
        }
        "ReplayPolicy" => return invalid("ReplayPolicy Reason: this server has no FIFO topics"),
        "SubscriptionRoleArn" => {
            return invalid("SubscriptionRoleArn Reason: this server has no subscriptions of Firehose");
        }
        _ => return invalid("AttributeName"),
    };
    match stored {
        Some(value) => attributes.insert(name.to_owned(), value),
        None => attributes.remove(name),
    };
    // A filter holds in its scope, whichever of the two was set now.
    filter(attributes).map(|_| ())
}

/// The attributes of a new subscription.
pub(crate) fn check_all(given: &BTreeMap<String, String>) -> Result<Attributes, Invalid> {
    let mut attributes = Attributes::new();
    // The scope first, so that the policy is checked in it.
    let (scope, others): (Vec<_>, Vec<_>) = given.iter().partition(|(name, _)| *name == "FilterPolicyScope");
    for (name, value) in scope.into_iter().chain(others) {
        set(&mut attributes, name, value).map_err(|Invalid(text)| {
            Invalid(text.replacen("Invalid parameter: ", "Invalid parameter: Attributes Reason: ", 1))
        })?;
    }
    Ok(attributes)
}

/// The filter of a subscription, if it has one.
pub(crate) fn filter(attributes: &Attributes) -> Result<Option<Filter>, Invalid> {
    let scope = Scope::parse(attributes.get("FilterPolicyScope").map(String::as_str))?;
    match attributes.get("FilterPolicy") {
        Some(policy) => Filter::parse(policy, scope),
        None => Ok(None),
    }
}

/// Whether messages come without the envelope.
pub(crate) fn is_raw(attributes: &Attributes) -> bool {
    attributes.get("RawMessageDelivery").is_some_and(|value| value == "true")
}

/// A policy that names a queue is kept; what cannot be delivered stands among the failed deliveries all the same.
fn check_redrive(text: &str) -> Result<(), Invalid> {
    let Ok(policy) = serde_json::from_str::<Value>(text) else {
        return invalid("RedrivePolicy: failed to parse JSON.");
    };
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
    match target.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "sqs", _, _, name] if !name.is_empty() => Ok(()),
        _ => invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    }
}

/// What a subscription says of itself. `topic_policy`: its topic's delivery policy.
pub(crate) fn describe(subscription: &Subscription, topic_policy: Option<&str>) -> Attributes {
    let Subscription { id, tenant, topic, attributes, .. } = subscription;
    let own = attributes.get("DeliveryPolicy").map(String::as_str);
    let mut all: Attributes = [
        ("SubscriptionArn", arn::of_subscription(tenant, topic, id)),
        ("TopicArn", crate::arn::of("sns", tenant, topic)),
        ("Owner", subscription.owner.to_string()),
        ("Protocol", subscription.protocol.clone()),
        ("Endpoint", subscription.endpoint.clone()),
        ("SubscriptionPrincipal", subscription.principal_arn.clone()),
        ("PendingConfirmation", subscription.expires_ms.is_some().to_string()),
        ("ConfirmationWasAuthenticated", subscription.authenticated.to_string()),
        ("RawMessageDelivery", "false".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if matches!(subscription.protocol.as_str(), "http" | "https") {
        let effective = Effective::new(topic_policy, own).subscription_text();
        all.insert("EffectiveDeliveryPolicy".to_owned(), effective);
    }
    if attributes.contains_key("FilterPolicy") {
        all.insert("FilterPolicyScope".to_owned(), "MessageAttributes".to_owned());
    }
    all.extend(attributes.clone());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> String {
        set(&mut Attributes::new(), name, value).unwrap_err().0
    }

    #[test]
    fn attributes_are_checked_by_name_and_value() {
        for (name, value, text) in [
            ("Fake", "x", "AttributeName"),
            (
                "RawMessageDelivery",
                "wrong",
                "RawMessageDelivery: Invalid value [wrong]. Must be true or false.",
            ),
            ("RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"x"}"#,
                "RedrivePolicy: deadLetterTargetArn is an invalid arn",
            ),
            (
                "FilterPolicyScope",
                "RandomValue",
                "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes",
            ),
            ("FilterPolicy", r#"{"key":[]}"#, "FilterPolicy: Empty arrays are not allowed"),
        ] {
            assert_eq!(refused(name, value), format!("Invalid parameter: {text}"));
        }
        let given = [("RawMessageDelivery".to_owned(), "wrongvalue".to_owned())].into();
        assert_eq!(
            check_all(&given).unwrap_err().0,
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."
        );
    }

    #[test]
    fn a_filter_must_fit_its_scope() {
        let nested = r#"{"a":{"b":["c"]}}"#.to_owned();
        let both =
            [("FilterPolicy".to_owned(), nested), ("FilterPolicyScope".to_owned(), "MessageBody".to_owned())];
        let mut attributes = check_all(&both.into()).unwrap();
        assert!(filter(&attributes).unwrap().is_some());
        let text = set(&mut attributes, "FilterPolicyScope", "MessageAttributes").unwrap_err().0;
        assert!(text.contains("does not support nested"), "{text}");
        let mut attributes = Attributes::new();
        set(&mut attributes, "RawMessageDelivery", "TRUE").unwrap();
        assert!(is_raw(&attributes));
        set(&mut attributes, "FilterPolicy", r#"{"a":["b"]}"#).unwrap();
        set(&mut attributes, "FilterPolicy", "").unwrap();
        assert!(!attributes.contains_key("FilterPolicy"));
    }
}
