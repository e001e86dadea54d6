//! `ListTrails`: the trail of the account.

use super::trail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{ListTrails, ListTrailsRequest, ListTrailsResponse, TrailInfo};

impl Handle<ListTrails> for ControlPlane {
    const ACCESS: Access<ListTrailsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        _: ListTrailsRequest,
    ) -> Result<ListTrailsResponse, ApiError> {
        let own = trail::of(self, context);
        let info = TrailInfo { trail_arn: own.trail_arn, name: own.name, home_region: own.home_region };
        Ok(ListTrailsResponse { trails: Some(vec![info]), next_token: None })
    }
}
