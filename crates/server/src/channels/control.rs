//! A node's control channel: one task per connection, which owns the socket and drives the protocol's machine.

use super::{apply_acknowledgement, apply_reply, deliveries, registry::Channel};
use crate::{
    ControlPlane,
    context::{Principal, RequestContext},
    dispatch::denied,
    error::ApiError,
};
use futures_util::{SinkExt as _, StreamExt as _};
use muster_bus::Notice;
use muster_ids::{ConnectionId, ManagedNodeId, Tenant};
use muster_protocol::{
    control_channel::{ServerChannel, ServerEvent},
    message::CreateChannel,
};
use muster_store::{StoreError, managed_node};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error as WebSocketError, Message},
};

/// A node says hello in so long, or the socket is closed.
const OPENING: Duration = Duration::from_secs(30);
/// Nodes ping every 54 seconds; one that was silent for longer than two pings is gone.
const SILENCE: Duration = Duration::from_secs(130);

/// Answers `CreateControlChannel`: a token that the websocket's first message must carry.
///
/// # Errors
/// A caller that is not this node, or a body that cannot be read.
pub(crate) fn open_control_channel(
    control_plane: &ControlPlane,
    context: &RequestContext,
    instance_id: &str,
    body: &[u8],
) -> Result<String, ApiError> {
    let node = own(context, instance_id)?;
    let request: Result<CreateChannel, _> = muster_protocol::message::read(body);
    request.map_err(|error| ApiError {
        cause: Some(error.into()),
        ..ApiError::validation("The body is not valid.")
    })?;
    control_plane.secrets.channel_token(&node, context.now_ms).map_err(ApiError::internal)
}

/// The node that the caller is, if it speaks of itself.
fn own(context: &RequestContext, instance_id: &str) -> Result<ManagedNodeId, ApiError> {
    match &context.principal {
        Principal::Node { node, .. } if node.as_str() == instance_id => Ok(node.clone()),
        _ => Err(denied(context)),
    }
}

/// Serves a control channel until the node, the server or a newer channel of the node ends it.
pub(crate) async fn serve_control_channel<S>(
    control_plane: Arc<ControlPlane>,
    tenant: Tenant,
    node: ManagedNodeId,
    mut socket: WebSocketStream<S>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut machine = ServerChannel::new(node.clone());
    let opened = Box::pin(timeout(OPENING, opened(&control_plane, &mut machine, &node, &mut socket))).await;
    if !matches!(opened, Ok(true)) {
        tracing::info!(%node, "control channel closed: no valid first message");
        let _ = socket.close(None).await;
        return;
    }
    let connection = ConnectionId::random();
    let channel = control_plane.channels.open(&node, connection.clone(), control_plane.clock.now_ms());
    let mut serving =
        Serving { control_plane: &control_plane, tenant: &tenant, node: &node, machine, socket, channel };
    if let Err(end) = serving.run().await {
        tracing::debug!(%node, %connection, reason = %end, "control channel ended");
    }
    let _ = serving.socket.close(None).await;
    control_plane.channels.forget(&node, &serving.channel);
    let now_ms = control_plane.clock.now_ms();
    let cleared = managed_node::clear_connected(&node, &connection, now_ms);
    let cleared = Box::pin(control_plane.db.write(cleared)).await;
    if let Err(error) = cleared {
        tracing::warn!(%node, %error, "the end of a control channel could not be noted");
    }
}

/// Waits for the first message; whether its token is this node's.
async fn opened<S: AsyncRead + AsyncWrite + Unpin>(
    control_plane: &ControlPlane,
    machine: &mut ServerChannel,
    node: &ManagedNodeId,
    socket: &mut WebSocketStream<S>,
) -> bool {
    loop {
        let (bytes, is_text) = match socket.next().await {
            Some(Ok(Message::Text(text))) => (text.into(), true),
            Some(Ok(Message::Binary(bytes))) => (bytes, false),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
        };
        let now_ms = control_plane.clock.now_ms();
        let Ok(events) = machine.on_message(&bytes, is_text, now_ms) else { return false };
        return events.iter().any(|event| match event {
            ServerEvent::Opened { token, .. } => {
                control_plane.secrets.check_channel_token(token, node, now_ms).is_ok()
            }
            _ => false,
        });
    }
}

/// Why a channel ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the node closed it")]
    Closed,
    #[error("a newer channel of the node, its deregistration, or the end of the server")]
    Replaced,
    #[error("the node was silent")]
    Silent,
    #[error("the socket failed: {0}")]
    Socket(#[from] Box<WebSocketError>),
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<WebSocketError> for End {
    fn from(error: WebSocketError) -> Self {
        Self::Socket(Box::new(error))
    }
}

struct Serving<'a, S> {
    control_plane: &'a Arc<ControlPlane>,
    tenant: &'a Tenant,
    node: &'a ManagedNodeId,
    machine: ServerChannel,
    socket: WebSocketStream<S>,
    channel: Arc<Channel>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Serving<'_, S> {
    async fn run(&mut self) -> Result<(), End> {
        // Boxed, here and below: an idle channel, of which there are very many, keeps no room for what is done now
        // and then.
        Box::pin(self.begin()).await?;
        let mut heard = Instant::now();
        loop {
            let deadline = self.deadline(heard);
            tokio::select! {
                message = self.socket.next() => {
                    heard = Instant::now();
                    Box::pin(self.take(message.ok_or(End::Closed)??)).await?;
                }
                () = self.channel.wake.notified() => {
                    if self.channel.is_closing() {
                        return Err(End::Replaced);
                    }
                    Box::pin(self.deliver()).await?;
                }
                () = sleep_until(deadline) => {
                    if heard.elapsed() >= SILENCE {
                        return Err(End::Silent);
                    }
                    Box::pin(self.send_again()).await?;
                }
            }
        }
    }

    /// Makes the connection the node's channel, and sends what waits for it.
    async fn begin(&mut self) -> Result<(), End> {
        let ControlPlane { db, bus, replica, .. } = &**self.control_plane;
        let connection = &self.channel.connection;
        db.write(managed_node::set_connected(self.node, replica, connection, self.channel.opened_ms)).await?;
        bus.publish(Notice::ChannelOpened { node: self.node.clone(), connection: connection.clone() });
        self.deliver().await
    }

    /// When to look again: at a job without its acknowledgement, or at a node that says nothing.
    fn deadline(&self, heard: Instant) -> Instant {
        let silent = heard + SILENCE;
        match self.machine.next_timer_ms() {
            None => silent,
            Some(at_ms) => {
                let wait = (at_ms - self.control_plane.clock.now_ms()).max(0);
                silent.min(Instant::now() + Duration::from_millis(wait.unsigned_abs()))
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), End> {
        let (bytes, is_text) = match message {
            Message::Text(text) => (text.into(), true),
            Message::Binary(bytes) => (bytes, false),
            Message::Ping(_) => {
                self.control_plane.channels.note_contact(self.node, self.control_plane.clock.now_ms());
                // The answer waits in the socket until something is written or flushed.
                return Ok(self.socket.flush().await?);
            }
            Message::Close(_) => return Err(End::Closed),
            Message::Pong(_) | Message::Frame(_) => return Ok(()),
        };
        match self.machine.on_message(&bytes, is_text, self.control_plane.clock.now_ms()) {
            Ok(events) => {
                for event in events {
                    self.react(event).await?;
                }
            }
            Err(error) => {
                tracing::warn!(node = %self.node, %error, "a message that cannot be read was dropped")
            }
        }
        Ok(())
    }

    async fn react(&mut self, event: ServerEvent) -> Result<(), End> {
        let control_plane = self.control_plane;
        match event {
            ServerEvent::JobAck { job_id, code, error, .. } => {
                apply_acknowledgement(control_plane, self.node, &job_id, &code, &error).await?;
            }
            ServerEvent::Reply { job_id, message_id, content, .. } => {
                apply_reply(control_plane, self.tenant, self.node, &job_id, &content).await?;
                self.acknowledge(&job_id, message_id).await?;
            }
            ServerEvent::MalformedReply { job_id, message_id, error } => {
                // It will not read better the next time: let the node forget it.
                tracing::warn!(node = %self.node, job_id, %error, "a reply that cannot be read was dropped");
                self.acknowledge(&job_id, message_id).await?;
            }
            other => tracing::debug!(node = %self.node, event = ?other, "nothing to do"),
        }
        Ok(())
    }

    async fn acknowledge(&mut self, job_id: &str, message_id: uuid::Uuid) -> Result<(), End> {
        let frame = self.machine.acknowledge_reply(job_id, message_id, self.control_plane.clock.now_ms());
        Ok(self.socket.send(Message::Binary(frame.into())).await?)
    }

    /// Sends what the outbox holds and was not sent on this connection; forgets what it holds no more.
    async fn deliver(&mut self) -> Result<(), End> {
        let deliveries = deliveries(self.control_plane, self.node).await?;
        let (sent, gone): (Vec<String>, Vec<String>) = self
            .machine
            .unacknowledged()
            .map(str::to_owned)
            .partition(|sent| deliveries.iter().any(|delivery| delivery.job_id.as_str() == sent));
        for job_id in gone {
            self.machine.forget_job(&job_id);
        }
        for delivery in deliveries {
            if sent.iter().any(|sent| sent == delivery.job_id.as_str()) {
                continue;
            }
            if let Some(job) = delivery.job(self.control_plane).await? {
                let frame = self.machine.send_job(&job, self.control_plane.clock.now_ms());
                self.socket.feed(Message::Binary(frame.into())).await?;
            }
        }
        Ok(self.socket.flush().await?)
    }

    async fn send_again(&mut self) -> Result<(), End> {
        for frame in self.machine.on_timer(self.control_plane.clock.now_ms()) {
            self.socket.feed(Message::Binary(frame.into())).await?;
        }
        Ok(self.socket.flush().await?)
    }
}
