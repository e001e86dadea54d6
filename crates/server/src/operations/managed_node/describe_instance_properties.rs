//! `DescribeInstanceProperties`: what AWS's console lists. Both forms of filters may come together, and then both hold.

use super::{is_online, page_of_nodes, view};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        managed_node::{Comparison, PropertyFilterError, property_predicates},
        paging::PageSize,
    },
    error::ApiError,
};
use muster_ssm_api::{
    DescribeInstanceProperties, DescribeInstancePropertiesRequest, DescribeInstancePropertiesResult,
    errors::{INVALID_FILTER_KEY, INVALID_INSTANCE_PROPERTY_FILTER_VALUE},
};

const DEFAULT_PAGE: usize = 50;

impl Handle<DescribeInstanceProperties> for ControlPlane {
    const ACCESS: Access<DescribeInstancePropertiesRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeInstancePropertiesRequest,
    ) -> Result<DescribeInstancePropertiesResult, ApiError> {
        let mut predicates = Vec::new();
        for filter in input.instance_property_filter_list.iter().flatten() {
            let found = property_predicates(filter.key.as_str(), Comparison::Equal, &filter.value_set);
            predicates.extend(found.map_err(refused)?);
        }
        for filter in input.filters_with_operator.iter().flatten() {
            let comparison = filter.operator.and_then(|operator| Comparison::from_wire(operator.as_str()));
            let comparison = comparison.unwrap_or(Comparison::Equal);
            predicates.extend(property_predicates(&filter.key, comparison, &filter.values).map_err(refused)?);
        }
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let token = input.next_token.as_deref();
        let (nodes, next_token) = page_of_nodes(self, context, &predicates, size, token).await?;
        let list = nodes.into_iter().map(|node| {
            let online = is_online(self, context, &node);
            view::property(node, online)
        });
        Ok(DescribeInstancePropertiesResult { instance_properties: Some(list.collect()), next_token })
    }
}

fn refused(error: PropertyFilterError) -> ApiError {
    let text = error.to_string();
    match error {
        PropertyFilterError::Key(_) => ApiError::new(&INVALID_FILTER_KEY, text),
        PropertyFilterError::Value(_) => ApiError::new(&INVALID_INSTANCE_PROPERTY_FILTER_VALUE, text),
    }
}
