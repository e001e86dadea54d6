//! `DeregisterManagedInstance`: the node and its tags are gone, its credentials and its key are good for nothing
//! from now on, and its channel is closed. Its activation does not get the registration back.

use super::{no_such_node, node_id};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{
    DeregisterManagedInstance, DeregisterManagedInstanceRequest, DeregisterManagedInstanceResult,
};
use muster_store::{StoreError, managed_node};

impl Handle<DeregisterManagedInstance> for ControlPlane {
    const ACCESS: Access<DeregisterManagedInstanceRequest> =
        Access::Policy(|context, input| vec![Requirement::on_node(context, &input.instance_id)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeregisterManagedInstanceRequest,
    ) -> Result<DeregisterManagedInstanceResult, ApiError> {
        let node = node_id(&input.instance_id)?;
        match self.db.write(managed_node::delete(&context.tenant, &node)).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return Err(no_such_node(&input.instance_id)),
            Err(error) => return Err(error.into()),
        }
        // Every later signature is checked against the row that is gone; what is open needs to be told.
        self.channels.close(&node);
        tracing::info!(%node, tenant = %context.tenant, "node deregistered");
        Ok(DeregisterManagedInstanceResult {})
    }
}
