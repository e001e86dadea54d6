//! `ListCommands`: newest first. An unknown command id gives an empty list.
//!
//! The state of an unfinished command is computed, so a page is filled by reading on until enough commands match:
//! filters come before paging.

use super::{command_id, filter, view};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::page,
};
use muster_ssm_api::{ListCommands, ListCommandsRequest, ListCommandsResult};
use muster_store::command::{self, Filter};

const DEFAULT_PAGE: i32 = 50;

impl Handle<ListCommands> for ControlPlane {
    const ACCESS: Access<ListCommandsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListCommandsRequest,
    ) -> Result<ListCommandsResult, ApiError> {
        let filters = filter::read(input.filters.as_deref().unwrap_or_default(), true)?;
        let from = page::position(self, context, input.next_token.as_deref())?;
        let size = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1).max(1);
        let mut wanted = Filter {
            command_id: input.command_id.as_deref().map(command_id).transpose()?,
            node_id: input.instance_id,
            document_name: filters.document_name,
            after_ms: filters.after_ms,
            before_ms: filters.before_ms,
            outcome: filters.states.clone(),
            finished: None,
            from,
        };
        let (mut commands, mut next) = (Vec::new(), None);
        loop {
            // One more than fits says whether there is another page.
            let rows = command::list(&self.db, &context.tenant, &wanted, size as i64 + 1).await?;
            let last = rows.len() <= size;
            for row in rows {
                let seen = view::command(self, &row).await?;
                let status = seen.status.map_or("", |status| status.as_str());
                let details = seen.status_details.as_deref().unwrap_or_default();
                let matches = filters.states.as_ref().is_none_or(|states| {
                    states.iter().any(|(s, d)| *s == status && d.is_none_or(|d| d == details))
                });
                let is_complete = !matches!(status, "Pending" | "InProgress" | "Cancelling");
                let matches = matches && filters.complete.is_none_or(|complete| complete == is_complete);
                if matches && commands.len() == size {
                    next = wanted.from.clone();
                    break;
                }
                wanted.from = Some((row.requested_ms, row.command_id.to_string()));
                commands.extend(matches.then_some(seen));
            }
            if last || next.is_some() {
                break;
            }
        }
        let next_token = page::next_token(self, context, next.as_ref());
        Ok(ListCommandsResult { commands: Some(commands), next_token })
    }
}
