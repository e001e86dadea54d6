//! `UnlabelParameterVersion`: takes labels from a version; those that do not stand on it are answered.

use super::access;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::{Name, ParameterError},
    error::ApiError,
};
use muster_ssm_api::{
    UnlabelParameterVersion, UnlabelParameterVersionRequest, UnlabelParameterVersionResult,
};
use muster_store::parameter;
use std::collections::BTreeSet;

impl Handle<UnlabelParameterVersion> for ControlPlane {
    const ACCESS: Access<UnlabelParameterVersionRequest> =
        Access::Policy(|context, input| vec![access::writing(context, &input.name)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: UnlabelParameterVersionRequest,
    ) -> Result<UnlabelParameterVersionResult, ApiError> {
        let name = Name::parse_existing(&input.name)?;
        let (tenant, path, number) = (&context.tenant, name.path().as_str(), input.parameter_version);
        if parameter::find(&self.db, tenant, path).await?.is_none() {
            return Err(ParameterError::NotFound.into());
        }
        if parameter::find_version(&self.db, tenant, path, number).await?.is_none() {
            let name = name.as_str().to_owned();
            return Err(ParameterError::NoVersion { name, version: number.to_string() }.into());
        }
        let batch = parameter::unset_labels(tenant, path, number, &input.labels);
        let rows = self.db.write(batch).await?;
        let removed = rows.iter().flatten().map(|row| row.text(0).map(str::to_owned));
        let removed = removed.collect::<Result<BTreeSet<_>, _>>()?;
        let invalid: BTreeSet<String> =
            input.labels.into_iter().filter(|label| !removed.contains(label)).collect();
        Ok(UnlabelParameterVersionResult {
            removed_labels: Some(removed.into_iter().collect()),
            invalid_labels: Some(invalid.into_iter().collect()),
        })
    }
}
