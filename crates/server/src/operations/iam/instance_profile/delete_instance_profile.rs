//! `DeleteInstanceProfile`: a profile goes that has no role.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::conflict,
};
use muster_iam_api::{DeleteInstanceProfile, DeleteInstanceProfileOutput, DeleteInstanceProfileRequest};
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
            conflict::unless(profile.role_key.is_none(), "must remove roles from instance profile first")?;
            Ok((instance_profile::delete(account, &profile.name), DeleteInstanceProfileOutput {}))
        })
        .await
    }
}
