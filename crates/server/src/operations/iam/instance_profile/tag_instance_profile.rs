//! `TagInstanceProfile`: sets tags; a key that is there gets the new value.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{TagInstanceProfile, TagInstanceProfileOutput, TagInstanceProfileRequest};
use muster_store::iam::TAGGED_INSTANCE_PROFILE;

impl Handle<TagInstanceProfile> for ControlPlane {
    const ACCESS: Access<TagInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagInstanceProfileRequest,
    ) -> Result<TagInstanceProfileOutput, ApiError> {
        let tags = tags::checked(Some(input.tags))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys = |requirement: Requirement| requirement.requesting(&tags);
            let profile = self.profile_for(context, &input.instance_profile_name, keys).await?;
            let batch = tags::put(self, account, TAGGED_INSTANCE_PROFILE, &profile.name, &tags).await?;
            Ok((batch, TagInstanceProfileOutput {}))
        })
        .await
    }
}
