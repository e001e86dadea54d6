//! `UntagInstanceProfile`: removes tags; keys that are not there do not matter.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{UntagInstanceProfile, UntagInstanceProfileOutput, UntagInstanceProfileRequest};
use muster_store::iam::TAGGED_INSTANCE_PROFILE;

impl Handle<UntagInstanceProfile> for ControlPlane {
    const ACCESS: Access<UntagInstanceProfileRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagInstanceProfileRequest,
    ) -> Result<UntagInstanceProfileOutput, ApiError> {
        tags::check_keys(input.tag_keys.iter().map(String::as_str))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys = |requirement: Requirement| requirement.requesting_tag_keys(input.tag_keys.clone());
            let profile = self.profile_for(context, &input.instance_profile_name, keys).await?;
            let kind = TAGGED_INSTANCE_PROFILE;
            let batch = tags::remove(self, account, kind, &profile.name, &input.tag_keys).await?;
            Ok((batch, UntagInstanceProfileOutput {}))
        })
        .await
    }
}
