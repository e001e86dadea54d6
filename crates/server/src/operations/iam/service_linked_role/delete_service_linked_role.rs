//! `DeleteServiceLinkedRole`: the role of a service goes, here at once; AWS asks the service first.

use super::DELETION;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::role::SERVICE_PATH,
};
use muster_iam_api::{
    DeleteServiceLinkedRole, DeleteServiceLinkedRoleRequest, DeleteServiceLinkedRoleResponse,
    errors::INVALID_INPUT_EXCEPTION,
};
use muster_store::{
    Batch,
    iam::{Entity, attachment, role, tag_tenant},
};

impl Handle<DeleteServiceLinkedRole> for ControlPlane {
    const ACCESS: Access<DeleteServiceLinkedRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteServiceLinkedRoleRequest,
    ) -> Result<DeleteServiceLinkedRoleResponse, ApiError> {
        let account = &context.tenant.account;
        let path = self
            .change_identities(account, || async {
                let role = self.role_for(context, &input.role_name, |requirement, _| requirement).await?;
                if !role.path.starts_with(SERVICE_PATH) {
                    let text = format!("The role {} is not a service-linked role.", role.name);
                    return Err(ApiError::new(&INVALID_INPUT_EXCEPTION, text));
                }
                let entity = Entity::role(account, &role.name);
                let mut batch = Batch::new();
                for arn in attachment::of_entity(&self.db, entity).await? {
                    batch.append(attachment::detach(entity, &arn));
                }
                batch.append(role::delete(account, &role.name));
                Ok((batch, format!("{}{}", role.path, role.name)))
            })
            .await?;
        let token = self.secrets.page_token(DELETION, &tag_tenant(account), &context.now_ms);
        let token = token.map_err(ApiError::internal)?;
        Ok(DeleteServiceLinkedRoleResponse { deletion_task_id: format!("task{path}/{token}") })
    }
}
