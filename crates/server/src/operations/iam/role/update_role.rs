//! `UpdateRole`: a new description and longest session; what the caller leaves out stays.

use super::{check_modifiable, plain};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{UpdateRole, UpdateRoleRequest, UpdateRoleResponse};
use muster_store::iam::role;

impl Handle<UpdateRole> for ControlPlane {
    const ACCESS: Access<UpdateRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateRoleRequest,
    ) -> Result<UpdateRoleResponse, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, plain).await?;
            check_modifiable(&role)?;
            let seconds = input.max_session_duration.map_or(role.max_session_seconds, i64::from);
            let description = input.description.as_deref().or(role.description.as_deref());
            Ok((role::update(account, &role.name, description, seconds), UpdateRoleResponse {}))
        })
        .await
    }
}
