//! `AddUserToGroup`: the user may what the group may. Once more changes nothing.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{quota, user::not_found},
};
use muster_iam_api::{AddUserToGroup, AddUserToGroupOutput, AddUserToGroupRequest};
use muster_store::{
    Batch,
    iam::{group, key, user},
};

impl Handle<AddUserToGroup> for ControlPlane {
    const ACCESS: Access<AddUserToGroupRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AddUserToGroupRequest,
    ) -> Result<AddUserToGroupOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let user = user::find(&self.db, account, &input.user_name).await?;
            let user = user.ok_or_else(|| not_found(&input.user_name))?;
            let limit = self.config.limits.groups_per_user;
            let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
            let groups = group::of_user(&self.db, account, &user.name, None, most).await?;
            if groups.iter().any(|its| key(&its.name) == key(&group.name)) {
                return Ok((Batch::new(), AddUserToGroupOutput {}));
            }
            quota::check("GroupsPerUser", groups.len(), limit)?;
            Ok((group::add_user(account, &group.name, &user.name), AddUserToGroupOutput {}))
        })
        .await
    }
}
