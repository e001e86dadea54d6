//! Access keys through the router, on every engine. That a key signs, and stops to, is tested by real requests.

use crate::testing::{allow, on_each_bench};
use muster_iam_api::{
    CreateAccessKey, CreateUser, DeleteAccessKey, DeleteUser, GetAccessKeyLastUsed, ListAccessKeys,
    PutUserPolicy, UpdateAccessKey,
};
use muster_store::access_key::{self, LastUse};
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_has_two_keys_at_most() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "Ann" })).await;
        let create = async || root.call::<CreateAccessKey>(json!({ "UserName": "ann" })).await;
        let key = create().await.unwrap()["AccessKey"].clone();
        assert_eq!((&key["UserName"], &key["Status"]), (&json!("Ann"), &json!("Active")));
        assert_eq!(key["SecretAccessKey"].as_str().unwrap().len(), 40);
        let id = key["AccessKeyId"].as_str().unwrap().to_owned();
        assert!(id.starts_with("AKIA") && id.len() == 20);
        let second = create().await.unwrap()["AccessKey"]["AccessKeyId"].clone();
        assert_eq!(
            create().await.unwrap_err().to_string(),
            "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"
        );
        // Of the secret, nothing is answered again.
        let listed = root.must::<ListAccessKeys>(json!({ "UserName": "Ann", "MaxItems": 1 })).await;
        assert_eq!(listed["AccessKeyMetadata"].as_array().unwrap().len(), 1);
        let rest =
            root.must::<ListAccessKeys>(json!({ "UserName": "Ann", "Marker": listed["Marker"] })).await;
        assert_eq!(rest["AccessKeyMetadata"].as_array().unwrap().len(), 1);
        assert!(!format!("{listed}{rest}").contains("Secret"));
        assert_ne!(
            listed["AccessKeyMetadata"][0]["AccessKeyId"],
            rest["AccessKeyMetadata"][0]["AccessKeyId"]
        );

        let off = json!({ "UserName": "Ann", "AccessKeyId": id, "Status": "Inactive" });
        root.must::<UpdateAccessKey>(off).await;
        // An inactive key counts too.
        assert_eq!(create().await.unwrap_err().schema.code, "LimitExceeded");
        let expired = json!({ "UserName": "Ann", "AccessKeyId": id, "Status": "Expired" });
        assert_eq!(root.code::<UpdateAccessKey>(expired).await, "ValidationException");
        assert_eq!(
            root.refusal::<DeleteUser>(json!({ "UserName": "Ann" })).await,
            "DeleteConflict: Cannot delete entity, must delete access keys first."
        );
        for id in [json!(id), second] {
            let input = json!({ "UserName": "Ann", "AccessKeyId": id });
            root.must::<DeleteAccessKey>(input.clone()).await;
            let text =
                format!("NoSuchEntity: The Access Key with id {} cannot be found.", id.as_str().unwrap());
            assert_eq!(root.refusal::<DeleteAccessKey>(input).await, text);
        }
        root.must::<DeleteUser>(json!({ "UserName": "Ann" })).await;
    })
    .await;
}

#[tokio::test]
async fn keys_are_reached_through_their_owner_alone() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for name in ["Ann", "Bob"] {
            root.must::<CreateUser>(json!({ "UserName": name })).await;
        }
        let bobs =
            root.must::<CreateAccessKey>(json!({ "UserName": "Bob" })).await["AccessKey"]["AccessKeyId"]
                .clone();
        let own = "arn:aws:iam::123456789012:user/${aws:username}";
        let document = allow(&["iam:*AccessKey*"], &[own]).to_string();
        root.must::<PutUserPolicy>(
            json!({ "UserName": "Ann", "PolicyName": "p", "PolicyDocument": document }),
        )
        .await;
        let ann = bench.stored_user("Ann").await;
        // Without a name, a user means itself.
        let anns = ann.must::<CreateAccessKey>(json!({})).await["AccessKey"].clone();
        assert_eq!(anns["UserName"], "Ann");
        let listed = ann.must::<ListAccessKeys>(json!({})).await;
        assert_eq!(listed["AccessKeyMetadata"][0]["AccessKeyId"], anns["AccessKeyId"]);
        // Another user's key is none of its own, whichever way it is named.
        let named = |user: Option<&str>| {
            let mut input = json!({ "AccessKeyId": bobs });
            if let Some(user) = user {
                input["UserName"] = json!(user);
            }
            input
        };
        assert_eq!(ann.code::<DeleteAccessKey>(named(None)).await, "NoSuchEntity");
        assert_eq!(ann.code::<DeleteAccessKey>(named(Some("Ann"))).await, "NoSuchEntity");
        assert_eq!(
            ann.refusal::<DeleteAccessKey>(named(Some("Bob"))).await,
            "AccessDeniedException: User: arn:aws:iam::123456789012:user/Ann is not authorized to perform: \
             iam:DeleteAccessKey on resource: user Bob because no identity-based policy allows the \
             iam:DeleteAccessKey action"
        );
        assert_eq!(ann.code::<CreateAccessKey>(json!({ "UserName": "Bob" })).await, "AccessDeniedException");
        assert_eq!(ann.code::<GetAccessKeyLastUsed>(named(None)).await, "AccessDeniedException");
        // A key that is not there is no other answer than one that is.
        let absent = json!({ "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA" });
        assert_eq!(ann.code::<GetAccessKeyLastUsed>(absent.clone()).await, "AccessDeniedException");
        assert_eq!(root.code::<GetAccessKeyLastUsed>(absent).await, "NoSuchEntity");
    })
    .await;
}

#[tokio::test]
async fn the_last_use_is_known_at_once_and_kept() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "Ann" })).await;
        let key =
            root.must::<CreateAccessKey>(json!({ "UserName": "Ann" })).await["AccessKey"]["AccessKeyId"]
                .clone();
        let id = key.as_str().unwrap().to_owned();
        let last = async || root.must::<GetAccessKeyLastUsed>(json!({ "AccessKeyId": id })).await;
        assert_eq!(
            last().await,
            json!({ "UserName": "Ann", "AccessKeyLastUsed": { "ServiceName": "N/A", "Region": "N/A" } })
        );
        let uses = &bench.control_plane.uses;
        uses.key_used(&id, "r", "ssm", 5_000);
        uses.key_used(&id, "s", "sts", 7_000);
        let expected = last().await["AccessKeyLastUsed"].clone();
        assert_eq!((&expected["ServiceName"], &expected["Region"]), (&json!("sts"), &json!("s")));
        // As the task does.
        let taken = uses.take_keys();
        assert_eq!(uses.of_key(&id), None);
        let batch = access_key::used(taken.iter().map(|(id, last): (&String, &LastUse)| (id.as_str(), last)));
        bench.control_plane.db.write(batch).await.unwrap();
        assert_eq!(last().await["AccessKeyLastUsed"], expected);
    })
    .await;
}

#[tokio::test]
async fn the_root_has_keys_of_its_own() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let key = root.must::<CreateAccessKey>(json!({})).await["AccessKey"].clone();
        let listed = root.must::<ListAccessKeys>(json!({})).await;
        assert_eq!(listed["AccessKeyMetadata"][0]["AccessKeyId"], key["AccessKeyId"]);
        assert_eq!(listed["AccessKeyMetadata"][0]["UserName"], Value::Null);
        let input = json!({ "AccessKeyId": key["AccessKeyId"] });
        // Not for anybody else, whatever policies allow.
        let admin = bench.user("admin", &[allow(&["*"], &["*"])]);
        root.must::<CreateUser>(json!({ "UserName": "admin" })).await;
        assert_eq!(admin.code::<DeleteAccessKey>(input.clone()).await, "NoSuchEntity");
        root.must::<DeleteAccessKey>(input).await;
    })
    .await;
}
