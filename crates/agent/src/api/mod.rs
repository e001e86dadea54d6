//! Signed requests to the server: the agent-facing operations, the control channel's POST, uploads of outputs.
//!
//! Also where a wrong clock of this machine is noticed and allowed for.

mod error;
mod operations;

pub(crate) use error::{ApiError, Refusal};
pub(crate) use operations::RoleToken;

use crate::clock::{Clock, describe_duration, parse_http_date};
use crate::endpoint::Endpoint;
use crate::net::http::{Answer, Payload, send};
use crate::net::{Dialler, NetError};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::signing::rsa::NodeKey;
use muster_protocol::signing::sigv4::{self, Credentials, PathEncoding};
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::time::Duration;

/// A refused request means a wrong clock when the server's differs by more than this. Servers tolerate five minutes;
/// what they do when a clock is just at the limit should not be left to chance.
const SKEW_LIMIT_MS: i64 = 4 * 60 * 1000;

/// How a request is signed.
#[derive(Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// Not at all.
    Nobody,
    /// With the node's key.
    Key(&'a NodeKey, &'a ManagedNodeId),
    /// With temporary credentials.
    Credentials(&'a Credentials),
}

/// A request before it is signed.
pub(crate) struct Call<'a> {
    /// Where to.
    pub(crate) endpoint: &'a Endpoint,
    /// `POST`, `PUT`, `GET`.
    pub(crate) method: &'a str,
    /// Percent-encoded path.
    pub(crate) path: &'a str,
    /// Percent-encoded query; empty for none.
    pub(crate) query: &'a str,
    /// Name in the credential scope: `ssm` or `ssmmessages`.
    pub(crate) service: &'a str,
    /// Headers to send and sign, without `host`.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// Longest time for all of it.
    pub(crate) limit: Duration,
}

/// What a request carries.
pub(crate) enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file and its SHA-256 in hex.
    File {
        /// The file.
        file: File,
        /// Its length when it was hashed.
        length: u64,
        /// Hash of that many bytes.
        sha256: String,
    },
}

/// Sends signed requests.
pub(crate) struct Api {
    /// Makes the connections.
    pub(crate) dialler: Dialler,
    /// Time to sign with.
    pub(crate) clock: Clock,
    /// Region of the credential scope.
    pub(crate) region: String,
}

impl Api {
    /// Sends a request; once more if the server refused it because of this machine's clock.
    pub(crate) async fn send(
        &self,
        call: &Call<'_>,
        signer: Signer<'_>,
        content: &Content,
    ) -> Result<Answer, ApiError> {
        let answer = self.send_once(call, signer, content).await?;
        if !matches!(signer, Signer::Nobody) && self.learn_time(answer.status, &answer.headers) {
            return self.send_once(call, signer, content).await;
        }
        Ok(answer)
    }

    async fn send_once(
        &self,
        call: &Call<'_>,
        signer: Signer<'_>,
        content: &Content,
    ) -> Result<Answer, ApiError> {
        let (payload, hash) = match content {
            Content::Bytes(bytes) => (Payload::Bytes(bytes.clone()), sigv4::payload_hash(bytes)),
            Content::File { file, length, sha256 } => {
                let local = |error: std::io::Error| ApiError::Local(error.to_string());
                let mut file = file.try_clone().map_err(local)?;
                file.seek(SeekFrom::Start(0)).map_err(local)?;
                (Payload::File { file, length: *length }, sha256.clone())
            }
        };
        let request = self.signed(call, signer, &hash)?;
        Ok(send(&self.dialler, call.endpoint, request, payload, call.limit).await?)
    }

    /// The request with its signature, as of now.
    pub(crate) fn signed(
        &self,
        call: &Call<'_>,
        signer: Signer<'_>,
        payload_hash: &str,
    ) -> Result<Request<()>, ApiError> {
        let authority = call.endpoint.authority();
        let mut headers: Vec<(&str, &str)> = vec![("host", &authority)];
        headers.extend_from_slice(call.headers);
        let unsigned =
            muster_protocol::signing::Request::new(call.method, call.path, call.query, headers.clone());
        let now = self.clock.signing_ms();
        let added = match signer {
            Signer::Nobody => Vec::new(),
            Signer::Key(key, node) => key
                .sign_request(&unsigned, payload_hash, node, &self.region, now)
                .map_err(|error| ApiError::Local(error.to_string()))?,
            Signer::Credentials(credentials) => sigv4::sign(
                &unsigned,
                PathEncoding::Double,
                payload_hash,
                credentials,
                &self.region,
                call.service,
                now,
            ),
        };
        let uri = if call.query.is_empty() {
            call.path.to_owned()
        } else {
            format!("{}?{}", call.path, call.query)
        };
        let mut request = Request::builder().method(call.method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in added {
            request = request.header(name, value);
        }
        request
            .header("user-agent", concat!("muster-agent/", env!("CARGO_PKG_VERSION")))
            .body(())
            .map_err(|error| ApiError::Local(error.to_string()))
    }

    /// Looks whether a refusal comes from this machine's clock. If so, signatures follow the server's time from now
    /// on, and the request is worth one more try.
    pub(crate) fn learn_time(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        if !matches!(status.as_u16(), 400 | 401 | 403) {
            return false;
        }
        let date = headers.get("date").and_then(|value| value.to_str().ok()).and_then(parse_http_date);
        let Some(server_ms) = date else { return false };
        if (server_ms - self.clock.signing_ms()).abs() < SKEW_LIMIT_MS {
            return false;
        }
        self.clock.correct_to(server_ms);
        let error = self.clock.correction_ms();
        if error.abs() < SKEW_LIMIT_MS {
            tracing::info!("this machine's clock agrees with the server's again");
        } else {
            tracing::warn!(
                "this machine's clock is {} {} the server's; requests are signed with the server's time until the \
                 clock is set right",
                describe_duration(error),
                if error > 0 { "behind" } else { "ahead of" }
            );
        }
        true
    }

    /// The server's time minus this machine's, from an answer; for diagnostics.
    pub(crate) async fn clock_difference_ms(&self, endpoint: &Endpoint) -> Result<i64, NetError> {
        let broken =
            |reason: &str| NetError::Broken { address: endpoint.host_and_port(), reason: reason.to_owned() };
        let request = Request::builder()
            .uri("/")
            .header("host", endpoint.authority())
            .body(())
            .map_err(|error| broken(&error.to_string()))?;
        let payload = Payload::Bytes(Bytes::new());
        let answer = send(&self.dialler, endpoint, request, payload, Duration::from_secs(10)).await?;
        answer
            .headers
            .get("date")
            .and_then(|value| parse_http_date(value.to_str().ok()?))
            .map(|server_ms| server_ms - self.clock.local_ms())
            .ok_or_else(|| broken("the answer has no date"))
    }
}
