//! `RequestManagedInstanceRoleToken`: a node changes a signature by its own key into temporary credentials.

use super::{calling_node, node_is_gone};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::managed_node::must_rotate,
    error::ApiError,
    secrets::{Claims, NodeClaims},
};
use muster_protocol::agent_api::ssm_agent::{
    RequestManagedInstanceRoleToken, RequestManagedInstanceRoleTokenRequest,
    RequestManagedInstanceRoleTokenResult, errors::MACHINE_FINGERPRINT_DOES_NOT_MATCH,
};
use muster_service_model::Timestamp;
use muster_store::managed_node;

impl Handle<RequestManagedInstanceRoleToken> for ControlPlane {
    const ACCESS: Access<RequestManagedInstanceRoleTokenRequest> = Access::NodeKey;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RequestManagedInstanceRoleTokenRequest,
    ) -> Result<RequestManagedInstanceRoleTokenResult, ApiError> {
        let id = calling_node(context)?;
        let node = managed_node::find(&self.db, id).await?.ok_or_else(|| node_is_gone(id))?;
        if node.fingerprint != input.fingerprint {
            // A copied disk, or new hardware under an official agent: it must register again.
            let message =
                format!("The fingerprint of the machine is not the one that {id} was registered with.");
            return Err(ApiError::new(&MACHINE_FINGERPRINT_DOES_NOT_MATCH, message));
        }
        let limits = &self.config.limits;
        let claims = NodeClaims { tenant: node.tenant, node: node.id, role: node.iam_role };
        let lifetime_ms = limits.node_credentials_lifetime_ms;
        let credentials = self
            .secrets
            .issue_session(Claims::Node(claims), context.now_ms, lifetime_ms)
            .map_err(ApiError::internal)?;
        let key = &node.key;
        // Official agents read each of the five members without asking whether it is there.
        Ok(RequestManagedInstanceRoleTokenResult {
            access_key_id: credentials.access_key_id.into(),
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
            token_expiration_date: Timestamp::from_millis(credentials.expires_ms),
            update_key_pair: must_rotate(
                context.now_ms,
                key.created_ms,
                key.rotate_requested,
                limits.node_key_lifetime_ms,
            ),
        })
    }
}
