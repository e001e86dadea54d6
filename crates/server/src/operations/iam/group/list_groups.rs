//! `ListGroups`: the groups whose path begins so.

use super::shown;
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{ListGroups, ListGroupsRequest, ListGroupsResponse};
use muster_store::iam::{Page, group};

impl Handle<ListGroups> for ControlPlane {
    const ACCESS: Access<ListGroupsRequest> = Access::Policy(|context, input| {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        vec![Requirement::on(context, identity_arn(&context.tenant.account, "group", prefix, ""))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListGroupsRequest,
    ) -> Result<ListGroupsResponse, ApiError> {
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let path_prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = Page { path_prefix, after: after.as_deref(), limit: size.rows() };
        let mut groups = group::list(&self.db, &context.tenant.account, page).await?;
        let marker = marker::cut(self, context, size, &mut groups, |group| group.name.clone());
        Ok(ListGroupsResponse {
            groups: groups.into_iter().map(shown).collect(),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
