//! A small client of the public API: any operation of the generated surface, signed and sent as AWS JSON or AWS Query.
//! The same wire that the aws CLI speaks; of what only Muster knows there is its administration API.

mod connection;
mod error;
mod query;

pub(crate) use error::ClientError;

use crate::clock;
use bytes::Bytes;
use connection::{BoxError, Dialer};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use muster_protocol::signing::{
    Request as SignedParts,
    sigv4::{Credentials, PathEncoding, payload_hash, sign},
};
use muster_service_model::{Operation, OperationSchema, Protocol, ServiceSchema};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::{sync::Mutex, time::timeout};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose operations are called from here.
static SERVICES: [&ServiceSchema; 3] =
    [&muster_ssm_api::SERVICE, &muster_iam_api::SERVICE, &muster_admin_api::SERVICE];

/// A client of one server, region and identity.
pub(crate) struct Client {
    endpoint: String,
    authority: String,
    region: String,
    credentials: Credentials,
    dialer: Dialer,
    idle: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Client {
    /// A client; nothing is dialled yet. `endpoint` is `http://HOST[:PORT]` or `https://…`.
    pub(crate) fn new(
        endpoint: &str,
        region: &str,
        credentials: Credentials,
        ca: Option<&Path>,
    ) -> Result<Self, ClientError> {
        let wrong =
            |why: String| ClientError::Address(format!("the endpoint `{endpoint}` cannot be used: {why}"));
        let uri: Uri = endpoint.parse().map_err(|error: http::uri::InvalidUri| wrong(error.to_string()))?;
        let dialer = Dialer::new(&uri, ca).map_err(|error| wrong(error.to_string()))?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            authority,
            region: region.to_owned(),
            credentials,
            dialer,
            idle: Mutex::new(None),
        })
    }

    /// Where the server is.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region that calls are for.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Calls an operation.
    pub(crate) async fn call<O: Operation>(&self, input: &O::Input) -> Result<O::Output, ClientError> {
        let operation = O::SCHEMA.name;
        let unreadable = |reason: String| ClientError::Unreadable { operation, reason };
        let service = SERVICES.iter().find(|service| service.name == O::SCHEMA.service);
        let service =
            *service.ok_or_else(|| unreadable(format!("{} is not known here", O::SCHEMA.service)))?;
        let input = serde_json::to_value(input).map_err(|error| unreadable(error.to_string()))?;
        let request = self.request(service, O::SCHEMA, &input).map_err(unreadable)?;
        let answer = timeout(PATIENCE, self.send(request))
            .await
            .unwrap_or_else(|_| Err("no answer within 30 seconds".into()))
            .map_err(|source| ClientError::Unreachable { endpoint: self.endpoint.clone(), source })?;
        if !answer.status().is_success() {
            return Err(refusal(operation, &answer));
        }
        let output = match service.protocol {
            Protocol::Query { .. } => {
                let text =
                    std::str::from_utf8(answer.body()).map_err(|error| unreadable(error.to_string()))?;
                query::output(O::SCHEMA, text).map_err(unreadable)?
            }
            _ => serde_json::from_slice(answer.body()).map_err(|error| unreadable(error.to_string()))?,
        };
        serde_json::from_value(output).map_err(|error| unreadable(error.to_string()))
    }

    /// Whether the server says that it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let request = Request::get("/readyz").header("host", &self.authority).body(Full::default());
        let Ok(request) = request else { return false };
        let answer = timeout(PATIENCE, self.send(request)).await;
        matches!(answer, Ok(Ok(answer)) if answer.status().is_success())
    }

    fn request(
        &self,
        service: &ServiceSchema,
        operation: &OperationSchema,
        input: &Value,
    ) -> Result<Request<Full<Bytes>>, String> {
        let mut headers = vec![("host", self.authority.clone())];
        let body = match service.protocol {
            Protocol::Json { version, target_prefix } => {
                headers.push(("content-type", format!("application/x-amz-json-{version}")));
                headers.push(("x-amz-target", format!("{target_prefix}.{}", operation.name)));
                input.to_string()
            }
            Protocol::Query { .. } => {
                headers.push(("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()));
                let pairs = query::form(operation, service.api_version, input);
                let pairs = pairs.iter().map(|(name, value)| {
                    format!(
                        "{}={}",
                        utf8_percent_encode(name, NON_ALPHANUMERIC),
                        utf8_percent_encode(value, NON_ALPHANUMERIC)
                    )
                });
                pairs.collect::<Vec<_>>().join("&")
            }
            _ => return Err(format!("{} speaks another protocol", service.name)),
        };
        let body = Bytes::from(body);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let parts = SignedParts::new("POST", "/", "", headers.iter().copied());
        let signature = sign(
            &parts,
            PathEncoding::Double,
            &payload_hash(&body),
            &self.credentials,
            &self.region,
            service.signing_name,
            clock::now_ms(),
        );
        let mut builder =
            Request::post("/").header("user-agent", concat!("muster/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        for (name, value) in &signature {
            builder = builder.header(*name, value);
        }
        builder.body(Full::new(body)).map_err(|error| error.to_string())
    }

    /// Over the idle connection if there is one; one that the server has closed meanwhile is replaced.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        let mut idle = self.idle.lock().await;
        let mut sender = match idle.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.dialer.dial().await?,
        };
        let answer = connection::exchange(&mut sender, request).await?;
        *idle = Some(sender);
        Ok(answer)
    }
}

fn refusal(operation: &'static str, answer: &Response<Bytes>) -> ClientError {
    if let Some((code, message)) = std::str::from_utf8(answer.body()).ok().and_then(query::refusal) {
        return ClientError::Refused { operation, code, message };
    }
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = text("__type").map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
    ClientError::Refused {
        operation,
        code: code.unwrap_or_else(|| format!("HTTP {}", answer.status())),
        message: text("Message").or_else(|| text("message")).unwrap_or_default(),
    }
}
