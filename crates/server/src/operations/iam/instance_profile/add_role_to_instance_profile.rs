//! `AddRoleToInstanceProfile`: gives a role to the profile, which may have one. The caller must be allowed to pass it.

use super::{pass_role, plain};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::role as roles,
};
use muster_iam_api::{
    AddRoleToInstanceProfile, AddRoleToInstanceProfileOutput, AddRoleToInstanceProfileRequest,
    errors::LIMIT_EXCEEDED_EXCEPTION,
};
use muster_store::iam::{instance_profile, role};

impl Handle<AddRoleToInstanceProfile> for ControlPlane {
    const ACCESS: Access<AddRoleToInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AddRoleToInstanceProfileRequest,
    ) -> Result<AddRoleToInstanceProfileOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let profile = self.profile_for(context, &input.instance_profile_name, plain).await?;
            let Some(role) = role::find(&self.db, account, &input.role_name).await? else {
                return Err(roles::not_found(&input.role_name));
            };
            self.authorise(context, &[pass_role(context, &role)]).await?;
            roles::check_modifiable(&role)?;
            if profile.role_key.is_some() {
                let text = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
                return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
            }
            let batch = instance_profile::set_role(account, &profile.name, Some(&role.name));
            Ok((batch, AddRoleToInstanceProfileOutput {}))
        })
        .await
    }
}
