//! `ListPolicyVersions`: the versions of a policy, the newest first, without their documents.

use super::{aws_version_listed, requirement, version_listed};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{
        managed_policy::{self, Found},
        marker,
    },
};
use muster_iam_api::{
    ListPolicyVersions, ListPolicyVersionsRequest, ListPolicyVersionsResponse, PolicyVersion,
};
use muster_store::iam::policy;

impl Handle<ListPolicyVersions> for ControlPlane {
    const ACCESS: Access<ListPolicyVersionsRequest> =
        Access::Policy(|context, input| vec![requirement(context, &input.policy_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListPolicyVersionsRequest,
    ) -> Result<ListPolicyVersionsResponse, ApiError> {
        let account = &context.tenant.account;
        let versions: Vec<(i64, PolicyVersion)> = match managed_policy::find(self, account, &input.policy_arn)
            .await?
        {
            Some(Found::Own(policy)) => {
                let versions = policy::versions(&self.db, &policy).await?;
                versions.iter().map(|version| (version.version, version_listed(&policy, version))).collect()
            }
            Some(Found::Aws(policy)) => vec![(1, aws_version_listed(policy))],
            None => return Err(managed_policy::not_found(&input.policy_arn)),
        };
        let page = (input.marker.as_deref(), input.max_items);
        // The newest first: positions count down.
        let place = |(version, _): &(i64, PolicyVersion)| format!("{:020}", i64::MAX - version);
        let (versions, marker) = marker::page_of(self, context, page, versions, place)?;
        Ok(ListPolicyVersionsResponse {
            versions: Some(versions.into_iter().map(|(_, version)| version).collect()),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
