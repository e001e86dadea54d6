//! Attributes of topics: which can be set, to what, and what a topic says of itself.

use super::{Invalid, arn::TopicName, delivery_policy, delivery_policy::Effective, invalid, permission};
use muster_store::sns::{Attributes, topic::Counts};
use std::collections::BTreeMap;

/// Kept and given back, without effect: there is no CloudWatch Logs to write to and no tracing to join.
const WITHOUT_EFFECT: [&str; 2] = ["FeedbackRoleArn", "FeedbackSampleRate"];
const FEEDBACK: [&str; 5] = ["HTTP", "Firehose", "Lambda", "SQS", "Application"];

/// Checks a value for an attribute and gives its stored form; an empty value takes the attribute away.
pub(crate) fn check(name: &str, value: &str) -> Result<Option<String>, Invalid> {
    let keep = || Ok((!value.is_empty()).then(|| value.to_owned()));
    match name {
        "DisplayName" if value.chars().count() > 100 || value.chars().any(char::is_control) => {
            invalid("DisplayName")
        }
        "Policy" if value.is_empty() => Ok(None),
        "Policy" => permission::check(value).and_then(|()| keep()),
        "DeliveryPolicy" if value.is_empty() => Ok(None),
        "DeliveryPolicy" => {
            let policy = delivery_policy::of_topic(value)?;
            Ok(serde_json::to_string(&policy).ok())
        }
        "SignatureVersion" if !matches!(value, "1" | "2") => {
            invalid("SignatureVersion Reason: must be 1 or 2")
        }
        "TracingConfig" if !matches!(value, "Active" | "PassThrough") => {
            invalid("TracingConfig Reason: must be Active or PassThrough")
        }
        "FifoTopic" | "ContentBasedDeduplication" if value == "false" => Ok(None),
        "FifoTopic" | "ContentBasedDeduplication" | "ArchivePolicy" | "FifoThroughputScope" => {
            invalid(format_args!("{name} Reason: this server has no FIFO topics"))
        }
        "DisplayName" | "KmsMasterKeyId" | "SignatureVersion" | "TracingConfig" => keep(),
        _ if is_feedback(name) => keep(),
        _ => invalid("AttributeName"),
    }
}

/// `HTTPSuccessFeedbackRoleArn` and its like.
fn is_feedback(name: &str) -> bool {
    let of_protocol = FEEDBACK.iter().find_map(|protocol| name.strip_prefix(protocol));
    let outcome =
        of_protocol.and_then(|rest| rest.strip_prefix("Success").or_else(|| rest.strip_prefix("Failure")));
    outcome.is_some_and(|rest| WITHOUT_EFFECT.contains(&rest))
}

/// Checks all attributes of a new topic.
pub(crate) fn check_all(given: &BTreeMap<String, String>) -> Result<Attributes, Invalid> {
    let mut attributes = Attributes::new();
    for (name, value) in given {
        let checked = check(name, value).map_err(|Invalid(text)| match text.as_str() {
            "Invalid parameter: AttributeName" => {
                Invalid(format!("Invalid parameter: Attributes Reason: Unknown attribute {name}"))
            }
            _ => Invalid(text.replacen("Invalid parameter: ", "Invalid parameter: Attributes Reason: ", 1)),
        });
        if let Some(value) = checked? {
            attributes.insert(name.clone(), value);
        }
    }
    Ok(attributes)
}

/// What a topic says of itself.
pub(crate) fn describe(topic: &TopicName, set: &Attributes, counts: Counts, deleted: i64) -> Attributes {
    let arn = topic.arn();
    let account = topic.tenant.account.as_str();
    let delivery = set.get("DeliveryPolicy").map(String::as_str);
    let mut all: Attributes = [
        ("TopicArn", arn.clone()),
        ("Owner", account.to_owned()),
        ("Policy", permission::default_policy(&arn, account)),
        ("DisplayName", String::new()),
        ("EffectiveDeliveryPolicy", Effective::topic_text(delivery)),
        ("SubscriptionsConfirmed", counts.confirmed.to_string()),
        ("SubscriptionsPending", counts.pending.to_string()),
        ("SubscriptionsDeleted", deleted.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    all.extend(set.clone());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;

    #[test]
    fn attributes_are_checked_by_name_and_value() {
        for (name, value) in [
            ("DisplayName", "Ops"),
            ("KmsMasterKeyId", "alias/aws/sns"),
            ("SignatureVersion", "2"),
            ("TracingConfig", "Active"),
            ("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::123456789012:role/x"),
            ("SQSFailureFeedbackRoleArn", "arn"),
        ] {
            assert_eq!(check(name, value).unwrap().as_deref(), Some(value), "{name}");
        }
        assert_eq!(check("FifoTopic", "false").unwrap(), None);
        assert_eq!(check("DisplayName", "").unwrap(), None);
        let policy = check("DeliveryPolicy", r#"{ "http": {} }"#).unwrap();
        assert_eq!(policy.as_deref(), Some(r#"{"http":{"disableSubscriptionOverrides":false}}"#));
        for (name, value, text) in [
            ("Owner", "x", "AttributeName"),
            ("HTTPFeedbackRoleArn", "x", "AttributeName"),
            ("DisplayName", &*"x".repeat(101), "DisplayName"),
            ("FifoTopic", "true", "FifoTopic Reason: this server has no FIFO topics"),
            ("SignatureVersion", "3", "SignatureVersion Reason: must be 1 or 2"),
        ] {
            assert_eq!(check(name, value).unwrap_err().0, format!("Invalid parameter: {text}"), "{name}");
        }
        let unknown = check_all(&[("Fake".to_owned(), "x".to_owned())].into()).unwrap_err();
        assert_eq!(unknown.0, "Invalid parameter: Attributes Reason: Unknown attribute Fake");
    }

    #[test]
    fn what_was_set_goes_over_the_defaults() {
        let topic = TopicName { tenant: tenant("r"), name: "t".to_owned() };
        let set = [("DisplayName".to_owned(), "d".to_owned())].into();
        let all = describe(&topic, &set, Counts { confirmed: 2, pending: 1 }, 3);
        assert_eq!(all["DisplayName"], "d");
        assert_eq!((&*all["SubscriptionsConfirmed"], &*all["SubscriptionsDeleted"]), ("2", "3"));
        assert!(all["Policy"].contains("__default_policy_ID"));
    }
}
