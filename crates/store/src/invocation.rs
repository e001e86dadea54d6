//! Invocations: one command on one node, from waiting to its end; the outbox of what nodes have still to be told.
//!
//! Every change of state names the state it starts from, so that replaying a reply, a time-out and a cancellation
//! in any order ends in the state that came first.

use crate::{Batch, Db, Expect, Row, StoreError, Value, params};
use muster_ids::{CommandId, ManagedNodeId, Tenant};

/// An invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationRow {
    /// The command.
    pub command_id: CommandId,
    /// The node.
    pub node_id: ManagedNodeId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The node's computer name when it was asked.
    pub node_name: String,
    /// When it was asked for, epoch milliseconds.
    pub requested_ms: i64,
    /// Status.
    pub status: String,
    /// Details of the status.
    pub status_details: String,
    /// May be sent: concurrency and errors allow it.
    pub released: bool,
    /// When the node acknowledged it.
    pub delivered_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
    /// The last moment of delivery until it is delivered, then of execution.
    pub deadline_ms: i64,
    /// What the node said of the document as a whole.
    pub trace_output: String,
}

const COLUMNS: &str = "command_id, node_id, account_id, region, node_name, requested_ms, status, status_details, \
    released, delivered_ms, finished_ms, deadline_ms, trace_output";

impl InvocationRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            command_id: row.parse(0)?,
            node_id: row.parse(1)?,
            tenant: Tenant { account: row.parse(2)?, region: row.parse(3)? },
            node_name: row.text(4)?.to_owned(),
            requested_ms: row.int(5)?,
            status: row.text(6)?.to_owned(),
            status_details: row.text(7)?.to_owned(),
            released: row.bool(8)?,
            delivered_ms: row.opt_int(9)?,
            finished_ms: row.opt_int(10)?,
            deadline_ms: row.int(11)?,
            trace_output: row.text(12)?.to_owned(),
        })
    }
}

/// A node that a new command is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The node.
    pub node_id: ManagedNodeId,
    /// Its computer name.
    pub node_name: String,
}

/// Rows of one INSERT: few texts of statements, so that each stays prepared, and few round trips.
const INSERT_ROWS: usize = 32;
const INSERT_COLUMNS: usize = 10;

/// Adds the invocations of a new command; the first `released` of them may be sent at once.
pub fn insert(
    tenant: &Tenant,
    command_id: &CommandId,
    targets: &[Target],
    released: usize,
    requested_ms: i64,
    deadline_ms: i64,
    expires_ms: i64,
) -> Batch {
    let mut batch = Batch::new();
    let mut position = 0;
    let whole = targets.chunks_exact(INSERT_ROWS);
    let rest = whole.remainder().chunks(1);
    for chunk in whole.chain(rest) {
        let mut sql = String::from(
            "INSERT INTO invocation (command_id, account_id, region, requested_ms, deadline_ms, expires_ms, \
             node_id, node_name, released, status, status_details, trace_output) VALUES ",
        );
        let mut values = Vec::with_capacity(INSERT_COLUMNS * chunk.len());
        for (index, target) in chunk.iter().enumerate() {
            let first = index * INSERT_COLUMNS;
            let marks: Vec<_> = (1..=INSERT_COLUMNS).map(|column| format!("?{}", first + column)).collect();
            let comma = if index == 0 { "" } else { ", " };
            sql.push_str(&format!("{comma}({}, ?{}, '')", marks.join(", "), first + INSERT_COLUMNS));
            values.extend(params![
                command_id.as_str(),
                tenant.account.as_str(),
                tenant.region.as_str(),
                requested_ms,
                deadline_ms,
                expires_ms,
                target.node_id.as_str(),
                &target.node_name,
                position < released,
                "Pending",
            ]);
            position += 1;
        }
        batch.push(sql, values, Expect::Exactly(chunk.len() as u64));
    }
    batch
}

/// The invocation of a command on a node.
///
/// # Errors
/// The store's.
pub async fn find(
    db: &Db,
    tenant: &Tenant,
    command_id: &CommandId,
    node_id: &ManagedNodeId,
) -> Result<Option<InvocationRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invocation WHERE command_id = ?1 AND node_id = ?2 AND account_id = ?3 AND region = ?4"
    );
    let values =
        params![command_id.as_str(), node_id.as_str(), tenant.account.as_str(), tenant.region.as_str()];
    db.read(sql, values).await?.first().map(InvocationRow::from_row).transpose()
}

/// Which invocations a list wants.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this command.
    pub command_id: Option<CommandId>,
    /// Only those on this node.
    pub node_id: Option<String>,
    /// Only those of this document.
    pub document_name: Option<String>,
    /// Only those asked for after this time, epoch milliseconds.
    pub after_ms: Option<i64>,
    /// Only those asked for before this time, epoch milliseconds.
    pub before_ms: Option<i64>,
    /// Only those with one of these (status, details) pairs; details `None` means any.
    pub states: Option<Vec<(&'static str, Option<&'static str>)>>,
    /// Where the last page ended: time, command, node.
    pub from: Option<(i64, String, String)>,
}

/// A page of invocations, newest first.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<InvocationRow>, StoreError> {
    let mut values: Vec<Value> = params![tenant.account.as_str(), tenant.region.as_str()];
    let mut sql = format!("SELECT {COLUMNS} FROM invocation WHERE account_id = ?1 AND region = ?2");
    let mut and = |values: &mut Vec<Value>, condition: &str, value: Value| {
        values.push(value);
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('#', &format!("?{}", values.len())));
    };
    if let Some(id) = &filter.command_id {
        and(&mut values, "command_id = #", id.as_str().into());
    }
    if let Some(node) = &filter.node_id {
        and(&mut values, "node_id = #", node.into());
    }
    if let Some(name) = &filter.document_name {
        let condition =
            "(SELECT document_name FROM command WHERE command.command_id = invocation.command_id) = #";
        and(&mut values, condition, name.into());
    }
    if let Some(after) = filter.after_ms {
        and(&mut values, "requested_ms > #", after.into());
    }
    if let Some(before) = filter.before_ms {
        and(&mut values, "requested_ms < #", before.into());
    }
    if let Some((requested, command, node)) = &filter.from {
        let first = values.len() + 1;
        values.extend(params![*requested, command, node]);
        sql.push_str(&format!(
            " AND (requested_ms, command_id, node_id) < (?{first}, ?{}, ?{})",
            first + 1,
            first + 2
        ));
    }
    if let Some(states) = &filter.states {
        sql.push_str(" AND (1 = 0");
        for (status, details) in states {
            values.push((*status).into());
            sql.push_str(&format!(" OR (status = ?{}", values.len()));
            if let Some(details) = details {
                values.push((*details).into());
                sql.push_str(&format!(" AND status_details = ?{}", values.len()));
            }
            sql.push(')');
        }
        sql.push(')');
    }
    values.push(limit.into());
    sql.push_str(&format!(
        " ORDER BY requested_ms DESC, command_id DESC, node_id DESC LIMIT ?{}",
        values.len()
    ));
    db.scan(sql, values).await?.iter().map(InvocationRow::from_row).collect()
}

/// How many invocations of a command are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// Status.
    pub status: String,
    /// Details.
    pub status_details: String,
    /// May be sent.
    pub released: bool,
    /// Is terminal.
    pub finished: bool,
    /// How many.
    pub count: i64,
}

/// The command's invocations, counted by state.
///
/// # Errors
/// The store's.
pub async fn count_by_state(db: &Db, command_id: &CommandId) -> Result<Vec<StateCount>, StoreError> {
    let sql = "SELECT status, status_details, released, CASE WHEN finished_ms IS NULL THEN 0 ELSE 1 END, COUNT(*) \
               FROM invocation WHERE command_id = ?1 GROUP BY 1, 2, 3, 4";
    let rows = db.read(sql, params![command_id.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(StateCount {
                status: row.text(0)?.to_owned(),
                status_details: row.text(1)?.to_owned(),
                released: row.bool(2)?,
                finished: row.bool(3)?,
                count: row.int(4)?,
            })
        })
        .collect()
}

/// Commands that a node has still to get: released, not acknowledged, in time; oldest first.
///
/// # Errors
/// The store's.
pub async fn outbox(db: &Db, node_id: &ManagedNodeId, now_ms: i64) -> Result<Vec<CommandId>, StoreError> {
    let sql = "SELECT command_id FROM invocation WHERE node_id = ?1 AND finished_ms IS NULL \
               AND delivered_ms IS NULL AND released = 1 AND deadline_ms > ?2 ORDER BY requested_ms";
    let rows = db.read(sql, params![node_id.as_str(), now_ms]).await?;
    rows.iter().map(|row| row.parse(0)).collect()
}

/// Cancellations that a node has still to get: (command, id of the cancellation).
///
/// # Errors
/// The store's.
pub async fn cancellations(
    db: &Db,
    node_id: &ManagedNodeId,
) -> Result<Vec<(CommandId, CommandId)>, StoreError> {
    let sql = "SELECT command_id, cancel_id FROM invocation WHERE node_id = ?1 AND cancel_id IS NOT NULL \
               AND cancel_delivered_ms IS NULL";
    let rows = db.read(sql, params![node_id.as_str()]).await?;
    rows.iter().map(|row| Ok((row.parse(0)?, row.parse(1)?))).collect()
}

/// The node acknowledged a job: a command, or the cancellation of one; whichever has this id.
pub fn acknowledge(node_id: &ManagedNodeId, job: &CommandId, now_ms: i64) -> Batch {
    let mut batch = Batch::of(
        "UPDATE invocation SET delivered_ms = ?3, deadline_ms = expires_ms, \
         status = CASE WHEN status = 'Pending' THEN 'InProgress' ELSE status END, \
         status_details = CASE WHEN status = 'Pending' THEN 'InProgress' ELSE status_details END \
         WHERE command_id = ?1 AND node_id = ?2 AND finished_ms IS NULL AND delivered_ms IS NULL",
        params![job.as_str(), node_id.as_str(), now_ms],
        Expect::Any,
    );
    batch.append(acknowledge_cancellation(node_id, job, now_ms));
    batch
}

/// The node acknowledged a cancellation of this id.
pub fn acknowledge_cancellation(node_id: &ManagedNodeId, cancel_id: &CommandId, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE invocation SET cancel_delivered_ms = ?3 WHERE node_id = ?2 AND cancel_id = ?1 \
         AND cancel_id IS NOT NULL AND cancel_delivered_ms IS NULL",
        params![cancel_id.as_str(), node_id.as_str(), now_ms],
        Expect::Any,
    )
}

/// Ends an invocation, unless it has ended.
pub fn finish(
    command_id: &CommandId,
    node_id: &ManagedNodeId,
    status: &str,
    status_details: &str,
    trace_output: &str,
    now_ms: i64,
) -> Batch {
    Batch::of(
        "UPDATE invocation SET status = ?3, status_details = ?4, trace_output = ?5, finished_ms = ?6, \
         delivered_ms = COALESCE(delivered_ms, ?6) WHERE command_id = ?1 AND node_id = ?2 AND finished_ms IS NULL",
        params![command_id.as_str(), node_id.as_str(), status, status_details, trace_output, now_ms],
        Expect::Any,
    )
}

/// Asks a delivered invocation to be cancelled: the node decides how it ends.
pub fn request_cancel(command_id: &CommandId, node_id: &ManagedNodeId, cancel_id: &CommandId) -> Batch {
    Batch::of(
        "UPDATE invocation SET status = 'Cancelling', status_details = 'Cancelling', cancel_id = ?3 \
         WHERE command_id = ?1 AND node_id = ?2 AND finished_ms IS NULL AND delivered_ms IS NOT NULL \
         AND cancel_id IS NULL",
        params![command_id.as_str(), node_id.as_str(), cancel_id.as_str()],
        Expect::Any,
    )
}

/// Cancels an invocation that no node has acknowledged; the node is told all the same, for it may just have got it.
pub fn cancel_undelivered(
    command_id: &CommandId,
    node_id: &ManagedNodeId,
    cancel_id: &CommandId,
    now_ms: i64,
) -> Batch {
    Batch::of(
        "UPDATE invocation SET status = 'Cancelled', status_details = 'Cancelled', finished_ms = ?4, \
         cancel_id = CASE WHEN released = 1 THEN ?3 ELSE NULL END \
         WHERE command_id = ?1 AND node_id = ?2 AND finished_ms IS NULL AND delivered_ms IS NULL",
        params![command_id.as_str(), node_id.as_str(), cancel_id.as_str(), now_ms],
        Expect::Any,
    )
}

/// Ends every invocation of a command that was never released.
pub fn terminate_waiting(command_id: &CommandId, status: &str, status_details: &str, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE invocation SET status = ?2, status_details = ?3, finished_ms = ?4 \
         WHERE command_id = ?1 AND finished_ms IS NULL AND released = 0",
        params![command_id.as_str(), status, status_details, now_ms],
        Expect::Any,
    )
}

/// The next invocations that wait to be released.
///
/// # Errors
/// The store's.
pub async fn waiting(db: &Db, command_id: &CommandId, limit: i64) -> Result<Vec<ManagedNodeId>, StoreError> {
    let sql = "SELECT node_id FROM invocation WHERE command_id = ?1 AND finished_ms IS NULL AND released = 0 \
               ORDER BY node_id LIMIT ?2";
    db.scan(sql, params![command_id.as_str(), limit]).await?.iter().map(|row| row.parse(0)).collect()
}

/// Releases one waiting invocation.
pub fn release(command_id: &CommandId, node_id: &ManagedNodeId) -> Batch {
    Batch::of(
        "UPDATE invocation SET released = 1 WHERE command_id = ?1 AND node_id = ?2 AND finished_ms IS NULL",
        params![command_id.as_str(), node_id.as_str()],
        Expect::Any,
    )
}

/// Ends every invocation whose deadline is past. Returns the commands that this touches, through the batch's rows.
pub fn expire(now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE invocation SET finished_ms = ?1, \
         status = CASE WHEN status = 'Cancelling' THEN 'Cancelled' ELSE 'TimedOut' END, \
         status_details = CASE WHEN status = 'Cancelling' THEN 'Cancelled' ELSE 'DeliveryTimedOut' END \
         WHERE finished_ms IS NULL AND deadline_ms <= ?1 RETURNING command_id",
        params![now_ms],
        Expect::Any,
    )
}

/// The earliest deadline of all.
///
/// # Errors
/// The store's.
pub async fn next_deadline(db: &Db) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT MIN(deadline_ms) FROM invocation WHERE finished_ms IS NULL";
    let rows = db.read(sql, params![]).await?;
    rows.first().map_or(Ok(None), |row| row.opt_int(0))
}

/// Nodes of a command whose invocations have not ended.
///
/// # Errors
/// The store's.
pub async fn unfinished_nodes(db: &Db, command_id: &CommandId) -> Result<Vec<ManagedNodeId>, StoreError> {
    let sql = "SELECT node_id FROM invocation WHERE command_id = ?1 AND finished_ms IS NULL ORDER BY node_id";
    db.scan(sql, params![command_id.as_str()]).await?.iter().map(|row| row.parse(0)).collect()
}
