//! `ListAccountAliases`: the account's name, if it has one.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{ListAccountAliases, ListAccountAliasesRequest, ListAccountAliasesResponse};
use muster_store::account;

impl Handle<ListAccountAliases> for ControlPlane {
    const ACCESS: Access<ListAccountAliasesRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        _: ListAccountAliasesRequest,
    ) -> Result<ListAccountAliasesResponse, ApiError> {
        let account = account::find(&self.db, &context.tenant.account).await?;
        Ok(ListAccountAliasesResponse {
            account_aliases: account.and_then(|account| account.alias).into_iter().collect(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
