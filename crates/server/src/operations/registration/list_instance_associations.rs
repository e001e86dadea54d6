//! `ListInstanceAssociations`: what a node shall do by schedule. There are no associations yet, so the list is
//! empty; an error would send official agents into their legacy mode.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_protocol::agent_api::ssm_agent::{
    ListInstanceAssociations, ListInstanceAssociationsRequest, ListInstanceAssociationsResult,
};

impl Handle<ListInstanceAssociations> for ControlPlane {
    const ACCESS: Access<ListInstanceAssociationsRequest> =
        Access::NodeSelf(|input| Some(&input.instance_id));

    async fn handle(
        &self,
        _context: &RequestContext,
        _input: ListInstanceAssociationsRequest,
    ) -> Result<ListInstanceAssociationsResult, ApiError> {
        Ok(ListInstanceAssociationsResult { associations: Vec::new(), next_token: None })
    }
}
