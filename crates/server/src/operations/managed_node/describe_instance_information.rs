//! `DescribeInstanceInformation`: every node from its registration until its deregistration. Ids that no node has
//! give an empty list, as AWS does although its own text speaks of an error.

use super::{is_online, page_of_nodes, view};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        managed_node::{FilterError, information_predicates},
        paging::PageSize,
    },
    error::ApiError,
};
use muster_ssm_api::{
    DescribeInstanceInformation, DescribeInstanceInformationRequest, DescribeInstanceInformationResult,
    errors::{INVALID_INSTANCE_ID, INVALID_INSTANCE_INFORMATION_FILTER_VALUE},
};

/// AWS's documented default.
const DEFAULT_PAGE: usize = 10;

/// The model bounds the values of a filter, but not the filters; a statement bounds its parameters.
const MOST_FILTERS: usize = 100;

impl Handle<DescribeInstanceInformation> for ControlPlane {
    const ACCESS: Access<DescribeInstanceInformationRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeInstanceInformationRequest,
    ) -> Result<DescribeInstanceInformationResult, ApiError> {
        let legacy = input.instance_information_filter_list.unwrap_or_default();
        let current = input.filters.unwrap_or_default();
        if !legacy.is_empty() && !current.is_empty() {
            return Err(ApiError::validation("Cannot use both legacy and new filter simultaneously."));
        }
        let filters: Vec<(&str, &[String])> = legacy
            .iter()
            .map(|filter| (filter.key.as_str(), filter.value_set.as_slice()))
            .chain(current.iter().map(|filter| (filter.key.as_str(), filter.values.as_slice())))
            .collect();
        if filters.len() > MOST_FILTERS {
            return Err(ApiError::validation(format!("There can be at most {MOST_FILTERS} filters.")));
        }
        let predicates = information_predicates(&filters).map_err(refused)?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let token = input.next_token.as_deref();
        let (nodes, next_token) = page_of_nodes(self, context, &predicates, size, token).await?;
        let list = nodes.into_iter().map(|node| {
            let online = is_online(self, context, &node);
            view::information(node, online)
        });
        Ok(DescribeInstanceInformationResult { instance_information_list: Some(list.collect()), next_token })
    }
}

fn refused(error: FilterError) -> ApiError {
    let text = error.to_string();
    match error {
        // Not the modelled InvalidFilterKey: AWS answers a validation error.
        FilterError::UnknownKey(_) | FilterError::MixedTags => ApiError::validation(text),
        FilterError::OneValue(_) | FilterError::Value { .. } => {
            ApiError::new(&INVALID_INSTANCE_INFORMATION_FILTER_VALUE, text)
        }
        FilterError::InstanceId => ApiError::new(&INVALID_INSTANCE_ID, text),
    }
}
