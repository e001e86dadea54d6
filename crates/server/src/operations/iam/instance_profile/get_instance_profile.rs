//! `GetInstanceProfile`: a profile with its role and its tags.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{GetInstanceProfile, GetInstanceProfileRequest, GetInstanceProfileResponse};

impl Handle<GetInstanceProfile> for ControlPlane {
    const ACCESS: Access<GetInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetInstanceProfileRequest,
    ) -> Result<GetInstanceProfileResponse, ApiError> {
        let profile = self.profile_for(context, &input.instance_profile_name, plain).await?;
        Ok(GetInstanceProfileResponse { instance_profile: self.profile_whole(profile).await? })
    }
}
