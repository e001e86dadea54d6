//! `DeleteUser`: removes a user that has nothing left.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::conflict,
};
use muster_iam_api::{DeleteUser, DeleteUserOutput, DeleteUserRequest};
use muster_store::{
    access_key,
    iam::{Entity, attachment, group, inline, user},
};

impl Handle<DeleteUser> for ControlPlane {
    const ACCESS: Access<DeleteUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteUserRequest,
    ) -> Result<DeleteUserOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, plain).await?;
            let entity = Entity::user(account, &user.name);
            let keys = access_key::of_user(&self.db, account, Some(&user.name)).await?;
            conflict::unless(keys.is_empty(), "must delete access keys first")?;
            let attached = attachment::of_entity(&self.db, entity).await?;
            conflict::unless(attached.is_empty(), "must detach all policies first")?;
            let inline = inline::of_entity(&self.db, entity).await?;
            conflict::unless(inline.is_empty(), "must delete policies first")?;
            let groups = group::of_user(&self.db, account, &user.name, None, 1).await?;
            conflict::unless(groups.is_empty(), "must remove users from group first")?;
            Ok((user::delete(account, &user.name), DeleteUserOutput {}))
        })
        .await
    }
}
