//! The sockets of the control channel: opening, keep-alive, reconnecting. What is said on them is the manager's affair.

mod backoff;
mod connect;

use crate::api::{Api, ApiError};
use crate::command::{Outgoing, ToManager};
use crate::credentials::Keeper;
use crate::endpoint::Endpoint;
use crate::identity::Identity;
use crate::net::Stream;
use crate::random;
use crate::status::StatusFile;
use backoff::Backoff;
pub(crate) use connect::create_channel;
use futures_util::{SinkExt as _, StreamExt as _};
use muster_protocol::ids::ManagedNodeId;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Between pings, as official agents do it.
const PING_EVERY: Duration = Duration::from_secs(54);
/// Longest wait for the answer to a ping.
const PONG_WITHIN: Duration = Duration::from_secs(30);
/// A socket that lived this long was a success: the next attempt after it is quick again.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// A socket of the control channel.
type Socket = WebSocketStream<Box<dyn Stream>>;

/// Why a socket is over.
#[derive(Debug, thiserror::Error)]
enum Ended {
    /// The server closed it.
    #[error("the server closed it")]
    Closed,
    /// It broke.
    #[error("{0}")]
    Broken(#[from] tokio_tungstenite::tungstenite::Error),
    /// The server has stopped answering.
    #[error("no answer to a ping within {} s", PONG_WITHIN.as_secs())]
    Silent,
}

/// Keeps a socket to the server open.
pub(crate) struct Channel {
    /// Sends requests.
    pub(crate) api: Rc<Api>,
    /// Signs them.
    pub(crate) keeper: Rc<Keeper>,
    /// The node.
    pub(crate) node: ManagedNodeId,
    /// The service's address.
    pub(crate) endpoint: Endpoint,
    /// Who speaks on the socket.
    pub(crate) manager: mpsc::UnboundedSender<ToManager>,
    /// Tells whether a socket is open.
    pub(crate) connected: watch::Sender<bool>,
    /// For `status`.
    pub(crate) status: StatusFile,
}

impl Channel {
    /// A channel for an identity.
    pub(crate) fn new(
        identity: &Identity,
        api: Rc<Api>,
        keeper: Rc<Keeper>,
        manager: mpsc::UnboundedSender<ToManager>,
        connected: watch::Sender<bool>,
        status: StatusFile,
    ) -> Self {
        let (node, endpoint) = (identity.node.clone(), identity.endpoints.messages.clone());
        Self { api, keeper, node, endpoint, manager, connected, status }
    }

    /// Runs for ever.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            match self.connect().await {
                Ok((socket, token)) => {
                    tracing::info!("connected to {}", self.endpoint);
                    self.status.connected(self.api.clock.local_ms());
                    let since = Instant::now();
                    let ended = self.serve(socket, token).await;
                    self.connected.send_replace(false);
                    let _ = self.manager.send(ToManager::Disconnected);
                    self.status.disconnected(self.api.clock.local_ms(), &ended.to_string());
                    tracing::info!("the connection to {} is over: {ended}", self.endpoint);
                    if since.elapsed() >= STABLE_AFTER {
                        backoff = Backoff::default();
                    }
                }
                Err(error) => {
                    self.keeper.distrust(&error);
                    self.status.disconnected(self.api.clock.local_ms(), &error.to_string());
                    backoff.log(&error);
                }
            }
            tokio::time::sleep(backoff.next_pause()).await;
        }
    }

    async fn connect(&self) -> Result<(Socket, String), ApiError> {
        let credentials = self.keeper.get().await;
        let token = create_channel(&self.api, &self.endpoint, &self.node, &credentials).await?;
        let socket = connect::open_socket(self, &credentials).await?;
        Ok((socket, token))
    }

    /// Carries messages until the socket is over.
    async fn serve(&self, mut socket: Socket, token: String) -> Ended {
        let (out, mut outgoing) = mpsc::unbounded_channel();
        if self.manager.send(ToManager::Connected { token, out }).is_err() {
            return Ended::Closed;
        }
        self.connected.send_replace(true);
        // Not all nodes of a restarted server at the same second.
        let mut next_ping = Instant::now() + random::between(PING_EVERY / 2, PING_EVERY);
        let mut pong_by: Option<Instant> = None;
        loop {
            let wake = pong_by.unwrap_or(next_ping);
            let step = tokio::select! {
                received = socket.next() => match received {
                    None | Some(Ok(Message::Close(_))) => Err(Ended::Closed),
                    Some(Err(error)) => Err(error.into()),
                    Some(Ok(message)) => {
                        match message {
                            Message::Binary(bytes) => self.pass_on(bytes.into()),
                            Message::Text(text) => self.pass_on(text.as_bytes().to_vec()),
                            Message::Pong(_) => pong_by = None,
                            Message::Ping(_) | Message::Close(_) | Message::Frame(_) => {}
                        }
                        Ok(())
                    }
                },
                Some(message) = outgoing.recv() => write(&mut socket, message, &mut outgoing).await,
                () = tokio::time::sleep_until(wake) => if pong_by.is_some() {
                    Err(Ended::Silent)
                } else {
                    next_ping = Instant::now() + PING_EVERY;
                    pong_by = Some(Instant::now() + PONG_WITHIN);
                    socket.send(Message::Ping("keepalive".into())).await.map_err(Ended::from)
                },
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    fn pass_on(&self, bytes: Vec<u8>) {
        let _ = self.manager.send(ToManager::Message(bytes));
    }
}

/// Writes a message and all that wait behind it, and flushes once. Bounded in time, so that a server which stops reading
/// does not hold us for ever.
async fn write(
    socket: &mut Socket,
    first: Outgoing,
    more: &mut mpsc::UnboundedReceiver<Outgoing>,
) -> Result<(), Ended> {
    let writing = async {
        let mut next = Some(first);
        while let Some(message) = next {
            let message = match message {
                Outgoing::Text(text) => Message::Text(text.into()),
                Outgoing::Binary(bytes) => Message::Binary(bytes.into()),
            };
            socket.feed(message).await?;
            next = more.try_recv().ok();
        }
        socket.flush().await
    };
    match tokio::time::timeout(PING_EVERY + PONG_WITHIN, writing).await {
        Ok(written) => written.map_err(Ended::from),
        Err(_) => Err(Ended::Silent),
    }
}
