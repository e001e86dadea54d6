//! `ListServiceSpecificCredentials`: none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    ListServiceSpecificCredentials, ListServiceSpecificCredentialsRequest,
    ListServiceSpecificCredentialsResponse,
};

impl Handle<ListServiceSpecificCredentials> for ControlPlane {
    const ACCESS: Access<ListServiceSpecificCredentialsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListServiceSpecificCredentialsRequest,
    ) -> Result<ListServiceSpecificCredentialsResponse, ApiError> {
        self.credentials_of(context, input.user_name).await?;
        Ok(ListServiceSpecificCredentialsResponse {
            service_specific_credentials: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
