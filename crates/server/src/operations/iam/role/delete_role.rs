//! `DeleteRole`: a role goes once nothing hangs on it. Its sessions end with it.

use super::{check_modifiable, plain};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::conflict,
};
use muster_iam_api::{DeleteRole, DeleteRoleOutput, DeleteRoleRequest};
use muster_store::iam::{Entity, attachment, inline, instance_profile, role};

impl Handle<DeleteRole> for ControlPlane {
    const ACCESS: Access<DeleteRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteRoleRequest,
    ) -> Result<DeleteRoleOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, plain).await?;
            check_modifiable(&role)?;
            let entity = Entity::role(account, &role.name);
            let profiles = instance_profile::of_role(&self.db, account, &role.name).await?;
            conflict::unless(profiles.is_empty(), "must remove roles from instance profile first")?;
            let attached = attachment::of_entity(&self.db, entity).await?;
            conflict::unless(attached.is_empty(), "must detach all policies first")?;
            let inline = inline::of_entity(&self.db, entity).await?;
            conflict::unless(inline.is_empty(), "must delete policies first")?;
            Ok((role::delete(account, &role.name), DeleteRoleOutput {}))
        })
        .await
    }
}
