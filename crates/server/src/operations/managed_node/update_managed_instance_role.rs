//! `UpdateManagedInstanceRole`: the role stands in the node's next credentials.

use super::{no_such_node, node_id};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::activation::check_role,
};
use muster_ssm_api::{
    UpdateManagedInstanceRole, UpdateManagedInstanceRoleRequest, UpdateManagedInstanceRoleResult,
};
use muster_store::{StoreError, managed_node};

impl Handle<UpdateManagedInstanceRole> for ControlPlane {
    const ACCESS: Access<UpdateManagedInstanceRoleRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateManagedInstanceRoleRequest,
    ) -> Result<UpdateManagedInstanceRoleResult, ApiError> {
        check_role(context, &input.iam_role)?;
        let node = node_id(&input.instance_id)?;
        match self.db.write(managed_node::set_role(&context.tenant, &node, &input.iam_role)).await {
            Ok(_) => Ok(UpdateManagedInstanceRoleResult {}),
            Err(StoreError::Conflict { .. }) => Err(no_such_node(&input.instance_id)),
            Err(error) => Err(error.into()),
        }
    }
}
