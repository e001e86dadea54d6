//! `UpdateManagedInstanceRole`: the role stands in the node's next credentials.

use super::{no_such_node, node_id};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::activation::{SERVICE_PRINCIPAL, check_role},
};
use muster_ssm_api::{
    UpdateManagedInstanceRole, UpdateManagedInstanceRoleRequest, UpdateManagedInstanceRoleResult,
};
use muster_store::{StoreError, managed_node};

impl Handle<UpdateManagedInstanceRole> for ControlPlane {
    const ACCESS: Access<UpdateManagedInstanceRoleRequest> = Access::Policy(|context, input| {
        let role = &input.iam_role;
        vec![
            Requirement::on_node(context, &input.instance_id),
            Requirement::on(context, arn::role(&context.tenant.account, role)),
            Requirement::pass_role(context, role, SERVICE_PRINCIPAL),
        ]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateManagedInstanceRoleRequest,
    ) -> Result<UpdateManagedInstanceRoleResult, ApiError> {
        check_role(self, context, &input.iam_role).await?;
        let node = node_id(&input.instance_id)?;
        match self.db.write(managed_node::set_role(&context.tenant, &node, &input.iam_role)).await {
            Ok(_) => Ok(UpdateManagedInstanceRoleResult {}),
            Err(StoreError::Conflict { .. }) => Err(no_such_node(&input.instance_id)),
            Err(error) => Err(error.into()),
        }
    }
}
