//! `UpdateInstanceInformation`: the heart-beat. An official agent that gets an error to its first one sleeps for up
//! to an hour, so nothing is refused here that could be kept.

use super::node_is_gone;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::registration::calling_node,
};
use muster_protocol::agent_api::ssm_agent::{
    UpdateInstanceInformation, UpdateInstanceInformationRequest, UpdateInstanceInformationResult,
};
use muster_store::{
    StoreError,
    managed_node::{self, Information},
};

impl Handle<UpdateInstanceInformation> for ControlPlane {
    const ACCESS: Access<UpdateInstanceInformationRequest> =
        Access::NodeSelf(|input| Some(&input.instance_id));

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateInstanceInformationRequest,
    ) -> Result<UpdateInstanceInformationResult, ApiError> {
        let node = calling_node(context)?;
        let information = Information {
            agent_name: input.agent_name,
            agent_version: input.agent_version,
            agent_status: input.agent_status,
            platform_type: input.platform_type.map(|kind| kind.as_str().to_owned()),
            platform_name: input.platform_name,
            platform_version: input.platform_version,
            computer_name: input.computer_name,
            ip_address: input.ip_address.map(|address| address.expose().to_owned()),
            availability_zone: input.availability_zone,
            availability_zone_id: input.availability_zone_id,
            connection_channel: input.ssm_connection_channel,
        };
        match self.db.write(managed_node::update_information(node, &information, context.now_ms)).await {
            Ok(_) => Ok(UpdateInstanceInformationResult {}),
            Err(StoreError::Conflict { .. }) => Err(node_is_gone(node)),
            Err(error) => Err(error.into()),
        }
    }
}
