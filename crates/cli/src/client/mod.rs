//! A small client of the public API: any operation of the generated surface, signed and sent as AWS JSON. The same wire
//! that the aws CLI speaks; nothing here is known to Muster's server alone.

mod connection;
mod error;

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
use muster_service_model::{Operation, Protocol, ServiceSchema};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::{sync::Mutex, time::timeout};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

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

    /// Calls an operation of ssm.
    pub(crate) async fn call<O: Operation>(&self, input: &O::Input) -> Result<O::Output, ClientError> {
        let operation = O::SCHEMA.name;
        let unreadable = |reason: String| ClientError::Unreadable { operation, reason };
        let body = serde_json::to_vec(input).map_err(|error| unreadable(error.to_string()))?;
        let request =
            self.request(&muster_ssm_api::SERVICE, operation, Bytes::from(body)).map_err(unreadable)?;
        let answer = timeout(PATIENCE, self.send(request))
            .await
            .unwrap_or_else(|_| Err("no answer within 30 seconds".into()))
            .map_err(|source| ClientError::Unreachable { endpoint: self.endpoint.clone(), source })?;
        if !answer.status().is_success() {
            return Err(refusal(operation, &answer));
        }
        serde_json::from_slice(answer.body()).map_err(|error| unreadable(error.to_string()))
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
        operation: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, String> {
        let Protocol::Json { version, target_prefix } = service.protocol else {
            return Err(format!("{} does not speak AWS JSON", service.name));
        };
        let content_type = format!("application/x-amz-json-{version}");
        let target = format!("{target_prefix}.{operation}");
        let headers = [
            ("host", self.authority.as_str()),
            ("content-type", content_type.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        let parts = SignedParts::new("POST", "/", "", headers);
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
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = text("__type").map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
    ClientError::Refused {
        operation,
        code: code.unwrap_or_else(|| format!("HTTP {}", answer.status())),
        message: text("Message").or_else(|| text("message")).unwrap_or_default(),
    }
}
