//! `GetParameterHistory`: every kept version, the oldest first, with its labels.

use super::read;
use crate::{
    ControlPlane, arn,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        paging::PageSize,
        parameter::{ParameterError, Reference},
    },
    error::ApiError,
    operations::page,
};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    GetParameterHistory, GetParameterHistoryRequest, GetParameterHistoryResult, ParameterHistory,
};
use muster_store::parameter::{self, Version};

const DEFAULT_PAGE: usize = 50;

impl Handle<GetParameterHistory> for ControlPlane {
    // Another account's parameter may have a policy, which is in the store.
    const ACCESS: Access<GetParameterHistoryRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParameterHistoryRequest,
    ) -> Result<GetParameterHistoryResult, ApiError> {
        self.permit_reading(context, [input.name.as_str()]).await?;
        let reference = Reference::parse(&input.name, &context.tenant)?;
        if reference.selector.is_some() {
            return Err(ParameterError::NotFound.into());
        }
        let owner = self.owner_of(context, &reference)?;
        let (tenant, path) = (&*owner, reference.path.as_str());
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let after: Option<i64> = page::position(self, context, input.next_token.as_deref())?;
        let mut versions =
            parameter::versions(&self.db, tenant, path, after.unwrap_or(0), size.rows()).await?;
        if versions.is_empty() && parameter::find(&self.db, tenant, path).await?.is_none() {
            return Err(ParameterError::NotFound.into());
        }
        let labels = parameter::labels_of(&self.db, tenant, path).await?;
        let more = size.cut(&mut versions);
        let last = versions.last().filter(|_| more).map(|last| last.number);
        let next_token = page::next_token(self, context, last.as_ref());
        let decrypt = input.with_decryption.unwrap_or(false);
        let mut parameters = Vec::with_capacity(versions.len());
        for version in versions {
            let number = version.number;
            let labels = labels.iter().filter(|(_, on)| *on == number).map(|(label, _)| label.clone());
            parameters.push(self.remembered(context, version, &reference, labels.collect(), decrypt).await?);
        }
        Ok(GetParameterHistoryResult { parameters: Some(parameters), next_token })
    }
}

impl ControlPlane {
    async fn remembered(
        &self,
        context: &RequestContext,
        version: Version,
        reference: &Reference,
        labels: Vec<String>,
        decrypt: bool,
    ) -> Result<ParameterHistory, ApiError> {
        let policies = read::policies(&version.body)?;
        let arn = arn::parameter(&reference.owner(&context.tenant), &version.name);
        let value = self.value(context, &arn, &version.body, decrypt).await?;
        Ok(ParameterHistory {
            name: Some(reference.name.clone().unwrap_or(version.name)),
            r#type: read::kind(&version.body),
            tier: read::tier(&version.body),
            key_id: version.body.key_id,
            last_modified_date: Some(Timestamp::from_millis(version.modified_ms)),
            last_modified_user: Some(version.modified_by),
            description: version.body.description,
            value: Some(value),
            allowed_pattern: version.body.allowed_pattern,
            version: Some(version.number),
            labels: Some(labels),
            policies: Some(read::inline(&policies, false)),
            data_type: Some(version.body.data_type),
        })
    }
}
