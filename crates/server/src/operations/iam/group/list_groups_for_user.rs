//! `ListGroupsForUser`: the groups that a user is in.

use super::shown;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{marker, user::plain},
};
use muster_iam_api::{ListGroupsForUser, ListGroupsForUserRequest, ListGroupsForUserResponse};
use muster_store::iam::group;

impl Handle<ListGroupsForUser> for ControlPlane {
    const ACCESS: Access<ListGroupsForUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListGroupsForUserRequest,
    ) -> Result<ListGroupsForUserResponse, ApiError> {
        let user = self.user_for(context, &input.user_name, plain).await?;
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let mut groups =
            group::of_user(&self.db, &user.account, &user.name, after.as_deref(), size.rows()).await?;
        let marker = marker::cut(self, context, size, &mut groups, |group| group.name.clone());
        Ok(ListGroupsForUserResponse {
            groups: groups.into_iter().map(shown).collect(),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
