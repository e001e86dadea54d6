//! From rows to the API's shapes.

use crate::{
    ControlPlane,
    domain::command::{State, assess},
    error::ApiError,
};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    Command, CommandInvocation, CommandInvocationStatus, CommandPlugin, CommandPluginStatus, CommandStatus,
};
use muster_store::{
    command::{CommandOutcome, CommandRow},
    invocation::{self, InvocationRow},
    invocation_step::StepRow,
};

/// The command as its caller asked for it, without what changes.
pub(super) fn request(row: &CommandRow) -> Result<Command, ApiError> {
    serde_json::from_str(&row.request).map_err(ApiError::internal)
}

/// The command as it stands now: a finished one as noted, another one as its invocations say.
pub(super) async fn command(control_plane: &ControlPlane, row: &CommandRow) -> Result<Command, ApiError> {
    let outcome = if row.finished_ms.is_some() {
        None
    } else {
        let counts = invocation::count_by_state(&control_plane.db, &row.command_id).await?;
        let cancelled = row.cancel_requested_ms.is_some();
        Some(assess(&counts, row.max_concurrency, row.max_errors, cancelled).outcome())
    };
    let outcome = outcome.as_ref();
    let pick = |live: fn(&CommandOutcome) -> i64, noted: i64| i32::try_from(outcome.map_or(noted, live)).ok();
    Ok(Command {
        status: CommandStatus::from_wire(outcome.map_or(&row.status, |outcome| outcome.status)),
        status_details: Some(
            outcome.map_or(row.status_details.clone(), |outcome| outcome.status_details.to_owned()),
        ),
        target_count: i32::try_from(row.target_count).ok(),
        completed_count: pick(|outcome| outcome.completed, row.completed_count),
        error_count: pick(|outcome| outcome.errors, row.error_count),
        delivery_timed_out_count: pick(|outcome| outcome.delivery_timed_out, row.delivery_timed_out_count),
        ..request(row)?
    })
}

/// An invocation with its steps, if they are asked for.
pub(super) fn invocation(
    row: &InvocationRow,
    request: &Command,
    plugins: Option<Vec<CommandPlugin>>,
) -> CommandInvocation {
    let trace = Some(row.trace_output.clone()).filter(|trace| !trace.is_empty());
    CommandInvocation {
        command_id: Some(row.command_id.to_string()),
        instance_id: Some(row.node_id.to_string()),
        instance_name: Some(row.node_name.clone()),
        comment: request.comment.clone(),
        document_name: request.document_name.clone(),
        document_version: request.document_version.clone(),
        requested_date_time: Some(Timestamp(row.requested_ms)),
        status: CommandInvocationStatus::from_wire(&row.status),
        status_details: Some(row.status_details.clone()),
        trace_output: trace,
        standard_output_url: Some(String::new()),
        standard_error_url: Some(String::new()),
        command_plugins: Some(plugins.unwrap_or_default()),
        service_role: request.service_role.clone(),
        notification_config: request.notification_config.clone(),
        cloud_watch_output_config: request.cloud_watch_output_config.clone(),
    }
}

/// A step, in full: what the node reported, or the invocation's own state for a step not heard of yet.
pub(super) fn plugin(
    step_id: &str,
    step: Option<&StepRow>,
    invocation: &InvocationRow,
    request: &Command,
    urls: [String; 2],
) -> CommandPlugin {
    let [standard_output_url, standard_error_url] = urls;
    let (status, details) = match step {
        Some(step) => (step.status.as_str(), step.status_details.as_str()),
        None => (plugin_status(&invocation.status), invocation.status_details.as_str()),
    };
    CommandPlugin {
        name: Some(step_id.to_owned()),
        status: CommandPluginStatus::from_wire(status),
        status_details: Some(details.to_owned()),
        response_code: Some(step.map_or(-1, |step| i32::try_from(step.response_code).unwrap_or(-1))),
        response_start_date_time: step.and_then(|step| step.started_ms).map(Timestamp),
        response_finish_date_time: step.and_then(|step| step.finished_ms).map(Timestamp),
        output: Some(step.map(|step| text(&step.output)).unwrap_or_default()),
        standard_output_url: Some(standard_output_url),
        standard_error_url: Some(standard_error_url),
        output_s3_region: request.output_s3_region.clone(),
        output_s3_bucket_name: request.output_s3_bucket_name.clone(),
        output_s3_key_prefix: request.output_s3_key_prefix.clone(),
    }
}

/// Steps in the order of the document, then those that the document does not know.
pub(super) fn in_order<'a>(order: &'a [String], steps: &'a [StepRow]) -> Vec<(&'a str, Option<&'a StepRow>)> {
    let known = order.iter().map(|id| (id.as_str(), steps.iter().find(|step| step.step_id == *id)));
    let unknown = steps.iter().filter(|step| !order.contains(&step.step_id));
    known.chain(unknown.map(|step| (step.step_id.as_str(), Some(step)))).collect()
}

/// A plugin has no states of its own for what happens before it runs.
fn plugin_status(status: &str) -> &str {
    match status {
        status if status == State::CANCELLING.status => State::IN_PROGRESS.status,
        "Delayed" => State::PENDING.status,
        other => other,
    }
}

/// Bytes that a program printed, as text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first so many characters.
pub(super) fn head(bytes: &[u8], characters: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(characters) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    }
}
