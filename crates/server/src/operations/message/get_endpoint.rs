//! `GetEndpoint`: where a node polls. In the service's model, though no known agent calls it.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_protocol::agent_api::ec2messages::{GetEndpoint, GetEndpointRequest, GetEndpointResult};

impl Handle<GetEndpoint> for ControlPlane {
    const ACCESS: Access<GetEndpointRequest> = Access::NodeSelf(|input| Some(&input.destination));

    async fn handle(
        &self,
        _context: &RequestContext,
        _input: GetEndpointRequest,
    ) -> Result<GetEndpointResult, ApiError> {
        Ok(GetEndpointResult { endpoint: Some(self.config.base_url()) })
    }
}
