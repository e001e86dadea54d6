//! `UpdateAccessKey`: switches a key off, or on again. It takes effect at once.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{StatusType, UpdateAccessKey, UpdateAccessKeyOutput, UpdateAccessKeyRequest};
use muster_store::access_key::{self, Status};

impl Handle<UpdateAccessKey> for ControlPlane {
    const ACCESS: Access<UpdateAccessKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateAccessKeyRequest,
    ) -> Result<UpdateAccessKeyOutput, ApiError> {
        self.change_identities(&context.tenant.account, || async {
            let owner = self.key_owner(context, input.user_name.as_deref()).await?;
            let status = match input.status {
                StatusType::Active => Status::Active,
                StatusType::Inactive => Status::Inactive,
                StatusType::Expired => {
                    return Err(ApiError::validation("A key is made Active or Inactive, and not Expired."));
                }
            };
            let key = self.key_of(context, owner.as_deref(), &input.access_key_id).await?;
            Ok((access_key::set_status(&key.access_key_id, status), UpdateAccessKeyOutput {}))
        })
        .await
    }
}
