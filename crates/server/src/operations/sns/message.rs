//! What Publish and PublishBatch share: from the input to a message as it is kept.

use super::invalid;
use crate::{
    domain::sns::{arn::TopicName, message::Message, message_attribute},
    error::ApiError,
};
use muster_sns_api::{MessageAttributeValue, errors::INVALID_PARAMETER_VALUE_EXCEPTION};
use muster_store::event::Waiting;
use serde_json::Value;
use std::collections::BTreeMap;

const SUBJECT_LETTERS: usize = 100;

/// The parts of a message as they come in.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) subject: Option<String>,
    pub(super) structure: Option<String>,
    pub(super) attributes: Option<BTreeMap<String, MessageAttributeValue>>,
    pub(super) deduplication_id: Option<String>,
}

impl Draft {
    /// Bytes of text and attributes, as the limit counts them.
    pub(super) fn bytes(&self) -> usize {
        let attribute = |(name, value): (&String, &MessageAttributeValue)| {
            let content = value.string_value.as_ref().map_or(0, String::len)
                + value.binary_value.as_ref().map_or(0, |binary| binary.0.len());
            name.len() + value.data_type.len() + content
        };
        self.text.len() + self.attributes.iter().flatten().map(attribute).sum::<usize>()
    }

    /// The message.
    pub(super) fn check(self, limit: usize) -> Result<Message, ApiError> {
        if self.text.is_empty() {
            return Err(invalid("Empty message"));
        }
        if self.bytes() > limit {
            return Err(invalid("Message too long"));
        }
        if self.deduplication_id.is_some() {
            return Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid \
                 for this topic type",
            ));
        }
        if self.subject.as_deref().is_some_and(|subject| !is_subject(subject)) {
            return Err(invalid("Subject"));
        }
        let mut attributes = BTreeMap::new();
        for (name, value) in self.attributes.into_iter().flatten() {
            let binary = value.binary_value.as_ref().and_then(|binary| serde_json::to_value(binary).ok());
            let binary = binary.as_ref().and_then(Value::as_str);
            let attribute =
                message_attribute::parse(&name, &value.data_type, value.string_value.as_deref(), binary)
                    .map_err(|error| ApiError::new(&INVALID_PARAMETER_VALUE_EXCEPTION, error.0))?;
            attributes.insert(name, attribute);
        }
        let (text, by_protocol) = match self.structure.as_deref() {
            None | Some("") => (self.text, BTreeMap::new()),
            Some("json") => split(&self.text)?,
            Some(_) => return Err(invalid("MessageStructure")),
        };
        Ok(Message { subject: self.subject, text, by_protocol, attributes, request: None })
    }
}

fn is_subject(subject: &str) -> bool {
    (1..=SUBJECT_LETTERS).contains(&subject.chars().count())
        && !subject.starts_with(char::is_whitespace)
        && !subject.chars().any(char::is_control)
}

/// A text for each protocol, and the one for the others.
fn split(text: &str) -> Result<(String, BTreeMap<String, String>), ApiError> {
    let Ok(Value::Object(texts)) = serde_json::from_str::<Value>(text) else {
        return Err(invalid("Message Structure - JSON message body failed to parse"));
    };
    // What is no text is no message; AWS passes over it, too.
    let text = |(name, text): (String, Value)| Some((name, text.as_str()?.to_owned()));
    let mut texts: BTreeMap<String, String> = texts.into_iter().filter_map(text).collect();
    match texts.remove("default") {
        Some(default) => Ok((default, texts)),
        None => Err(invalid("Message Structure - No default entry in JSON message body")),
    }
}

/// The message on its way to the topic's subscribers.
pub(super) fn waiting(id: &str, topic: &TopicName, message: &Message, now_ms: i64) -> Waiting {
    Waiting {
        id: id.to_owned(),
        tenant: topic.tenant.clone(),
        topic: Some(topic.name.clone()),
        time_ms: now_ms,
        content: serde_json::to_string(message).unwrap_or_default(),
    }
}
