//! `DeleteLoginProfile`: users have no passwords.

use super::no_login_profile;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{DeleteLoginProfile, DeleteLoginProfileOutput, DeleteLoginProfileRequest};

impl Handle<DeleteLoginProfile> for ControlPlane {
    const ACCESS: Access<DeleteLoginProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteLoginProfileRequest,
    ) -> Result<DeleteLoginProfileOutput, ApiError> {
        let name = self.credentials_of(context, input.user_name).await?;
        Err(no_login_profile(&name))
    }
}
