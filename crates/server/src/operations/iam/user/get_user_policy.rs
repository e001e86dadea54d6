//! `GetUserPolicy`: an inline policy, percent-encoded.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::document,
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{GetUserPolicy, GetUserPolicyRequest, GetUserPolicyResponse};
use muster_store::iam::Entity;

impl Handle<GetUserPolicy> for ControlPlane {
    const ACCESS: Access<GetUserPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetUserPolicyRequest,
    ) -> Result<GetUserPolicyResponse, ApiError> {
        let user = self.user_for(context, &input.user_name, plain).await?;
        let entity = Entity::user(&user.account, &user.name);
        let policy = inline::find(self, entity, &input.policy_name).await?;
        Ok(GetUserPolicyResponse {
            user_name: user.name,
            policy_name: policy.name,
            policy_document: document::encoded(&policy.document),
        })
    }
}
