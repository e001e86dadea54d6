//! `agent_job` and its acknowledgement: a command, or the cancelling of one, on its way to a node.

use super::{MessageError, nullable, read};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// Topic of jobs that run a command. Readers look at the beginning only.
pub const SEND_COMMAND_TOPIC: &str = "aws.ssm.sendCommand";
/// Topic of jobs that cancel one.
pub const CANCEL_COMMAND_TOPIC: &str = "aws.ssm.cancelCommand";

/// Server to node.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentJob {
    /// JSON in text: see [`JobContent`]. The same for all nodes of a command.
    #[serde(rename = "Content")]
    pub content: String,
    /// `aws.ssm.<command id>.<node id>`; echoed in acknowledgements and replies.
    #[serde(rename = "JobId")]
    pub job_id: String,
    /// [`SEND_COMMAND_TOPIC`] or [`CANCEL_COMMAND_TOPIC`].
    #[serde(rename = "Topic")]
    pub topic: String,
    /// 1.
    #[serde(rename = "SchemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
}

// Parameters may hold secrets.
impl fmt::Debug for AgentJob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AgentJob")
            .field("job_id", &self.job_id)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// What a job asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum JobContent {
    /// Run a document.
    Send(Box<SendCommandContent>),
    /// End a running one.
    Cancel(CancelCommandContent),
}

impl AgentJob {
    /// A job that runs a command; `content` is a [`SendCommandContent`] in JSON.
    pub fn send(job_id: impl Into<String>, content: String) -> Self {
        Self { content, job_id: job_id.into(), topic: SEND_COMMAND_TOPIC.to_owned(), schema_version: 1 }
    }

    /// A job that cancels the job `cancelled`. Its own id must be another, or the node takes it for a repeat.
    pub fn cancel(job_id: impl Into<String>, cancelled: impl Into<String>) -> Self {
        let content = super::write_text(&CancelCommandContent { cancel_message_id: cancelled.into() });
        Self { content, job_id: job_id.into(), topic: CANCEL_COMMAND_TOPIC.to_owned(), schema_version: 1 }
    }

    /// Reads the content, as the topic says.
    ///
    /// # Errors
    /// [`MessageError`] for another topic, or content that cannot be read.
    pub fn parse_content(&self) -> Result<JobContent, MessageError> {
        if self.topic.starts_with(SEND_COMMAND_TOPIC) {
            Ok(JobContent::Send(Box::new(read(self.content.as_bytes())?)))
        } else if self.topic.starts_with(CANCEL_COMMAND_TOPIC) {
            Ok(JobContent::Cancel(read(self.content.as_bytes())?))
        } else {
            Err(MessageError::Topic)
        }
    }
}

/// Content of a job that runs a command. Also the payload of the older `ec2messages` path.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SendCommandContent {
    /// Values by parameter name: text, lists, or objects.
    #[serde(rename = "Parameters", default, deserialize_with = "nullable")]
    pub parameters: Map<String, Value>,
    /// The document itself, see [`crate::document`].
    #[serde(rename = "DocumentContent")]
    pub document_content: Value,
    /// The command.
    #[serde(rename = "CommandId")]
    pub command_id: String,
    /// The document's name.
    #[serde(rename = "DocumentName", default, deserialize_with = "nullable")]
    pub document_name: String,
    /// Bucket for whole outputs; empty for none.
    #[serde(rename = "OutputS3BucketName", default, deserialize_with = "nullable")]
    pub output_s3_bucket_name: String,
    /// What keys in it begin with.
    #[serde(rename = "OutputS3KeyPrefix", default, deserialize_with = "nullable")]
    pub output_s3_key_prefix: String,
    /// Log group for outputs; empty for the default one.
    #[serde(rename = "CloudWatchLogGroupName", default, deserialize_with = "nullable")]
    pub cloud_watch_log_group_name: String,
    /// The text `true` or `false`.
    #[serde(rename = "CloudWatchOutputEnabled", default, deserialize_with = "nullable")]
    pub cloud_watch_output_enabled: String,
    /// Muster's own, which official agents ignore: the path on the server below which the node may PUT whole outputs.
    #[serde(rename = "MusterOutputUpload", default, skip_serializing_if = "Option::is_none")]
    pub muster_output_upload: Option<String>,
}

// Parameters may hold secrets.
impl fmt::Debug for SendCommandContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SendCommandContent")
            .field("command_id", &self.command_id)
            .field("document_name", &self.document_name)
            .finish_non_exhaustive()
    }
}

impl SendCommandContent {
    /// Whether outputs go to a log group.
    pub fn logs_outputs(&self) -> bool {
        self.cloud_watch_output_enabled.eq_ignore_ascii_case("true")
    }
}

/// Content of a job that cancels a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCommandContent {
    /// The whole job id of the command.
    #[serde(rename = "CancelMessageId")]
    pub cancel_message_id: String,
}

/// Node to server: whether a job was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentJobAck {
    /// Of the job.
    #[serde(rename = "jobId")]
    pub job_id: String,
    /// Of the job's frame.
    #[serde(rename = "acknowledgedMessageId")]
    pub acknowledged_message_id: Uuid,
    /// The job frame's creation date, `2024-10-01T12:34:56.789Z`.
    #[serde(rename = "createdDate", default, deserialize_with = "nullable")]
    pub created_date: String,
    /// Whether, or why not.
    #[serde(rename = "statusCode")]
    pub status_code: AckCode,
    /// The code in words.
    #[serde(rename = "errorMessage", default, deserialize_with = "nullable")]
    pub error_message: String,
}

macro_rules! ack_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $text:literal;)*) => {
        /// How a node takes a job; on the wire a number in text.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum AckCode {
            $($(#[$doc])* $variant,)*
            /// Any other.
            Other(String),
        }

        impl AckCode {
            /// The code on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Other(code) => code,
                }
            }

            /// What official agents write as the error message.
            pub fn text(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(code) => code,
                }
            }

            /// Reads a code; never fails.
            pub fn parse(code: &str) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    _ => Self::Other(code.to_owned()),
                }
            }
        }
    };
}

ack_codes! {
    /// Kept and queued.
    Successful = "200", "Successful";
    /// The agent is stopping: send again later.
    ClosedProcessor = "51401", "ClosedProcessor";
    /// All workers and their queue are busy: send again later.
    ProcessorBufferFull = "51402", "ProcessorBufferFull";
    /// Not a document that commands run.
    UnexpectedDocumentType = "51403", "UnexpectedDocumentType";
    /// The agent could not tell what went wrong.
    TranslationFailed = "51404", "ProcessorErrorCodeTranslationFailed";
    /// The command is known already: as good as delivered.
    DuplicateCommand = "51405", "DuplicateCommand";
    /// The document cannot be run.
    InvalidDocument = "51406", "InvalidDocument";
    /// The agent runs in a container.
    ContainerNotSupported = "51407", "ContainerNotSupported";
    /// Payload or content cannot be read; a `Failed` reply follows.
    ParseError = "51408", "AgentJobMessageParseError";
    /// Anything else.
    UnexpectedError = "51499", "UnexpectedError";
}

impl AckCode {
    /// Whether the node has the job, or has had it.
    pub fn delivered(&self) -> bool {
        matches!(self, Self::Successful | Self::DuplicateCommand)
    }

    /// Whether the same job may be taken later.
    pub fn try_later(&self) -> bool {
        matches!(self, Self::ClosedProcessor | Self::ProcessorBufferFull)
    }

    /// Whether a final reply follows (for a duplicate, that of the first delivery).
    pub fn reply_follows(&self) -> bool {
        matches!(self, Self::Successful | Self::DuplicateCommand | Self::ParseError)
    }
}

impl fmt::Display for AckCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for AckCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AckCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|code| Self::parse(&code))
    }
}
