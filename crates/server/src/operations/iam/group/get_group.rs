//! `GetGroup`: a group and its users.

use super::{plain, shown};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{marker, user},
};
use muster_iam_api::{GetGroup, GetGroupRequest, GetGroupResponse};
use muster_store::iam::group;

impl Handle<GetGroup> for ControlPlane {
    const ACCESS: Access<GetGroupRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetGroupRequest,
    ) -> Result<GetGroupResponse, ApiError> {
        let group = self.group_for(context, &input.group_name, plain).await?;
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let mut users =
            group::users(&self.db, &group.account, &group.name, after.as_deref(), size.rows()).await?;
        let marker = marker::cut(self, context, size, &mut users, |user| user.name.clone());
        Ok(GetGroupResponse {
            group: shown(group),
            users: users.into_iter().map(user::listed).collect(),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
