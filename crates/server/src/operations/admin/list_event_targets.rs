//! `ListEventTargets`: the targets of this account and region by name. Secrets are not shown.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::page,
};
use muster_admin_api::{
    EventTarget, ListEventTargets, ListEventTargetsRequest, ListEventTargetsResponse,
    errors::INVALID_NEXT_TOKEN_EXCEPTION,
};
use muster_service_model::Timestamp;
use muster_store::event_target;

const PAGE: i32 = 100;

impl Handle<ListEventTargets> for ControlPlane {
    const ACCESS: Access<ListEventTargetsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListEventTargetsRequest,
    ) -> Result<ListEventTargetsResponse, ApiError> {
        let after: Option<String> = page::position(self, context, input.next_token.as_deref())
            .map_err(|_| ApiError::new(&INVALID_NEXT_TOKEN_EXCEPTION, "The token is not valid."))?;
        let wanted = i64::from(input.max_results.unwrap_or(PAGE));
        let mut rows = event_target::page(&self.db, &context.tenant, after.as_deref(), wanted + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|rows| rows > wanted);
        rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        let last = rows.last().filter(|_| more).map(|row| row.name.clone());
        let view = |row: event_target::EventTarget| EventTarget {
            name: row.name,
            destination: row.destination,
            event_pattern: row.pattern,
            created_date: Some(Timestamp::from_millis(row.created_ms)),
        };
        Ok(ListEventTargetsResponse {
            event_targets: rows.into_iter().map(view).collect(),
            next_token: page::next_token(self, context, last.as_ref()),
        })
    }
}
