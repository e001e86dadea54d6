//! `PutUserPermissionsBoundary`: the most that a user may, whatever its policies allow.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::boundary,
};
use muster_iam_api::{
    PutUserPermissionsBoundary, PutUserPermissionsBoundaryOutput, PutUserPermissionsBoundaryRequest,
};
use muster_store::iam::user;

impl Handle<PutUserPermissionsBoundary> for ControlPlane {
    const ACCESS: Access<PutUserPermissionsBoundaryRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutUserPermissionsBoundaryRequest,
    ) -> Result<PutUserPermissionsBoundaryOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = input.permissions_boundary.as_str();
            let add = |requirement, _: &_| boundary::key(requirement, Some(policy));
            let user = self.user_for(context, &input.user_name, add).await?;
            boundary::check(self, account, policy).await?;
            let batch = user::set_boundary(account, &user.name, Some(policy));
            Ok((batch, PutUserPermissionsBoundaryOutput {}))
        })
        .await
    }
}
