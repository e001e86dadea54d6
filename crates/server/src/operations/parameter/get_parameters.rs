//! `GetParameters`: those that exist in the order of their names; the others, and what no parameter can be called,
//! under `InvalidParameters`. A name that comes twice is answered once. Who may not read one of them gets none.

use super::access;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::Reference,
    error::ApiError,
};
use muster_ssm_api::{
    GetParameters, GetParametersRequest, GetParametersResult,
    errors::{PARAMETER_NOT_FOUND, PARAMETER_VERSION_NOT_FOUND},
};
use std::collections::BTreeSet;

impl Handle<GetParameters> for ControlPlane {
    const ACCESS: Access<GetParametersRequest> = Access::Policy(|context, input| {
        input.names.iter().map(|name| access::reading(context, name)).collect()
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParametersRequest,
    ) -> Result<GetParametersResult, ApiError> {
        let decrypt = input.with_decryption.unwrap_or(false);
        let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for name in input.names {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Ok(reference) = Reference::parse(&name, &context.tenant) else {
                invalid.push(name);
                continue;
            };
            match self.version_of(context, &reference).await {
                Ok(version) => {
                    parameters.push(self.shown(context, version, Some(&reference), decrypt).await?);
                }
                Err(error) if is_absent(&error) => invalid.push(name),
                Err(error) => return Err(error),
            }
        }
        parameters.sort_by(|one, other| (&one.name, one.version).cmp(&(&other.name, other.version)));
        Ok(GetParametersResult { parameters: Some(parameters), invalid_parameters: Some(invalid) })
    }
}

fn is_absent(error: &ApiError) -> bool {
    [PARAMETER_NOT_FOUND.code, PARAMETER_VERSION_NOT_FOUND.code].contains(&error.schema.code)
}
