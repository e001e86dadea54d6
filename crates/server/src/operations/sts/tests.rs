//! The Security Token Service through the router, on every engine.

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
        let user = bench.user("alice", &[]).must::<GetCallerIdentity>(json!({})).await;
        let expected = json!({
            "UserId": "AIDAALICE", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/alice",
        });
        assert_eq!(user, expected);
        let role = bench.role_session("Ops", "night", &[]).must::<GetCallerIdentity>(json!({})).await;
        let expected = json!({
            "UserId": "AROAOPS:night", "Account": "123456789012",
            "Arn": "arn:aws:sts::123456789012:assumed-role/Ops/night",
        });
        assert_eq!(role, expected);
        let node = ManagedNodeId::random();
        let found =
            bench.node(&tenant("r"), &node, Proof::SecretKey).must::<GetCallerIdentity>(json!({})).await;
        assert_eq!(found["Arn"], format!("arn:aws:sts::123456789012:assumed-role/role/{node}"));
        assert!(found["UserId"].as_str().is_some_and(|id| id.ends_with(node.as_str())), "{found}");
        assert_eq!(bench.anonymous().code::<GetCallerIdentity>(json!({})).await, "AccessDeniedException");
    })
    .await;
}
