//! `ListNodes`: the nodes of this account and region.

use super::{is_online, node_query, page_of_nodes, view};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::paging::PageSize,
    error::ApiError,
};
use muster_ssm_api::{ListNodes, ListNodesRequest, ListNodesResult};

const DEFAULT_PAGE: usize = 50;

impl Handle<ListNodes> for ControlPlane {
    const ACCESS: Access<ListNodesRequest> =
        Access::Policy(|context, input| vec![super::on_sync(context, input.sync_name.as_deref())]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListNodesRequest,
    ) -> Result<ListNodesResult, ApiError> {
        let predicates =
            node_query::predicates(context, input.sync_name.as_deref(), input.filters.as_deref())?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let token = input.next_token.as_deref();
        let (nodes, next_token) = page_of_nodes(self, context, &predicates, size, token).await?;
        let list = nodes.into_iter().map(|node| {
            let online = is_online(self, context, &node);
            view::node(node, online)
        });
        Ok(ListNodesResult { nodes: Some(list.collect()), next_token })
    }
}
