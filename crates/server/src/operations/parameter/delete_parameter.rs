//! `DeleteParameter`: with all versions, labels and tags.

use super::{
    ATTEMPTS, access,
    change::{self, Operation},
    error::too_many_updates,
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::{Name, ParameterError},
    error::ApiError,
};
use muster_ssm_api::{DeleteParameter, DeleteParameterRequest, DeleteParameterResult};
use muster_store::{StoreError, parameter};

impl Handle<DeleteParameter> for ControlPlane {
    const ACCESS: Access<DeleteParameterRequest> =
        Access::Policy(|context, input| vec![access::writing(context, &input.name)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteParameterRequest,
    ) -> Result<DeleteParameterResult, ApiError> {
        let name = Name::parse_existing(&input.name)?;
        if self.remove_parameter(context, &name).await? {
            Ok(DeleteParameterResult {})
        } else {
            Err(ParameterError::NotFound.into())
        }
    }
}

impl ControlPlane {
    /// Deletes a parameter; `false` if there was none.
    pub(super) async fn remove_parameter(
        &self,
        context: &RequestContext,
        name: &Name,
    ) -> Result<bool, ApiError> {
        let (tenant, path) = (&context.tenant, name.path().as_str());
        for _ in 0..ATTEMPTS {
            let Some(found) = parameter::find(&self.db, tenant, path).await? else { return Ok(false) };
            let latest = &found.latest;
            let mut batch = parameter::delete(tenant, path, found.revision, &latest.body.tier);
            batch.append(change::event(context, Operation::Delete, &latest.name, &latest.body, None));
            match self.db.write(batch).await {
                Ok(answer) => {
                    self.announce(&answer);
                    return Ok(true);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(too_many_updates())
    }
}
