//! `ListUsers`: the users whose path begins so.

use super::listed;
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{ListUsers, ListUsersRequest, ListUsersResponse};
use muster_store::iam::{Page, user};

impl Handle<ListUsers> for ControlPlane {
    const ACCESS: Access<ListUsersRequest> = Access::Policy(|context, input| {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        vec![Requirement::on(context, identity_arn(&context.tenant.account, "user", prefix, ""))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListUsersRequest,
    ) -> Result<ListUsersResponse, ApiError> {
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let path_prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = Page { path_prefix, after: after.as_deref(), limit: size.rows() };
        let mut users = user::list(&self.db, &context.tenant.account, page).await?;
        let marker = marker::cut(self, context, size, &mut users, |user| user.name.clone());
        Ok(ListUsersResponse {
            users: users.into_iter().map(listed).collect(),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
