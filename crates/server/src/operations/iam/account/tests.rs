//! The account through the router, on every engine.

use crate::testing::on_each_bench;
use muster_iam_api::{
    CreateAccountAlias, CreateGroup, CreateUser, DeleteAccountAlias, GetAccountSummary, ListAccountAliases,
};
use muster_ids::AccountId;
use muster_store::account;
use serde_json::json;

#[tokio::test]
async fn an_account_has_one_alias() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let aliases = async || root.must::<ListAccountAliases>(json!({})).await["AccountAliases"].clone();
        assert_eq!(aliases().await, json!([]));
        for alias in ["one", "two", "two"] {
            root.must::<CreateAccountAlias>(json!({ "AccountAlias": alias })).await;
            assert_eq!(aliases().await, json!([alias]));
        }
        let other = AccountId::parse("210987654321").unwrap();
        bench.control_plane.db.write(account::insert(&other, "", 0)).await.unwrap();
        bench.control_plane.db.write(account::set_alias(&other, Some("theirs"))).await.unwrap();
        assert_eq!(
            root.refusal::<CreateAccountAlias>(json!({ "AccountAlias": "theirs" })).await,
            "EntityAlreadyExists: The account alias theirs already exists."
        );
        assert_eq!(
            root.code::<DeleteAccountAlias>(json!({ "AccountAlias": "theirs" })).await,
            "NoSuchEntity"
        );
        root.must::<DeleteAccountAlias>(json!({ "AccountAlias": "two" })).await;
        assert_eq!(aliases().await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_summary_counts() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "a" })).await;
        root.must::<CreateGroup>(json!({ "GroupName": "g" })).await;
        let map = root.must::<GetAccountSummary>(json!({})).await["SummaryMap"].clone();
        for (name, expected) in [
            ("Users", 1),
            ("Groups", 1),
            // The role that every account is born with.
            ("Roles", 1),
            ("Policies", 0),
            ("UsersQuota", 5000),
            ("AccessKeysPerUserQuota", 2),
            ("AccountAccessKeysPresent", 0),
        ] {
            assert_eq!(map[name], expected, "{name}");
        }
    })
    .await;
}
