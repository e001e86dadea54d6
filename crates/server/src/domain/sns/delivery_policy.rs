//! Delivery policies: how often a subscriber is tried again, and with which content type it is called. The policy of a
//! subscription goes over that of its topic, unless the topic forbids it.

use super::{Invalid, invalid};
use crate::domain::event::retry::{Backoff, RetryPolicy};
use serde::{Deserialize, Serialize};

/// Of all retries together, seconds: AWS's hard limit.
const LONGEST: u64 = 3600;
const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=UTF-8";
const CONTENT_TYPES: [&str; 12] = [
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
    "application/atom+xml",
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
];

/// The policy of a topic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicPolicy {
    /// Of the protocols http and https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<HttpPolicy>,
}

/// The policy of a topic for the protocols http and https.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HttpPolicy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_healthy_retry_policy: Option<Retries>,
    #[serde(default)]
    pub(crate) disable_subscription_overrides: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_throttle_policy: Option<Throttle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_request_policy: Option<RequestPolicy>,
}

/// The policy of a subscription. Absent members are written as null, as AWS does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubscriptionPolicy {
    #[serde(default)]
    pub(crate) healthy_retry_policy: Option<Retries>,
    #[serde(default)]
    pub(crate) sickly_retry_policy: Option<Retries>,
    #[serde(default)]
    pub(crate) throttle_policy: Option<Throttle>,
    #[serde(default)]
    pub(crate) request_policy: Option<RequestPolicy>,
    #[serde(default)]
    pub(crate) guaranteed: bool,
}

/// How often and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Retries {
    /// Seconds.
    pub(crate) min_delay_target: u64,
    /// Seconds.
    pub(crate) max_delay_target: u64,
    pub(crate) num_retries: u32,
    pub(crate) num_max_delay_retries: u32,
    pub(crate) num_no_delay_retries: u32,
    pub(crate) num_min_delay_retries: u32,
    pub(crate) backoff_function: Backoff,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_max_delay_retries: 0,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            backoff_function: Backoff::Linear,
        }
    }
}

/// How fast. Kept and given back; without effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Throttle {
    pub(crate) max_receives_per_second: u32,
}

/// How a subscriber is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestPolicy {
    #[serde(default)]
    pub(crate) header_content_type: Option<String>,
}

impl Retries {
    fn check(&self) -> Result<(), Invalid> {
        let phases = [self.num_no_delay_retries, self.num_min_delay_retries, self.num_max_delay_retries];
        let phased = phases.iter().fold(0u32, |sum, phase| sum.saturating_add(*phase));
        let reason = if self.num_retries > 100 {
            "numRetries must be between 0 and 100"
        } else if !(1..=LONGEST).contains(&self.max_delay_target) {
            "maxDelayTarget must be between 1 and 3600"
        } else if !(1..=self.max_delay_target).contains(&self.min_delay_target) {
            "minDelayTarget must be between 1 and maxDelayTarget"
        } else if phased > self.num_retries {
            "numRetries must be at least the sum of its phases"
        } else if self.total_seconds() > LONGEST {
            "the time of all retries must not exceed 3600 seconds"
        } else {
            return Ok(());
        };
        invalid(format_args!("DeliveryPolicy: {reason}"))
    }

    fn total_seconds(&self) -> u64 {
        let policy = self.policy();
        let all = (1..).map_while(|attempts| policy.wait_ms(attempts, 0.0));
        u64::try_from(all.sum::<i64>() / 1000).unwrap_or(u64::MAX)
    }

    fn policy(&self) -> RetryPolicy {
        let phased = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries;
        RetryPolicy {
            no_delay: self.num_no_delay_retries,
            min_delay: self.num_min_delay_retries,
            growing: self.num_retries.saturating_sub(phased),
            max_delay: self.num_max_delay_retries,
            min_ms: self.min_delay_target * 1000,
            max_ms: self.max_delay_target * 1000,
            backoff: self.backoff_function,
        }
    }
}

/// Reads the policy of a topic.
pub(crate) fn of_topic(text: &str) -> Result<TopicPolicy, Invalid> {
    let policy: TopicPolicy = read(text)?;
    if let Some(http) = &policy.http {
        check(
            http.default_healthy_retry_policy.as_ref(),
            &http.default_throttle_policy,
            &http.default_request_policy,
        )?;
    }
    Ok(policy)
}

/// Reads the policy of a subscription.
pub(crate) fn of_subscription(text: &str) -> Result<SubscriptionPolicy, Invalid> {
    let policy: SubscriptionPolicy = read(text)?;
    check(policy.healthy_retry_policy.as_ref(), &policy.throttle_policy, &policy.request_policy)?;
    Ok(policy)
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Invalid> {
    serde_json::from_str(text).or_else(|error| invalid(format_args!("DeliveryPolicy: {error}")))
}

fn check(
    retries: Option<&Retries>,
    throttle: &Option<Throttle>,
    request: &Option<RequestPolicy>,
) -> Result<(), Invalid> {
    retries.map_or(Ok(()), Retries::check)?;
    if throttle.as_ref().is_some_and(|throttle| throttle.max_receives_per_second == 0) {
        return invalid("DeliveryPolicy: maxReceivesPerSecond must be 1 or more");
    }
    let content_type = request.as_ref().and_then(|request| request.header_content_type.as_deref());
    match content_type {
        Some(content_type) if !is_content_type(content_type) => {
            invalid(format_args!("DeliveryPolicy: headerContentType {content_type} is not supported"))
        }
        _ => Ok(()),
    }
}

fn is_content_type(text: &str) -> bool {
    let (essence, parameter) = text.split_once(';').map_or((text, None), |(a, b)| (a, Some(b)));
    CONTENT_TYPES.contains(&essence.trim())
        && parameter.is_none_or(|parameter| parameter.trim().eq_ignore_ascii_case("charset=utf-8"))
}

/// What holds for a subscriber.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effective {
    pub(crate) retries: Retries,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) content_type: String,
}

impl Effective {
    /// From the stored texts of the topic's policy and the subscription's.
    pub(crate) fn new(topic: Option<&str>, subscription: Option<&str>) -> Self {
        let http =
            topic.and_then(|text| of_topic(text).ok()).and_then(|policy| policy.http).unwrap_or_default();
        let own = match subscription {
            Some(text) if !http.disable_subscription_overrides => of_subscription(text).unwrap_or_default(),
            _ => SubscriptionPolicy::default(),
        };
        let content_type =
            |request: Option<RequestPolicy>| request.and_then(|request| request.header_content_type);
        Self {
            retries: own.healthy_retry_policy.or(http.default_healthy_retry_policy).unwrap_or_default(),
            throttle: own.throttle_policy.or(http.default_throttle_policy),
            content_type: content_type(own.request_policy)
                .or_else(|| content_type(http.default_request_policy))
                .unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned()),
        }
    }

    /// When a failed delivery is tried again.
    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.retries.policy()
    }

    /// A topic's `EffectiveDeliveryPolicy`.
    pub(crate) fn topic_text(topic: Option<&str>) -> String {
        let Self { retries, throttle, content_type } = Self::new(topic, None);
        let overrides = topic.and_then(|text| of_topic(text).ok()).and_then(|policy| policy.http);
        let http = HttpPolicy {
            default_healthy_retry_policy: Some(retries),
            disable_subscription_overrides: overrides.is_some_and(|http| http.disable_subscription_overrides),
            default_throttle_policy: throttle,
            default_request_policy: Some(RequestPolicy { header_content_type: Some(content_type) }),
        };
        serde_json::to_string(&TopicPolicy { http: Some(http) }).unwrap_or_default()
    }

    /// A subscription's `EffectiveDeliveryPolicy`.
    pub(crate) fn subscription_text(self) -> String {
        let policy = SubscriptionPolicy {
            healthy_retry_policy: Some(self.retries),
            sickly_retry_policy: None,
            throttle_policy: self.throttle,
            request_policy: Some(RequestPolicy { header_content_type: Some(self.content_type) }),
            guaranteed: false,
        };
        serde_json::to_string(&policy).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_policy_there_are_three_retries_twenty_seconds_apart() {
        let effective = Effective::new(None, None);
        let policy = effective.retry_policy();
        let waits: Vec<_> = (1..).map_while(|attempts| policy.wait_ms(attempts, 0.0)).collect();
        assert_eq!(waits, [20_000; 3]);
        assert_eq!(
            Effective::topic_text(None),
            r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#
        );
    }

    #[test]
    fn the_subscription_goes_over_the_topic_unless_forbidden() {
        let own = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":1}}"#;
        let topic = r#"{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}"#;
        let effective = Effective::new(Some(topic), Some(own));
        assert_eq!((effective.retries.num_retries, effective.content_type.as_str()), (1, "application/json"));
        let strict = r#"{"http":{"disableSubscriptionOverrides":true}}"#;
        assert_eq!(Effective::new(Some(strict), Some(own)).retries, Retries::default());
        assert!(effective.subscription_text().contains(r#""sicklyRetryPolicy":null,"throttlePolicy":null"#));
    }

    #[test]
    fn impossible_policies_are_refused() {
        for retries in [
            r#"{"numRetries":101}"#,
            r#"{"minDelayTarget":0}"#,
            r#"{"minDelayTarget":30}"#,
            r#"{"maxDelayTarget":3601}"#,
            r#"{"numRetries":1,"numNoDelayRetries":2}"#,
            r#"{"numRetries":4294967295,"numNoDelayRetries":4294967295,"numMinDelayRetries":4294967295}"#,
            r#"{"numRetries":100,"minDelayTarget":37,"maxDelayTarget":37}"#,
            r#"{"backoffFunction":"quadratic"}"#,
            r#"{"numRetries":-1}"#,
            r#"{"unknown":1}"#,
        ] {
            let text = format!(r#"{{"healthyRetryPolicy":{retries}}}"#);
            let refused = of_subscription(&text).unwrap_err();
            assert!(refused.0.starts_with("Invalid parameter: DeliveryPolicy: "), "{text}: {refused}");
        }
        for text in ["", "[]x", r#"{"http":{"defaultRequestPolicy":{"headerContentType":"image/png"}}}"#] {
            assert!(of_topic(text).is_err(), "{text}");
        }
        let fine = r#"{"requestPolicy":{"headerContentType":"text/csv; charset=utf-8"}}"#;
        assert!(of_subscription(fine).is_ok());
    }
}
