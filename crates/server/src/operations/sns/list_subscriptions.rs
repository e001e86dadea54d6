//! `ListSubscriptions`: those that this account made in this region, a hundred on a page.

use super::{
    subscription::view,
    topic::{page_of, page_rows, position},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{ListSubscriptions, ListSubscriptionsInput, ListSubscriptionsResponse};
use muster_store::sns::subscription;

impl Handle<ListSubscriptions> for ControlPlane {
    const ACCESS: Access<ListSubscriptionsInput> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListSubscriptionsInput,
    ) -> Result<ListSubscriptionsResponse, ApiError> {
        let after: Option<String> = position(self, context, input.next_token.as_deref())?;
        let rows = subscription::of_owner(&self.db, &context.tenant, after.as_deref(), page_rows()).await?;
        let (rows, next_token) = page_of(self, context, rows, |row| row.id.clone());
        let subscriptions = Some(rows.into_iter().map(view).collect());
        Ok(ListSubscriptionsResponse { subscriptions, next_token })
    }
}
