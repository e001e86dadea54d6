//! `ListSSHPublicKeys`: none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{ListSSHPublicKeys, ListSSHPublicKeysRequest, ListSSHPublicKeysResponse};

impl Handle<ListSSHPublicKeys> for ControlPlane {
    const ACCESS: Access<ListSSHPublicKeysRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListSSHPublicKeysRequest,
    ) -> Result<ListSSHPublicKeysResponse, ApiError> {
        self.credentials_of(context, input.user_name).await?;
        Ok(ListSSHPublicKeysResponse {
            ssh_public_keys: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
