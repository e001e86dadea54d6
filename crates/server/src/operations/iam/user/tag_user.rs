//! `TagUser`: sets tags.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{TagUser, TagUserOutput, TagUserRequest};
use muster_store::iam::TAGGED_USER;

impl Handle<TagUser> for ControlPlane {
    const ACCESS: Access<TagUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagUserRequest,
    ) -> Result<TagUserOutput, ApiError> {
        let account = &context.tenant.account;
        let tags = tags::checked(Some(input.tags))?;
        self.change_identities(account, || async {
            let add = |requirement: Requirement, _: &_| requirement.requesting(&tags);
            let user = self.user_for(context, &input.user_name, add).await?;
            Ok((tags::put(self, account, TAGGED_USER, &user.name, &tags).await?, TagUserOutput {}))
        })
        .await
    }
}
