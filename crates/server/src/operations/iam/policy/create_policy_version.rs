//! `CreatePolicyVersion`: a version of a managed policy, in force at once if the caller says so.

use super::{check_document, to_change};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    CreatePolicyVersion, CreatePolicyVersionRequest, CreatePolicyVersionResponse, PolicyVersion,
    errors::LIMIT_EXCEEDED_EXCEPTION,
};
use muster_service_model::Timestamp;
use muster_store::iam::policy;

impl Handle<CreatePolicyVersion> for ControlPlane {
    const ACCESS: Access<CreatePolicyVersionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreatePolicyVersionRequest,
    ) -> Result<CreatePolicyVersionResponse, ApiError> {
        check_document(self, &input.policy_document)?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = to_change(self, context, &input.policy_arn).await?;
            let most = self.config.limits.policy_versions;
            if policy::versions(&self.db, &policy).await?.len() >= most {
                let text = format!(
                    "A managed policy can have up to {most} versions. Before you create a new version, you must delete an existing version."
                );
                return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
            }
            let default = input.set_as_default.unwrap_or_default();
            let version = PolicyVersion {
                document: None,
                version_id: Some(format!("v{}", policy.newest_version.saturating_add(1))),
                is_default_version: Some(default),
                create_date: Some(Timestamp::from_millis(context.now_ms)),
            };
            let batch = policy::add_version(&policy, &input.policy_document, default, context.now_ms);
            Ok((batch, CreatePolicyVersionResponse { policy_version: Some(version) }))
        })
        .await
    }
}
