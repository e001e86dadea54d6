//! `PutRolePermissionsBoundary`: the policy beyond which the role may nothing.

use super::check_modifiable;
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::boundary,
};
use muster_iam_api::{
    PutRolePermissionsBoundary, PutRolePermissionsBoundaryOutput, PutRolePermissionsBoundaryRequest,
};
use muster_store::iam::role::{self, Role};

impl Handle<PutRolePermissionsBoundary> for ControlPlane {
    const ACCESS: Access<PutRolePermissionsBoundaryRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutRolePermissionsBoundaryRequest,
    ) -> Result<PutRolePermissionsBoundaryOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let arn = input.permissions_boundary.as_str();
            let keys = |requirement: Requirement, _: &Role| boundary::key(requirement, Some(arn));
            let role = self.role_for(context, &input.role_name, keys).await?;
            check_modifiable(&role)?;
            boundary::check(self, account, arn).await?;
            let batch = role::set_boundary(account, &role.name, Some(arn));
            Ok((batch, PutRolePermissionsBoundaryOutput {}))
        })
        .await
    }
}
