//! `GetParameters`: those that exist in the order of their names; the others, and what no parameter can be called,
//! under `InvalidParameters`. A name that comes twice is answered once. Who may not read one of them gets none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::secret::SecretError,
    error::{ApiError, VALIDATION},
};
use muster_ssm_api::{
    GetParameters, GetParametersRequest, GetParametersResult,
    errors::{PARAMETER_NOT_FOUND, PARAMETER_VERSION_NOT_FOUND},
};
use std::collections::BTreeSet;

impl Handle<GetParameters> for ControlPlane {
    // Another account's parameter may have a policy, which is in the store.
    const ACCESS: Access<GetParametersRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParametersRequest,
    ) -> Result<GetParametersResult, ApiError> {
        self.permit_reading(context, input.names.iter().map(String::as_str)).await?;
        let decrypt = input.with_decryption.unwrap_or(false);
        let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for name in input.names {
            if !seen.insert(name.clone()) {
                continue;
            }
            match self.look_up(context, &name, decrypt).await {
                Ok(parameter) => parameters.push(parameter),
                Err(error) if is_absent(&error) => invalid.push(name),
                Err(error) => return Err(error),
            }
        }
        parameters.sort_by(|one, other| (&one.name, one.version).cmp(&(&other.name, other.version)));
        Ok(GetParametersResult { parameters: Some(parameters), invalid_parameters: Some(invalid) })
    }
}

/// There is nothing of that name, or nothing can have it. A Secrets Manager that does not answer says neither.
fn is_absent(error: &ApiError) -> bool {
    if error.message == SecretError::Unreachable.to_string() {
        return false;
    }
    [PARAMETER_NOT_FOUND.code, PARAMETER_VERSION_NOT_FOUND.code, VALIDATION.code].contains(&error.schema.code)
}
