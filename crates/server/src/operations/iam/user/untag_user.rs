//! `UntagUser`: removes tags; keys that are not there do not matter.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{UntagUser, UntagUserOutput, UntagUserRequest};
use muster_store::iam::TAGGED_USER;

impl Handle<UntagUser> for ControlPlane {
    const ACCESS: Access<UntagUserRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagUserRequest,
    ) -> Result<UntagUserOutput, ApiError> {
        let account = &context.tenant.account;
        let keys = &input.tag_keys;
        self.change_identities(account, || async {
            let add = |requirement: Requirement, _: &_| requirement.requesting_tag_keys(keys.clone());
            let user = self.user_for(context, &input.user_name, add).await?;
            Ok((tags::remove(self, account, TAGGED_USER, &user.name, keys).await?, UntagUserOutput {}))
        })
        .await
    }
}
