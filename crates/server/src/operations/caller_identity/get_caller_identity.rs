//! `GetCallerIdentity`: allowed to everybody who can sign.

use crate::{
    ControlPlane,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use aws_lc_rs::digest::{SHA256, digest};
use muster_sts_api::{GetCallerIdentity, GetCallerIdentityRequest, GetCallerIdentityResponse};

impl Handle<GetCallerIdentity> for ControlPlane {
    const ACCESS: Access<GetCallerIdentityRequest> = Access::Caller;

    async fn handle(
        &self,
        context: &RequestContext,
        _input: GetCallerIdentityRequest,
    ) -> Result<GetCallerIdentityResponse, ApiError> {
        let (account, user_id) = match &context.principal {
            Principal::Root { account, .. } => (account, account.to_string()),
            Principal::User(user) => (&user.account, user.id.clone()),
            Principal::Role(role) => (&role.account, format!("{}:{}", role.role_id, role.session)),
            Principal::Node { tenant, node, role } => {
                (&tenant.account, format!("{}:{node}", role_id(tenant.account.as_str(), role)))
            }
            Principal::Anonymous => return Err(denied(context)),
        };
        Ok(GetCallerIdentityResponse {
            arn: Some(context.principal.arn()),
            user_id: Some(user_id),
            account: Some(account.to_string()),
        })
    }
}

/// The unique id of a role, in AWS's form. Roles of nodes are names alone, so it follows from the name.
fn role_id(account: &str, role: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let name = role.rsplit('/').next().unwrap_or(role);
    let hash = digest(&SHA256, format!("{account}/{name}").as_bytes());
    let letters = hash.as_ref().iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    std::iter::once("AROA")
        .map(str::to_owned)
        .chain(letters.take(17).map(|letter| char::from(*letter).to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::role_id;
    use crate::{
        context::Proof,
        testing::{on_each_bench, tenant},
    };
    use muster_ids::ManagedNodeId;
    use muster_sts_api::GetCallerIdentity;
    use serde_json::json;

    #[tokio::test]
    async fn everybody_learns_who_they_are() {
        on_each_bench(|bench| async move {
            let root = bench.root("r").must::<GetCallerIdentity>(json!({})).await;
            let expected = json!({
                "UserId": "123456789012", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root",
            });
            assert_eq!(root, expected);
            let node = ManagedNodeId::random();
            let found =
                bench.node(&tenant("r"), &node, Proof::SecretKey).must::<GetCallerIdentity>(json!({})).await;
            let expected = json!({
                "UserId": format!("{}:{node}", role_id("123456789012", "role")),
                "Account": "123456789012",
                "Arn": format!("arn:aws:sts::123456789012:assumed-role/role/{node}"),
            });
            assert_eq!(found, expected);
            assert_eq!(bench.anonymous().code::<GetCallerIdentity>(json!({})).await, "AccessDeniedException");
        })
        .await;
    }

    #[test]
    fn a_role_keeps_its_id() {
        let id = role_id("123456789012", "service-role/Nodes");
        assert_eq!(id, role_id("123456789012", "Nodes"));
        assert_ne!(id, role_id("123456789013", "Nodes"));
        assert!(id.len() == 21 && id.starts_with("AROA"), "{id}");
    }
}
