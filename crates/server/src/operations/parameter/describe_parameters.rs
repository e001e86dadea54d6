//! `DescribeParameters`: everything about parameters but their values, in the order of names. Filters narrow the list
//! before it is cut into pages, so no page but the last is short.
//!
//! `Shared` lists the parameters of other accounts whose resource policies let the caller describe them. There is no
//! Resource Access Manager here, so a policy alone is enough, where AWS wants the share promoted first.

use super::{get_parameters_by_path::filters, read};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        paging::PageSize,
        parameter::filter::{self, Filter},
    },
    error::{ACCESS_DENIED, ApiError},
    operations::page,
};
use muster_ids::Tenant;
use muster_service_model::Timestamp;
use muster_ssm_api::{
    DescribeParameters, DescribeParametersRequest, DescribeParametersResult, ParameterMetadata,
    ParametersFilter, ParametersFilterKey,
};
use muster_store::parameter::{self, Condition, Version};

const DEFAULT_PAGE: usize = 50;

impl Handle<DescribeParameters> for ControlPlane {
    const ACCESS: Access<DescribeParametersRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeParametersRequest,
    ) -> Result<DescribeParametersResult, ApiError> {
        let old = input.filters.unwrap_or_default();
        let mut filters = filters(input.parameter_filters);
        if !old.is_empty() && !filters.is_empty() {
            let text = "You can use either Filters or ParameterFilters in a single request.";
            return Err(ApiError::validation(text));
        }
        filters.extend(old.into_iter().map(modern));
        let conditions = filter::describe(filters)?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        if input.shared == Some(true) {
            return self.describe_shared(context, &conditions, input.next_token.as_deref(), size).await;
        }
        let after: Option<String> = page::position(self, context, input.next_token.as_deref())?;
        let tenant = &context.tenant;
        let mut found = parameter::page(&self.db, tenant, &conditions, after.as_deref(), size.rows()).await?;
        let more = size.cut(&mut found);
        let last = found.last().filter(|_| more).map(|last| &last.path);
        let next_token = page::next_token(self, context, last);
        let parameters = found.into_iter().map(|found| described(tenant, found.latest));
        Ok(DescribeParametersResult { parameters: Some(parameters.collect::<Result<_, _>>()?), next_token })
    }
}

impl ControlPlane {
    async fn describe_shared(
        &self,
        context: &RequestContext,
        conditions: &[Condition],
        token: Option<&str>,
        size: PageSize,
    ) -> Result<DescribeParametersResult, ApiError> {
        // Tags stay with the owner.
        if conditions.iter().any(|condition| matches!(condition, Condition::Tagged(_))) {
            return Ok(DescribeParametersResult { parameters: Some(Vec::new()), next_token: None });
        }
        let after: Option<(String, String)> = page::position(self, context, token)?;
        let after = after.as_ref().map(|(account, path)| (account.as_str(), path.as_str()));
        let mut found =
            parameter::page_shared(&self.db, &context.tenant, conditions, after, size.rows()).await?;
        let more = size.cut(&mut found);
        let last = found.last().filter(|_| more).map(|(owner, last)| (owner.as_str(), last.path.as_str()));
        let next_token = page::next_token(self, context, last.as_ref());
        let mut parameters = Vec::with_capacity(found.len());
        for (account, found) in found {
            let owner = Tenant::new(account, context.tenant.region.clone());
            // A policy may be about one role of the account.
            let arn = arn::parameter(&owner, &found.path);
            let requirement = Requirement::on(context, arn).owned_by(&owner.account);
            let requirement = self.with_shares(requirement, &owner, &found.path).await?;
            match self.authorise(context, &[requirement]).await {
                Ok(()) => parameters.push(described(&owner, found.latest)?),
                Err(error) if error.schema.code == ACCESS_DENIED.code => {}
                Err(error) => return Err(error),
            }
        }
        Ok(DescribeParametersResult { parameters: Some(parameters), next_token })
    }
}

/// The older form of filters, as the newer one.
fn modern(filter: ParametersFilter) -> Filter {
    let option = (filter.key == ParametersFilterKey::Name).then(|| "BeginsWith".to_owned());
    Filter { key: filter.key.as_str().to_owned(), option, values: filter.values }
}

fn described(tenant: &Tenant, version: Version) -> Result<ParameterMetadata, ApiError> {
    let policies = read::policies(&version.body)?;
    let arn = arn::parameter(tenant, &version.name);
    Ok(ParameterMetadata {
        name: Some(version.name),
        arn: Some(arn),
        r#type: read::kind(&version.body),
        tier: read::tier(&version.body),
        key_id: version.body.key_id,
        last_modified_date: Some(Timestamp::from_millis(version.modified_ms)),
        last_modified_user: Some(version.modified_by),
        description: version.body.description,
        allowed_pattern: version.body.allowed_pattern,
        version: Some(version.number),
        policies: Some(read::inline(&policies, true)),
        data_type: Some(version.body.data_type),
    })
}
