//! `UntagRole`: removes tags; keys that are not there do not matter.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{UntagRole, UntagRoleOutput, UntagRoleRequest};
use muster_store::iam::{TAGGED_ROLE, role::Role};

impl Handle<UntagRole> for ControlPlane {
    const ACCESS: Access<UntagRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagRoleRequest,
    ) -> Result<UntagRoleOutput, ApiError> {
        tags::check_keys(input.tag_keys.iter().map(String::as_str))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys =
                |requirement: Requirement, _: &Role| requirement.requesting_tag_keys(input.tag_keys.clone());
            let role = self.role_for(context, &input.role_name, keys).await?;
            let batch = tags::remove(self, account, TAGGED_ROLE, &role.name, &input.tag_keys).await?;
            Ok((batch, UntagRoleOutput {}))
        })
        .await
    }
}
