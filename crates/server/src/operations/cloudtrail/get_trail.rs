//! `GetTrail`: the trail of the account.

use super::trail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{GetTrail, GetTrailRequest, GetTrailResponse};

impl Handle<GetTrail> for ControlPlane {
    const ACCESS: Access<GetTrailRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetTrailRequest,
    ) -> Result<GetTrailResponse, ApiError> {
        Ok(GetTrailResponse { trail: Some(trail::named(self, context, &input.name).await?) })
    }
}
