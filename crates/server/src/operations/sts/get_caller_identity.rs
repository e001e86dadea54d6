//! `GetCallerIdentity`: allowed to everybody who can sign.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_sts_api::{GetCallerIdentity, GetCallerIdentityRequest, GetCallerIdentityResponse};

impl Handle<GetCallerIdentity> for ControlPlane {
    const ACCESS: Access<GetCallerIdentityRequest> = Access::Caller;

    async fn handle(
        &self,
        context: &RequestContext,
        _input: GetCallerIdentityRequest,
    ) -> Result<GetCallerIdentityResponse, ApiError> {
        let account = context.principal.account().ok_or_else(|| denied(context))?;
        Ok(GetCallerIdentityResponse {
            arn: Some(context.principal.arn()),
            user_id: Some(context.principal.user_id()),
            account: Some(account.to_string()),
        })
    }
}
