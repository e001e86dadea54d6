//! `DescribeTrails`: the trail of the account; names of others are left out.

use super::trail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{DescribeTrails, DescribeTrailsRequest, DescribeTrailsResponse};

impl Handle<DescribeTrails> for ControlPlane {
    const ACCESS: Access<DescribeTrailsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeTrailsRequest,
    ) -> Result<DescribeTrailsResponse, ApiError> {
        let own = trail::of(self, context);
        let wanted = input.trail_name_list.unwrap_or_default();
        let is_wanted = wanted.is_empty()
            || wanted.iter().any(|name| name == trail::NAME || own.trail_arn.as_ref() == Some(name));
        Ok(DescribeTrailsResponse { trail_list: Some(is_wanted.then_some(own).into_iter().collect()) })
    }
}
