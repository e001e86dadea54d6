//! `GetRole`: a role, with its tags and when it was last used.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{GetRole, GetRoleRequest, GetRoleResponse};

impl Handle<GetRole> for ControlPlane {
    const ACCESS: Access<GetRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetRoleRequest,
    ) -> Result<GetRoleResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, plain).await?;
        Ok(GetRoleResponse { role: self.role_whole(role).await? })
    }
}
