//! Topics, their subscriptions, and the keys that sign their messages. Not for: attributes' meanings, or delivery.

pub mod message_key;
pub mod subscription;
#[cfg(test)]
mod tests;
pub mod topic;

use std::collections::BTreeMap;

/// Attributes that were set, by name.
pub type Attributes = BTreeMap<String, String>;
