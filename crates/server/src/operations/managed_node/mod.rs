//! Managed nodes as operators see them: listed in three ways, counted, given another role, removed.

mod deregister_managed_instance;
mod describe_instance_information;
mod describe_instance_properties;
mod get_connection_status;
mod list_nodes;
mod list_nodes_summary;
mod node_query;
mod update_managed_instance_role;
mod view;

use crate::{
    ControlPlane, arn, authority::Requirement, context::RequestContext, dispatch::Router, domain,
    error::ApiError, operations::page,
};
use domain::paging::PageSize;
use muster_ids::ManagedNodeId;
use muster_ssm_api::{
    DeregisterManagedInstance, DescribeInstanceInformation, DescribeInstanceProperties, GetConnectionStatus,
    ListNodes, ListNodesSummary, UpdateManagedInstanceRole, errors::INVALID_INSTANCE_ID,
};
use muster_store::managed_node::{self, Listing, ManagedNode, Predicate};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<DeregisterManagedInstance>()
        .on::<DescribeInstanceInformation>()
        .on::<DescribeInstanceProperties>()
        .on::<GetConnectionStatus>()
        .on::<ListNodes>()
        .on::<ListNodesSummary>()
        .on::<UpdateManagedInstanceRole>()
}

/// A node id of the caller's. Ids of other kinds of nodes satisfy the model, but no node here has one.
fn node_id(text: &str) -> Result<ManagedNodeId, ApiError> {
    ManagedNodeId::parse(text).map_err(|_| no_such_node(text))
}

/// The lists of nodes across accounts are resources by the name of their data sync; this is the one that there always is.
const DEFAULT_SYNC: &str = "AWS-QuickSetup-ManagedNode";

fn on_sync(context: &RequestContext, name: Option<&str>) -> Requirement {
    let sync = format!("resource-data-sync/{}", name.unwrap_or(DEFAULT_SYNC));
    Requirement::on(context, arn::of("ssm", &context.tenant, &sync))
}

fn no_such_node(id: &str) -> ApiError {
    ApiError::new(&INVALID_INSTANCE_ID, format!("Not existing InstanceId {id}"))
}

/// The nodes of the caller's tenant that satisfy the predicates, with what online means right now.
fn listing<'a>(
    control_plane: &ControlPlane,
    context: &'a RequestContext,
    predicates: &'a [Predicate],
) -> Listing<'a> {
    let timeout_ms = control_plane.config.limits.ping_timeout_ms;
    let online_after_ms = domain::managed_node::online_after_ms(context.now_ms, timeout_ms);
    Listing { tenant: &context.tenant, predicates, online_after_ms }
}

/// One page of a listing by id, and the token of the next. Filters come before pages: a page is full unless it is
/// the last.
async fn page_of_nodes(
    control_plane: &ControlPlane,
    context: &RequestContext,
    predicates: &[Predicate],
    size: PageSize,
    token: Option<&str>,
) -> Result<(Vec<ManagedNode>, Option<String>), ApiError> {
    let after: Option<ManagedNodeId> = page::position(control_plane, context, token)?;
    let listing = listing(control_plane, context, predicates);
    let mut rows = managed_node::page(&control_plane.db, listing, after.as_ref(), size.rows()).await?;
    let more = size.cut(&mut rows);
    let last = rows.last().filter(|_| more).map(|last| &last.id);
    let next_token = page::next_token(control_plane, context, last.as_ref());
    Ok((rows, next_token))
}

/// Whether a node is online at the moment of the call.
fn is_online(control_plane: &ControlPlane, context: &RequestContext, node: &ManagedNode) -> bool {
    let timeout_ms = control_plane.config.limits.ping_timeout_ms;
    domain::managed_node::is_online(context.now_ms, node.last_ping_ms, node.connected(), timeout_ms)
}

#[cfg(test)]
mod tests;
