//! `GetCommandInvocation`: one command on one node, or one step of it. Answers `Pending` right after `SendCommand`.
//!
//! A document of several steps needs `PluginName`, the name of a step.

use super::{command_id, node_id, view};
use crate::{
    ControlPlane,
    channels::output_urls,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_protocol::iso_millis;
use muster_ssm_api::{
    CommandInvocationStatus, GetCommandInvocation, GetCommandInvocationRequest, GetCommandInvocationResult,
    errors::{INVALID_PLUGIN_NAME, INVOCATION_DOES_NOT_EXIST},
};
use muster_store::{command, invocation, invocation_step};

impl Handle<GetCommandInvocation> for ControlPlane {
    const ACCESS: Access<GetCommandInvocationRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetCommandInvocationRequest,
    ) -> Result<GetCommandInvocationResult, ApiError> {
        let unknown = || {
            let text = format!("Invocation not found for {}, {}", input.command_id, input.instance_id);
            ApiError::new(&INVOCATION_DOES_NOT_EXIST, text)
        };
        let command_id = command_id(&input.command_id)?;
        let node_id = node_id(&input.instance_id).map_err(|_| unknown())?;
        let (db, tenant) = (&self.db, &context.tenant);
        let row = invocation::find(db, tenant, &command_id, &node_id).await?.ok_or_else(unknown)?;
        let request = command::find(db, tenant, &command_id).await?.ok_or_else(unknown)?;
        let request = view::request(&request)?;
        let steps = invocation_step::list(db, &command_id, &node_id).await?;
        let stored = invocation_step::stored_outputs(db, &command_id, &node_id).await?;

        let name = request.document_name.as_deref().unwrap_or_default();
        let order = self.documents.find(name).map(|document| document.steps.as_slice()).unwrap_or_default();
        let known = view::in_order(order, &steps);
        let refused = |name: &str| {
            let text = format!(
                "Plugin {name} not found for invocation with command id {command_id} and instance id {node_id}"
            );
            ApiError::new(&INVALID_PLUGIN_NAME, text)
        };
        let (step_id, step) = match (input.plugin_name.as_deref(), known.as_slice()) {
            (Some(name), known) => *known.iter().find(|(id, _)| *id == name).ok_or_else(|| refused(name))?,
            (None, [only]) => *only,
            (None, _) => return Err(refused("")),
        };
        // One step is the whole document: its words are the invocation's. Of several, each has its own.
        let (status, details) = match (known.len(), step) {
            (2.., Some(step)) => (step.status.as_str(), step.status_details.as_str()),
            _ => (row.status.as_str(), row.status_details.as_str()),
        };
        let [standard_output_url, standard_error_url] =
            output_urls(self, &command_id, &node_id, step_id, &stored);
        let started = step.and_then(|step| step.started_ms);
        let elapsed =
            started.zip(step.and_then(|step| step.finished_ms)).map(|(start, end)| (end - start).max(0));
        let limits = &self.config.limits;
        let content =
            |bytes: Option<&[u8]>, characters| Some(view::head(bytes.unwrap_or_default(), characters));
        Ok(GetCommandInvocationResult {
            command_id: Some(input.command_id.clone()),
            instance_id: Some(input.instance_id.clone()),
            comment: request.comment,
            document_name: request.document_name,
            document_version: request.document_version,
            plugin_name: Some(step_id.to_owned()),
            response_code: Some(step.map_or(-1, |step| i32::try_from(step.response_code).unwrap_or(-1))),
            execution_start_date_time: started.map(iso_millis),
            execution_elapsed_time: elapsed.map(duration),
            // AWS gives the start plus the whole seconds, and so do we.
            execution_end_date_time: Some(match started.zip(elapsed) {
                Some((start, elapsed)) => iso_millis(start + elapsed / 1000 * 1000),
                None => String::new(),
            }),
            status: CommandInvocationStatus::from_wire(status),
            status_details: Some(details.to_owned()),
            standard_output_content: content(
                step.map(|step| step.stdout.as_slice()),
                limits.stdout_characters,
            ),
            standard_output_url: Some(standard_output_url),
            standard_error_content: content(
                step.map(|step| step.stderr.as_slice()),
                limits.stderr_characters,
            ),
            standard_error_url: Some(standard_error_url),
            cloud_watch_output_config: request.cloud_watch_output_config,
        })
    }
}

/// Milliseconds as an ISO 8601 duration of seconds: `PT3.175S`, `PT4S`.
fn duration(ms: i64) -> String {
    let (seconds, millis) = (ms / 1000, ms % 1000);
    if millis == 0 { format!("PT{seconds}S") } else { format!("PT{seconds}.{millis:03}S") }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        assert_eq!(
            [0, 4, 3175, 60_000].map(duration),
            ["PT0S", "PT0.004S", "PT3.175S", "PT60S"].map(str::to_owned)
        );
    }
}
