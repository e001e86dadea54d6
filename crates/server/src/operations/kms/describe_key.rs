//! `DescribeKey`: what there is to know of a key, but for what it encrypts with. Of an alias of a service it makes the
//! key.

use super::support::metadata;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{DescribeKey, DescribeKeyRequest, DescribeKeyResponse};

impl Handle<DescribeKey> for ControlPlane {
    const ACCESS: Access<DescribeKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeKeyRequest,
    ) -> Result<DescribeKeyResponse, ApiError> {
        let found = self.any_key(context, &input.key_id, None).await?;
        Ok(DescribeKeyResponse { key_metadata: Some(metadata(&found.key)) })
    }
}
