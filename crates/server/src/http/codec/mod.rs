//! Wire protocols. A codec turns a request body into a JSON value in the model's own names and back; the tables of
//! the operation drive it, so that no codec knows an operation and no operation a codec.
//!
//! A further protocol (REST, EC2 Query) is a further file here and a line in `http/route.rs`. Not for:
//! constraints, which `validate` checks on the decoded value for all protocols alike.

mod form;
mod json;
mod query;
mod scalar;
#[cfg(test)]
mod tests;
mod xml;

pub(super) use form::{Form, percent_decode};
pub(super) use json::{CONTENT_TYPE_1_0, CONTENT_TYPE_1_1, JsonCodec};
pub(super) use query::QueryCodec;
pub(super) use xml::Element;

use crate::error::ApiError;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use muster_service_model::OperationSchema;
use serde_json::Value;

/// A wire protocol, set up for one request.
pub(super) trait Codec: Send + Sync {
    /// The input in the model's names: known members alone, null members left out, scalars of the right JSON
    /// type, times as seconds, bytes as base64. Constraints are not checked yet.
    ///
    /// # Errors
    /// `SerializationException` when the body cannot be read, or a value has another type than its shape.
    fn decode(&self, body: &Bytes, operation: &OperationSchema) -> Result<Value, ApiError>;

    /// The answer to a call that worked.
    fn encode(&self, output: &Value, operation: &OperationSchema, request_id: &str) -> Response<Bytes>;

    /// The answer to a call that did not.
    fn encode_error(&self, error: &ApiError, request_id: &str) -> Response<Bytes>;
}

/// A whole response of one content type.
pub(super) fn response(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
