//! `DeleteRolePermissionsBoundary`: the boundary goes.

use super::{check_modifiable, with_boundary};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeleteRolePermissionsBoundary, DeleteRolePermissionsBoundaryOutput, DeleteRolePermissionsBoundaryRequest,
};
use muster_store::iam::role;

impl Handle<DeleteRolePermissionsBoundary> for ControlPlane {
    const ACCESS: Access<DeleteRolePermissionsBoundaryRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteRolePermissionsBoundaryRequest,
    ) -> Result<DeleteRolePermissionsBoundaryOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, with_boundary).await?;
            check_modifiable(&role)?;
            Ok((role::set_boundary(account, &role.name, None), DeleteRolePermissionsBoundaryOutput {}))
        })
        .await
    }
}
