//! `UpdateRoleDescription`: a new description, also of a role that belongs to a service.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{UpdateRoleDescription, UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse};
use muster_store::iam::role::{self, Role};

impl Handle<UpdateRoleDescription> for ControlPlane {
    const ACCESS: Access<UpdateRoleDescriptionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateRoleDescriptionRequest,
    ) -> Result<UpdateRoleDescriptionResponse, ApiError> {
        let account = &context.tenant.account;
        let role = self
            .change_identities(account, || async {
                let role = self.role_for(context, &input.role_name, plain).await?;
                let description = Some(input.description.clone());
                let batch =
                    role::update(account, &role.name, description.as_deref(), role.max_session_seconds);
                Ok((batch, Role { description, ..role }))
            })
            .await?;
        Ok(UpdateRoleDescriptionResponse { role: Some(self.role_listed(role).await?) })
    }
}
