//! `DeleteUserPermissionsBoundary`: the user may all that its policies allow.

use super::with_boundary;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeleteUserPermissionsBoundary, DeleteUserPermissionsBoundaryOutput, DeleteUserPermissionsBoundaryRequest,
};
use muster_store::iam::user;

impl Handle<DeleteUserPermissionsBoundary> for ControlPlane {
    const ACCESS: Access<DeleteUserPermissionsBoundaryRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteUserPermissionsBoundaryRequest,
    ) -> Result<DeleteUserPermissionsBoundaryOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, with_boundary).await?;
            let batch = user::set_boundary(account, &user.name, None);
            Ok((batch, DeleteUserPermissionsBoundaryOutput {}))
        })
        .await
    }
}
