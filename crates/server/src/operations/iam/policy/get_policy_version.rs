//! `GetPolicyVersion`: a version of a policy, with its document.

use super::{aws_version_listed, no_such_version, number, requirement, version_listed};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::document,
    error::ApiError,
    operations::iam::managed_policy::{self, Found},
};
use muster_iam_api::{GetPolicyVersion, GetPolicyVersionRequest, GetPolicyVersionResponse, PolicyVersion};
use muster_store::iam::policy;

impl Handle<GetPolicyVersion> for ControlPlane {
    const ACCESS: Access<GetPolicyVersionRequest> =
        Access::Policy(|context, input| vec![requirement(context, &input.policy_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetPolicyVersionRequest,
    ) -> Result<GetPolicyVersionResponse, ApiError> {
        let account = &context.tenant.account;
        let version = match managed_policy::find(self, account, &input.policy_arn).await? {
            Some(Found::Own(policy)) => {
                let version = match number(&input.version_id) {
                    Some(number) => policy::version(&self.db, &policy, number).await?,
                    None => None,
                };
                version.map(|version| PolicyVersion {
                    document: Some(document::encoded(&version.document)),
                    ..version_listed(&policy, &version)
                })
            }
            Some(Found::Aws(policy)) if policy.version == input.version_id => Some(PolicyVersion {
                document: Some(document::encoded(policy.document)),
                ..aws_version_listed(policy)
            }),
            Some(Found::Aws(_)) => None,
            None => return Err(managed_policy::not_found(&input.policy_arn)),
        };
        match version {
            Some(version) => Ok(GetPolicyVersionResponse { policy_version: Some(version) }),
            None => Err(no_such_version(&input.policy_arn, &input.version_id)),
        }
    }
}
