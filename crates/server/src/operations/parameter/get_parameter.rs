//! `GetParameter`: one version, by name or ARN, with `:version` or `:label` behind it.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{GetParameter, GetParameterRequest, GetParameterResult};

impl Handle<GetParameter> for ControlPlane {
    // Another account's parameter may have a policy, which is in the store.
    const ACCESS: Access<GetParameterRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParameterRequest,
    ) -> Result<GetParameterResult, ApiError> {
        self.permit_reading(context, [input.name.as_str()]).await?;
        let decrypt = input.with_decryption.unwrap_or(false);
        let parameter = self.look_up(context, &input.name, decrypt).await?;
        Ok(GetParameterResult { parameter: Some(parameter) })
    }
}
