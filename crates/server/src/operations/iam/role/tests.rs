//! Roles through the router, on every engine.

use crate::testing::{Bench, Caller, allow, on_each_bench};
use muster_iam_api::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole, DeleteRole,
    DeleteRolePermissionsBoundary, DeleteRolePolicy, DetachRolePolicy, GetRole, ListRoles, PutRolePolicy,
    RemoveRoleFromInstanceProfile, TagRole, UntagRole, UpdateAssumeRolePolicy, UpdateRole,
    UpdateRoleDescription,
};
use muster_ids::AccountId;
use muster_store::{
    account,
    iam::{
        role,
        user::{self, User},
    },
};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

fn trust(principal: &Value) -> String {
    let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn for_ssm() -> String {
    trust(&json!({ "Service": "ssm.amazonaws.com" }))
}

fn root(bench: &Bench) -> Caller {
    bench.root("us-east-1")
}

async fn create(caller: &Caller, name: &str) -> Value {
    let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": for_ssm() });
    caller.must::<CreateRole>(input).await["Role"].clone()
}

async fn add_user(bench: &Bench, path: &str, name: &str, id: &str) {
    let user = User {
        account: AccountId::parse(ACCOUNT).unwrap(),
        name: name.to_owned(),
        path: path.to_owned(),
        id: id.to_owned(),
        created_ms: 0,
        boundary: None,
    };
    bench.control_plane.db.write(user::insert(&user)).await.unwrap();
}

/// Code and text of the error that a call ends with.
async fn refusal<O: muster_service_model::Operation>(caller: &Caller, input: Value) -> String {
    caller.call::<O>(input).await.unwrap_err().to_string()
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_path() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let created = create(&root, "Deploy").await;
        assert_eq!(created["Arn"], format!("arn:aws:iam::{ACCOUNT}:role/Deploy"));
        assert!(created["RoleId"].as_str().unwrap().starts_with("AROA"));
        assert_eq!(created.get("MaxSessionDuration"), None);

        let again = json!({ "RoleName": "deploy", "Path": "/x/", "AssumeRolePolicyDocument": for_ssm() });
        let refused = refusal::<CreateRole>(&root, again).await;
        assert_eq!(refused, "EntityAlreadyExists: Role with name deploy already exists.");
        let found = root.must::<GetRole>(json!({ "RoleName": "DEPLOY" })).await["Role"].clone();
        assert_eq!((&found["RoleName"], &found["MaxSessionDuration"]), (&json!("Deploy"), &json!(3600)));
        assert_eq!(found["RoleLastUsed"], json!({}));
        let refused = refusal::<GetRole>(&root, json!({ "RoleName": "other" })).await;
        assert_eq!(refused, "NoSuchEntity: The role with name other cannot be found.");
    })
    .await;
}

#[tokio::test]
async fn a_role_goes_when_nothing_hangs_on_it() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        create(&root, "r").await;
        let role = json!({ "RoleName": "r" });
        let document = allow(&["ssm:*"], &["*"]).to_string();
        let inline = json!({ "RoleName": "r", "PolicyName": "p", "PolicyDocument": document });
        let attached = json!({ "RoleName": "r", "PolicyArn": READ_ONLY });
        let profile = json!({ "InstanceProfileName": "i", "RoleName": "r" });
        root.must::<PutRolePolicy>(inline).await;
        root.must::<AttachRolePolicy>(attached.clone()).await;
        root.must::<AttachRolePolicy>(attached.clone()).await;
        root.must::<CreateInstanceProfile>(json!({ "InstanceProfileName": "i" })).await;
        root.must::<AddRoleToInstanceProfile>(profile.clone()).await;

        let refused = refusal::<DeleteRole>(&root, role.clone()).await;
        let words = "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.";
        assert_eq!(refused, words);
        root.must::<RemoveRoleFromInstanceProfile>(profile).await;
        let refused = refusal::<DeleteRole>(&root, role.clone()).await;
        assert_eq!(refused, "DeleteConflict: Cannot delete entity, must detach all policies first.");
        root.must::<DetachRolePolicy>(attached.clone()).await;
        let gone = refusal::<DetachRolePolicy>(&root, attached).await;
        assert_eq!(gone, format!("NoSuchEntity: Policy {READ_ONLY} was not found."));
        let refused = refusal::<DeleteRole>(&root, role.clone()).await;
        assert_eq!(refused, "DeleteConflict: Cannot delete entity, must delete policies first.");
        root.must::<DeleteRolePolicy>(json!({ "RoleName": "r", "PolicyName": "p" })).await;
        root.must::<DeleteRole>(role.clone()).await;
        assert_eq!(root.code::<DeleteRole>(role).await, "NoSuchEntity");
    })
    .await;
}

#[tokio::test]
async fn a_trust_policy_names_who_exists() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        add_user(&bench, "/team/", "Ann", "AIDAANN0000000000").await;
        let attempt = async |principal: Value| {
            let input = json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust(&principal) });
            match root.call::<CreateRole>(input).await {
                Ok(_) => {
                    root.must::<DeleteRole>(json!({ "RoleName": "r" })).await;
                    "taken".to_owned()
                }
                Err(error) => error.to_string(),
            }
        };
        let arn = |rest: &str| format!("arn:aws:iam::{rest}");
        for principal in [
            json!({ "AWS": ACCOUNT }),
            json!({ "AWS": arn("123456789012:root") }),
            json!({ "AWS": arn("123456789012:user/team/Ann") }),
            json!({ "AWS": "*" }),
            json!({ "Service": ["ssm.amazonaws.com", "ec2.amazonaws.com"] }),
        ] {
            assert_eq!(attempt(principal.clone()).await, "taken", "{principal}");
        }
        for wrong in [
            "123456789012:user/Ann",
            "123456789012:user/team/ann",
            "123456789012:role/team/Ann",
            "123456789012:role/r",
            "999999999999:user/team/Ann",
            "999999999999:root",
        ] {
            let expected =
                format!("MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"{}\"", arn(wrong));
            assert_eq!(attempt(json!({ "AWS": arn(wrong) })).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn who_gets_the_name_of_a_deleted_user_is_not_trusted() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let account = AccountId::parse(ACCOUNT).unwrap();
        add_user(&bench, "/", "bob", "AIDABOB0000000000").await;
        let bob = format!("arn:aws:iam::{ACCOUNT}:user/bob");
        let document = trust(&json!({ "AWS": bob }));
        root.must::<CreateRole>(json!({ "RoleName": "r", "AssumeRolePolicyDocument": document })).await;
        let shown = async || {
            let role = root.must::<GetRole>(json!({ "RoleName": "r" })).await;
            let roles = root.must::<ListRoles>(json!({})).await;
            let listed =
                roles["Roles"].as_array().unwrap().iter().find(|role| role["RoleName"] == "r").unwrap();
            assert_eq!(listed["AssumeRolePolicyDocument"], role["Role"]["AssumeRolePolicyDocument"]);
            role["Role"]["AssumeRolePolicyDocument"].as_str().unwrap().to_owned()
        };
        assert!(shown().await.contains("user%2Fbob"));

        let db = &bench.control_plane.db;
        db.write(user::delete(&account, "bob")).await.unwrap();
        add_user(&bench, "/", "bob", "AIDAEVE0000000000").await;
        let document = shown().await;
        assert!(document.contains("AIDABOB0000000000") && !document.contains("user%2Fbob"), "{document}");
        let kept = role::find(db, &account, "r").await.unwrap().unwrap();
        assert_eq!(kept.trust_principals, json!({ bob.clone(): "AIDABOB0000000000" }).to_string());

        // Written again, the document means the user of today; and it keeps meaning a user that gets another name.
        let document = trust(&json!({ "AWS": bob }));
        root.must::<UpdateAssumeRolePolicy>(json!({ "RoleName": "r", "PolicyDocument": document })).await;
        assert!(shown().await.contains("user%2Fbob"));
        db.write(user::rename(&account, "bob", "robert", "/")).await.unwrap();
        assert!(shown().await.contains("user%2Frobert"));
    })
    .await;
}

#[tokio::test]
async fn what_is_left_out_of_an_update_stays() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        create(&root, "r").await;
        root.must::<UpdateRole>(json!({ "RoleName": "r", "Description": "d" })).await;
        root.must::<UpdateRole>(json!({ "RoleName": "r", "MaxSessionDuration": 7200 })).await;
        let role = root.must::<GetRole>(json!({ "RoleName": "r" })).await["Role"].clone();
        assert_eq!((&role["Description"], &role["MaxSessionDuration"]), (&json!("d"), &json!(7200)));
        let input = json!({ "RoleName": "r", "Description": "" });
        assert_eq!(root.must::<UpdateRoleDescription>(input).await["Role"]["Description"], "");
    })
    .await;
}

#[tokio::test]
async fn keys_of_tags_ignore_case() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        create(&root, "r").await;
        let tags = |pairs: &[(&str, &str)]| {
            let tags: Vec<Value> =
                pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
            json!({ "RoleName": "r", "Tags": tags })
        };
        root.must::<TagRole>(tags(&[("Team", "a"), ("env", "x")])).await;
        root.must::<TagRole>(tags(&[("team", "b")])).await;
        let found = async || root.must::<GetRole>(json!({ "RoleName": "r" })).await["Role"]["Tags"].clone();
        assert_eq!(found().await, tags(&[("env", "x"), ("team", "b")])["Tags"]);
        root.must::<UntagRole>(json!({ "RoleName": "r", "TagKeys": ["ENV", "absent"] })).await;
        assert_eq!(found().await, tags(&[("team", "b")])["Tags"]);
        for wrong in [tags(&[("a", "1"), ("A", "2")]), tags(&[("aws:x", "1")])] {
            assert_eq!(root.code::<TagRole>(wrong).await, "InvalidInput");
        }
        let many: Vec<(String, String)> =
            (0..50).map(|number| (format!("k{number}"), String::new())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(root.code::<TagRole>(tags(&many)).await, "LimitExceeded");
    })
    .await;
}

#[tokio::test]
async fn permissions_may_ask_for_path_policy_boundary_and_tags() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let on = |action: &str, resource: &str, condition: Value| {
            let resource = format!("arn:aws:iam::{ACCOUNT}:role/{resource}");
            let statement =
                json!({ "Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition });
            json!({ "Version": "2012-10-17", "Statement": statement })
        };
        let limited = bench.user(
            "limited",
            &[
                on(
                    "iam:CreateRole",
                    "apps/*",
                    json!({ "StringEquals": { "iam:PermissionsBoundary": READ_ONLY } }),
                ),
                on("iam:AttachRolePolicy", "apps/*", json!({ "ArnEquals": { "iam:PolicyARN": READ_ONLY } })),
                on("iam:GetRole", "*", json!({ "StringEquals": { "iam:ResourceTag/team": "a" } })),
                on("iam:DeleteRole", "*", json!({ "StringEquals": { "aws:ResourceTag/team": "a" } })),
            ],
        );
        let role = |path: &str, boundary: Value| {
            let mut input = json!({ "RoleName": "r", "Path": path, "AssumeRolePolicyDocument": for_ssm() });
            if !boundary.is_null() {
                input["PermissionsBoundary"] = boundary;
            }
            input
        };
        let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
        for wrong in [role("/", json!(READ_ONLY)), role("/apps/", Value::Null), role("/apps/", json!(admin))]
        {
            let refused = refusal::<CreateRole>(&limited, wrong).await;
            assert!(refused.starts_with("AccessDeniedException: User: "), "{refused}");
        }
        let mut tagged = role("/apps/", json!(READ_ONLY));
        tagged["Tags"] = json!([{ "Key": "team", "Value": "b" }]);
        let refused = refusal::<CreateRole>(&limited, tagged).await;
        assert!(refused.contains("is not authorized to perform: iam:TagRole on resource: "), "{refused}");
        limited.must::<CreateRole>(role("/apps/", json!(READ_ONLY))).await;
        let attach = |arn: &str| json!({ "RoleName": "r", "PolicyArn": arn });
        assert_eq!(limited.code::<AttachRolePolicy>(attach(admin)).await, "AccessDeniedException");
        limited.must::<AttachRolePolicy>(attach(READ_ONLY)).await;
        let named = json!({ "RoleName": "r" });
        assert_eq!(
            limited.code::<DeleteRolePermissionsBoundary>(named.clone()).await,
            "AccessDeniedException"
        );
        assert_eq!(limited.code::<GetRole>(named.clone()).await, "AccessDeniedException");
        root.must::<TagRole>(json!({ "RoleName": "r", "Tags": [{ "Key": "team", "Value": "a" }] })).await;
        limited.must::<GetRole>(named.clone()).await;
        root.must::<DetachRolePolicy>(attach(READ_ONLY)).await;
        limited.must::<DeleteRole>(named.clone()).await;
        // Who may not see roles does not learn which there are.
        assert_eq!(limited.code::<GetRole>(named).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn quotas_hold_in_a_race() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        create(&root, "r").await;
        let document =
            |number: usize| allow(&[&format!("ssm:{}{number}", "x".repeat(2000))], &["*"]).to_string();
        let calls: Vec<_> = (0..10)
            .map(|number| {
                let name = format!("p{number}");
                let input =
                    json!({ "RoleName": "r", "PolicyName": name, "PolicyDocument": document(number) });
                let root = root.clone();
                tokio::spawn(async move { root.call::<PutRolePolicy>(input).await })
            })
            .collect();
        let mut put = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => put += 1,
                Err(error) => assert_eq!(
                    error.to_string(),
                    "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role r"
                ),
            }
        }
        assert_eq!(put, 4);
        let revision =
            account::find(&bench.control_plane.db, &AccountId::parse(ACCOUNT).unwrap()).await.unwrap();
        assert_eq!(revision.unwrap().iam_revision, 1 + 1 + 4);
    })
    .await;
}

#[tokio::test]
async fn lists_have_pages_and_paths() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        for (path, name) in [("/a/", "one"), ("/a/b/", "Two"), ("/ab/", "three"), ("/", "four")] {
            let input = json!({ "RoleName": name, "Path": path, "AssumeRolePolicyDocument": for_ssm() });
            root.must::<CreateRole>(input).await;
        }
        let mut names = Vec::new();
        let mut marker = Value::Null;
        loop {
            let mut input = json!({ "PathPrefix": "/a", "MaxItems": 1 });
            if !marker.is_null() {
                assert!(marker.as_str().unwrap().len() <= 320);
                input["Marker"] = marker;
            }
            let page = root.must::<ListRoles>(input).await;
            names.extend(page["Roles"].as_array().unwrap().iter().map(|role| role["RoleName"].clone()));
            marker = page["Marker"].clone();
            assert_eq!(page["IsTruncated"], !marker.is_null());
            if marker.is_null() {
                break;
            }
        }
        assert_eq!(names, ["one", "three", "Two"]);
        assert_eq!(root.code::<ListRoles>(json!({ "Marker": "forged" })).await, "ValidationException");
    })
    .await;
}
