//! `ListCommandInvocations`: newest first; with `Details` also the steps. An unknown command id gives an empty list.

use super::{command_id, filter, view};
use crate::{
    ControlPlane,
    channels::output_urls,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::page,
};
use muster_ids::CommandId;
use muster_ssm_api::{
    Command, CommandPlugin, ListCommandInvocations, ListCommandInvocationsRequest,
    ListCommandInvocationsResult,
};
use muster_store::{
    command,
    invocation::{self, Filter, InvocationRow},
    invocation_step,
};
use std::collections::BTreeMap;

const DEFAULT_PAGE: i32 = 50;

impl Handle<ListCommandInvocations> for ControlPlane {
    const ACCESS: Access<ListCommandInvocationsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListCommandInvocationsRequest,
    ) -> Result<ListCommandInvocationsResult, ApiError> {
        let filters = filter::read(input.filters.as_deref().unwrap_or_default(), false)?;
        let from = page::position(self, context, input.next_token.as_deref())?;
        let size = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1).max(1);
        let wanted = Filter {
            command_id: input.command_id.as_deref().map(command_id).transpose()?,
            node_id: input.instance_id,
            document_name: filters.document_name,
            after_ms: filters.after_ms,
            before_ms: filters.before_ms,
            states: filters.states,
            from,
        };
        let mut rows = invocation::list(&self.db, &context.tenant, &wanted, size as i64 + 1).await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more);
        let last = last.map(|row| (row.requested_ms, row.command_id.to_string(), row.node_id.to_string()));

        let mut requests: BTreeMap<CommandId, Command> = BTreeMap::new();
        let mut invocations = Vec::with_capacity(rows.len());
        for row in &rows {
            if !requests.contains_key(&row.command_id) {
                let found = command::find(&self.db, &context.tenant, &row.command_id).await?;
                let request = found.as_ref().map(view::request).transpose()?.unwrap_or_default();
                requests.insert(row.command_id.clone(), request);
            }
            let Some(request) = requests.get(&row.command_id) else { continue };
            let plugins = match input.details {
                Some(true) => Some(self.plugins(row, request).await?),
                Some(false) | None => None,
            };
            invocations.push(view::invocation(row, request, plugins));
        }
        let next_token = page::next_token(self, context, last.as_ref());
        Ok(ListCommandInvocationsResult { command_invocations: Some(invocations), next_token })
    }
}

impl ControlPlane {
    async fn plugins(&self, row: &InvocationRow, request: &Command) -> Result<Vec<CommandPlugin>, ApiError> {
        let steps = invocation_step::list(&self.db, &row.command_id, &row.node_id).await?;
        let stored = invocation_step::stored_outputs(&self.db, &row.command_id, &row.node_id).await?;
        let name = request.document_name.as_deref().unwrap_or_default();
        let order = self.documents.find(name).map(|document| document.steps.as_slice()).unwrap_or_default();
        let plugin = |(step_id, step)| {
            let urls = output_urls(self, &row.command_id, &row.node_id, step_id, &stored);
            view::plugin(step_id, step, row, request, urls)
        };
        Ok(view::in_order(order, &steps).into_iter().map(plugin).collect())
    }
}
