//! The node's end of its control channel, for the life of the agent: sockets come and go, what is not acknowledged stays.
//! Not for: the ledger of executed commands and the spool of replies, which the agent keeps on disk.

use super::pending::Pending;
use super::{ChannelError, check_owner, encode, payload};
use crate::frame::{Frame, MessageType};
use crate::message::{
    self, AckCode, AgentJob, AgentJobAck, AgentJobReply, AgentJobReplyAck, AgentTask, AgentTaskAcknowledge,
    ChannelClosed, JobContent, MessageError, OpenControlChannel, ReplyContent, SendCommandContent,
};
use crate::time;
use muster_ids::ManagedNodeId;
use uuid::Uuid;

/// What the server said.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeEvent {
    /// Run a command, unless the ledger has it: [`NodeChannel::ack_job`] once the ledger is durable.
    Job {
        /// Of the job; it belongs to this node.
        job_id: String,
        /// Of the job's frame.
        message_id: Uuid,
        /// Creation of the frame, echoed by the acknowledgement.
        created_ms: i64,
        /// What to run.
        content: Box<SendCommandContent>,
    },
    /// End a command: [`NodeChannel::ack_job`], whether it is known or not.
    CancelJob {
        /// Of the cancel job itself; it belongs to this node.
        job_id: String,
        /// Of the job's frame.
        message_id: Uuid,
        /// Creation of the frame, echoed by the acknowledgement.
        created_ms: i64,
        /// Job id of the command to end.
        cancelled: String,
    },
    /// A job whose content cannot be read: acknowledge with [`AckCode::ParseError`] and reply `Failed`.
    MalformedJob {
        /// Of the job; it belongs to this node.
        job_id: String,
        /// Of the job's frame.
        message_id: Uuid,
        /// Creation of the frame, echoed by the acknowledgement.
        created_ms: i64,
        /// What is wrong.
        error: MessageError,
    },
    /// The server has this reply: the spool may forget it.
    ReplyAck {
        /// Of the job.
        job_id: String,
        /// Of the reply's frame.
        message_id: Uuid,
    },
    /// End a session.
    ChannelClosed(ChannelClosed),
    /// Start a session.
    StartSession(AgentTask),
    /// The end of a session is known.
    TaskAcknowledge(AgentTaskAcknowledge),
    /// A message that means nothing here.
    Ignored {
        /// Its type.
        message_type: MessageType,
    },
}

/// The node's end.
#[derive(Debug)]
pub struct NodeChannel {
    node: ManagedNodeId,
    replies: Pending<Uuid>,
}

impl NodeChannel {
    /// A channel for this node.
    pub fn new(node: ManagedNodeId) -> Self {
        Self { node, replies: Pending::new() }
    }

    /// The first message on a new socket, to be sent as text. All unacknowledged replies are due from now on: call
    /// [`on_timer`](Self::on_timer) next. `platform_type` is `linux`, `windows` or `macos`.
    pub fn open_message(
        &mut self,
        token: &str,
        agent_version: &str,
        platform_type: &str,
        now_ms: i64,
    ) -> String {
        self.replies.all_due(now_ms);
        message::write_text(&OpenControlChannel {
            cookie: None,
            message_schema_version: "1.0".to_owned(),
            request_id: Uuid::new_v4().to_string(),
            token_value: token.to_owned(),
            agent_version: agent_version.to_owned(),
            platform_type: platform_type.to_owned(),
        })
    }

    /// Takes a message of the socket, text or binary. No input panics.
    ///
    /// # Errors
    /// [`ChannelError`]: the message is dropped, the socket stays.
    pub fn on_message(&mut self, bytes: &[u8]) -> Result<Vec<NodeEvent>, ChannelError> {
        let frame = Frame::decode(bytes)?;
        let event = match frame.message_type {
            MessageType::AgentJob => self.on_job(&frame)?,
            MessageType::AgentJobReplyAck => {
                let ack: AgentJobReplyAck = payload(&frame)?;
                self.replies.remove(|reply| *reply == ack.acknowledged_message_id);
                NodeEvent::ReplyAck { job_id: ack.job_id, message_id: ack.acknowledged_message_id }
            }
            MessageType::ChannelClosed => NodeEvent::ChannelClosed(payload(&frame)?),
            MessageType::InteractiveShell => NodeEvent::StartSession(payload(&frame)?),
            MessageType::AgentTaskAcknowledge => NodeEvent::TaskAcknowledge(payload(&frame)?),
            message_type => NodeEvent::Ignored { message_type },
        };
        Ok(vec![event])
    }

    fn on_job(&self, frame: &Frame) -> Result<NodeEvent, ChannelError> {
        let job: AgentJob = payload(frame)?;
        check_owner(&job.job_id, &self.node)?;
        let (message_id, created_ms) = (frame.message_id, frame.created_at_ms());
        Ok(match job.parse_content() {
            Ok(JobContent::Send(content)) => {
                NodeEvent::Job { job_id: job.job_id, message_id, created_ms, content }
            }
            Ok(JobContent::Cancel(content)) => NodeEvent::CancelJob {
                job_id: job.job_id,
                message_id,
                created_ms,
                cancelled: content.cancel_message_id,
            },
            Err(error) => NodeEvent::MalformedJob { job_id: job.job_id, message_id, created_ms, error },
        })
    }

    /// The acknowledgement of a job, in bytes to send now; `message_id` and `created_ms` are the job's. Not repeated:
    /// the server sends the job again when it is lost, and is answered [`AckCode::DuplicateCommand`].
    pub fn ack_job(
        &mut self,
        job_id: &str,
        message_id: Uuid,
        created_ms: i64,
        code: AckCode,
        now_ms: i64,
    ) -> Vec<u8> {
        let ack = AgentJobAck {
            job_id: job_id.to_owned(),
            acknowledged_message_id: message_id,
            created_date: time::iso_millis(created_ms),
            error_message: code.text().to_owned(),
            status_code: code,
        };
        encode(MessageType::AgentJobAck, Uuid::new_v4(), now_ms, &ack)
    }

    /// A reply in bytes to send now, and its message id for the spool. It is remembered, and sent again by
    /// [`on_timer`](Self::on_timer) and after reconnecting until the server acknowledges it.
    pub fn send_reply(
        &mut self,
        job_id: &str,
        topic: &str,
        content: &ReplyContent,
        now_ms: i64,
    ) -> (Uuid, Vec<u8>) {
        let message_id = Uuid::new_v4();
        let frame = encode(MessageType::AgentJobReply, message_id, now_ms, &reply(job_id, topic, content));
        self.replies.insert(message_id, frame.clone(), now_ms);
        (message_id, frame)
    }

    /// A reply in bytes to send now which may be lost: the first `InProgress` of a job, and that of a cancel job.
    pub fn send_progress(
        &mut self,
        job_id: &str,
        topic: &str,
        content: &ReplyContent,
        now_ms: i64,
    ) -> Vec<u8> {
        encode(MessageType::AgentJobReply, Uuid::new_v4(), now_ms, &reply(job_id, topic, content))
    }

    /// Takes a reply back from the spool after a restart of the agent; due at once, under its old message id.
    pub fn restore_reply(&mut self, message_id: Uuid, reply: &AgentJobReply, now_ms: i64) {
        let frame = encode(MessageType::AgentJobReply, message_id, now_ms, reply);
        self.replies.insert_due(message_id, frame, now_ms);
    }

    /// Sends a reply no more: it is too old. Whether it was on the list.
    pub fn forget_reply(&mut self, message_id: Uuid) -> bool {
        self.replies.remove(|reply| *reply == message_id)
    }

    /// Replies that were sent and not acknowledged.
    pub fn unacknowledged(&self) -> impl Iterator<Item = Uuid> {
        self.replies.keys().copied()
    }

    /// Replies to send again now.
    pub fn on_timer(&mut self, now_ms: i64) -> Vec<Vec<u8>> {
        self.replies.due(now_ms)
    }

    /// When to call [`on_timer`](Self::on_timer); none while nothing waits.
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.replies.next_due()
    }
}

/// The reply around its content, as [`NodeChannel::send_reply`] sends it and a spool keeps it.
fn reply(job_id: &str, topic: &str, content: &ReplyContent) -> AgentJobReply {
    AgentJobReply {
        schema_version: 1,
        job_id: job_id.to_owned(),
        content: message::write_text(content),
        topic: topic.to_owned(),
    }
}
