//! `RemoveUserFromGroup`: the user is not a member any more. That it was none changes nothing.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::user::not_found,
};
use muster_iam_api::{RemoveUserFromGroup, RemoveUserFromGroupOutput, RemoveUserFromGroupRequest};
use muster_store::iam::{group, user};

impl Handle<RemoveUserFromGroup> for ControlPlane {
    const ACCESS: Access<RemoveUserFromGroupRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RemoveUserFromGroupRequest,
    ) -> Result<RemoveUserFromGroupOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let user = user::find(&self.db, account, &input.user_name).await?;
            let user = user.ok_or_else(|| not_found(&input.user_name))?;
            Ok((group::remove_user(account, &group.name, &user.name), RemoveUserFromGroupOutput {}))
        })
        .await
    }
}
