//! `ListFailedDeliveries`: what could not be delivered in this account and region, the newest first.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::page,
};
use muster_admin_api::{
    FailedDelivery, ListFailedDeliveries, ListFailedDeliveriesRequest, ListFailedDeliveriesResponse,
    errors::INVALID_NEXT_TOKEN_EXCEPTION,
};
use muster_service_model::Timestamp;
use muster_store::delivery;

const PAGE: i32 = 50;

impl Handle<ListFailedDeliveries> for ControlPlane {
    const ACCESS: Access<ListFailedDeliveriesRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListFailedDeliveriesRequest,
    ) -> Result<ListFailedDeliveriesResponse, ApiError> {
        let after: Option<(i64, String)> = page::position(self, context, input.next_token.as_deref())
            .map_err(|_| ApiError::new(&INVALID_NEXT_TOKEN_EXCEPTION, "The token is not valid."))?;
        let after = after.as_ref().map(|(failed_ms, id)| (*failed_ms, id.as_str()));
        let wanted = i64::from(input.max_results.unwrap_or(PAGE));
        let mut rows = delivery::failed(&self.db, &context.tenant, after, wanted + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|rows| rows > wanted);
        rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        let last = rows.last().filter(|_| more).map(|row| (row.failed_ms, row.id.clone()));
        let view = |row: delivery::Failed| FailedDelivery {
            delivery_id: row.id,
            destination: row.destination,
            failed_date: Timestamp::from_millis(row.failed_ms),
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
            error: row.error,
            message: row.message,
        };
        Ok(ListFailedDeliveriesResponse {
            failed_deliveries: rows.into_iter().map(view).collect(),
            next_token: page::next_token(self, context, last.as_ref()),
        })
    }
}
