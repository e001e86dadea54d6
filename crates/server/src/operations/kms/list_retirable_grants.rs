//! `ListRetirableGrants`: the grants on keys of the account and region that a principal may end.

use super::{
    grants::entry,
    support::{DEFAULT_LIMIT, anything},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{ListGrantsResponse, ListRetirableGrants, ListRetirableGrantsRequest};
use muster_store::kms::grant;

impl Handle<ListRetirableGrants> for ControlPlane {
    const ACCESS: Access<ListRetirableGrantsRequest> = Access::Policy(|context, _| anything(context));

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListRetirableGrantsRequest,
    ) -> Result<ListGrantsResponse, ApiError> {
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<String> = self.marker(context, input.marker.as_deref())?;
        let after = after.as_deref().unwrap_or_default();
        let principal = input.retiring_principal.unwrap_or_default();
        let mut grants =
            grant::retirable(&self.db, &context.tenant, &principal, after, i64::from(limit) + 1).await?;
        let next_marker = self.cut(context, &mut grants, limit, |grant| grant.id.clone());
        let entries = grants.into_iter().map(|grant| {
            let arn = crate::arn::key(&context.tenant, grant.key.as_str());
            entry(grant, &arn)
        });
        Ok(ListGrantsResponse {
            grants: Some(entries.collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
