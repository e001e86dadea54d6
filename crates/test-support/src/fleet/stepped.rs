//! A node that a test leads step by step: it takes a job when told, acknowledges when told, and breaks where the test
//! wants it. Nothing happens between two calls, but that the socket fills. Not for: numbers of nodes.

use super::{
    api::{NodeApi, NodeCredentials, NodeError, Socket},
    identity::{Identities, NodeIdentity},
    reply,
};
use crate::{http::Endpoint, time::TimeSource};
use futures_util::{SinkExt as _, StreamExt as _};
use muster_protocol::{
    control_channel::{NodeChannel, NodeEvent},
    ids::{CommandId, JobId, ManagedNodeId},
    message::{AckCode, CANCEL_COMMAND_TOPIC, ReplyContent, SEND_COMMAND_TOPIC, SendCommandContent, Status},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// What should come is there by then.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections of one such node for its calls.
const CONNECTIONS: usize = 2;

/// A job that has come.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub job_id: String,
    /// The command, or the cancellation.
    pub command: CommandId,
    /// Of its frame.
    pub message_id: Uuid,
    /// Creation of the frame.
    pub created_ms: i64,
    /// What it asks for.
    pub request: JobRequest,
}

/// What a job asks for.
#[derive(Debug, Clone)]
pub enum JobRequest {
    /// Run this.
    Run(Box<SendCommandContent>),
    /// End the job of this id.
    Cancel(String),
    /// Nothing that can be read.
    Malformed,
}

/// A node that is led.
pub struct SimulatedNode {
    api: Arc<NodeApi>,
    identity: NodeIdentity,
    credentials: Option<NodeCredentials>,
    machine: NodeChannel,
    socket: Option<Socket>,
    inbox: VecDeque<Job>,
    acknowledged: HashSet<Uuid>,
    executed: BTreeMap<CommandId, u32>,
}

impl SimulatedNode {
    /// Registers a new node. It is not connected.
    ///
    /// # Errors
    /// What the server said.
    pub async fn register(
        endpoint: Arc<Endpoint>,
        region: &str,
        activation_id: &str,
        activation_code: &str,
        time: TimeSource,
    ) -> Result<Self, NodeError> {
        let identities = Identities::none(region).map_err(|_| NodeError::Answer("a region"))?;
        let api = NodeApi::new(endpoint, region, identities.key, CONNECTIONS, time)?;
        let identity = api.register(activation_id, activation_code).await?;
        Ok(Self::of(Arc::new(api), identity))
    }

    fn of(api: Arc<NodeApi>, identity: NodeIdentity) -> Self {
        Self {
            machine: NodeChannel::new(identity.id.clone()),
            api,
            identity,
            credentials: None,
            socket: None,
            inbox: VecDeque::new(),
            acknowledged: HashSet::new(),
            executed: BTreeMap::new(),
        }
    }

    /// Another machine under the same identity: its own connection, nothing of this one's memory.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self::of(self.api.clone(), self.identity.clone())
    }

    /// Its id.
    pub fn id(&self) -> &ManagedNodeId {
        &self.identity.id
    }

    /// Any call with the node's credentials.
    ///
    /// # Errors
    /// What the server said.
    pub async fn call(&mut self, service: &str, operation: &str, input: Value) -> Result<Value, NodeError> {
        let credentials = self.credentials().await?;
        self.api.call(&credentials.credentials, service, operation, input).await
    }

    /// The heart-beat.
    ///
    /// # Errors
    /// What the server said.
    pub async fn heartbeat(&mut self) -> Result<(), NodeError> {
        let credentials = self.credentials().await?;
        self.api.update_information(&self.identity.id, &credentials.credentials).await
    }

    /// Opens the channel anew. Replies that were not acknowledged go out at once.
    ///
    /// # Errors
    /// What the server said.
    pub async fn connect(&mut self) -> Result<(), NodeError> {
        self.socket = None;
        let credentials = self.credentials().await?;
        let opening = self.api.open_channel(&self.identity.id, &credentials.credentials, &mut self.machine);
        self.socket = Some(opening.await?);
        Ok(())
    }

    /// Drops the connection without a word; unread messages are lost.
    pub fn cut(&mut self) {
        self.socket = None;
        self.inbox.clear();
    }

    /// Closes the channel properly.
    pub async fn close(&mut self) {
        if let Some(mut socket) = self.socket.take() {
            // It is gone either way.
            let _ = socket.close(None).await;
        }
    }

    /// Waits for the next job.
    ///
    /// # Errors
    /// A channel that closes, or nothing within 20 seconds.
    pub async fn next_job(&mut self) -> Result<Job, NodeError> {
        self.until(|node| node.inbox.pop_front()).await
    }

    /// Reads what has come until there is nothing for so long; whether no job has come.
    ///
    /// # Errors
    /// A channel that closes.
    pub async fn no_job_within(&mut self, time: Duration) -> Result<bool, NodeError> {
        let waited = timeout(time, async {
            while self.inbox.is_empty() {
                self.read().await?;
            }
            Ok::<_, NodeError>(())
        });
        match waited.await {
            Err(_) => Ok(true),
            Ok(ended) => ended.map(|()| false),
        }
    }

    /// Waits until the server has acknowledged a reply.
    ///
    /// # Errors
    /// A channel that closes, or nothing within 20 seconds.
    pub async fn acknowledged(&mut self, reply: Uuid) -> Result<(), NodeError> {
        self.until(|node| node.acknowledged.remove(&reply).then_some(())).await
    }

    /// Waits until the server closes the channel.
    ///
    /// # Errors
    /// [`NodeError::Late`] when it does not within 20 seconds.
    pub async fn closed(&mut self) -> Result<(), NodeError> {
        match self.until(|_| None::<()>).await {
            Err(NodeError::Closed) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Acknowledges a job as taken.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn ack(&mut self, job: &Job) -> Result<(), NodeError> {
        self.ack_with(job, AckCode::Successful).await
    }

    /// Acknowledges a job with any code.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn ack_with(&mut self, job: &Job, code: AckCode) -> Result<(), NodeError> {
        let now_ms = self.api.time.now_ms();
        let frame = self.machine.ack_job(&job.job_id, job.message_id, job.created_ms, code, now_ms);
        self.send(frame).await
    }

    /// Does what the real agent does with a job up to its end: looks into its ledger, acknowledges, and counts the
    /// execution of a command that it does not know. Whether it ran.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn execute(&mut self, job: &Job) -> Result<bool, NodeError> {
        let times = self.executed.entry(job.command.clone()).or_default();
        let is_new = *times == 0;
        *times += u32::from(is_new);
        let code = if is_new { AckCode::Successful } else { AckCode::DuplicateCommand };
        self.ack_with(job, code).await?;
        Ok(is_new)
    }

    /// How often a command was [executed](Self::execute).
    pub fn executions(&self, command: &CommandId) -> u32 {
        self.executed.get(command).copied().unwrap_or_default()
    }

    /// Tells that a job has begun. The server's acknowledgement, if any, has no meaning.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn begin(&mut self, job: &Job) -> Result<(), NodeError> {
        let now_ms = self.api.time.now_ms();
        let content = reply::content(Status::InProgress, None, now_ms);
        let topic = topic(job);
        let frame = self.machine.send_progress(&job.job_id, topic, &content, now_ms);
        self.send(frame).await
    }

    /// Sends the final reply of a one-step document; its id.
    ///
    /// # Errors
    /// A channel that is closed; the reply is kept and goes out at the next [`connect`](Self::connect).
    pub async fn reply(
        &mut self,
        job: &Job,
        status: Status,
        code: i64,
        stdout: &str,
    ) -> Result<Uuid, NodeError> {
        let content = self.result(job, status, code, stdout);
        self.reply_with(job, &content).await
    }

    /// Sends any reply; its id.
    ///
    /// # Errors
    /// A channel that is closed; the reply is kept and goes out at the next [`connect`](Self::connect).
    pub async fn reply_with(&mut self, job: &Job, content: &ReplyContent) -> Result<Uuid, NodeError> {
        let (id, frame) = self.machine.send_reply(&job.job_id, topic(job), content, self.api.time.now_ms());
        self.send(frame).await?;
        Ok(id)
    }

    /// Keeps a final reply that goes out at the next [`connect`](Self::connect); its id.
    pub fn spool(&mut self, job: &Job, status: Status, code: i64, stdout: &str) -> Uuid {
        let content = self.result(job, status, code, stdout);
        self.machine.send_reply(&job.job_id, topic(job), &content, self.api.time.now_ms()).0
    }

    /// Sends every unacknowledged reply once more.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn repeat_replies(&mut self) -> Result<(), NodeError> {
        for frame in self.machine.on_timer(i64::MAX / 2) {
            self.send(frame).await?;
        }
        Ok(())
    }

    /// Sends a ping: the server looks at its clock and its timers when one comes.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn ping(&mut self) -> Result<(), NodeError> {
        let socket = self.socket.as_mut().ok_or(NodeError::Closed)?;
        Ok(socket.send(Message::Ping("keepalive".into())).await?)
    }

    /// Sends bytes that need not be a frame.
    ///
    /// # Errors
    /// A channel that is closed.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<(), NodeError> {
        let socket = self.socket.as_mut().ok_or(NodeError::Closed)?;
        Ok(socket.send(Message::binary(bytes)).await?)
    }

    fn result(&self, job: &Job, status: Status, code: i64, stdout: &str) -> ReplyContent {
        let now_ms = self.api.time.now_ms();
        let names = match &job.request {
            JobRequest::Run(content) => reply::step_names(&content.document_content, 1),
            JobRequest::Cancel(_) | JobRequest::Malformed => Vec::new(),
        };
        let steps = names.into_iter().map(|name| (name, reply::step(status, code, stdout, "", now_ms)));
        reply::content(status, Some(steps.collect()), now_ms)
    }

    async fn credentials(&mut self) -> Result<NodeCredentials, NodeError> {
        if let Some(kept) = self.credentials.as_ref().filter(|kept| kept.fresh(self.api.time.now_ms())) {
            return Ok(kept.clone());
        }
        let new = self.api.role_token(&self.identity).await?;
        self.credentials = Some(new.clone());
        Ok(new)
    }

    async fn until<T>(&mut self, mut found: impl FnMut(&mut Self) -> Option<T>) -> Result<T, NodeError> {
        let waiting = async {
            loop {
                if let Some(found) = found(self) {
                    return Ok(found);
                }
                self.read().await?;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or(Err(NodeError::Late(PATIENCE)))
    }

    async fn read(&mut self) -> Result<(), NodeError> {
        let socket = self.socket.as_mut().ok_or(NodeError::Closed)?;
        let bytes = match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                self.socket = None;
                return Err(NodeError::Closed);
            }
            Some(Ok(_)) => return Ok(()),
        };
        for event in self.machine.on_message(&bytes).unwrap_or_default() {
            let (job_id, message_id, created_ms, request) = match event {
                NodeEvent::Job { job_id, message_id, created_ms, content } => {
                    (job_id, message_id, created_ms, JobRequest::Run(content))
                }
                NodeEvent::CancelJob { job_id, message_id, created_ms, cancelled } => {
                    (job_id, message_id, created_ms, JobRequest::Cancel(cancelled))
                }
                NodeEvent::MalformedJob { job_id, message_id, created_ms, .. } => {
                    (job_id, message_id, created_ms, JobRequest::Malformed)
                }
                NodeEvent::ReplyAck { message_id, .. } => {
                    self.acknowledged.insert(message_id);
                    continue;
                }
                _ => continue,
            };
            if let Ok((command, _)) = JobId::parts(&job_id) {
                self.inbox.push_back(Job { job_id, command, message_id, created_ms, request });
            }
        }
        Ok(())
    }
}

fn topic(job: &Job) -> &'static str {
    match job.request {
        JobRequest::Cancel(_) => CANCEL_COMMAND_TOPIC,
        JobRequest::Run(_) | JobRequest::Malformed => SEND_COMMAND_TOPIC,
    }
}

impl fmt::Debug for SimulatedNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedNode")
            .field("id", &self.identity.id)
            .field("connected", &self.socket.is_some())
            .finish_non_exhaustive()
    }
}
