//! AWS JSON 1.0 and 1.1: `X-Amz-Target` names the operation, the body is one object.
//!
//! Type errors carry AWS's texts, and `__type` the bare code, as the `ssm` service answers. Not for: finding the
//! operation.

use super::{Codec, response, scalar};
use crate::error::{ACCESS_DENIED, ApiError, SERIALIZATION};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Response;
use muster_service_model::{ErrorSchema, OperationSchema, Shape, Structure};
use serde_json::{Map, Number, Value, json};

/// The content type of 1.1.
pub(in crate::http) const CONTENT_TYPE_1_1: &str = "application/x-amz-json-1.1";
/// The content type of 1.0.
pub(in crate::http) const CONTENT_TYPE_1_0: &str = "application/x-amz-json-1.0";

/// AWS JSON.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct JsonCodec {
    /// Of the answer, as of the request.
    pub(in crate::http) content_type: &'static str,
}

impl Codec for JsonCodec {
    fn decode(&self, body: &Bytes, operation: &OperationSchema) -> Result<Value, ApiError> {
        // serde_json refuses more than 128 levels, so nothing below can run out of stack.
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| ApiError { cause: Some(error.into()), ..mistyped("") })?;
        match body {
            Value::Object(members) => structure(members, operation.input).map(Value::Object),
            Value::Array(_) => Err(mistyped("Start of list found where not expected")),
            _ => Err(mistyped("")),
        }
    }

    fn encode(&self, output: &Value, _: &OperationSchema, _: &str) -> Response<Bytes> {
        response(200, self.content_type, output.to_string())
    }

    fn encode_error(&self, error: &ApiError, _: &str) -> Response<Bytes> {
        let mut body = Map::new();
        body.insert("__type".to_owned(), json!(error.schema.name));
        if !error.message.is_empty() {
            body.insert(message_member(error.schema).to_owned(), json!(error.message));
        }
        body.extend(error.extra.clone());
        response(error.schema.status, self.content_type, Value::Object(body).to_string())
    }
}

/// The member that carries the text. The model says so for its own errors; the front end of AWS writes `message`,
/// but `Message` in these two.
fn message_member(schema: &ErrorSchema) -> &'static str {
    let capital = schema.shape.member("Message").is_some()
        || schema.name == SERIALIZATION.name
        || schema.name == ACCESS_DENIED.name;
    if capital { "Message" } else { "message" }
}

fn mistyped(text: impl Into<String>) -> ApiError {
    ApiError::new(&SERIALIZATION, text)
}

fn structure(mut members: Map<String, Value>, shape: &Structure) -> Result<Map<String, Value>, ApiError> {
    let mut output = Map::with_capacity(members.len().min(shape.members.len()));
    for member in shape.members {
        // Absent and null mean the same; what is not in the model is ignored.
        if let Some(found) = members.swap_remove(member.name).filter(|found| !found.is_null()) {
            output.insert(member.name.to_owned(), value(found, &member.shape)?);
        }
    }
    Ok(output)
}

/// A value of its shape. Nulls inside lists and maps stay, for the constraints to refuse.
fn value(found: Value, shape: &Shape) -> Result<Value, ApiError> {
    if found.is_null() {
        return Ok(found);
    }
    match (shape, found) {
        (Shape::Structure(shape), Value::Object(members)) => structure(members, shape).map(Value::Object),
        (Shape::List(shape), Value::Array(elements)) => {
            elements.into_iter().map(|element| value(element, &shape.member)).collect()
        }
        (Shape::Map(shape), Value::Object(entries)) => entries
            .into_iter()
            .map(|(key, entry)| Ok((key, value(entry, &shape.value)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        (Shape::String(_), found @ Value::String(_)) | (Shape::Boolean, found @ Value::Bool(_)) => Ok(found),
        (Shape::Integer(_) | Shape::Long(_), Value::Number(number)) => Ok(json!(whole(&number))),
        (Shape::Double(_), found @ Value::Number(_)) => Ok(found),
        (Shape::Timestamp(_), Value::Number(number)) => number
            .as_f64()
            .and_then(scalar::seconds_value)
            .ok_or_else(|| mistyped("NUMBER_VALUE can not be converted to milliseconds since epoch")),
        (Shape::Timestamp(_), Value::String(text)) => scalar::parse_time(&text)
            .ok_or_else(|| mistyped("STRING_VALUE can not be converted to milliseconds since epoch")),
        (Shape::Blob(_), Value::String(text)) => match STANDARD.decode(&text) {
            Ok(_) => Ok(Value::String(text)),
            Err(_) => Err(mistyped("STRING_VALUE can not be converted to a blob: it is not base64")),
        },
        (shape, found) => Err(mistyped(type_error(shape, &found))),
    }
}

/// Fractions are cut off; what no 64 bits hold is held back at their ends, for the constraints to refuse.
fn whole(number: &Number) -> i64 {
    let cut = || number.as_f64().map_or(0, |value| value as i64);
    number.as_i64().or_else(|| number.is_u64().then_some(i64::MAX)).unwrap_or_else(cut)
}

fn type_error(shape: &Shape, found: &Value) -> String {
    let scalar = match found {
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Null => "NULL_VALUE",
    };
    let wanted = match shape {
        Shape::Structure(_) => return "Expected null".to_owned(),
        Shape::List(_) => return "Expected list or null".to_owned(),
        Shape::Map(_) => return "Expected map or null".to_owned(),
        Shape::String(_) => "a String",
        Shape::Integer(_) => "an Integer",
        Shape::Long(_) => "a Long",
        Shape::Double(_) => "a Double",
        Shape::Boolean => "a Boolean",
        Shape::Timestamp(_) => "milliseconds since epoch",
        Shape::Blob(_) => "a blob",
    };
    format!("{scalar} can not be converted to {wanted}")
}
