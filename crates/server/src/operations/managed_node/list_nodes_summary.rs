//! `ListNodesSummary`: how many nodes have which values of some attributes. One entry for each combination of values
//! that occurs, with the count as text beside them.

use super::{listing, node_query};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        managed_node::{Attribute, NodeScope, groupings},
        paging::PageSize,
    },
    error::ApiError,
    operations::page,
};
use muster_ssm_api::{
    ListNodesSummary, ListNodesSummaryRequest, ListNodesSummaryResult, errors::INVALID_AGGREGATOR_EXCEPTION,
};
use muster_store::managed_node::{self, Column, Listing};
use std::collections::BTreeMap;

const DEFAULT_PAGE: usize = 50;

/// Where an entry stands: its grouping, and its values in it.
type Position = (usize, Vec<String>);

impl Handle<ListNodesSummary> for ControlPlane {
    const ACCESS: Access<ListNodesSummaryRequest> =
        Access::Policy(|context, input| vec![super::on_sync(context, input.sync_name.as_deref())]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListNodesSummaryRequest,
    ) -> Result<ListNodesSummaryResult, ApiError> {
        let predicates =
            node_query::predicates(context, input.sync_name.as_deref(), input.filters.as_deref())?;
        let groupings = groupings(&input.aggregators)
            .map_err(|error| ApiError::new(&INVALID_AGGREGATOR_EXCEPTION, error.to_string()))?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let after: Option<Position> = page::position(self, context, input.next_token.as_deref())?;
        let listing = listing(self, context, &predicates);

        let mut entries: Vec<(Position, BTreeMap<String, String>)> = Vec::new();
        for (index, names) in groupings.iter().enumerate() {
            let counted = count(self, context, listing, names).await?;
            entries.extend(counted.into_iter().map(|(values, count)| {
                let named = names.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned());
                let entry = named.chain([("Count".to_owned(), count.to_string())]).collect();
                ((index, values), entry)
            }));
        }
        entries.retain(|(position, _)| after.as_ref().is_none_or(|after| position > after));
        let more = size.cut(&mut entries);
        let last = entries.last().filter(|_| more).map(|(position, _)| position);
        let next_token = page::next_token(self, context, last);
        let summary = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(ListNodesSummaryResult { summary: Some(summary), next_token })
    }
}

/// The nodes in each combination of these attributes' values, in the values' order; none without nodes.
async fn count(
    control_plane: &ControlPlane,
    context: &RequestContext,
    listing: Listing<'_>,
    names: &[&str],
) -> Result<Vec<(Vec<String>, i64)>, ApiError> {
    let scope = NodeScope { tenant: &context.tenant };
    let attributes: Vec<Attribute<'_>> = names.iter().filter_map(|name| scope.attribute(name)).collect();
    let columns: Vec<Column> = attributes
        .iter()
        .filter_map(|attribute| match attribute {
            Attribute::Column(column) => Some(*column),
            Attribute::Fixed(_) | Attribute::Online { .. } => None,
        })
        .collect();
    let rows = managed_node::count_by(&control_plane.db, listing, &columns).await?;
    let mut groups: Vec<(Vec<String>, i64)> = rows
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(values, count)| {
            let mut values = values.into_iter();
            let value = |attribute: &Attribute<'_>| match attribute {
                Attribute::Column(_) => values.next().unwrap_or_default(),
                Attribute::Fixed(value) => (*value).to_owned(),
                // No aggregator of the model depends on it.
                Attribute::Online { .. } => String::new(),
            };
            (attributes.iter().map(value).collect(), count)
        })
        .collect();
    groups.sort();
    Ok(groups)
}
