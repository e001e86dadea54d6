//! `UpdateGroup`: another name or path. The caller must be allowed to do so to the old ARN and to the new one.

use super::{already_exists, arn, plain};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{UpdateGroup, UpdateGroupOutput, UpdateGroupRequest};
use muster_store::{
    Batch,
    iam::{
        group::{self, Group},
        key,
    },
};

impl Handle<UpdateGroup> for ControlPlane {
    const ACCESS: Access<UpdateGroupRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateGroupRequest,
    ) -> Result<UpdateGroupOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let new = Group {
                name: input.new_group_name.clone().unwrap_or_else(|| group.name.clone()),
                path: input.new_path.clone().unwrap_or_else(|| group.path.clone()),
                ..group.clone()
            };
            if new == group {
                return Ok((Batch::new(), UpdateGroupOutput {}));
            }
            self.authorise(context, &[Requirement::on(context, arn(&new))]).await?;
            if key(&new.name) != key(&group.name)
                && group::find(&self.db, account, &new.name).await?.is_some()
            {
                return Err(already_exists(&new.name));
            }
            Ok((group::rename(account, &group.name, &new.name, &new.path), UpdateGroupOutput {}))
        })
        .await
    }
}
