//! Public parameters as callers see them: Strings of version 1, whose ARNs name no account.

use crate::{
    ControlPlane, arn,
    context::RequestContext,
    domain::{paging::PageSize, parameter::ParameterError},
    error::ApiError,
    operations::page,
    public_parameters::{PublicName, PublicParameter},
};
use muster_service_model::{Sensitive, Timestamp};
use muster_ssm_api::{GetParametersByPathResult, Parameter, ParameterType};
use std::sync::Arc;

const VERSION: i64 = 1;

impl ControlPlane {
    /// The public parameter of a name.
    ///
    /// # Errors
    /// `NotFound`, or `NoVersion`: there is one version, without labels.
    pub(super) async fn public_parameter(
        &self,
        context: &RequestContext,
        name: &PublicName,
    ) -> Result<Parameter, ApiError> {
        let (public, path) = (Arc::clone(&self.public_parameters), name.path.clone());
        let found =
            tokio::task::spawn_blocking(move || public.find(&path)).await.map_err(ApiError::internal)?;
        let found = found.ok_or(ParameterError::NotFound)?;
        match &name.selector {
            Some(selector) if selector.parse() != Ok(VERSION) => {
                let (name, version) = (name.path.clone(), selector.clone());
                Err(ParameterError::NoVersion { name, version }.into())
            }
            selector => {
                let selector = selector.as_ref().map(|selector| format!(":{selector}"));
                Ok(Parameter { selector, ..shown(context, name.path.clone(), found) })
            }
        }
    }

    /// A page of the public parameters below a path.
    ///
    /// # Errors
    /// None of the caller's.
    pub(super) async fn public_page(
        &self,
        context: &RequestContext,
        (path, recursive): (&str, bool),
        after: Option<&str>,
        size: PageSize,
    ) -> Result<GetParametersByPathResult, ApiError> {
        let (public, path, after) =
            (Arc::clone(&self.public_parameters), path.to_owned(), after.map(str::to_owned));
        let limit = usize::try_from(size.rows()).unwrap_or(usize::MAX);
        let look = move || public.below(&path, recursive, after.as_deref(), limit);
        let mut found = tokio::task::spawn_blocking(look).await.map_err(ApiError::internal)?;
        let more = size.cut(&mut found);
        let next_token = page::next_token(self, context, found.last().filter(|_| more).map(|(name, _)| name));
        let parameters = found.into_iter().map(|(name, found)| shown(context, name, found)).collect();
        Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
    }
}

fn shown(context: &RequestContext, name: String, found: PublicParameter) -> Parameter {
    Parameter {
        arn: Some(arn::public_parameter(&context.tenant.region, &name)),
        name: Some(name),
        r#type: Some(ParameterType::String),
        value: Some(Sensitive::new(found.value)),
        version: Some(VERSION),
        selector: None,
        source_result: None,
        last_modified_date: Some(Timestamp::from_millis(found.modified_ms)),
        data_type: Some("text".to_owned()),
    }
}
