//! The account through the router, on every engine.

use crate::testing::{allow, on_each_bench};
use muster_iam_api::{
    AddUserToGroup, AttachUserPolicy, CreateAccountAlias, CreateGroup, CreatePolicy, CreateUser,
    DeleteAccountAlias, GetAccountAuthorizationDetails, GetAccountSummary, ListAccountAliases,
    PutGroupPolicy,
};
use muster_ids::AccountId;
use muster_store::account;
use serde_json::{Value, json};

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

#[tokio::test]
async fn the_details_hold_every_identity_and_its_policies() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let document = allow(&["ssm:*"], &["*"]).to_string();
        for user in ["a", "b"] {
            root.must::<CreateUser>(json!({ "UserName": user })).await;
        }
        root.must::<CreateGroup>(json!({ "GroupName": "g" })).await;
        root.must::<AddUserToGroup>(json!({ "GroupName": "g", "UserName": "a" })).await;
        root.must::<PutGroupPolicy>(
            json!({ "GroupName": "g", "PolicyName": "p", "PolicyDocument": document }),
        )
        .await;
        let own = root.must::<CreatePolicy>(json!({ "PolicyName": "own", "PolicyDocument": document })).await;
        let own = own["Policy"]["Arn"].clone();
        root.must::<AttachUserPolicy>(json!({ "UserName": "b", "PolicyArn": own })).await;

        let whole = root.must::<GetAccountAuthorizationDetails>(json!({})).await;
        assert_eq!(whole["IsTruncated"], false);
        let users = whole["UserDetailList"].as_array().unwrap();
        assert_eq!(users.len(), 2);
        assert_eq!(users[0]["GroupList"], json!(["g"]));
        let attached = json!([{ "PolicyName": "own", "PolicyArn": own }]);
        assert_eq!(users[1]["AttachedManagedPolicies"], attached);
        assert_eq!(whole["GroupDetailList"][0]["GroupPolicyList"][0]["PolicyName"], "p");
        let role = &whole["RoleDetailList"][0];
        assert_eq!(role["RoleName"], "AmazonEC2RunCommandRoleForManagedInstances");
        assert_eq!(role["AttachedManagedPolicies"][0]["PolicyName"], "AmazonSSMManagedInstanceCore");
        // The account's own, and of AWS's the one that somebody has.
        let names = |page: &Value| {
            let policies = page["Policies"].as_array().unwrap().iter();
            policies.map(|policy| policy["PolicyName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&whole), ["own", "AmazonSSMManagedInstanceCore"]);
        assert_eq!(whole["Policies"][0]["AttachmentCount"], 1);
        assert_eq!(whole["Policies"][0]["PolicyVersionList"][0]["IsDefaultVersion"], true);
        let only = json!({ "Filter": ["LocalManagedPolicy"] });
        let only = root.must::<GetAccountAuthorizationDetails>(only).await;
        assert_eq!((names(&only), &only["UserDetailList"]), (vec!["own".to_owned()], &json!([])));

        // The same by pages of one.
        let (mut counts, mut marker) = ([0; 4], Value::Null);
        for _ in 0..6 {
            let mut input = json!({ "MaxItems": 1 });
            if !marker.is_null() {
                input["Marker"] = marker;
            }
            let page = root.must::<GetAccountAuthorizationDetails>(input).await;
            let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
            for (count, list) in counts.iter_mut().zip(lists) {
                *count += page[list].as_array().unwrap().len();
            }
            marker = page["Marker"].clone();
        }
        assert_eq!((counts, marker), ([2, 1, 1, 2], Value::Null));
    })
    .await;
}
