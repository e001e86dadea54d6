//! `GetResourcePolicies`: the documents of a parameter, by their ids.

use super::{error::no_resource, required, target};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::paging::PageSize,
    error::ApiError,
    operations::page,
};
use muster_ssm_api::{
    GetResourcePolicies, GetResourcePoliciesRequest, GetResourcePoliciesResponse,
    GetResourcePoliciesResponseEntry,
};
use muster_store::parameter::{self, ResourcePolicy};

const DEFAULT_PAGE: usize = 50;

impl Handle<GetResourcePolicies> for ControlPlane {
    const ACCESS: Access<GetResourcePoliciesRequest> =
        Access::Policy(|context, input| vec![required(context, &input.resource_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetResourcePoliciesRequest,
    ) -> Result<GetResourcePoliciesResponse, ApiError> {
        let path = target(context, &input.resource_arn)?;
        let (tenant, path) = (&context.tenant, path.as_str());
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let after: Option<String> = page::position(self, context, input.next_token.as_deref())?;
        let mut found = parameter::resource_policies(&self.db, tenant, path).await?;
        if found.is_empty() && parameter::find(&self.db, tenant, path).await?.is_none() {
            return Err(no_resource());
        }
        // A parameter has few.
        found.retain(|policy| after.as_ref().is_none_or(|after| policy.id > *after));
        let more = size.cut(&mut found);
        let next_token = page::next_token(self, context, found.last().filter(|_| more).map(|last| &last.id));
        let entry = |ResourcePolicy { id, hash, document }| GetResourcePoliciesResponseEntry {
            policy_id: Some(id),
            policy_hash: Some(hash),
            policy: Some(document),
        };
        Ok(GetResourcePoliciesResponse { next_token, policies: Some(found.into_iter().map(entry).collect()) })
    }
}
