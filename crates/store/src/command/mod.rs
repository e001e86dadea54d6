//! Commands: what was asked, of how many nodes, and how it ended.

use crate::{Batch, Db, Expect, Row, StoreError, Value, params};
use muster_ids::{CommandId, Tenant};

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRow {
    /// Its id.
    pub command_id: CommandId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The document it runs.
    pub document_name: String,
    /// When it was asked for, epoch milliseconds.
    pub requested_ms: i64,
    /// When its last invocation ends at the latest, epoch milliseconds.
    pub expires_ms: i64,
    /// The request as its caller sees it again, JSON.
    pub request: String,
    /// How many nodes it was meant for.
    pub target_count: i64,
    /// How many nodes may run it at once.
    pub max_concurrency: i64,
    /// How many errors it bears before it stops.
    pub max_errors: i64,
    /// Status and details; right only when `finished_ms` is there.
    pub status: String,
    /// Details of the status.
    pub status_details: String,
    /// Terminal invocations.
    pub completed_count: i64,
    /// Invocations that failed or ran out of time while running.
    pub error_count: i64,
    /// Invocations that could not be delivered in time.
    pub delivery_timed_out_count: i64,
    /// When somebody cancelled it.
    pub cancel_requested_ms: Option<i64>,
    /// When its last invocation was seen to be terminal.
    pub finished_ms: Option<i64>,
}

/// The outcome of a command whose invocations are all terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutcome {
    /// Status.
    pub status: &'static str,
    /// Details.
    pub status_details: &'static str,
    /// Terminal invocations.
    pub completed: i64,
    /// Errors.
    pub errors: i64,
    /// Delivery time-outs.
    pub delivery_timed_out: i64,
}

const COLUMNS: &str = "command_id, account_id, region, document_name, requested_ms, expires_ms, request, \
    target_count, max_concurrency, max_errors, status, status_details, completed_count, error_count, \
    delivery_timed_out_count, cancel_requested_ms, finished_ms";

impl CommandRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            command_id: row.parse(0)?,
            tenant: Tenant { account: row.parse(1)?, region: row.parse(2)? },
            document_name: row.text(3)?.to_owned(),
            requested_ms: row.int(4)?,
            expires_ms: row.int(5)?,
            request: row.text(6)?.to_owned(),
            target_count: row.int(7)?,
            max_concurrency: row.int(8)?,
            max_errors: row.int(9)?,
            status: row.text(10)?.to_owned(),
            status_details: row.text(11)?.to_owned(),
            completed_count: row.int(12)?,
            error_count: row.int(13)?,
            delivery_timed_out_count: row.int(14)?,
            cancel_requested_ms: row.opt_int(15)?,
            finished_ms: row.opt_int(16)?,
        })
    }
}

/// Adds a command, with the content of the job that its nodes get.
pub fn insert(row: &CommandRow, job_content: &str) -> Batch {
    Batch::of(
        "INSERT INTO command (command_id, account_id, region, document_name, requested_ms, expires_ms, request, \
         job_content, target_count, max_concurrency, max_errors, status, status_details, completed_count, \
         error_count, delivery_timed_out_count, cancel_requested_ms, finished_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            row.command_id.as_str(),
            row.tenant.account.as_str(),
            row.tenant.region.as_str(),
            &row.document_name,
            row.requested_ms,
            row.expires_ms,
            &row.request,
            job_content,
            row.target_count,
            row.max_concurrency,
            row.max_errors,
            &row.status,
            &row.status_details,
            row.completed_count,
            row.error_count,
            row.delivery_timed_out_count,
            row.cancel_requested_ms,
            row.finished_ms,
        ],
        Expect::Exactly(1),
    )
}

/// The command of this id.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, id: &CommandId) -> Result<Option<CommandRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM command WHERE command_id = ?1 AND account_id = ?2 AND region = ?3");
    let rows = db.read(sql, params![id.as_str(), tenant.account.as_str(), tenant.region.as_str()]).await?;
    rows.first().map(CommandRow::from_row).transpose()
}

/// The command of this id, whosever it is: for the server's own tasks.
///
/// # Errors
/// The store's.
pub async fn find_any(db: &Db, id: &CommandId) -> Result<Option<CommandRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM command WHERE command_id = ?1");
    let rows = db.read(sql, params![id.as_str()]).await?;
    rows.first().map(CommandRow::from_row).transpose()
}

/// The content of the job that the command's nodes get.
///
/// # Errors
/// The store's.
pub async fn job_content(db: &Db, id: &CommandId) -> Result<Option<String>, StoreError> {
    let rows = db.read("SELECT job_content FROM command WHERE command_id = ?1", params![id.as_str()]).await?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Which commands a list wants.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this one.
    pub command_id: Option<CommandId>,
    /// Only those meant for this node.
    pub node_id: Option<String>,
    /// Only those of this document.
    pub document_name: Option<String>,
    /// Only those asked for after this time, epoch milliseconds.
    pub after_ms: Option<i64>,
    /// Only those asked for before this time, epoch milliseconds.
    pub before_ms: Option<i64>,
    /// Only finished ones with one of these (status, details) pairs, or unfinished ones, whose status the caller
    /// has to compute; details `None` means any.
    pub outcome: Option<Vec<(&'static str, Option<&'static str>)>>,
    /// Only finished, or only unfinished ones.
    pub finished: Option<bool>,
    /// Where the last page ended.
    pub from: Option<(i64, String)>,
}

/// A page of commands, newest first.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<CommandRow>, StoreError> {
    let mut values: Vec<Value> = params![tenant.account.as_str(), tenant.region.as_str()];
    let mut sql = format!("SELECT {COLUMNS} FROM command WHERE account_id = ?1 AND region = ?2");
    let mut and = |values: &mut Vec<Value>, condition: &str, value: Value| {
        values.push(value);
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('#', &format!("?{}", values.len())));
    };
    if let Some(id) = &filter.command_id {
        and(&mut values, "command_id = #", id.as_str().into());
    }
    if let Some(node) = &filter.node_id {
        let condition = "EXISTS (SELECT 1 FROM invocation WHERE invocation.command_id = command.command_id \
                         AND invocation.node_id = #)";
        and(&mut values, condition, node.into());
    }
    if let Some(name) = &filter.document_name {
        and(&mut values, "document_name = #", name.into());
    }
    if let Some(after) = filter.after_ms {
        and(&mut values, "requested_ms > #", after.into());
    }
    if let Some(before) = filter.before_ms {
        and(&mut values, "requested_ms < #", before.into());
    }
    if let Some((requested, id)) = &filter.from {
        and(&mut values, "requested_ms <= #", (*requested).into());
        let ordinal = values.len();
        let condition = format!("(requested_ms < ?{ordinal} OR command_id < #)");
        and(&mut values, &condition, id.into());
    }
    if let Some(finished) = filter.finished {
        sql.push_str(if finished { " AND finished_ms IS NOT NULL" } else { " AND finished_ms IS NULL" });
    }
    if let Some(outcomes) = &filter.outcome {
        sql.push_str(" AND (finished_ms IS NULL");
        for (status, details) in outcomes {
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
    sql.push_str(&format!(" ORDER BY requested_ms DESC, command_id DESC LIMIT ?{}", values.len()));
    db.scan(sql, values).await?.iter().map(CommandRow::from_row).collect()
}

/// Ids of all commands that are not finished, for the sweep after a restart.
///
/// # Errors
/// The store's.
pub async fn unfinished(db: &Db) -> Result<Vec<CommandId>, StoreError> {
    let rows = db.scan("SELECT command_id FROM command WHERE finished_ms IS NULL", params![]).await?;
    rows.iter().map(|row| row.parse(0)).collect()
}

/// Notes the outcome, once.
pub fn finish(id: &CommandId, outcome: &CommandOutcome, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE command SET status = ?2, status_details = ?3, completed_count = ?4, error_count = ?5, \
         delivery_timed_out_count = ?6, finished_ms = ?7 WHERE command_id = ?1 AND finished_ms IS NULL",
        params![
            id.as_str(),
            outcome.status,
            outcome.status_details,
            outcome.completed,
            outcome.errors,
            outcome.delivery_timed_out,
            now_ms,
        ],
        Expect::Any,
    )
}

/// Notes that somebody cancelled it.
pub fn request_cancel(tenant: &Tenant, id: &CommandId, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE command SET cancel_requested_ms = ?4 WHERE command_id = ?1 AND account_id = ?2 AND region = ?3 \
         AND finished_ms IS NULL AND cancel_requested_ms IS NULL",
        params![id.as_str(), tenant.account.as_str(), tenant.region.as_str(), now_ms],
        Expect::Any,
    )
}

/// Commands that were finished before this time, oldest first: for retention.
///
/// # Errors
/// The store's.
pub async fn finished_before(
    db: &Db,
    before_ms: i64,
    limit: i64,
) -> Result<Vec<(Tenant, CommandId)>, StoreError> {
    let sql = "SELECT account_id, region, command_id FROM command WHERE finished_ms < ?1 \
               ORDER BY finished_ms LIMIT ?2";
    let rows = db.scan(sql, params![before_ms, limit]).await?;
    rows.iter()
        .map(|row| Ok((Tenant { account: row.parse(0)?, region: row.parse(1)? }, row.parse(2)?)))
        .collect()
}

/// Forgets a command and everything about it.
pub fn delete(id: &CommandId) -> Batch {
    let mut batch = Batch::new();
    for sql in [
        "DELETE FROM invocation_output WHERE command_id = ?1",
        "DELETE FROM invocation_step WHERE command_id = ?1",
        "DELETE FROM invocation WHERE command_id = ?1",
        "DELETE FROM command WHERE command_id = ?1",
    ] {
        batch.push(sql, params![id.as_str()], Expect::Any);
    }
    batch
}

#[cfg(test)]
mod tests;
