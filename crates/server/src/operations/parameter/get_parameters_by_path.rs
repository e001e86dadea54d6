//! `GetParametersByPath`: what is below a path, on one level or on all, in the order of names. The permission is asked
//! for the path, as in AWS, not for what is found. With a label, of each parameter the version that carries it.

use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        paging::PageSize,
        parameter::{filter, hierarchy},
    },
    error::ApiError,
    operations::page,
    public_parameters::PublicName,
};
use muster_ssm_api::{
    GetParametersByPath, GetParametersByPathRequest, GetParametersByPathResult, ParameterStringFilter,
};
use muster_store::parameter::{self, Condition, Version};

const DEFAULT_PAGE: usize = 10;

impl Handle<GetParametersByPath> for ControlPlane {
    const ACCESS: Access<GetParametersByPathRequest> = Access::Policy(|context, input| {
        let path = input.path.trim_matches(' ');
        let path = match PublicName::parse(path, &context.tenant.region) {
            Some(_) => arn::public_parameter(&context.tenant.region, path),
            None => arn::parameter(&context.tenant, path),
        };
        let recursive = input.recursive.unwrap_or(false);
        vec![Requirement::on(context, path).key("ssm:Recursive", recursive.to_string())]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetParametersByPathRequest,
    ) -> Result<GetParametersByPathResult, ApiError> {
        let path = hierarchy(&input.path)?;
        let recursive = input.recursive.unwrap_or(false);
        let filters = filter::by_path(filters(input.parameter_filters))?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let after: Option<String> = page::position(self, context, input.next_token.as_deref())?;
        let (db, tenant, after) = (&self.db, &context.tenant, after.as_deref());
        if PublicName::parse(&path, &tenant.region).is_some() {
            return self.public_page(context, (&path, recursive), after, size).await;
        }

        let mut found: Vec<(String, Version)> = match filters.labels {
            None => {
                let mut conditions = filters.conditions;
                conditions.push(Condition::Below { path, recursive });
                let rows = parameter::page(db, tenant, &conditions, after, size.rows()).await?;
                rows.into_iter().map(|row| (row.path, row.latest)).collect()
            }
            Some(labels) => {
                let (below, conditions) = ((path.as_str(), recursive), &filters.conditions);
                parameter::page_labelled(db, tenant, below, &labels, conditions, after, size.rows()).await?
            }
        };
        let more = size.cut(&mut found);
        let last = found.last().filter(|_| more).map(|(path, _)| path);
        let next_token = page::next_token(self, context, last);
        let decrypt = input.with_decryption.unwrap_or(false);
        let mut parameters = Vec::with_capacity(found.len());
        for (_, version) in found {
            parameters.push(self.shown(context, version, None, decrypt).await?);
        }
        Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
    }
}

/// Filters as the rules take them.
pub(super) fn filters(filters: Option<Vec<ParameterStringFilter>>) -> Vec<filter::Filter> {
    let of = |filter: ParameterStringFilter| filter::Filter {
        key: filter.key,
        option: filter.option,
        values: filter.values.unwrap_or_default(),
    };
    filters.unwrap_or_default().into_iter().map(of).collect()
}
