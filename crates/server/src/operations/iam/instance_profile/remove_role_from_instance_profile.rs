//! `RemoveRoleFromInstanceProfile`: takes the role out of the profile.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::role as roles,
};
use muster_iam_api::{
    RemoveRoleFromInstanceProfile, RemoveRoleFromInstanceProfileOutput, RemoveRoleFromInstanceProfileRequest,
};
use muster_store::iam::{instance_profile, key};

impl Handle<RemoveRoleFromInstanceProfile> for ControlPlane {
    const ACCESS: Access<RemoveRoleFromInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RemoveRoleFromInstanceProfileRequest,
    ) -> Result<RemoveRoleFromInstanceProfileOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let profile = self.profile_for(context, &input.instance_profile_name, plain).await?;
            if profile.role_key.as_deref() != Some(&*key(&input.role_name)) {
                return Err(roles::not_found(&input.role_name));
            }
            let batch = instance_profile::set_role(account, &profile.name, None);
            Ok((batch, RemoveRoleFromInstanceProfileOutput {}))
        })
        .await
    }
}
