//! AWS's Query protocol from the client's side, driven by the tables of an operation: a form goes out, XML comes back.
//! Source: the protocol's description in the AWS SDKs. Not for: sending.

use muster_service_model::{OperationSchema, Shape, Structure};
use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value};

/// The form of a call: names and values, not encoded yet.
pub(super) fn form(operation: &OperationSchema, version: &str, input: &Value) -> Vec<(String, String)> {
    let mut pairs =
        vec![("Action".to_owned(), operation.name.to_owned()), ("Version".to_owned(), version.to_owned())];
    structure("", operation.input, input, &mut pairs);
    pairs
}

fn structure(prefix: &str, shape: &Structure, input: &Value, pairs: &mut Vec<(String, String)>) {
    for member in shape.members {
        if let Some(found) = input.get(member.name) {
            let name = member.location_name.unwrap_or(member.name);
            value(&format!("{prefix}{name}"), &member.shape, found, pairs);
        }
    }
}

fn value(name: &str, shape: &Shape, found: &Value, pairs: &mut Vec<(String, String)>) {
    match (shape, found) {
        (Shape::Structure(shape), found) => structure(&format!("{name}."), shape, found, pairs),
        (Shape::List(shape), Value::Array(elements)) => {
            let inner = if shape.flattened { "" } else { shape.member_name.unwrap_or("member") };
            let dot = if inner.is_empty() { "" } else { "." };
            for (index, element) in elements.iter().enumerate() {
                value(&format!("{name}{dot}{inner}.{}", index + 1), &shape.member, element, pairs);
            }
            if elements.is_empty() {
                pairs.push((name.to_owned(), String::new()));
            }
        }
        (Shape::Map(shape), Value::Object(entries)) => {
            let entry = if shape.flattened { "" } else { ".entry" };
            for (index, (key, found)) in entries.iter().enumerate() {
                pairs.push((format!("{name}{entry}.{}.key", index + 1), key.clone()));
                value(&format!("{name}{entry}.{}.value", index + 1), &shape.value, found, pairs);
            }
        }
        (_, Value::String(text)) => pairs.push((name.to_owned(), text.clone())),
        (_, Value::Null) => {}
        (_, scalar) => pairs.push((name.to_owned(), scalar.to_string())),
    }
}

/// The output in an answer.
pub(super) fn output(operation: &OperationSchema, text: &str) -> Result<Value, String> {
    let root = Node::parse(text)?;
    let result = match operation.result_wrapper {
        Some(wrapper) => root.child(wrapper).ok_or_else(|| format!("there is no {wrapper}"))?,
        None => &root,
    };
    result.structure(operation.output).map(Value::Object)
}

/// Code and text of a refusal.
pub(super) fn refusal(text: &str) -> Option<(String, String)> {
    let root = Node::parse(text).ok()?;
    let error = root.child("Error")?;
    let of = |name: &str| error.child(name).map(|node| node.text.clone()).unwrap_or_default();
    Some((of("Code"), of("Message")))
}

#[derive(Debug, Default)]
struct Node {
    name: String,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(tag) => open.push(Self::named(tag.local_name().as_ref())),
                Event::Empty(tag) => {
                    let node = Self::named(tag.local_name().as_ref());
                    open.last_mut().ok_or("an element outside")?.children.push(node);
                }
                Event::End(_) => {
                    let node = open.pop().ok_or("an end without a start")?;
                    open.last_mut().ok_or("an end without a start")?.children.push(node);
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    open.last_mut().ok_or("text outside")?.text.push_str(&text);
                }
                Event::GeneralRef(reference) => {
                    let letter = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                    let name = reference.decode().map_err(|error| error.to_string())?;
                    let named = quick_xml::escape::resolve_predefined_entity(&name);
                    let text = letter.map(String::from).or_else(|| named.map(str::to_owned));
                    let text = text.ok_or_else(|| format!("unknown entity {name}"))?;
                    open.last_mut().ok_or("text outside")?.text.push_str(&text);
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    open.last_mut().ok_or("text outside")?.text.push_str(&text);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let mut document = open.pop().filter(|_| open.is_empty()).ok_or("the document breaks off")?;
        document.children.pop().ok_or_else(|| "there is no element".to_owned())
    }

    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn structure(&self, shape: &Structure) -> Result<Map<String, Value>, String> {
        let mut members = Map::new();
        for member in shape.members {
            let name = member.location_name.unwrap_or(member.name);
            if let Some(child) = self.child(name) {
                members.insert(member.name.to_owned(), child.value(&member.shape)?);
            }
        }
        Ok(members)
    }

    fn value(&self, shape: &Shape) -> Result<Value, String> {
        let unreadable = || format!("`{}` cannot be read", self.name);
        Ok(match shape {
            Shape::Structure(shape) => Value::Object(self.structure(shape)?),
            Shape::List(shape) => {
                let elements = self.children.iter().map(|child| child.value(&shape.member));
                Value::Array(elements.collect::<Result<_, _>>()?)
            }
            Shape::Map(shape) => {
                let mut entries = Map::new();
                for entry in &self.children {
                    let key = entry.child("key").ok_or_else(unreadable)?;
                    let value = entry.child("value").ok_or_else(unreadable)?;
                    entries.insert(key.text.clone(), value.value(&shape.value)?);
                }
                Value::Object(entries)
            }
            Shape::String(_) | Shape::Blob(_) => Value::String(self.text.clone()),
            Shape::Integer(_) | Shape::Long(_) => {
                self.text.trim().parse::<i64>().map_err(|_| unreadable())?.into()
            }
            Shape::Double(_) => self.text.trim().parse::<f64>().map_err(|_| unreadable())?.into(),
            Shape::Boolean => self.text.trim().parse::<bool>().map_err(|_| unreadable())?.into(),
            Shape::Timestamp(_) => {
                let time: jiff::Timestamp = self.text.trim().parse().map_err(|_| unreadable())?;
                (time.as_millisecond() as f64 / 1000.0).into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_iam_api::{CreateRole, ListUsers};
    use muster_service_model::Operation as _;
    use serde_json::json;

    #[test]
    fn lists_and_structures_are_numbered() {
        let input =
            json!({ "RoleName": "r", "Tags": [{ "Key": "a", "Value": "b" }], "MaxSessionDuration": 3600 });
        let pairs = form(CreateRole::SCHEMA, "2010-05-08", &input);
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        for expected in [
            "Action=CreateRole",
            "Version=2010-05-08",
            "RoleName=r",
            "MaxSessionDuration=3600",
            "Tags.member.1.Key=a",
            "Tags.member.1.Value=b",
        ] {
            assert!(pairs.iter().any(|pair| pair == expected), "{expected}: {pairs:?}");
        }
    }

    #[test]
    fn answers_are_read_by_their_tables() {
        let text = "<ListUsersResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUsersResult><Users>\
                    <member><Path>/</Path><UserName>a &amp; b&#33;</UserName><UserId>AIDA</UserId><Arn>arn</Arn>\
                    <CreateDate>2026-11-20T10:00:00Z</CreateDate></member></Users><IsTruncated>false</IsTruncated>\
                    </ListUsersResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListUsersResponse>";
        let output = output(ListUsers::SCHEMA, text).unwrap();
        assert_eq!(output["Users"][0]["UserName"], "a & b!");
        assert_eq!(output["Users"][0]["CreateDate"], 1_795_168_800.0);
        assert_eq!(output["IsTruncated"], false);
        let refused = refusal(
            "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error></ErrorResponse>",
        );
        assert_eq!(refused, Some(("NoSuchEntity".to_owned(), "m".to_owned())));
        assert!(Node::parse("<a><b></a>").is_err() && Node::parse("<a>").is_err());
    }
}
