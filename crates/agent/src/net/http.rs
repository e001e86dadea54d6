//! One HTTP/1.1 request on one connection. The agent asks every few minutes; keeping connections would cost more than
//! opening them.

use crate::endpoint::Endpoint;
use crate::net::{Dialler, NetError};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, SizeHint};
use hyper_util::rt::TokioIo;
use std::fs::File;
use std::io::Read as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// Most bytes taken of an answer.
const ANSWER_LIMIT: usize = 1 << 20;
/// Bytes of a file sent at once.
const CHUNK: usize = 64 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Bytes,
}

/// What is sent.
pub(crate) enum Payload {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, read while it is sent. The length is part of what was promised: the file may have grown since.
    File {
        /// The file, at its beginning.
        file: File,
        /// Bytes to send.
        length: u64,
    },
}

/// Sends a request and reads the answer. `limit` bounds all of it.
pub(crate) async fn send(
    dialler: &Dialler,
    endpoint: &Endpoint,
    request: Request<()>,
    payload: Payload,
    limit: Duration,
) -> Result<Answer, NetError> {
    match timeout(limit, exchange(dialler, endpoint, request, payload)).await {
        Ok(answer) => answer,
        Err(_) => Err(NetError::Timeout { address: endpoint.host_and_port(), seconds: limit.as_secs() }),
    }
}

async fn exchange(
    dialler: &Dialler,
    endpoint: &Endpoint,
    request: Request<()>,
    payload: Payload,
) -> Result<Answer, NetError> {
    let broken = |reason: String| NetError::Broken { address: endpoint.host_and_port(), reason };
    let stream = dialler.dial(endpoint).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(error.to_string()))?;
    let request = request.map(|()| PayloadBody::new(payload));
    let talk = async {
        let answer = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
        let (parts, mut incoming) = answer.into_parts();
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(error.to_string()))?;
            if let Some(data) = frame.data_ref() {
                if body.len() + data.len() > ANSWER_LIMIT {
                    return Err(broken("the answer is too long".to_owned()));
                }
                body.extend_from_slice(data);
            }
        }
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.freeze() })
    };
    // The connection is driven here and not by a task of its own, so that it ends with this call. When it has ended,
    // the answer may still be on its way between the two.
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        biased;
        answer = &mut talk => answer,
        ended = connection => match (ended, talk.await) {
            (Err(error), Err(_)) => Err(broken(error.to_string())),
            (_, answer) => answer,
        },
    }
}

enum PayloadBody {
    Bytes(Full<Bytes>),
    File { file: File, left: u64 },
}

impl PayloadBody {
    fn new(payload: Payload) -> Self {
        match payload {
            Payload::Bytes(bytes) => Self::Bytes(Full::new(bytes)),
            Payload::File { file, length } => Self::File { file, left: length },
        }
    }
}

impl Body for PayloadBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Bytes(full) => Pin::new(full).poll_frame(context).map_err(|never| match never {}),
            Self::File { left: 0, .. } => Poll::Ready(None),
            Self::File { file, left } => {
                let want = usize::try_from(*left).unwrap_or(CHUNK).min(CHUNK);
                let mut chunk = BytesMut::zeroed(want);
                // A local file: the read comes from the page cache and does not wait.
                let read = match file.read(&mut chunk) {
                    Ok(0) => Err(std::io::ErrorKind::UnexpectedEof.into()),
                    other => other,
                };
                Poll::Ready(Some(read.map(|count| {
                    *left = left.saturating_sub(count as u64);
                    chunk.truncate(count);
                    Frame::data(chunk.freeze())
                })))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(full) => full.is_end_stream(),
            Self::File { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(full) => full.size_hint(),
            Self::File { left, .. } => SizeHint::with_exact(*left),
        }
    }
}
