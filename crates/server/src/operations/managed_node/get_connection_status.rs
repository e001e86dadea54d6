//! `GetConnectionStatus`: whether a node holds a control channel, to whichever replica. Follows the channel alone, not
//! the ping status. A target that is no node is not connected; it is no error, as in AWS.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ids::ManagedNodeId;
use muster_ssm_api::{
    ConnectionStatus, GetConnectionStatus, GetConnectionStatusRequest, GetConnectionStatusResponse,
};
use muster_store::managed_node;

impl Handle<GetConnectionStatus> for ControlPlane {
    const ACCESS: Access<GetConnectionStatusRequest> =
        Access::Policy(|context, input| vec![Requirement::on_node(context, &input.target)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetConnectionStatusRequest,
    ) -> Result<GetConnectionStatusResponse, ApiError> {
        let connected = match ManagedNodeId::parse(&input.target) {
            Ok(node) => managed_node::is_connected(&self.db, &context.tenant, &node).await?,
            Err(_) => false,
        };
        let status = if connected { ConnectionStatus::Connected } else { ConnectionStatus::Notconnected };
        Ok(GetConnectionStatusResponse { target: Some(input.target), status: Some(status) })
    }
}
