//! Messages of topics: as they are kept, and as subscribers get them, with the text that is signed.

use super::message_attribute::Attribute;
use crate::domain::event::envelope::milliseconds;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

/// A message as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// The text for every protocol without one of its own.
    pub(crate) text: String,
    /// Texts of protocols.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) by_protocol: BTreeMap<String, String>,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, Attribute>,
    /// Of a message to one subscriber: the token that answers it, and until when; sealed only when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Value>,
}

impl Message {
    /// The text for a protocol.
    pub(crate) fn text_for(&self, protocol: &str) -> &str {
        self.by_protocol.get(protocol).unwrap_or(&self.text)
    }

    /// The attributes as filter policies see them.
    pub(crate) fn attribute_values(&self) -> Value {
        let values = self
            .attributes
            .iter()
            .filter_map(|(name, attribute)| Some((name.clone(), attribute.filter_value()?)));
        Value::Object(values.collect())
    }
}

/// What all messages to subscribers have.
#[derive(Debug, Clone)]
pub(crate) struct Envelope<'a> {
    /// `Notification`, `SubscriptionConfirmation`, `UnsubscribeConfirmation`.
    pub(crate) kind: &'a str,
    /// Its id.
    pub(crate) id: &'a str,
    /// The topic.
    pub(crate) topic_arn: &'a str,
    /// When it was published, milliseconds since the epoch.
    pub(crate) time_ms: i64,
    /// Its subject.
    pub(crate) subject: Option<&'a str>,
    /// Its text.
    pub(crate) text: &'a str,
    /// Of a request to confirm: the token and the URL to visit.
    pub(crate) confirmation: Option<(&'a str, &'a str)>,
}

/// What a signature adds.
#[derive(Debug, Clone)]
pub(crate) struct Signed<'a> {
    /// `1`: with SHA-1, `2`: with SHA-256.
    pub(crate) version: &'a str,
    /// Base64.
    pub(crate) signature: &'a str,
    /// Where the certificate is.
    pub(crate) certificate_url: &'a str,
}

impl Envelope<'_> {
    /// What is signed: names and values, a line each, in the order of the names.
    pub(crate) fn string_to_sign(&self) -> String {
        let time = milliseconds(self.time_ms);
        let (token, url) = self.confirmation.unzip();
        let lines = [
            ("Message", Some(self.text)),
            ("MessageId", Some(self.id)),
            ("Subject", self.subject),
            ("SubscribeURL", url),
            ("Timestamp", Some(time.as_str())),
            ("Token", token),
            ("TopicArn", Some(self.topic_arn)),
            ("Type", Some(self.kind)),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}\n{value}");
            }
        }
        text
    }

    /// The body of a call to a subscriber.
    pub(crate) fn body(
        &self,
        signed: &Signed<'_>,
        unsubscribe_url: Option<&str>,
        attributes: &BTreeMap<String, Attribute>,
    ) -> String {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value.into());
            }
        };
        let (token, url) = self.confirmation.unzip();
        put("Type", Some(self.kind));
        put("MessageId", Some(self.id));
        put("Token", token);
        put("TopicArn", Some(self.topic_arn));
        put("Subject", self.subject);
        put("Message", Some(self.text));
        put("SubscribeURL", url);
        put("Timestamp", Some(&milliseconds(self.time_ms)));
        put("SignatureVersion", Some(signed.version));
        put("Signature", Some(signed.signature));
        put("SigningCertURL", Some(signed.certificate_url));
        put("UnsubscribeURL", unsubscribe_url);
        if !attributes.is_empty() {
            let attribute = |(name, attribute): (&String, &Attribute)| {
                (name.clone(), json!({ "Type": attribute.kind, "Value": attribute.value }))
            };
            body.insert("MessageAttributes".to_owned(), attributes.iter().map(attribute).collect());
        }
        let body = Value::Object(body);
        serde_json::to_string_pretty(&body).unwrap_or_else(|_| body.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_sns_documents() {
        let notification = Envelope {
            kind: "Notification",
            id: "i",
            topic_arn: "arn",
            time_ms: 1_335_311_036_000,
            subject: Some("s"),
            text: "two\nlines",
            confirmation: None,
        };
        assert_eq!(
            notification.string_to_sign(),
            "Message\ntwo\nlines\nMessageId\ni\nSubject\ns\nTimestamp\n2012-04-24T23:43:56.000Z\nTopicArn\narn\nType\n\
             Notification\n"
        );
        let confirmation = Envelope {
            kind: "SubscriptionConfirmation",
            subject: None,
            text: "m",
            confirmation: Some(("t", "http://u")),
            ..notification.clone()
        };
        assert_eq!(
            confirmation.string_to_sign(),
            "Message\nm\nMessageId\ni\nSubscribeURL\nhttp://u\nTimestamp\n2012-04-24T23:43:56.000Z\nToken\nt\nTopicArn\narn\n\
             Type\nSubscriptionConfirmation\n"
        );
        let signed = Signed { version: "1", signature: "x", certificate_url: "c" };
        let attributes =
            [("a".to_owned(), Attribute { kind: "String".to_owned(), value: "v".to_owned() })].into();
        let body: Value = serde_json::from_str(&notification.body(&signed, Some("un"), &attributes)).unwrap();
        assert_eq!(
            body,
            json!({
                "Type": "Notification", "MessageId": "i", "TopicArn": "arn", "Subject": "s", "Message": "two\nlines",
                "Timestamp": "2012-04-24T23:43:56.000Z", "SignatureVersion": "1", "Signature": "x",
                "SigningCertURL": "c", "UnsubscribeURL": "un",
                "MessageAttributes": { "a": { "Type": "String", "Value": "v" } }
            })
        );
    }
}
