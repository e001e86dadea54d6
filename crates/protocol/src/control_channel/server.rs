//! The server's end of one node's control channel, for the life of one socket. Not for: the token's check, the database.

use super::pending::Pending;
use super::{ChannelError, check_owner, encode, payload};
use crate::frame::{Frame, MessageType};
use crate::message::{
    self, AckCode, AgentJob, AgentJobAck, AgentJobReply, AgentJobReplyAck, AgentTask, AgentTaskAcknowledge,
    AgentTaskComplete, AgentTelemetry, AgentUpdateResult, ChannelClosed, MessageError, OpenControlChannel,
    ReplyContent,
};
use crate::time;
use muster_ids::ManagedNodeId;
use std::fmt;
use uuid::Uuid;

/// What a node said.
#[derive(Clone, PartialEq)]
pub enum ServerEvent {
    /// The first message. Nothing else may be believed before the token is checked.
    Opened {
        /// Of the POST that preceded.
        token: String,
        /// Of the agent.
        agent_version: String,
        /// `linux`, `windows`, `macos`.
        platform_type: String,
    },
    /// The node has a job, or says why not. May come more than once, and for jobs sent over an earlier socket.
    JobAck {
        /// Of the job; it belongs to this node.
        job_id: String,
        /// Of the job's frame.
        message_id: Uuid,
        /// Whether, or why not.
        code: AckCode,
        /// In words.
        error: String,
    },
    /// A job's progress or result: store it, then [`ServerChannel::acknowledge_reply`]. May come more than once, and
    /// the final one before those of steps: see [`JobProgress`](super::JobProgress).
    Reply {
        /// Of the job; it belongs to this node.
        job_id: String,
        /// Of the reply's frame, to be acknowledged.
        message_id: Uuid,
        /// Of the job: replies to cancel jobs only say that the cancel has begun.
        topic: String,
        /// What is reported.
        content: ReplyContent,
    },
    /// A reply of this node that cannot be read. Acknowledge it, or it comes again for two hours.
    MalformedReply {
        /// Of the job; it belongs to this node.
        job_id: String,
        /// Of the reply's frame, to be acknowledged.
        message_id: Uuid,
        /// What is wrong.
        error: MessageError,
    },
    /// A session has ended: [`ServerChannel::acknowledge_task`].
    TaskComplete {
        /// Of the frame, to be acknowledged.
        message_id: Uuid,
        /// How it ended.
        complete: AgentTaskComplete,
    },
    /// Counters.
    Telemetry(AgentTelemetry),
    /// How an update of the agent went.
    UpdateResult(AgentUpdateResult),
    /// A message that means nothing here.
    Ignored {
        /// Its type.
        message_type: MessageType,
    },
}

// Neither tokens nor what commands printed belong in a log.
impl fmt::Debug for ServerEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { agent_version, platform_type, .. } => {
                write!(formatter, "Opened({agent_version}, {platform_type})")
            }
            Self::JobAck { job_id, code, .. } => write!(formatter, "JobAck({job_id}, {code})"),
            Self::Reply { job_id, content, .. } => {
                write!(formatter, "Reply({job_id}, {})", content.document_status)
            }
            Self::MalformedReply { job_id, error, .. } => {
                write!(formatter, "MalformedReply({job_id}, {error})")
            }
            Self::TaskComplete { complete, .. } => {
                write!(formatter, "TaskComplete({}, {})", complete.task_id, complete.final_task_status)
            }
            Self::Telemetry(telemetry) => telemetry.fmt(formatter),
            Self::UpdateResult(result) => result.fmt(formatter),
            Self::Ignored { message_type } => write!(formatter, "Ignored({message_type})"),
        }
    }
}

/// The server's end. Make one per socket; jobs that an earlier one has not seen acknowledged are sent again through
/// the new one.
#[derive(Debug)]
pub struct ServerChannel {
    node: ManagedNodeId,
    opened: bool,
    jobs: Pending<Box<str>>,
}

impl ServerChannel {
    /// A channel of this node, as its signature says.
    pub fn new(node: ManagedNodeId) -> Self {
        Self { node, opened: false, jobs: Pending::new() }
    }

    /// Whose channel this is.
    pub fn node(&self) -> &ManagedNodeId {
        &self.node
    }

    /// Takes a message of the socket. No input panics.
    ///
    /// # Errors
    /// [`ChannelError`]: the message is dropped; the socket must be closed only if the error is fatal.
    pub fn on_message(
        &mut self,
        bytes: &[u8],
        is_text: bool,
        now_ms: i64,
    ) -> Result<Vec<ServerEvent>, ChannelError> {
        if self.opened {
            return self.on_frame(Frame::decode(bytes)?, now_ms).map(|event| vec![event]);
        }
        if !is_text {
            return Err(ChannelError::NotOpened);
        }
        let open: OpenControlChannel = message::read(bytes).map_err(|_| ChannelError::NotOpened)?;
        self.opened = true;
        Ok(vec![ServerEvent::Opened {
            token: open.token_value,
            agent_version: open.agent_version,
            platform_type: open.platform_type,
        }])
    }

    fn on_frame(&mut self, frame: Frame, now_ms: i64) -> Result<ServerEvent, ChannelError> {
        match frame.message_type {
            MessageType::AgentJobAck => self.on_ack(payload(&frame)?, now_ms),
            MessageType::AgentJobReply => self.on_reply(frame.message_id, payload(&frame)?, now_ms),
            MessageType::AgentTaskComplete => {
                Ok(ServerEvent::TaskComplete { message_id: frame.message_id, complete: payload(&frame)? })
            }
            MessageType::AgentTelemetry => Ok(ServerEvent::Telemetry(payload(&frame)?)),
            MessageType::AgentUpdateResult => Ok(ServerEvent::UpdateResult(payload(&frame)?)),
            message_type => Ok(ServerEvent::Ignored { message_type }),
        }
    }

    fn on_ack(&mut self, ack: AgentJobAck, now_ms: i64) -> Result<ServerEvent, ChannelError> {
        check_owner(&ack.job_id, &self.node)?;
        // A busy node stays on the list and is asked again; any other answer settles the delivery.
        if ack.status_code.try_later() {
            self.jobs.postpone(|job| **job == *ack.job_id, now_ms);
        } else {
            self.jobs.remove(|job| **job == *ack.job_id);
        }
        Ok(ServerEvent::JobAck {
            job_id: ack.job_id,
            message_id: ack.acknowledged_message_id,
            code: ack.status_code,
            error: ack.error_message,
        })
    }

    fn on_reply(
        &mut self,
        message_id: Uuid,
        reply: AgentJobReply,
        now_ms: i64,
    ) -> Result<ServerEvent, ChannelError> {
        check_owner(&reply.job_id, &self.node)?;
        // Who replies has the job, even if the acknowledgement was lost.
        self.jobs.remove(|job| **job == *reply.job_id);
        Ok(match reply.parse_content() {
            Ok(content) => {
                if content.document_status.terminal() {
                    self.jobs.hurry_one(now_ms);
                }
                ServerEvent::Reply { job_id: reply.job_id, message_id, topic: reply.topic, content }
            }
            Err(error) => ServerEvent::MalformedReply { job_id: reply.job_id, message_id, error },
        })
    }

    /// A job in bytes to send now. It is remembered, and sent again by [`on_timer`](Self::on_timer) until the node
    /// acknowledges it, replies to it, or it is [forgotten](Self::forget_job).
    pub fn send_job(&mut self, job: &AgentJob, now_ms: i64) -> Vec<u8> {
        let frame = encode(MessageType::AgentJob, Uuid::new_v4(), now_ms, job);
        self.jobs.insert(job.job_id.as_str().into(), frame.clone(), now_ms);
        frame
    }

    /// Sends a job no more: it has expired, or was cancelled before the node had it. Whether it was on the list.
    pub fn forget_job(&mut self, job_id: &str) -> bool {
        self.jobs.remove(|job| **job == *job_id)
    }

    /// Jobs that were sent and not acknowledged.
    pub fn unacknowledged(&self) -> impl Iterator<Item = &str> {
        self.jobs.keys().map(|job| &**job)
    }

    /// The acknowledgement of a reply that is durable, in bytes to send now.
    pub fn acknowledge_reply(&mut self, job_id: &str, message_id: Uuid, now_ms: i64) -> Vec<u8> {
        let ack = AgentJobReplyAck { job_id: job_id.to_owned(), acknowledged_message_id: message_id };
        encode(MessageType::AgentJobReplyAck, Uuid::new_v4(), now_ms, &ack)
    }

    /// The start of a session, in bytes to send now. Not repeated: who waits for the session asks again.
    pub fn start_session(&mut self, task: &AgentTask, now_ms: i64) -> Vec<u8> {
        encode(MessageType::InteractiveShell, Uuid::new_v4(), now_ms, task)
    }

    /// The end of a session, in bytes to send now.
    pub fn terminate_session(&mut self, session_id: &str, now_ms: i64) -> Vec<u8> {
        let message_id = Uuid::new_v4();
        let closed = ChannelClosed {
            message_type: MessageType::ChannelClosed.as_str().to_owned(),
            message_id: message_id.to_string(),
            destination_id: self.node.to_string(),
            session_id: session_id.to_owned(),
            schema_version: 1,
            created_date: time::iso_millis(now_ms),
            output: None,
        };
        encode(MessageType::ChannelClosed, message_id, now_ms, &closed)
    }

    /// The acknowledgement of a session's end, in bytes to send now.
    pub fn acknowledge_task(&mut self, task_id: &str, message_id: Uuid, now_ms: i64) -> Vec<u8> {
        let acknowledge = AgentTaskAcknowledge {
            schema_version: 1,
            message_id,
            task_id: task_id.to_owned(),
            topic: MessageType::AgentTaskComplete.as_str().to_owned(),
        };
        encode(MessageType::AgentTaskAcknowledge, Uuid::new_v4(), now_ms, &acknowledge)
    }

    /// Jobs to send again now.
    pub fn on_timer(&mut self, now_ms: i64) -> Vec<Vec<u8>> {
        self.jobs.due(now_ms)
    }

    /// When to call [`on_timer`](Self::on_timer); none while nothing waits.
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.jobs.next_due()
    }
}
