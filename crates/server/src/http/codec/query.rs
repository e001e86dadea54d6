//! AWS Query: a form with `Action` and `Version`, XML back.
//!
//! Lists are `Name.member.N`, or `Name.N` if flattened; maps `Name.entry.N.key` and `.value`, or `Name.N.key`.
//! Not for: finding the operation.

use super::{Codec, Element, Form, form::Node, response, scalar};
use crate::error::{ApiError, SERIALIZATION, UNKNOWN_OPERATION, query_code};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Response;
use muster_service_model::{ListShape, MapShape, OperationSchema, Shape, Structure};
use serde_json::{Map, Value, json};

const CONTENT_TYPE: &str = "text/xml";
/// The namespace of errors that arise before a service is found.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// AWS Query, with the parameters of one request.
#[derive(Debug)]
pub(in crate::http) struct QueryCodec {
    pub(in crate::http) form: Form,
    /// Of the answer.
    pub(in crate::http) xml_namespace: &'static str,
}

impl Codec for QueryCodec {
    fn decode(&self, _: &Bytes, operation: &OperationSchema) -> Result<Value, ApiError> {
        decode_structure(&self.form.tree(), operation.input).map(Value::Object)
    }

    fn encode(&self, output: &Value, operation: &OperationSchema, request_id: &str) -> Response<Bytes> {
        let mut root = Element::new(format!("{}Response", operation.name)).in_namespace(self.xml_namespace);
        if let Some(wrapper) = operation.result_wrapper {
            root.push(encode_structure(Element::new(wrapper), output, operation.output));
        }
        let metadata = Element::new("ResponseMetadata").with(Element::text("RequestId", request_id));
        response(200, CONTENT_TYPE, root.with(metadata).render())
    }

    fn encode_error(&self, error: &ApiError, request_id: &str) -> Response<Bytes> {
        let (code, status) = query_code(error.schema);
        let unknown = error.schema.name == UNKNOWN_OPERATION.name;
        let namespace = if unknown { FAULT_NAMESPACE } else { self.xml_namespace };
        let inner = Element::new("Error")
            .with(Element::text("Type", if status >= 500 { "Receiver" } else { "Sender" }))
            .with(Element::text("Code", code))
            .with(Element::text("Message", &error.message));
        let root = Element::new("ErrorResponse")
            .in_namespace(namespace)
            .with(inner)
            .with(Element::text("RequestId", request_id));
        response(status, CONTENT_TYPE, root.render())
    }
}

fn decode_structure(node: &Node<'_>, shape: &Structure) -> Result<Map<String, Value>, ApiError> {
    let mut output = Map::new();
    for member in shape.members {
        let name = member.location_name.unwrap_or(member.name);
        if let Some(child) = node.children.get(name) {
            output.insert(member.name.to_owned(), decode_value(child, &member.shape)?);
        }
    }
    Ok(output)
}

fn decode_value(node: &Node<'_>, shape: &Shape) -> Result<Value, ApiError> {
    match shape {
        Shape::Structure(shape) => decode_structure(node, shape).map(Value::Object),
        Shape::List(shape) => decode_list(node, shape),
        Shape::Map(shape) => decode_map(node, shape),
        _ => decode_scalar(node.value.unwrap_or_default(), shape),
    }
}

fn decode_list(node: &Node<'_>, shape: &ListShape) -> Result<Value, ApiError> {
    // `Name=` alone is an empty list.
    let elements = if shape.flattened { Some(node) } else { node.children.get(element_name(shape)) };
    let elements = elements.map(numbered).unwrap_or_default();
    elements.into_iter().map(|element| decode_value(element, &shape.member)).collect()
}

fn decode_map(node: &Node<'_>, shape: &MapShape) -> Result<Value, ApiError> {
    let entries = if shape.flattened { Some(node) } else { node.children.get("entry") };
    let mut output = Map::new();
    for entry in entries.map(numbered).unwrap_or_default() {
        // SNS names them otherwise in one map.
        let part = |names: [&str; 2]| names.into_iter().find_map(|name| entry.children.get(name));
        let Some(key) = part(["key", "Name"]).and_then(|key| key.value) else { continue };
        let value = match part(["value", "Value"]) {
            Some(value) => decode_value(value, &shape.value)?,
            None => Value::Null,
        };
        output.insert(key.to_owned(), value);
    }
    Ok(Value::Object(output))
}

/// Children with whole numbers for names, in the order of the numbers; gaps do not matter.
fn numbered<'n>(node: &'n Node<'_>) -> Vec<&'n Node<'n>> {
    let mut children: Vec<(u32, &Node<'_>)> =
        node.children.iter().filter_map(|(name, child)| Some((name.parse().ok()?, child))).collect();
    children.sort_by_key(|(number, _)| *number);
    children.into_iter().map(|(_, child)| child).collect()
}

fn decode_scalar(text: &str, shape: &Shape) -> Result<Value, ApiError> {
    // The text is not repeated: it may be a secret.
    let malformed = || ApiError::new(&SERIALIZATION, "A parameter's value is not of its type");
    match shape {
        Shape::Integer(_) | Shape::Long(_) => {
            text.parse::<i64>().map(|number| json!(number)).map_err(|_| malformed())
        }
        Shape::Double(_) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(json!(number)),
            _ => Err(malformed()),
        },
        Shape::Boolean => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(malformed()),
        },
        Shape::Timestamp(_) => scalar::parse_time(text).ok_or_else(malformed),
        Shape::Blob(_) if STANDARD.decode(text).is_err() => Err(malformed()),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn encode_structure(mut element: Element, value: &Value, shape: &Structure) -> Element {
    for member in shape.members {
        let Some(found) = value.get(member.name).filter(|found| !found.is_null()) else { continue };
        let name = member.location_name.unwrap_or(member.name);
        encode_value(&mut element, name, found, &member.shape);
    }
    element
}

/// Adds what a value is under a name: one element, or several for a flattened list or map.
fn encode_value(parent: &mut Element, name: &str, value: &Value, shape: &Shape) {
    match shape {
        Shape::Structure(shape) => parent.push(encode_structure(Element::new(name), value, shape)),
        Shape::List(shape) => {
            let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if shape.flattened {
                elements.iter().for_each(|element| encode_value(parent, name, element, &shape.member));
            } else {
                let mut list = Element::new(name);
                let inner = element_name(shape);
                elements.iter().for_each(|element| encode_value(&mut list, inner, element, &shape.member));
                parent.push(list);
            }
        }
        Shape::Map(shape) => {
            let entries = value.as_object().into_iter().flatten().map(|(key, value)| {
                let entry_name = if shape.flattened { name } else { "entry" };
                let mut entry = Element::new(entry_name).with(Element::text("key", key));
                encode_value(&mut entry, "value", value, &shape.value);
                entry
            });
            if shape.flattened {
                entries.for_each(|entry| parent.push(entry));
            } else {
                parent.push(entries.fold(Element::new(name), Element::with));
            }
        }
        Shape::Timestamp(_) => {
            let text = value.as_f64().and_then(scalar::iso8601).unwrap_or_default();
            parent.push(Element::text(name, text));
        }
        _ => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            parent.push(Element::text(name, text));
        }
    }
}

fn element_name(shape: &ListShape) -> &'static str {
    shape.member_name.unwrap_or("member")
}
