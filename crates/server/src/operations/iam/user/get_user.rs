//! `GetUser`: one user, or whose key the call is signed with.

use super::{listed_root, plain, whole};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{subject, tags},
};
use muster_iam_api::{GetUser, GetUserRequest, GetUserResponse};
use muster_store::iam::TAGGED_USER;

impl Handle<GetUser> for ControlPlane {
    const ACCESS: Access<GetUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetUserRequest,
    ) -> Result<GetUserResponse, ApiError> {
        let Some(name) = subject::named_or_caller(context, input.user_name)? else {
            let requirement = Requirement::on(context, context.principal.arn());
            self.authorise(context, &[requirement]).await?;
            return Ok(GetUserResponse { user: listed_root(self, context).await? });
        };
        let user = self.user_for(context, &name, plain).await?;
        let tags = tags::of(self, &user.account, TAGGED_USER, &user.name).await?;
        Ok(GetUserResponse { user: whole(user, tags) })
    }
}
