//! `DescribeMasterKey`: which key wraps the installation's data keys, and since when. Muster's own operation.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{DescribeMasterKey, DescribeMasterKeyRequest, DescribeMasterKeyResponse};

impl Handle<DescribeMasterKey> for ControlPlane {
    const ACCESS: Access<DescribeMasterKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        _input: DescribeMasterKeyRequest,
    ) -> Result<DescribeMasterKeyResponse, ApiError> {
        self.authorise_installation(context).await?;
        Ok(DescribeMasterKeyResponse { master_key: self.describe_master().await? })
    }
}
