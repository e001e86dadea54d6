//! `DeleteParameters`: those that exist go; the others are named under `InvalidParameters`.

use super::access;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::Name,
    error::ApiError,
};
use muster_ssm_api::{DeleteParameters, DeleteParametersRequest, DeleteParametersResult};
use std::collections::BTreeSet;

impl Handle<DeleteParameters> for ControlPlane {
    const ACCESS: Access<DeleteParametersRequest> = Access::Policy(|context, input| {
        input.names.iter().map(|name| access::writing(context, name)).collect()
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteParametersRequest,
    ) -> Result<DeleteParametersResult, ApiError> {
        let mut seen = BTreeSet::new();
        let names: Vec<String> = input.names.into_iter().filter(|name| seen.insert(name.clone())).collect();
        // At once, so that they share a commit.
        let removals = names.iter().map(|text| async {
            match Name::parse_existing(text) {
                Ok(name) => self.remove_parameter(context, &name).await,
                Err(_) => Ok(false),
            }
        });
        let removed = futures_util::future::join_all(removals).await;
        let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
        for (name, removed) in names.into_iter().zip(removed) {
            if removed? { deleted.push(name) } else { invalid.push(name) }
        }
        Ok(DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(invalid) })
    }
}
