//! `UpdateUser`: another name or path. The caller must be allowed to do so to the old ARN and to the new one.

use super::{already_exists, arn, plain};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{UpdateUser, UpdateUserOutput, UpdateUserRequest};
use muster_store::{
    Batch,
    iam::{
        TAGGED_USER, key,
        user::{self, User},
    },
};

impl Handle<UpdateUser> for ControlPlane {
    const ACCESS: Access<UpdateUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateUserRequest,
    ) -> Result<UpdateUserOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, plain).await?;
            let new = User {
                name: input.new_user_name.clone().unwrap_or_else(|| user.name.clone()),
                path: input.new_path.clone().unwrap_or_else(|| user.path.clone()),
                ..user.clone()
            };
            if new == user {
                return Ok((Batch::new(), UpdateUserOutput {}));
            }
            self.authorise(
                context,
                &[Requirement::on(context, arn(&new)).tagged(TAGGED_USER, key(&user.name))],
            )
            .await?;
            if key(&new.name) != key(&user.name) && user::find(&self.db, account, &new.name).await?.is_some()
            {
                return Err(already_exists(&new.name));
            }
            Ok((user::rename(account, &user.name, &new.name, &new.path), UpdateUserOutput {}))
        })
        .await
    }
}
