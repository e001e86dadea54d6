//! `GetParameter`: one version, by name or ARN, with `:version` or `:label` behind it.

use super::access;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::Reference,
    error::ApiError,
};
use muster_ssm_api::{GetParameter, GetParameterRequest, GetParameterResult};

impl Handle<GetParameter> for ControlPlane {
    const ACCESS: Access<GetParameterRequest> =
        Access::Policy(|context, input| vec![access::reading(context, &input.name)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParameterRequest,
    ) -> Result<GetParameterResult, ApiError> {
        let reference = Reference::parse(&input.name, &context.tenant)?;
        let version = self.version_of(context, &reference).await?;
        let decrypt = input.with_decryption.unwrap_or(false);
        let parameter = self.shown(context, version, Some(&reference), decrypt).await?;
        Ok(GetParameterResult { parameter: Some(parameter) })
    }
}
