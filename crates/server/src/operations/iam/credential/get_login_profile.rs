//! `GetLoginProfile`: users have no passwords.

use super::no_login_profile;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{GetLoginProfile, GetLoginProfileRequest, GetLoginProfileResponse};

impl Handle<GetLoginProfile> for ControlPlane {
    const ACCESS: Access<GetLoginProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetLoginProfileRequest,
    ) -> Result<GetLoginProfileResponse, ApiError> {
        let name = self.credentials_of(context, input.user_name).await?;
        Err(no_login_profile(&name))
    }
}
