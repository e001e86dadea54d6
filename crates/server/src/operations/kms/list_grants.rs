//! `ListGrants`: the grants on a key, by id.

use super::{grants::entry, support::DEFAULT_LIMIT};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{ListGrants, ListGrantsRequest, ListGrantsResponse};
use muster_store::kms::grant;

impl Handle<ListGrants> for ControlPlane {
    const ACCESS: Access<ListGrantsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListGrantsRequest,
    ) -> Result<ListGrantsResponse, ApiError> {
        let found = self.any_key(context, &input.key_id, None).await?;
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<String> = self.marker(context, input.marker.as_deref())?;
        let key = &found.key.id;
        let mut grants = match &input.grant_id {
            Some(id) => grant::find(&self.db, key, id).await?.into_iter().collect(),
            None => {
                let grantee = input.grantee_principal.as_deref();
                let after = after.as_deref().unwrap_or_default();
                grant::list(&self.db, key, grantee, after, i64::from(limit) + 1).await?
            }
        };
        if let Some(grantee) = &input.grantee_principal {
            grants.retain(|grant| grant.grantee == *grantee);
        }
        let next_marker = self.cut(context, &mut grants, limit, |grant| grant.id.clone());
        let arn = found.arn();
        Ok(ListGrantsResponse {
            grants: Some(grants.into_iter().map(|grant| entry(grant, &arn)).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
