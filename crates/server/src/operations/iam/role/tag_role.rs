//! `TagRole`: sets tags; a key that is there gets the new value.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{TagRole, TagRoleOutput, TagRoleRequest};
use muster_store::iam::{TAGGED_ROLE, role::Role};

impl Handle<TagRole> for ControlPlane {
    const ACCESS: Access<TagRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagRoleRequest,
    ) -> Result<TagRoleOutput, ApiError> {
        let tags = tags::checked(Some(input.tags))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys = |requirement: Requirement, _: &Role| requirement.requesting(&tags);
            let role = self.role_for(context, &input.role_name, keys).await?;
            Ok((tags::put(self, account, TAGGED_ROLE, &role.name, &tags).await?, TagRoleOutput {}))
        })
        .await
    }
}
