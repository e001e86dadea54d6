//! `LabelParameterVersion`: puts labels on a version, the latest by default, from whichever version they stand on. Labels
//! that cannot be are answered, and the others set all the same.

use super::{ATTEMPTS, access, change, error::too_many_updates};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::{Name, ParameterError, is_label},
    error::ApiError,
};
use muster_ssm_api::{LabelParameterVersion, LabelParameterVersionRequest, LabelParameterVersionResult};
use muster_store::{StoreError, parameter};
use std::collections::BTreeSet;

impl Handle<LabelParameterVersion> for ControlPlane {
    const ACCESS: Access<LabelParameterVersionRequest> =
        Access::Policy(|context, input| vec![access::writing(context, &input.name)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: LabelParameterVersionRequest,
    ) -> Result<LabelParameterVersionResult, ApiError> {
        let name = Name::parse_existing(&input.name)?;
        let (tenant, path) = (&context.tenant, name.path().as_str());
        let limit = self.config.limits.parameter_version_labels;
        let (labels, invalid): (BTreeSet<String>, BTreeSet<String>) =
            input.labels.into_iter().partition(|label| is_label(label));
        let labels: Vec<String> = labels.into_iter().collect();
        for _ in 0..ATTEMPTS {
            let found = parameter::find(&self.db, tenant, path).await?.ok_or(ParameterError::NotFound)?;
            let number = input.parameter_version.unwrap_or(found.latest.number);
            if parameter::find_version(&self.db, tenant, path, number).await?.is_none() {
                let name = name.as_str().to_owned();
                return Err(ParameterError::NoVersion { name, version: number.to_string() }.into());
            }
            let standing = parameter::labels_of(&self.db, tenant, path).await?;
            let others =
                standing.iter().filter(|(label, on)| *on == number && !labels.contains(label)).count();
            if others + labels.len() > limit {
                return Err(ParameterError::TooManyLabels(limit).into());
            }
            let done = || LabelParameterVersionResult {
                invalid_labels: Some(invalid.iter().cloned().collect()),
                parameter_version: Some(number),
            };
            if labels.is_empty() {
                return Ok(done());
            }
            let latest = &found.latest;
            let mut batch = parameter::set_labels(tenant, path, found.revision, number, &labels);
            for label in &labels {
                let from = standing.iter().find(|(known, _)| known == label).map(|(_, from)| *from);
                if from != Some(number) {
                    batch.append(change::labelled(context, &latest.name, &latest.body, label, from, number));
                }
            }
            match self.db.write(batch).await {
                Ok(answer) => {
                    self.announce(&answer);
                    return Ok(done());
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(too_many_updates())
    }
}
