//! Users through the router, on every engine.

use crate::testing::{Bench, Caller, allow, on_each_bench};
use muster_iam_api::{
    AttachUserPolicy, CreateUser, DeleteUser, DeleteUserPermissionsBoundary, DeleteUserPolicy,
    DetachUserPolicy, GetUser, GetUserPolicy, ListAttachedUserPolicies, ListUserPolicies, ListUserTags,
    ListUsers, PutUserPermissionsBoundary, PutUserPolicy, TagUser, UntagUser, UpdateUser,
};
use muster_store::testing::on_each_engine;
use serde_json::{Value, json};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

async fn users(root: &Caller, names: &[&str]) {
    for name in names {
        root.must::<CreateUser>(json!({ "UserName": name })).await;
    }
}

fn names(output: &Value, list: &str, member: &str) -> Vec<String> {
    let entries = output[list].as_array().unwrap().iter();
    entries.map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_user_from_its_creation_to_its_end() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let input = json!({ "UserName": "Ann", "Path": "/ops/", "PermissionsBoundary": READ_ONLY,
                            "Tags": [{ "Key": "team", "Value": "a" }] });
        let user = root.must::<CreateUser>(input).await["User"].clone();
        assert_eq!(user["Arn"], "arn:aws:iam::123456789012:user/ops/Ann");
        assert_eq!(user["Path"], "/ops/");
        let id = user["UserId"].as_str().unwrap();
        assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
        assert_eq!(user["PermissionsBoundary"]["PermissionsBoundaryArn"], READ_ONLY);
        assert_eq!(user["PermissionsBoundary"]["PermissionsBoundaryType"], "PermissionsBoundaryPolicy");
        assert_eq!(user["Tags"], json!([{ "Key": "team", "Value": "a" }]));
        // Names are found in any case, and answered as they were given.
        assert_eq!(root.must::<GetUser>(json!({ "UserName": "aNN" })).await["User"], user);

        let rename = json!({ "UserName": "ann", "NewUserName": "Beth", "NewPath": "/" });
        root.must::<UpdateUser>(rename).await;
        let beth = root.must::<GetUser>(json!({ "UserName": "beth" })).await["User"].clone();
        assert_eq!(beth["Arn"], "arn:aws:iam::123456789012:user/Beth");
        assert_eq!((&beth["UserId"], &beth["Tags"]), (&user["UserId"], &user["Tags"]));
        assert_eq!(
            root.refusal::<GetUser>(json!({ "UserName": "Ann" })).await,
            "NoSuchEntity: The user with name Ann cannot be found."
        );
        root.must::<DeleteUserPermissionsBoundary>(json!({ "UserName": "beth" })).await;
        assert_eq!(
            root.must::<GetUser>(json!({ "UserName": "beth" })).await["User"]["PermissionsBoundary"],
            Value::Null
        );
        root.must::<DeleteUser>(json!({ "UserName": "beth" })).await;
        assert_eq!(root.code::<DeleteUser>(json!({ "UserName": "beth" })).await, "NoSuchEntity");
        // A user of that name is another one, without the tags of the old.
        let again = root.must::<CreateUser>(json!({ "UserName": "Beth" })).await["User"].clone();
        assert_ne!(again["UserId"], user["UserId"]);
        assert_eq!(again["Tags"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_user_is_said_in_the_words_of_aws() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        users(&root, &["Ann", "Bob"]).await;
        let missing = "arn:aws:iam::123456789012:policy/missing";
        let taken = "EntityAlreadyExists: User with name ANN already exists.";
        assert_eq!(root.refusal::<CreateUser>(json!({ "UserName": "ANN" })).await, taken);
        let rename = json!({ "UserName": "Bob", "NewUserName": "ANN" });
        assert_eq!(root.refusal::<UpdateUser>(rename).await, taken);
        // Its own name in another case is free.
        root.must::<UpdateUser>(json!({ "UserName": "Bob", "NewUserName": "BOB" })).await;
        for (boundary, expected) in [
            (missing, format!("NoSuchEntity: Scope ARN: {missing} does not exist or is not attachable.")),
            (
                "arn:aws:iam::123456789012:role/r",
                "InvalidInput: ARN arn:aws:iam::123456789012:role/r is not valid.".to_owned(),
            ),
        ] {
            let input = json!({ "UserName": "new", "PermissionsBoundary": boundary });
            assert_eq!(root.refusal::<CreateUser>(input).await, expected);
            let input = json!({ "UserName": "Ann", "PermissionsBoundary": boundary });
            assert_eq!(root.refusal::<PutUserPermissionsBoundary>(input).await, expected);
        }
        let attach = json!({ "UserName": "Ann", "PolicyArn": missing });
        assert_eq!(
            root.refusal::<AttachUserPolicy>(attach.clone()).await,
            format!("NoSuchEntity: Policy {missing} does not exist or is not attachable.")
        );
        assert_eq!(root.code::<DetachUserPolicy>(attach).await, "NoSuchEntity");
        let policy = json!({ "UserName": "Ann", "PolicyName": "p" });
        let none = "NoSuchEntity: The user policy with name p cannot be found.";
        assert_eq!(root.refusal::<GetUserPolicy>(policy.clone()).await, none);
        assert_eq!(root.refusal::<DeleteUserPolicy>(policy).await, none);
        let put = json!({ "UserName": "Ann", "PolicyName": "p", "PolicyDocument": "{" });
        assert_eq!(root.code::<PutUserPolicy>(put).await, "MalformedPolicyDocument");
        for tags in [
            json!([{ "Key": "a", "Value": "1" }, { "Key": "A", "Value": "2" }]),
            json!([{ "Key": "aws:a", "Value": "1" }]),
        ] {
            let input = json!({ "UserName": "Ann", "Tags": tags });
            assert_eq!(root.code::<TagUser>(input.clone()).await, "InvalidInput");
        }
        assert_eq!(root.code::<ListUsers>(json!({ "Marker": "forged" })).await, "ValidationException");
        // What a caller that is no user must say.
        let role = bench.role_session("r", "s", &[allow(&["*"], &["*"])]);
        assert_eq!(
            role.refusal::<GetUser>(json!({})).await,
            "ValidationException: Must specify userName when calling with non-User credentials"
        );
        let own = root.must::<GetUser>(json!({})).await["User"].clone();
        assert_eq!(
            (&own["Arn"], &own["UserId"]),
            (&json!("arn:aws:iam::123456789012:root"), &json!("123456789012"))
        );
    })
    .await;
}

#[tokio::test]
async fn lists_have_pages_and_prefixes() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for (name, path) in [("d", "/"), ("B", "/x/y/"), ("a", "/x/"), ("C", "/xy/")] {
            root.must::<CreateUser>(json!({ "UserName": name, "Path": path })).await;
        }
        let (mut seen, mut marker) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({ "MaxItems": 3 });
            if !marker.is_null() {
                input["Marker"] = marker;
            }
            let page = root.must::<ListUsers>(input).await;
            seen.extend(names(&page, "Users", "UserName"));
            marker = page["Marker"].clone();
            assert_eq!(page["IsTruncated"], json!(!marker.is_null()));
            if marker.is_null() {
                break;
            }
        }
        assert_eq!(seen, ["a", "B", "C", "d"]);
        let below = root.must::<ListUsers>(json!({ "PathPrefix": "/x/" })).await;
        assert_eq!(names(&below, "Users", "UserName"), ["a", "B"]);
        let nothing = root.must::<ListUsers>(json!({ "PathPrefix": "/z" })).await;
        assert_eq!(nothing, json!({ "Users": [], "IsTruncated": false }));
    })
    .await;
}

#[tokio::test]
async fn policies_of_a_user() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        users(&root, &["Ann"]).await;
        let document = |filler: usize| {
            let action = format!("ssm:{}", "x".repeat(filler));
            format!("{}  \n", allow(&[&action], &["*"]))
        };
        let put = |name: &str, document: String| json!({ "UserName": "ann", "PolicyName": name, "PolicyDocument": document });
        root.must::<PutUserPolicy>(put("b", document(900))).await;
        root.must::<PutUserPolicy>(put("a", document(900))).await;
        // Replaced, not added.
        root.must::<PutUserPolicy>(put("a", document(901))).await;
        let too_long = "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user Ann";
        assert_eq!(root.refusal::<PutUserPolicy>(put("c", document(300))).await, too_long);
        let listed = root.must::<ListUserPolicies>(json!({ "UserName": "Ann", "MaxItems": 1 })).await;
        assert_eq!((&listed["PolicyNames"], &listed["IsTruncated"]), (&json!(["a"]), &json!(true)));
        let got = root.must::<GetUserPolicy>(json!({ "UserName": "ann", "PolicyName": "a" })).await;
        assert_eq!(got["UserName"], "Ann");
        assert!(got["PolicyDocument"].as_str().unwrap().starts_with("%7B%22Version%22%3A%222012-10-17%22"));

        for arn in [ADMIN, READ_ONLY, READ_ONLY] {
            root.must::<AttachUserPolicy>(json!({ "UserName": "Ann", "PolicyArn": arn })).await;
        }
        let attached = root.must::<ListAttachedUserPolicies>(json!({ "UserName": "Ann" })).await;
        assert_eq!(names(&attached, "AttachedPolicies", "PolicyArn"), [ADMIN, READ_ONLY]);
        assert_eq!(names(&attached, "AttachedPolicies", "PolicyName"), ["AdministratorAccess", "AmazonSSMReadOnlyAccess"]);

        let delete = async || root.refusal::<DeleteUser>(json!({ "UserName": "Ann" })).await;
        assert_eq!(delete().await, "DeleteConflict: Cannot delete entity, must detach all policies first.");
        for arn in [ADMIN, READ_ONLY] {
            root.must::<DetachUserPolicy>(json!({ "UserName": "Ann", "PolicyArn": arn })).await;
        }
        assert_eq!(delete().await, "DeleteConflict: Cannot delete entity, must delete policies first.");
        for name in ["a", "b"] {
            root.must::<DeleteUserPolicy>(json!({ "UserName": "Ann", "PolicyName": name })).await;
        }
        root.must::<DeleteUser>(json!({ "UserName": "Ann" })).await;
    })
    .await;
}

#[tokio::test]
async fn keys_of_tags_are_the_same_in_any_case() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        users(&root, &["Ann"]).await;
        let tag = async |key: &str, value: &str| {
            let tags = json!([{ "Key": key, "Value": value }]);
            root.must::<TagUser>(json!({ "UserName": "Ann", "Tags": tags })).await;
        };
        tag("Team", "a").await;
        tag("team", "b").await;
        tag("env", "").await;
        let listed = root.must::<ListUserTags>(json!({ "UserName": "Ann" })).await;
        assert_eq!(listed["Tags"], json!([{ "Key": "env", "Value": "" }, { "Key": "team", "Value": "b" }]));
        root.must::<UntagUser>(json!({ "UserName": "Ann", "TagKeys": ["TEAM", "absent"] })).await;
        let listed = root.must::<ListUserTags>(json!({ "UserName": "Ann" })).await;
        assert_eq!(listed, json!({ "Tags": [{ "Key": "env", "Value": "" }], "IsTruncated": false }));
    })
    .await;
}

#[tokio::test]
async fn a_race_for_the_last_places_ends_at_the_quota() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.limits.users = 3);
        let root = bench.root("r");
        // The account is made by the first call.
        users(&root, &["first"]).await;
        let calls: Vec<_> = (0..12)
            .map(|index| {
                let (root, input) = (root.clone(), json!({ "UserName": format!("u{}", index / 2) }));
                tokio::spawn(async move { root.call::<CreateUser>(input).await })
            })
            .collect();
        let (mut made, mut codes) = (0, Vec::new());
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => codes.push(error.schema.code),
            }
        }
        assert_eq!(made, 2);
        assert!(
            codes.iter().all(|code| ["EntityAlreadyExists", "LimitExceeded"].contains(code)),
            "{codes:?}"
        );
        let listed = root.must::<ListUsers>(json!({})).await;
        assert_eq!(listed["Users"].as_array().unwrap().len(), 3);
        assert_eq!(
            root.refusal::<CreateUser>(json!({ "UserName": "more" })).await,
            "LimitExceeded: Cannot exceed quota for UsersPerAccount: 3"
        );
    })
    .await;
}
