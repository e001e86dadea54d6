//! A few kept connections that calls take turns on. Not for: retrying what a server may have seen.

use super::{Endpoint, HttpError};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// An answer that is not there by then will not come.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections to one server.
pub struct HttpPool {
    endpoint: Arc<Endpoint>,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    slots: Semaphore,
}

impl HttpPool {
    /// At most `connections` at once; further calls wait.
    pub fn new(endpoint: Arc<Endpoint>, connections: usize) -> Self {
        Self { endpoint, idle: Mutex::default(), slots: Semaphore::new(connections.max(1)) }
    }

    /// The server.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Sends a request and reads the whole answer. A request that a stale connection did not take goes out on a
    /// fresh one; one that the server may have seen is not repeated.
    ///
    /// # Errors
    /// [`HttpError`] when there is no answer.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await;
        timeout(ANSWER_TIMEOUT, self.send_now(request)).await.unwrap_or(Err(HttpError::Late(ANSWER_TIMEOUT)))
    }

    async fn send_now(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
        loop {
            let kept = self.lock().pop();
            let is_kept = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.open().await?,
            };
            match sender.ready().await {
                Err(_) if is_kept => continue,
                ready => ready?,
            }
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    let body = body.collect().await?.to_bytes();
                    self.lock().push(sender);
                    return Ok(Response::from_parts(parts, body));
                }
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(failed.into_error().into()),
                },
            }
        }
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, HttpError> {
        let stream = self.endpoint.connect().await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with its sender; its error is also the sender's.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SendRequest<Full<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpPool").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
