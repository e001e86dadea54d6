//! An HTTP call to a recipient, and whether its answer says "got it", "later" or "never".

use crate::ControlPlane;
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
};
use muster_outbound::OutboundError;

/// A recipient's wish to be left alone is heard up to here.
const LONGEST_WAIT_MS: i64 = 3_600_000;

/// Why a call was in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) transient: bool,
    pub(super) wait_ms: i64,
}

impl Refusal {
    fn permanent(error: impl Into<String>) -> Self {
        Self { error: error.into(), transient: false, wait_ms: 0 }
    }
}

impl ControlPlane {
    /// Posts a body; `Ok` if the recipient took it.
    pub(super) async fn post(
        &self,
        url: &str,
        user_agent: &str,
        content_type: &str,
        headers: Vec<(&'static str, String)>,
        body: String,
    ) -> Result<(), Refusal> {
        let uri: Uri = url.parse().map_err(|_| Refusal::permanent("the URL cannot be read"))?;
        let mut request =
            Request::post(uri).header(USER_AGENT, user_agent).header(CONTENT_TYPE, content_type);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                request = request.header(HeaderName::from_static(name), value);
            }
        }
        let request =
            request.body(Bytes::from(body)).map_err(|error| Refusal::permanent(error.to_string()))?;
        match self.outbound.send(request).await {
            Ok(answer) => judge(&answer),
            Err(error @ (OutboundError::Denied(_) | OutboundError::Url)) => {
                Err(Refusal::permanent(error.to_string()))
            }
            // Whoever answered too much has got the message.
            Err(OutboundError::TooLarge(_)) => Ok(()),
            Err(error) => Err(Refusal { error: error.to_string(), transient: true, wait_ms: 0 }),
        }
    }
}

fn judge(answer: &Response<Bytes>) -> Result<(), Refusal> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let transient = status.is_server_error()
        || status.is_informational()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::CONFLICT
                | StatusCode::TOO_EARLY
                | StatusCode::TOO_MANY_REQUESTS
        );
    let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait_ms = after.and_then(|seconds| seconds.trim().parse::<i64>().ok()).unwrap_or(0);
    let wait_ms = wait_ms.saturating_mul(1000).clamp(0, LONGEST_WAIT_MS);
    Err(Refusal {
        error: format!("the endpoint answered with status {}", status.as_u16()),
        transient,
        wait_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_to_come_back() {
        let judged = |status: u16, after: &str| {
            judge(&Response::builder().status(status).header(RETRY_AFTER, after).body(Bytes::new()).unwrap())
        };
        for status in [200, 202, 204] {
            assert_eq!(judged(status, "9"), Ok(()));
        }
        for (status, transient) in
            [(500, true), (503, true), (429, true), (408, true), (400, false), (404, false), (301, false)]
        {
            assert_eq!(judged(status, "x").unwrap_err().transient, transient, "{status}");
        }
        assert_eq!(judged(429, "7").unwrap_err().wait_ms, 7_000);
        assert_eq!(judged(503, "-1").unwrap_err().wait_ms, 0);
        assert_eq!(judged(503, "99999999999999999").unwrap_err().wait_ms, LONGEST_WAIT_MS);
    }
}
