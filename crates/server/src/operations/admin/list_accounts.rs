//! `ListAccounts`, by their ids.

use super::view;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::page,
};
use muster_admin_api::{ListAccounts, ListAccountsRequest, ListAccountsResponse};
use muster_ids::AccountId;
use muster_store::account;

const PAGE: i32 = 100;

impl Handle<ListAccounts> for ControlPlane {
    const ACCESS: Access<ListAccountsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAccountsRequest,
    ) -> Result<ListAccountsResponse, ApiError> {
        self.authorise_installation(context).await?;
        let after: Option<AccountId> = page::position(self, context, input.next_token.as_deref())?;
        let size = i64::from(input.max_results.unwrap_or(PAGE));
        let mut rows = account::list(&self.db, after.as_ref(), size + 1).await?;
        let more = usize::try_from(size).is_ok_and(|size| rows.len() > size);
        rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let last = rows.last().filter(|_| more).map(|row| row.id.clone());
        Ok(ListAccountsResponse {
            accounts: rows.into_iter().map(view::account).collect(),
            next_token: page::next_token(self, context, last.as_ref()),
        })
    }
}
