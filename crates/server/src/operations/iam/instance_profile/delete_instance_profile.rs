//! `DeleteInstanceProfile`: a profile goes that has no role.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeleteInstanceProfile, DeleteInstanceProfileOutput, DeleteInstanceProfileRequest,
    errors::DELETE_CONFLICT_EXCEPTION,
};
use muster_store::iam::instance_profile;

impl Handle<DeleteInstanceProfile> for ControlPlane {
    const ACCESS: Access<DeleteInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteInstanceProfileRequest,
    ) -> Result<DeleteInstanceProfileOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let profile = self.profile_for(context, &input.instance_profile_name, plain).await?;
            if profile.role_key.is_some() {
                let text = "Cannot delete entity, must remove roles from instance profile first.";
                return Err(ApiError::new(&DELETE_CONFLICT_EXCEPTION, text));
            }
            Ok((instance_profile::delete(account, &profile.name), DeleteInstanceProfileOutput {}))
        })
        .await
    }
}
