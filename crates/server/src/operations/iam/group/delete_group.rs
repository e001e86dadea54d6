//! `DeleteGroup`: removes a group that has neither members nor policies.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::conflict,
};
use muster_iam_api::{DeleteGroup, DeleteGroupOutput, DeleteGroupRequest};
use muster_store::iam::{Entity, attachment, group, inline};

impl Handle<DeleteGroup> for ControlPlane {
    const ACCESS: Access<DeleteGroupRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteGroupRequest,
    ) -> Result<DeleteGroupOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let entity = Entity::group(account, &group.name);
            let users = group::users(&self.db, account, &group.name, None, 1).await?;
            conflict::unless(users.is_empty(), "must remove users from group first")?;
            let attached = attachment::of_entity(&self.db, entity).await?;
            conflict::unless(attached.is_empty(), "must detach all policies first")?;
            let inline = inline::of_entity(&self.db, entity).await?;
            conflict::unless(inline.is_empty(), "must delete policies first")?;
            Ok((group::delete(account, &group.name), DeleteGroupOutput {}))
        })
        .await
    }
}
