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

/// Characters kept of what a node says; the model bounds few of them, and lists show at most 255 of any.
const KEPT: usize = 256;

fn bounded(text: Option<String>) -> Option<String> {
    text.map(|text| match text.char_indices().nth(KEPT) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    })
}

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
            agent_name: bounded(input.agent_name),
            agent_version: bounded(input.agent_version),
            agent_status: bounded(input.agent_status),
            platform_type: input.platform_type.map(|kind| kind.as_str().to_owned()),
            platform_name: bounded(input.platform_name),
            platform_version: bounded(input.platform_version),
            computer_name: bounded(input.computer_name),
            ip_address: bounded(input.ip_address.map(|address| address.expose().to_owned())),
            availability_zone: bounded(input.availability_zone),
            availability_zone_id: bounded(input.availability_zone_id),
            connection_channel: bounded(input.ssm_connection_channel),
        };
        match self.db.write(managed_node::update_information(node, &information, context.now_ms)).await {
            Ok(_) => Ok(UpdateInstanceInformationResult {}),
            Err(StoreError::Conflict { .. }) => Err(node_is_gone(node)),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, bounded};

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(bounded(None), None);
        for (given, kept) in [(0, 0), (KEPT, KEPT), (KEPT + 1, KEPT), (3 * KEPT, KEPT)] {
            assert_eq!(bounded(Some("ü".repeat(given))), Some("ü".repeat(kept)));
        }
    }
}
