//! Sessions as the control channel sees them (start, end, acknowledged end), and what agents tell of themselves.

use super::{Status, nullable};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// `interactive_shell`: server to node, start a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTask {
    /// JSON in text: document, parameters, owner. Read by whoever runs sessions.
    #[serde(rename = "Content")]
    pub content: String,
    /// The session id.
    #[serde(rename = "TaskId")]
    pub task_id: String,
    /// `aws.ssm.sendCommand`.
    #[serde(rename = "Topic", default, deserialize_with = "nullable")]
    pub topic: String,
    /// 1.
    #[serde(rename = "SchemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
}

// Parameters may hold secrets.
impl fmt::Debug for AgentTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AgentTask")
            .field("task_id", &self.task_id)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// Node to server: a session has ended. Sent up to three times, a second apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentTaskComplete {
    /// 1.
    #[serde(rename = "SchemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
    /// The session id.
    #[serde(rename = "TaskId")]
    pub task_id: String,
    /// `agent_task_complete`.
    #[serde(rename = "Topic", default, deserialize_with = "nullable")]
    pub topic: String,
    /// `Success`, `Failed`, `Cancelled` or `TimedOut`.
    #[serde(rename = "FinalTaskStatus")]
    pub final_task_status: Status,
    /// Always false.
    #[serde(rename = "IsRoutingFailure", default, deserialize_with = "nullable")]
    pub is_routing_failure: bool,
    /// Empty.
    #[serde(rename = "AwsAccountId", default, deserialize_with = "nullable")]
    pub aws_account_id: String,
    /// The node.
    #[serde(rename = "InstanceId", default, deserialize_with = "nullable")]
    pub instance_id: String,
    /// Why it failed.
    #[serde(rename = "Output", default, deserialize_with = "nullable")]
    pub output: String,
    /// Where the log was put.
    #[serde(rename = "S3Bucket", default, deserialize_with = "nullable")]
    pub s3_bucket: String,
    /// Where in it.
    #[serde(rename = "S3UrlSuffix", default, deserialize_with = "nullable")]
    pub s3_url_suffix: String,
    /// Log group.
    #[serde(rename = "CwlGroup", default, deserialize_with = "nullable")]
    pub cwl_group: String,
    /// Log stream.
    #[serde(rename = "CwlStream", default, deserialize_with = "nullable")]
    pub cwl_stream: String,
    /// 1, 2, 3.
    #[serde(rename = "RetryNumber", default, deserialize_with = "nullable")]
    pub retry_number: u32,
}

/// Server to node: the end of the session is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTaskAcknowledge {
    /// 1.
    #[serde(rename = "SchemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
    /// Of the frame that is acknowledged.
    #[serde(rename = "MessageId")]
    pub message_id: Uuid,
    /// The session id.
    #[serde(rename = "TaskId")]
    pub task_id: String,
    /// `agent_task_complete`.
    #[serde(rename = "Topic", default, deserialize_with = "nullable")]
    pub topic: String,
}

/// Node to server: counters since the last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentTelemetry {
    /// 1.
    #[serde(rename = "SchemaVersion", deserialize_with = "nullable")]
    pub schema_version: u32,
    /// Starts of the agent.
    #[serde(rename = "NumberOfAgentReboot", deserialize_with = "nullable")]
    pub number_of_agent_reboot: i64,
    /// Starts of its worker.
    #[serde(rename = "NumberOfSSMWorkerReboot", deserialize_with = "nullable")]
    pub number_of_ssm_worker_reboot: i64,
    /// Documents run inside the worker.
    #[serde(rename = "NumberOfInProcExecuterStart", deserialize_with = "nullable")]
    pub number_of_in_proc_executer_start: i64,
    /// Of the agent.
    #[serde(rename = "AgentVersion", deserialize_with = "nullable")]
    pub agent_version: String,
}

/// Node to server: how an update of the agent went.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentUpdateResult {
    /// 1.
    #[serde(rename = "SchemaVersion", deserialize_with = "nullable")]
    pub schema_version: u32,
    /// How it went.
    #[serde(rename = "AgentUpdateResultCode", deserialize_with = "nullable")]
    pub agent_update_result_code: String,
    /// From.
    #[serde(rename = "SourceVersion", deserialize_with = "nullable")]
    pub source_version: String,
    /// To.
    #[serde(rename = "TargetVersion", deserialize_with = "nullable")]
    pub target_version: String,
}
