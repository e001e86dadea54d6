//! Request bodies: read whole within a limit and a time, or passed on with their hash checked on the way.
//! Not for: what is in them.

use crate::error::{ApiError, REQUEST_TIMEOUT, REQUEST_TOO_LARGE, SERIALIZATION};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use std::{fmt::Display, time::Duration};
use tokio::time::timeout;

/// A body that is not there by then will not come.
const ARRIVAL: Duration = Duration::from_secs(60);
/// So much beyond the limit is read and thrown away: a client still writing would not see our answer.
const THROWN_AWAY: usize = 32 << 20;

/// Reads a body whole.
///
/// # Errors
/// 413 beyond `limit` bytes, 408 when it takes too long, 400 when it breaks off.
pub(super) async fn collect<B>(body: B, limit: usize) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let too_large =
        || ApiError::new(&REQUEST_TOO_LARGE, format!("The request is larger than {limit} bytes."));
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit.saturating_add(THROWN_AWAY) {
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    let reading = async {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                tracing::debug!(%error, "a request body broke off");
                ApiError::new(&SERIALIZATION, "The request body broke off.")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            length = length.saturating_add(data.len());
            if length > limit.saturating_add(THROWN_AWAY) {
                break;
            } else if length > limit {
                rest.clear();
            } else if first.is_empty() {
                // Most bodies come in one piece and need no copy.
                first = data;
            } else {
                if rest.is_empty() {
                    rest.reserve(announced.clamp(length, limit));
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
        }
        match length > limit {
            true => Err(too_large()),
            false if rest.is_empty() => Ok(first),
            false => Ok(rest.freeze()),
        }
    };
    timeout(ARRIVAL, reading)
        .await
        .unwrap_or_else(|_| Err(ApiError::new(&REQUEST_TIMEOUT, "The request body did not arrive in time.")))
}

/// Lower-case hexadecimal SHA-256.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&SHA256, bytes))
}

/// Why a streamed body ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the connection failed: {0}")]
    Broken(String),
    #[error("no byte for {} seconds", ARRIVAL.as_secs())]
    Slow,
    #[error("the body is not the one that was signed")]
    OtherContent,
}

/// The body in pieces. If its hash is not `sha256_hex`, the last item is an error: nobody may take what came
/// before it for the whole.
pub(super) fn checked<B>(
    body: B,
    sha256_hex: String,
) -> impl Stream<Item = Result<Bytes, StreamError>> + Send + use<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display,
{
    let start = Some((Box::pin(body), Context::new(&SHA256), sha256_hex));
    stream::unfold(start, |state| async move {
        let (mut body, mut hash, expected) = state?;
        loop {
            let frame = match timeout(ARRIVAL, body.frame()).await {
                Err(_) => return Some((Err(StreamError::Slow), None)),
                Ok(Some(Err(error))) => return Some((Err(StreamError::Broken(error.to_string())), None)),
                Ok(Some(Ok(frame))) => frame,
                Ok(None) if hex::encode(hash.finish()) == expected => return None,
                Ok(None) => return Some((Err(StreamError::OtherContent), None)),
            };
            if let Ok(data) = frame.into_data() {
                hash.update(&data);
                return Some((Ok(data), Some((body, hash, expected))));
            }
        }
    })
}
