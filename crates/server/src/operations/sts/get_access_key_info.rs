//! `GetAccessKeyInfo`: the account of an access key, also of one that is no more: ids tell it themselves, but for those
//! that an operator chose.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    secrets::account_of_key_id,
};
use muster_store::access_key;
use muster_sts_api::{GetAccessKeyInfo, GetAccessKeyInfoRequest, GetAccessKeyInfoResponse};

impl Handle<GetAccessKeyInfo> for ControlPlane {
    const ACCESS: Access<GetAccessKeyInfoRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        _context: &RequestContext,
        input: GetAccessKeyInfoRequest,
    ) -> Result<GetAccessKeyInfoResponse, ApiError> {
        let account = match access_key::find(&self.db, &input.access_key_id).await? {
            Some(key) => Some(key.account),
            None => account_of_key_id(&input.access_key_id),
        };
        let account = account
            .ok_or_else(|| ApiError::validation(format!("Invalid Access Key ID: {}", input.access_key_id)))?;
        Ok(GetAccessKeyInfoResponse { account: Some(account.to_string()) })
    }
}
