//! Rules of SNS: names, attributes, messages, policies. A refusal is the text of AWS's error `InvalidParameter`.

pub(crate) mod arn;
pub(crate) mod delivery_policy;
pub(crate) mod filter;
pub(crate) mod message;
pub(crate) mod message_attribute;
pub(crate) mod permission;
pub(crate) mod subscription_attribute;
pub(crate) mod topic_attribute;

/// Why an input is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Invalid(pub(crate) String);

/// `Invalid parameter: …`.
pub(crate) fn invalid<T>(what: impl std::fmt::Display) -> Result<T, Invalid> {
    Err(Invalid(format!("Invalid parameter: {what}")))
}
