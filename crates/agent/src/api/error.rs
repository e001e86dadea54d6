//! What a request to the server can end in.

use crate::net::NetError;
use crate::net::http::Answer;
use serde_json::Value;

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The answer makes no sense.
    #[error("the server's answer cannot be read: {0}")]
    Malformed(String),
    /// This machine failed.
    #[error("{0}")]
    Local(String),
}

impl ApiError {
    /// The error code, when the server gave one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.code),
            _ => None,
        }
    }
}

/// The server's no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server answered {code}{}{message} (status {status})", if message.is_empty() { "" } else { ": " })]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// Error code without its namespace; `HTTP <status>` when the body has none.
    pub(crate) code: String,
    /// Text.
    pub(crate) message: String,
}

impl Refusal {
    /// Reads an AWS error in JSON, or the little that other answers tell.
    pub(crate) fn of(answer: &Answer) -> Self {
        let status = answer.status.as_u16();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| body.get(name)?.as_str()).unwrap_or_default();
        let code = text(["__type", "code"]);
        let code = code.rsplit('#').next().unwrap_or(code);
        let code = if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() };
        // Bounded and on one line: it goes into logs.
        let message = text(["message", "Message"]).chars().take(300).collect();
        Self { status, code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn refusal(body: &str) -> Refusal {
        Refusal::of(&Answer {
            status: StatusCode::BAD_REQUEST,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn reads_aws_errors_and_others() {
        let error = refusal(r#"{"__type":"com.amazonaws.ssm#InvalidActivation","Message":"no"}"#);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("InvalidActivation", "no"));
        assert_eq!(error.to_string(), "the server answered InvalidActivation: no (status 400)");
        assert_eq!(
            refusal(r#"{"__type":"InvalidActivation"}"#).to_string(),
            "the server answered InvalidActivation (status 400)"
        );
        assert_eq!(refusal("<html>").code, "HTTP 400");
    }
}
