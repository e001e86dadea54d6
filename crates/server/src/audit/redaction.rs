//! What of a call's input and output may stand in a record: everything but secrets, in CloudTrail's spelling.
//!
//! Secret is what the service's model marks so, and what [`hidden_by_name`] adds where the models of AWS say nothing.
//! Bytes are left out, long texts are cut, and a whole that is still too large is replaced by a note. Not for: who
//! called, or how it ended.

use jiff::Timestamp;
use muster_service_model::{OperationSchema, Shape, Structure};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// AWS's mark for a value that is kept out of a record.
pub(super) const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Longest text that stands in a record whole, bytes: a policy of the largest size does.
const LONGEST_TEXT: usize = 10_240;
/// Largest input or output that stands in a record, bytes.
const LARGEST: usize = 64 << 10;
/// Hidden texts that are remembered, to keep them out of the error's text too.
const REMEMBERED: usize = 64;
/// Shorter ones are parts of ordinary words.
const SHORTEST_REMEMBERED: usize = 4;

/// An input as its record shows it, and the texts that it hides.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    json: Vec<u8>,
    secrets: Vec<Zeroizing<String>>,
}

impl Parameters {
    /// Takes down the input of an operation.
    pub(crate) fn of_input(input: &Value, operation: &OperationSchema) -> Self {
        let mut json = Vec::with_capacity(256);
        let mut secrets = Vec::new();
        write(&mut json, input, operation.service, operation.input, &mut secrets);
        Self { json, secrets }
    }

    /// Takes down an input that is in the path, where nothing is secret.
    pub(crate) fn of_path(members: &[(&str, &str)]) -> Self {
        let mut json = Vec::with_capacity(256);
        for (name, value) in members {
            json.push(if json.is_empty() { b'{' } else { b',' });
            push_text(&mut json, name);
            json.push(b':');
            push_cut(&mut json, value);
        }
        json.push(b'}');
        Self { json, secrets: Vec::new() }
    }

    /// The JSON of `requestParameters`; empty if there are none.
    pub(super) fn json(&self) -> &[u8] {
        &self.json
    }

    /// A text about the call without the secrets of its input.
    pub(super) fn scrub(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

/// Appends the JSON of an output; nothing if it has no members.
pub(super) fn write_output(out: &mut Vec<u8>, output: &Value, operation: &OperationSchema) {
    write(out, output, operation.service, operation.output, &mut Vec::new());
}

fn write(
    out: &mut Vec<u8>,
    value: &Value,
    service: &'static str,
    shape: &'static Structure,
    secrets: &mut Vec<Zeroizing<String>>,
) {
    let Some(members) = value.as_object().filter(|members| !members.is_empty()) else { return };
    let start = out.len();
    let mut walk = Walk { out, end: start + LARGEST, service, secrets };
    if shape.sensitive {
        walk.hide(value);
    } else if walk.structure(members, shape).is_err() {
        out.truncate(start);
        out.extend_from_slice(br#"{"omitted":true,"reason":"larger than 64 KiB"}"#);
    }
}

/// The whole has become too large.
struct TooLarge;

struct Walk<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
    service: &'static str,
    secrets: &'a mut Vec<Zeroizing<String>>,
}

impl Walk<'_> {
    fn structure(&mut self, members: &Map<String, Value>, shape: &'static Structure) -> Result<(), TooLarge> {
        self.out.push(b'{');
        let mut first = true;
        for (name, value) in members {
            let Some(member) = shape.member(name) else { continue };
            if matches!(member.shape, Shape::Blob(_)) && !member.shape.is_sensitive() {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.push(b'"');
            let mut letters = name.bytes();
            self.out.extend(letters.next().map(|letter| letter.to_ascii_lowercase()));
            self.out.extend(letters);
            self.out.extend_from_slice(b"\":");
            match by_name(self.service, name) {
                Some(ByName::Hidden) => self.hide(value),
                Some(ByName::Address) => self.address(value),
                None => self.value(value, &member.shape)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn value(&mut self, value: &Value, shape: &Shape) -> Result<(), TooLarge> {
        if shape.is_sensitive() && !value.is_null() {
            self.hide(value);
            return Ok(());
        }
        match (shape, value) {
            (Shape::Structure(shape), Value::Object(members)) => self.structure(members, shape)?,
            (Shape::List(shape), Value::Array(elements)) => {
                self.out.push(b'[');
                for (place, element) in elements.iter().enumerate() {
                    if place > 0 {
                        self.out.push(b',');
                    }
                    self.value(element, &shape.member)?;
                }
                self.out.push(b']');
            }
            (Shape::Map(shape), Value::Object(entries)) => {
                self.out.push(b'{');
                for (place, (key, entry)) in entries.iter().enumerate() {
                    if place > 0 {
                        self.out.push(b',');
                    }
                    if shape.key.sensitive {
                        self.remember(key);
                        push_text(self.out, HIDDEN);
                    } else {
                        push_cut(self.out, key);
                    }
                    self.out.push(b':');
                    self.value(entry, &shape.value)?;
                }
                self.out.push(b'}');
            }
            (Shape::Timestamp(_), Value::Number(seconds)) => match seconds.as_f64().and_then(time) {
                Some(time) => push_text(self.out, &time),
                None => self.out.extend_from_slice(b"null"),
            },
            (Shape::Blob(_), _) => push_text(self.out, "bytes"),
            (_, Value::String(text)) => push_cut(self.out, text),
            (_, Value::Number(number)) => self.out.extend_from_slice(number.to_string().as_bytes()),
            (_, Value::Bool(true)) => self.out.extend_from_slice(b"true"),
            (_, Value::Bool(false)) => self.out.extend_from_slice(b"false"),
            (_, Value::Null) => self.out.extend_from_slice(b"null"),
            // No value of the shape: nobody knows what is in it.
            (_, Value::Array(_) | Value::Object(_)) => self.hide(value),
        }
        if self.out.len() > self.end { Err(TooLarge) } else { Ok(()) }
    }

    fn hide(&mut self, value: &Value) {
        push_text(self.out, HIDDEN);
        self.remember_all(value);
    }

    fn remember_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.remember(text),
            Value::Array(elements) => elements.iter().for_each(|element| self.remember_all(element)),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                self.remember(key);
                self.remember_all(member);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn remember(&mut self, text: &str) {
        if text.len() >= SHORTEST_REMEMBERED && self.secrets.len() < REMEMBERED {
            self.secrets.push(Zeroizing::new(text.to_owned()));
        }
    }

    /// A URL without its user and query, where passwords and tokens are put.
    fn address(&mut self, value: &Value) {
        let Some(text) = value.as_str() else { return self.hide(value) };
        let shown = text.split(['?', '#']).next().unwrap_or_default();
        let shown = match (shown.split_once("://"), shown.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{HIDDEN}@{host}"),
            // No URL: a telephone number or an address of mail.
            (None, Some(_)) => HIDDEN.to_owned(),
            (_, None) => shown.to_owned(),
        };
        if shown.len() < text.len() {
            self.remember(text);
        }
        push_cut(self.out, &shown);
    }
}

enum ByName {
    Hidden,
    Address,
}

/// Members that hold secrets although the models of AWS do not mark them.
fn by_name(service: &str, member: &str) -> Option<ByName> {
    match (service, member) {
        (
            _,
            "ActivationCode" | "Password" | "NewPassword" | "OldPassword" | "Plaintext" | "PrivateKey"
            | "SecretAccessKey" | "SessionToken" | "TokenValue",
        )
        | ("sns", "Message" | "MessageAttributes" | "Subject" | "Token") => Some(ByName::Hidden),
        ("sns", "Endpoint") | ("muster", "Destination") => Some(ByName::Address),
        _ => None,
    }
}

/// `2026-11-20T14:42:18Z`, without fractions.
fn time(seconds: f64) -> Option<String> {
    // A cast of a float ends at the ends of its range; what is no time then is refused.
    Some(Timestamp::from_second(seconds as i64).ok()?.to_string())
}

/// A JSON string.
pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing a text to memory does not fail.
        out.extend_from_slice(b"null");
    }
}

/// A JSON string, its end cut off if it is long.
fn push_cut(out: &mut Vec<u8>, text: &str) {
    if text.len() <= LONGEST_TEXT {
        return push_text(out, text);
    }
    let kept = cut(text, LONGEST_TEXT);
    push_text(out, &format!("{kept}… ({} bytes)", text.len()));
}

/// The beginning of a text, at most so many bytes of it.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
