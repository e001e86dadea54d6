//! `ListRoles`: the roles of the account, under a path.

use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{ListRoles, ListRolesRequest, ListRolesResponse};
use muster_store::iam::{Page, key, role};

impl Handle<ListRoles> for ControlPlane {
    const ACCESS: Access<ListRolesRequest> = Access::Policy(|context, input| {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        vec![Requirement::on(context, identity_arn(&context.tenant.account, "role", prefix, ""))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListRolesRequest,
    ) -> Result<ListRolesResponse, ApiError> {
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let page = Page {
            path_prefix: input.path_prefix.as_deref().unwrap_or_default(),
            after: after.as_deref(),
            limit: size.rows(),
        };
        let mut rows = role::list(&self.db, &context.tenant.account, page).await?;
        let marker = marker::cut(self, context, size, &mut rows, |role| key(&role.name));
        let mut roles = Vec::with_capacity(rows.len());
        for role in rows {
            roles.push(self.role_listed(role).await?);
        }
        Ok(ListRolesResponse { roles, is_truncated: Some(marker.is_some()), marker })
    }
}
