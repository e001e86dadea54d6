//! The one place that knows AWS error codes and statuses.
//!
//! A handler answers a modelled error by its generated table, or one of the common errors below that every AWS
//! service shares. Public text and internal cause are apart: the cause is logged once, at the edge.

use muster_service_model::{ErrorSchema, Structure};
use muster_store::StoreError;
use serde_json::{Map, Value};
use std::{error::Error, fmt};

static NO_MEMBERS: Structure = Structure { name: "CommonError", members: &[], sensitive: false };

const fn common(name: &'static str, status: u16) -> ErrorSchema {
    ErrorSchema { name, code: name, status, fault: status >= 500, shape: &NO_MEMBERS }
}

/// Input that breaks a constraint of the model.
pub static VALIDATION: ErrorSchema = common("ValidationException", 400);
/// The caller may not do this.
pub static ACCESS_DENIED: ErrorSchema = common("AccessDeniedException", 400);
/// A body that cannot be read.
pub static SERIALIZATION: ErrorSchema = common("SerializationException", 400);
/// A body over the limit.
pub static REQUEST_TOO_LARGE: ErrorSchema = common("RequestEntityTooLargeException", 413);
/// A body that did not arrive in time.
pub static REQUEST_TIMEOUT: ErrorSchema = common("RequestTimeoutException", 408);
/// No signature where one is needed.
pub static MISSING_AUTHENTICATION_TOKEN: ErrorSchema = common("MissingAuthenticationTokenException", 400);
/// A signature with parts missing or unreadable.
pub static INCOMPLETE_SIGNATURE: ErrorSchema = common("IncompleteSignatureException", 400);
/// A signature that is wrong, of another time, or for something else.
pub static INVALID_SIGNATURE: ErrorSchema = common("InvalidSignatureException", 400);
/// An access key or session token that nobody here made.
pub static UNRECOGNIZED_CLIENT: ErrorSchema = common("UnrecognizedClientException", 400);
/// A session token whose time is over.
pub static EXPIRED_TOKEN: ErrorSchema = common("ExpiredTokenException", 400);
/// No such operation.
pub static UNKNOWN_OPERATION: ErrorSchema = common("UnknownOperationException", 400);
/// A known operation that this version does not have.
pub static UNSUPPORTED_OPERATION: ErrorSchema = common("UnsupportedOperationException", 400);
/// A parameter of STS that does not fit the others.
pub static INVALID_PARAMETER_VALUE: ErrorSchema = common("InvalidParameterValue", 400);
/// Something broke here.
pub static INTERNAL: ErrorSchema = common("InternalServerError", 500);
/// The store cannot be reached just now; SDKs try again.
pub static UNAVAILABLE: ErrorSchema = common("ServiceUnavailableException", 503);

/// An error as the caller sees it, with the cause as the log sees it.
#[derive(Debug)]
pub struct ApiError {
    /// Code and status.
    pub schema: &'static ErrorSchema,
    /// The text for the caller.
    pub message: String,
    /// Modelled members beside the message.
    pub extra: Map<String, Value>,
    /// What went wrong inside; never shown to the caller.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// A modelled or common error with its text.
    pub fn new(schema: &'static ErrorSchema, message: impl Into<String>) -> Self {
        Self { schema, message: message.into(), extra: Map::new(), cause: None }
    }

    /// Input that no handler should have seen.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(&VALIDATION, message)
    }

    /// A fault of ours; the caller learns no more than that.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(&INTERNAL, "An error occurred on the server side.") }
    }

    /// Adds a modelled member beside the message.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(member.to_owned(), value.into());
        self
    }
}

/// Code and status of an error in the Query protocol, which has its own words for the common errors.
pub fn query_code(schema: &ErrorSchema) -> (&'static str, u16) {
    match schema.code {
        "ValidationException" => ("ValidationError", 400),
        "SerializationException" => ("MalformedInput", 400),
        "AccessDeniedException" => ("AccessDenied", 403),
        "MissingAuthenticationTokenException" => ("MissingAuthenticationToken", 403),
        "IncompleteSignatureException" => ("IncompleteSignature", 400),
        "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
        "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
        "ExpiredTokenException" => ("ExpiredToken", 403),
        "RequestEntityTooLargeException" => ("RequestEntityTooLarge", 413),
        "RequestTimeoutException" => ("RequestTimeout", 408),
        "UnknownOperationException" => ("InvalidAction", 400),
        "UnsupportedOperationException" => ("UnsupportedOperation", 400),
        "InternalServerError" => ("InternalFailure", 500),
        "ServiceUnavailableException" => ("ServiceUnavailable", 503),
        code => (code, schema.status),
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.schema.code, self.message)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let schema = if matches!(error, StoreError::Unavailable(_)) { &UNAVAILABLE } else { &INTERNAL };
        Self { cause: Some(Box::new(error)), ..Self::new(schema, "An error occurred on the server side.") }
    }
}
