//! What each step of an invocation left: its status, code, times and the heads of its outputs; and which full
//! outputs the blob store holds.

use crate::{Batch, Db, Expect, Row, StoreError, params};
use muster_ids::{CommandId, ManagedNodeId};

/// A step of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// The step's name, or the plugin's in documents of schema 1.
    pub step_id: String,
    /// The plugin: `aws:runShellScript`.
    pub plugin: String,
    /// Status.
    pub status: String,
    /// Details of the status.
    pub status_details: String,
    /// Exit code; −1 while it runs.
    pub response_code: i64,
    /// When it began, epoch milliseconds.
    pub started_ms: Option<i64>,
    /// When it ended, epoch milliseconds.
    pub finished_ms: Option<i64>,
    /// Head of both outputs, as the node joined them.
    pub output: Vec<u8>,
    /// Head of stdout.
    pub stdout: Vec<u8>,
    /// Head of stderr.
    pub stderr: Vec<u8>,
}

const COLUMNS: &str =
    "step_id, plugin, status, status_details, response_code, started_ms, finished_ms, output, stdout, stderr";

impl StepRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            step_id: row.text(0)?.to_owned(),
            plugin: row.text(1)?.to_owned(),
            status: row.text(2)?.to_owned(),
            status_details: row.text(3)?.to_owned(),
            response_code: row.int(4)?,
            started_ms: row.opt_int(5)?,
            finished_ms: row.opt_int(6)?,
            output: row.blob(7)?.to_vec(),
            stdout: row.blob(8)?.to_vec(),
            stderr: row.blob(9)?.to_vec(),
        })
    }
}

/// Notes a step, in place of what was known of it. The same reply may come twice.
pub fn upsert(command_id: &CommandId, node_id: &ManagedNodeId, step: &StepRow) -> Batch {
    Batch::of(
        "INSERT INTO invocation_step (command_id, node_id, step_id, plugin, status, status_details, response_code, \
         started_ms, finished_ms, output, stdout, stderr) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
         ON CONFLICT (command_id, node_id, step_id) DO UPDATE SET plugin = ?4, status = ?5, status_details = ?6, \
         response_code = ?7, started_ms = ?8, finished_ms = ?9, output = ?10, stdout = ?11, stderr = ?12",
        params![
            command_id.as_str(),
            node_id.as_str(),
            &step.step_id,
            &step.plugin,
            &step.status,
            &step.status_details,
            step.response_code,
            step.started_ms,
            step.finished_ms,
            step.output.as_slice(),
            step.stdout.as_slice(),
            step.stderr.as_slice(),
        ],
        Expect::Exactly(1),
    )
}

/// The steps of an invocation that are known, in the order they began.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    command_id: &CommandId,
    node_id: &ManagedNodeId,
) -> Result<Vec<StepRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invocation_step WHERE command_id = ?1 AND node_id = ?2 ORDER BY started_ms, step_id"
    );
    let rows = db.read(sql, params![command_id.as_str(), node_id.as_str()]).await?;
    rows.iter().map(StepRow::from_row).collect()
}

/// Notes that the blob store holds a full output.
pub fn output_stored(
    command_id: &CommandId,
    node_id: &ManagedNodeId,
    step_id: &str,
    stream: &str,
    bytes: i64,
    now_ms: i64,
) -> Batch {
    Batch::of(
        "INSERT INTO invocation_output (command_id, node_id, step_id, stream, bytes, stored_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (command_id, node_id, step_id, stream) \
         DO UPDATE SET bytes = ?5, stored_ms = ?6",
        params![command_id.as_str(), node_id.as_str(), step_id, stream, bytes, now_ms],
        Expect::Exactly(1),
    )
}

/// Streams of an invocation that the blob store holds in full: (step, stream, bytes).
///
/// # Errors
/// The store's.
pub async fn stored_outputs(
    db: &Db,
    command_id: &CommandId,
    node_id: &ManagedNodeId,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let sql = "SELECT step_id, stream, bytes FROM invocation_output WHERE command_id = ?1 AND node_id = ?2";
    let rows = db.read(sql, params![command_id.as_str(), node_id.as_str()]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.int(2)?))).collect()
}
