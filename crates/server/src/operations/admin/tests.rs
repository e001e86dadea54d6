//! Accounts and tasks through the router, on every engine.

use crate::testing::on_each_bench;
use muster_admin_api::{CreateAccount, ListAccounts, RunTask, UpdateAccount};
use serde_json::json;

#[tokio::test]
async fn accounts_are_made_listed_and_suspended() {
    on_each_bench(|bench| async move {
        let root = bench.root_of("000000000000", "r");
        let made =
            root.must::<CreateAccount>(json!({ "Name": "staging", "AccountId": "000000000007" })).await;
        assert_eq!(made["Account"]["Status"], "Active");
        assert!(made["RootAccessKey"]["AccessKeyId"].as_str().unwrap().starts_with("AKIA"));
        let again = json!({ "Name": "again", "AccountId": "000000000007" });
        assert_eq!(root.code::<CreateAccount>(again).await, "ConflictException");
        root.must::<CreateAccount>(json!({ "Name": "any" })).await;

        let mut names = Vec::new();
        let mut token = None;
        loop {
            let page = root.must::<ListAccounts>(json!({ "MaxResults": 1, "NextToken": token })).await;
            names.extend(page["Accounts"].as_array().unwrap().iter().map(|it| it["Name"].clone()));
            token = page.get("NextToken").cloned();
            if token.is_none() {
                break;
            }
        }
        assert!(names.contains(&json!("staging")) && names.contains(&json!("any")), "{names:?}");

        let suspend = |id: &str| json!({ "AccountId": id, "Status": "Suspended" });
        let suspended = root.must::<UpdateAccount>(suspend("000000000007")).await;
        assert_eq!(suspended["Account"]["Status"], "Suspended");
        assert_eq!(root.code::<UpdateAccount>(suspend("000000000000")).await, "ConflictException");
        assert_eq!(root.code::<UpdateAccount>(suspend("999999999999")).await, "NotFoundException");
        assert_eq!(root.code::<RunTask>(json!({ "Name": "none" })).await, "NotFoundException");
    })
    .await;
}

#[tokio::test]
async fn no_other_account_administers_the_installation() {
    on_each_bench(|bench| async move {
        let other = bench.root("r");
        let error = other.call::<CreateAccount>(json!({ "Name": "mine" })).await.unwrap_err();
        assert_eq!(error.schema.code, "AccessDeniedException");
        assert_eq!(
            error.message,
            "User: arn:aws:iam::123456789012:root is not authorized to perform: muster:CreateAccount on resource: \
             arn:aws:muster:r:123456789012:* because only account 000000000000 administers the installation"
        );
    })
    .await;
}
