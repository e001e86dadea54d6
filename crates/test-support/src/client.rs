//! An operator's client for AWS JSON 1.1, signed: what a test calls the public API with, at the cost of little more
//! than the request itself. Not for: retries, paging, or types, which tests want to see bare.

use crate::{
    http::{Endpoint, HttpError, HttpPool},
    time::TimeSource,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use muster_protocol::signing::{
    self,
    sigv4::{Credentials, PathEncoding, payload_hash, sign},
};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// Connections of one client.
const CONNECTIONS: usize = 16;
/// What AWS JSON 1.1 is called.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// What came instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiFailure {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The error's code, such as `InvalidInstanceId`; `NoAnswer` when there was none.
    pub code: String,
    /// The error's text.
    pub message: String,
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for ApiFailure {}

impl From<HttpError> for ApiFailure {
    fn from(error: HttpError) -> Self {
        Self { status: 0, code: "NoAnswer".to_owned(), message: error.to_string() }
    }
}

/// A client with one set of credentials for one region. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: Arc<HttpPool>,
    credentials: Credentials,
    region: String,
    time: TimeSource,
}

impl Client {
    /// A client for plain HTTP.
    ///
    /// # Errors
    /// [`HttpError::Setting`] for an address that cannot be used.
    pub fn new(
        base_url: &str,
        access_key_id: impl Into<String>,
        secret: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, HttpError> {
        let endpoint = Endpoint::new(base_url, None)?;
        Ok(Self::to(Arc::new(endpoint), Credentials::new(access_key_id, secret, None), region))
    }

    /// A client for any endpoint, also with a session token.
    pub fn to(endpoint: Arc<Endpoint>, credentials: Credentials, region: impl Into<String>) -> Self {
        let http = Arc::new(HttpPool::new(endpoint, CONNECTIONS));
        Self { http, credentials, region: region.into(), time: TimeSource::system() }
    }

    /// Credentials of nobody, for calls that need none.
    pub fn nobody() -> Credentials {
        Credentials::new("", "", None)
    }

    /// What it signs with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_time(mut self, time: TimeSource) -> Self {
        self.time = time;
        self
    }

    /// The same with other credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Calls an operation: `call("ssm", "CreateActivation", json!({…}))`.
    ///
    /// # Errors
    /// The service's error, or why there was no answer.
    pub async fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, ApiFailure> {
        let (target, scope) = target(service, operation);
        let body = Bytes::from(input.to_string());
        let authority = self.http.endpoint().authority();
        let head = [("host", authority), ("content-type", CONTENT_TYPE), ("x-amz-target", &target)];
        let signed = sign(
            &signing::Request::new("POST", "/", "", head),
            PathEncoding::Double,
            &payload_hash(&body),
            &self.credentials,
            &self.region,
            scope,
            self.time.now_ms(),
        );
        answer(&self.send("/", &head, &signed, body).await?)
    }

    /// Gets a path without a signature: `/healthz`, `/metrics`.
    ///
    /// # Errors
    /// Why there was no answer; a status is none.
    pub async fn get(&self, path: &str) -> Result<Response<Bytes>, HttpError> {
        let request = Request::get(path).header("host", self.http.endpoint().authority());
        self.http.send(request.body(Full::default())?).await
    }

    async fn send(
        &self,
        path: &str,
        head: &[(&str, &str)],
        signed: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Response<Bytes>, HttpError> {
        self.http.send(post(path, head, signed, body)?).await
    }
}

/// A POST with these headers.
pub(crate) fn post(
    path: &str,
    head: &[(&str, &str)],
    signed: &[(&'static str, String)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, HttpError> {
    let mut request = Request::post(path);
    for (name, value) in head {
        request = request.header(*name, *value);
    }
    for (name, value) in signed {
        request = request.header(*name, value);
    }
    Ok(request.body(Full::new(body))?)
}

/// The target header of an operation, and the service name of its signature.
pub(crate) fn target<'a>(service: &'a str, operation: &str) -> (String, &'a str) {
    let prefix = match service {
        "ssm" => "AmazonSSM",
        "ec2messages" => "EC2WindowsMessageDeliveryService",
        "kms" => "TrentService",
        other => other,
    };
    (format!("{prefix}.{operation}"), service)
}

/// What an answer says.
pub(crate) fn answer(response: &Response<Bytes>) -> Result<Value, ApiFailure> {
    let status = response.status();
    let body: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = text("__type").map_or("", |code| code.rsplit('#').next().unwrap_or(code));
    let message = match text("message").or_else(|| text("Message")) {
        Some(message) => message.to_owned(),
        None if body.is_null() => String::from_utf8_lossy(response.body()).into_owned(),
        None => String::new(),
    };
    Err(ApiFailure { status: status.as_u16(), code: code.to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &'static str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[test]
    fn reads_answers() {
        assert_eq!(answer(&response(200, "{}")), Ok(serde_json::json!({})));
        assert_eq!(answer(&response(200, "")), Ok(Value::Null));
        let failure = answer(&response(400, r#"{"__type":"com.amazonaws#InvalidInstanceId","Message":"m"}"#))
            .unwrap_err();
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("InvalidInstanceId", "m"));
        let failure = answer(&response(503, "busy")).unwrap_err();
        assert_eq!(failure.to_string(), " (503): busy");
    }
}
