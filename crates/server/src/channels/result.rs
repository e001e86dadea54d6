//! Acknowledgements and replies of a node: into the store first, then back to the node.
//!
//! Replies may be doubled, late, or overtake one another: a step is noted whenever it comes, a state is taken only
//! from an invocation that has not ended.

use crate::{
    ControlPlane,
    domain::command::{State, invocation_state, step_state},
};
use muster_bus::Notice;
use muster_ids::{CommandId, JobId, ManagedNodeId, Tenant};
use muster_protocol::{
    message::{AckCode, ReplyContent, RuntimeStatus},
    parse_iso,
};
use muster_store::{
    StoreError, invocation,
    invocation_step::{self, StepRow},
};

/// Characters of any one text of a reply that are kept; agents send fewer.
const KEPT_CHARACTERS: usize = 24_100;

/// Notes how a node took a job. Whoever is not told "taken" tries again, or the command fails.
///
/// # Errors
/// The store's.
pub(crate) async fn apply_acknowledgement(
    control_plane: &ControlPlane,
    node: &ManagedNodeId,
    job_id: &str,
    code: &AckCode,
    error: &str,
) -> Result<(), StoreError> {
    let Some(job) = job_of(node, job_id).filter(|_| !code.try_later()) else {
        return Ok(());
    };
    let now_ms = control_plane.clock.now_ms();
    let mut batch = invocation::acknowledge(node, &job, now_ms);
    if !code.reply_follows() {
        let State { status, details } = State::FAILED;
        let trace = format!("The node refused the command: {} ({})", plain(error), code.as_str());
        batch.append(invocation::finish(&job, node, status, details, &trace, now_ms));
    }
    control_plane.db.write(batch).await?;
    control_plane.bus.publish(Notice::CommandChanged(job));
    Ok(())
}

/// Notes a reply. Durable when it returns; only then may the node be told to forget it.
///
/// # Errors
/// The store's.
pub(crate) async fn apply_reply(
    control_plane: &ControlPlane,
    tenant: &Tenant,
    node: &ManagedNodeId,
    job_id: &str,
    reply: &ReplyContent,
) -> Result<(), StoreError> {
    let Some(command) = job_of(node, job_id) else {
        return Ok(());
    };
    // Replies about cancellations, or to commands that were forgotten, have no invocation.
    let Some(row) = invocation::find(&control_plane.db, tenant, &command, node).await? else {
        return Ok(());
    };
    let now_ms = control_plane.clock.now_ms();
    let mut batch = muster_store::Batch::new();
    if row.delivered_ms.is_none() {
        batch.append(invocation::acknowledge(node, &command, now_ms));
    }
    for (step_id, status) in reply.runtime_status.iter().flatten() {
        batch.append(invocation_step::upsert(&command, node, &step(step_id, status)));
    }
    let ended = invocation_state(reply.document_status).filter(|_| row.finished_ms.is_none());
    if let Some(State { status, details }) = ended {
        let trace = plain(&reply.document_trace_output);
        batch.append(invocation::finish(&command, node, status, details, &trace, now_ms));
    }
    if !batch.is_empty() {
        control_plane.db.write(batch).await?;
    }
    if ended.is_some() {
        control_plane.bus.publish(Notice::CommandChanged(command));
    }
    Ok(())
}

/// The command, or cancellation, of a job of this node; a node cannot speak for another.
fn job_of(node: &ManagedNodeId, job_id: &str) -> Option<CommandId> {
    JobId::parts(job_id).ok().filter(|(_, of)| of == node).map(|(job, _)| job)
}

fn step(step_id: &str, reported: &RuntimeStatus) -> StepRow {
    let State { status, details } = step_state(reported.status);
    let terminal = reported.status.terminal();
    StepRow {
        step_id: plain(step_id),
        plugin: plain(&reported.name),
        status: status.to_owned(),
        status_details: details.to_owned(),
        response_code: if terminal { reported.code } else { -1 },
        started_ms: parse_iso(&reported.start_date_time),
        finished_ms: parse_iso(&reported.end_date_time).filter(|_| terminal),
        output: kept(&reported.output),
        stdout: kept(&reported.standard_output),
        stderr: kept(&reported.standard_error),
    }
}

fn kept(text: &str) -> Vec<u8> {
    let end = text.char_indices().nth(KEPT_CHARACTERS).map_or(text.len(), |(end, _)| end);
    text.as_bytes().get(..end).unwrap_or_default().to_vec()
}

/// Text without NUL, which not every store takes, and of a bounded length.
fn plain(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(KEPT_CHARACTERS).collect()
}
