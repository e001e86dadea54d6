//! What `ListNodes` and `ListNodesSummary` ask alike: a data sync that may be named, and filters.

use crate::{
    context::RequestContext,
    domain::managed_node::{Comparison, NodeScope, node_predicates},
    error::ApiError,
};
use muster_ssm_api::{
    NodeFilter,
    errors::{INVALID_FILTER, RESOURCE_DATA_SYNC_NOT_FOUND_EXCEPTION},
};
use muster_store::managed_node::Predicate;

/// The conditions that the filters put on nodes.
///
/// # Errors
/// A data sync is named: there are none, nodes of this account and region are listed without one.
pub(super) fn predicates(
    context: &RequestContext,
    sync_name: Option<&str>,
    filters: Option<&[NodeFilter]>,
) -> Result<Vec<Predicate>, ApiError> {
    if let Some(name) = sync_name {
        let message = format!("The resource data sync {name} does not exist.");
        return Err(ApiError::new(&RESOURCE_DATA_SYNC_NOT_FOUND_EXCEPTION, message).with("SyncName", name));
    }
    let scope = NodeScope { tenant: &context.tenant };
    let mut predicates = Vec::new();
    for filter in filters.unwrap_or_default() {
        let key = filter.key.as_str();
        let comparison = filter.r#type.and_then(|operator| Comparison::from_wire(operator.as_str()));
        let found = node_predicates(scope, key, comparison.unwrap_or(Comparison::Equal), &filter.values);
        predicates
            .extend(found.map_err(|()| ApiError::new(&INVALID_FILTER, format!("Invalid filter key {key}")))?);
    }
    Ok(predicates)
}
