//! `agent_job_reply` and its acknowledgement: how a command goes on a node.

use super::{MessageError, Status, nullable, read};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// Node to server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentJobReply {
    /// 1.
    #[serde(rename = "schemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
    /// Of the job.
    #[serde(rename = "jobId")]
    pub job_id: String,
    /// [`ReplyContent`] as JSON in text.
    pub content: String,
    /// Topic of the job.
    #[serde(default, deserialize_with = "nullable")]
    pub topic: String,
}

// What commands print may be secret.
impl fmt::Debug for AgentJobReply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AgentJobReply")
            .field("job_id", &self.job_id)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl AgentJobReply {
    /// Reads the content.
    ///
    /// # Errors
    /// [`MessageError`] when it cannot be read.
    pub fn parse_content(&self) -> Result<ReplyContent, MessageError> {
        read(self.content.as_bytes())
    }
}

/// State of the document, and of those steps that this reply is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplyContent {
    /// About agent and run.
    #[serde(rename = "additionalInfo", default, deserialize_with = "nullable")]
    pub additional_info: AdditionalInfo,
    /// Of the whole document.
    #[serde(rename = "documentStatus")]
    pub document_status: Status,
    /// Why the document could not run at all.
    #[serde(rename = "documentTraceOutput", default, deserialize_with = "nullable")]
    pub document_trace_output: String,
    /// By step name (schema 2.x) or plugin name (1.x). Null in the first reply; one step per reply while running;
    /// in the final one the step of a one-step document, or nothing.
    #[serde(rename = "runtimeStatus", default)]
    pub runtime_status: Option<BTreeMap<String, RuntimeStatus>>,
}

/// About the agent and the run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AdditionalInfo {
    /// Who replies.
    #[serde(default, deserialize_with = "nullable")]
    pub agent: AgentInfo,
    /// When, `2024-10-01T12:34:56.789Z`.
    #[serde(rename = "dateTime", default, deserialize_with = "nullable")]
    pub date_time: String,
    /// Empty for commands.
    #[serde(rename = "runId", default, deserialize_with = "nullable")]
    pub run_id: String,
    /// Number of steps by status; null when there are no results.
    #[serde(rename = "runtimeStatusCounts", default)]
    pub runtime_status_counts: Option<BTreeMap<String, i64>>,
    /// On the `ec2messages` path only: whether a control channel could be opened.
    #[serde(rename = "ableToOpenMGSConnection", default, skip_serializing_if = "Option::is_none")]
    pub able_to_open_mgs_connection: Option<bool>,
}

/// The agent that replies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentInfo {
    /// `en-US`.
    #[serde(deserialize_with = "nullable")]
    pub lang: String,
    /// `amazon-ssm-agent`.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// `linux`.
    #[serde(deserialize_with = "nullable")]
    pub os: String,
    /// `1`.
    #[serde(deserialize_with = "nullable")]
    pub osver: String,
    /// Of the agent.
    #[serde(deserialize_with = "nullable")]
    pub ver: String,
}

/// The result of a step.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuntimeStatus {
    /// How it stands.
    pub status: Status,
    /// Exit code; a failed step never says 0.
    #[serde(default, deserialize_with = "nullable")]
    pub code: i64,
    /// The plugin: `aws:runShellScript`.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Both outputs in one, cut short: [`crate::document::output::combine`].
    #[serde(default, deserialize_with = "nullable")]
    pub output: String,
    /// `2024-10-01T12:34:56.789Z`.
    #[serde(rename = "startDateTime", default, deserialize_with = "nullable")]
    pub start_date_time: String,
    /// `2024-10-01T12:34:56.789Z`.
    #[serde(rename = "endDateTime", default, deserialize_with = "nullable")]
    pub end_date_time: String,
    /// Where whole outputs were put.
    #[serde(rename = "outputS3BucketName", default, deserialize_with = "nullable")]
    pub output_s3_bucket_name: String,
    /// What their keys begin with.
    #[serde(rename = "outputS3KeyPrefix", default, deserialize_with = "nullable")]
    pub output_s3_key_prefix: String,
    /// Filled only when outputs go to a bucket.
    #[serde(rename = "stepName", default, deserialize_with = "nullable")]
    pub step_name: String,
    /// Cut: [`crate::document::output::cut_stream`].
    #[serde(rename = "standardOutput", default, deserialize_with = "nullable")]
    pub standard_output: String,
    /// Cut: [`crate::document::output::cut_stream`].
    #[serde(rename = "standardError", default, deserialize_with = "nullable")]
    pub standard_error: String,
}

// What commands print may be secret.
impl fmt::Debug for RuntimeStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RuntimeStatus")
            .field("name", &self.name)
            .field("status", &self.status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// Server to node: the reply is durable here and may be forgotten there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentJobReplyAck {
    /// Of the job.
    #[serde(rename = "jobId")]
    pub job_id: String,
    /// Of the reply's frame.
    #[serde(rename = "acknowledgedMessageId")]
    pub acknowledged_message_id: Uuid,
}
