//! `DeleteAccessKey`: the key is gone at once, and for ever.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{DeleteAccessKey, DeleteAccessKeyOutput, DeleteAccessKeyRequest};
use muster_store::access_key;

impl Handle<DeleteAccessKey> for ControlPlane {
    const ACCESS: Access<DeleteAccessKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteAccessKeyRequest,
    ) -> Result<DeleteAccessKeyOutput, ApiError> {
        self.change_identities(&context.tenant.account, || async {
            let owner = self.key_owner(context, input.user_name.as_deref()).await?;
            let key = self.key_of(context, owner.as_deref(), &input.access_key_id).await?;
            Ok((access_key::delete(&key.access_key_id), DeleteAccessKeyOutput {}))
        })
        .await
    }
}
