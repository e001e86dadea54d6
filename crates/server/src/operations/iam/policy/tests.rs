//! Managed policies through the router, on every engine.

use crate::testing::{Bench, Caller, allow, on_each_bench};
use muster_iam_api::{
    AttachRolePolicy, CreatePolicy, CreatePolicyVersion, CreateRole, DeletePolicy, DeletePolicyVersion,
    DetachRolePolicy, GetPolicy, GetPolicyVersion, ListEntitiesForPolicy, ListPolicies, ListPolicyVersions,
    PutRolePermissionsBoundary, SetDefaultPolicyVersion, TagPolicy,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OWN: &str = "arn:aws:iam::123456789012:policy/team/p";
const CORE: &str = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

fn root(bench: &Bench) -> Caller {
    bench.root("us-east-1")
}

fn document(action: &str) -> String {
    allow(&[action], &["*"]).to_string()
}

async fn create(caller: &Caller, path: &str, name: &str) -> Value {
    let input =
        json!({ "PolicyName": name, "Path": path, "PolicyDocument": document("ssm:*"), "Description": "d" });
    caller.must::<CreatePolicy>(input).await["Policy"].clone()
}

async fn create_role(caller: &Caller, name: &str) {
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "Service": "ssm.amazonaws.com" }, "Action": "sts:AssumeRole" } });
    caller
        .must::<CreateRole>(json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() }))
        .await;
}

async fn refusal<O: muster_service_model::Operation>(caller: &Caller, input: Value) -> String {
    caller.call::<O>(input).await.unwrap_err().to_string()
}

#[tokio::test]
async fn five_versions_one_in_force_and_numbers_are_not_given_again() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let policy = create(&root, "/team/", "p").await;
        assert_eq!((&policy["Arn"], &policy["DefaultVersionId"]), (&json!(OWN), &json!("v1")));
        let versions: Vec<_> = (0..9)
            .map(|number| {
                let action = format!("ssm:V{number}");
                let input = json!({ "PolicyArn": OWN, "PolicyDocument": document(&action), "SetAsDefault": true });
                let root = root.clone();
                tokio::spawn(async move { root.call::<CreatePolicyVersion>(input).await })
            })
            .collect();
        let mut made = BTreeSet::new();
        for call in versions {
            match call.await.unwrap() {
                Ok(answer) => {
                    assert_eq!(answer["PolicyVersion"].get("Document"), None);
                    made.insert(answer["PolicyVersion"]["VersionId"].as_str().unwrap().to_owned());
                }
                Err(error) => assert_eq!(
                    error.to_string(),
                    "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
                ),
            }
        }
        assert_eq!(made, ["v2", "v3", "v4", "v5"].map(str::to_owned).into());
        let listed = root.must::<ListPolicyVersions>(json!({ "PolicyArn": OWN })).await["Versions"].clone();
        let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|version| &version["VersionId"]).collect();
        assert_eq!(ids, ["v5", "v4", "v3", "v2", "v1"]);
        assert_eq!(listed.as_array().unwrap().iter().filter(|version| version["IsDefaultVersion"] == true).count(), 1);

        let version = |id: &str| json!({ "PolicyArn": OWN, "VersionId": id });
        let refused = refusal::<DeletePolicyVersion>(&root, version("v5")).await;
        assert_eq!(refused, "DeleteConflict: Cannot delete the default version of a policy.");
        root.must::<SetDefaultPolicyVersion>(version("v1")).await;
        root.must::<DeletePolicyVersion>(version("v5")).await;
        for gone in [
            refusal::<DeletePolicyVersion>(&root, version("v5")).await,
            refusal::<SetDefaultPolicyVersion>(&root, version("v5")).await,
            refusal::<GetPolicyVersion>(&root, version("v5")).await,
        ] {
            let words = "version v5 does not exist or is not attachable.";
            assert_eq!(gone, format!("NoSuchEntity: Policy {OWN} {words}"));
        }
        let input = json!({ "PolicyArn": OWN, "PolicyDocument": document("ssm:New") });
        let next = root.must::<CreatePolicyVersion>(input).await;
        assert_eq!(next["PolicyVersion"]["VersionId"], "v6");
        let found = root.must::<GetPolicy>(json!({ "PolicyArn": OWN })).await;
        assert_eq!(found["Policy"]["DefaultVersionId"], "v1");
        let found = root.must::<GetPolicyVersion>(version("v6")).await["PolicyVersion"].clone();
        assert!(found["Document"].as_str().unwrap().contains("ssm%3ANew"));
        assert_eq!(found["IsDefaultVersion"], false);
    })
    .await;
}

#[tokio::test]
async fn a_policy_in_use_stays() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        create(&root, "/team/", "p").await;
        for role in ["r", "s"] {
            create_role(&root, role).await;
        }
        let attach = json!({ "RoleName": "r", "PolicyArn": OWN });
        root.must::<AttachRolePolicy>(attach.clone()).await;
        root.must::<PutRolePermissionsBoundary>(json!({ "RoleName": "s", "PermissionsBoundary": OWN })).await;
        let policy = json!({ "PolicyArn": OWN });
        let found = root.must::<GetPolicy>(policy.clone()).await["Policy"].clone();
        assert_eq!(
            (&found["AttachmentCount"], &found["PermissionsBoundaryUsageCount"]),
            (&json!(1), &json!(1))
        );
        let names = async |filter: Value| {
            let mut input = filter;
            input["PolicyArn"] = json!(OWN);
            let found = root.must::<ListEntitiesForPolicy>(input).await;
            let roles = found["PolicyRoles"].as_array().unwrap();
            roles.iter().map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(json!({})).await, ["r", "s"]);
        assert_eq!(names(json!({ "PolicyUsageFilter": "PermissionsBoundary" })).await, ["s"]);
        assert_eq!(names(json!({ "PolicyUsageFilter": "PermissionsPolicy" })).await, ["r"]);
        assert!(names(json!({ "EntityFilter": "User" })).await.is_empty());
        assert!(names(json!({ "PathPrefix": "/other/" })).await.is_empty());

        let refused = refusal::<DeletePolicy>(&root, policy.clone()).await;
        assert_eq!(refused, "DeleteConflict: Cannot delete a policy attached to entities.");
        root.must::<DetachRolePolicy>(attach).await;
        assert_eq!(root.code::<DeletePolicy>(policy.clone()).await, "DeleteConflict");
        root.must::<PutRolePermissionsBoundary>(json!({ "RoleName": "s", "PermissionsBoundary": CORE }))
            .await;
        let version = json!({ "PolicyArn": OWN, "PolicyDocument": document("ssm:Get*") });
        root.must::<CreatePolicyVersion>(version).await;
        let refused = refusal::<DeletePolicy>(&root, policy.clone()).await;
        assert!(refused.starts_with("DeleteConflict: This policy has more than one version."), "{refused}");
        root.must::<DeletePolicyVersion>(json!({ "PolicyArn": OWN, "VersionId": "v2" })).await;
        root.must::<DeletePolicy>(policy.clone()).await;
        assert_eq!(
            refusal::<GetPolicy>(&root, policy).await,
            format!("NoSuchEntity: Policy {OWN} was not found.")
        );
    })
    .await;
}

#[tokio::test]
async fn policies_of_aws_are_read_by_all_and_changed_by_nobody() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let found = root.must::<GetPolicy>(json!({ "PolicyArn": CORE })).await["Policy"].clone();
        assert_eq!(found["PolicyId"], "ANPAIXSHM2BNB2D3AXXRU");
        // The role that every account is born with has it.
        assert_eq!((&found["DefaultVersionId"], &found["AttachmentCount"]), (&json!("v2"), &json!(1)));
        let version = json!({ "PolicyArn": CORE, "VersionId": "v2" });
        let document = root.must::<GetPolicyVersion>(version.clone()).await;
        let document = document["PolicyVersion"]["Document"].as_str().unwrap().to_owned();
        assert!(document.contains("ssm%3AUpdateInstanceInformation"));
        let versions =
            root.must::<ListPolicyVersions>(json!({ "PolicyArn": CORE })).await["Versions"].clone();
        assert_eq!(versions.as_array().unwrap().len(), 1);

        let text = self::document("ssm:*");
        for code in [
            root.code::<DeletePolicy>(json!({ "PolicyArn": CORE })).await,
            root.code::<CreatePolicyVersion>(json!({ "PolicyArn": CORE, "PolicyDocument": text })).await,
            root.code::<SetDefaultPolicyVersion>(version.clone()).await,
            root.code::<DeletePolicyVersion>(version).await,
            root.code::<TagPolicy>(json!({ "PolicyArn": CORE, "Tags": [{ "Key": "k", "Value": "v" }] }))
                .await,
        ] {
            assert_eq!(code, "AccessDeniedException");
        }
        // What is for roles of services is attached to no other.
        create_role(&root, "r").await;
        let arn = "arn:aws:iam::aws:policy/aws-service-role/AmazonSSMServiceRolePolicy";
        let refused = refusal::<AttachRolePolicy>(&root, json!({ "RoleName": "r", "PolicyArn": arn })).await;
        assert_eq!(refused, format!("NoSuchEntity: Policy {arn} does not exist or is not attachable."));
    })
    .await;
}

#[tokio::test]
async fn lists_name_own_policies_first_and_have_pages() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        for (path, name) in [("/team/", "p"), ("/", "A"), ("/team/x/", "b")] {
            create(&root, path, name).await;
        }
        let all = async |filter: Value| {
            let mut names = Vec::new();
            let mut marker = Value::Null;
            loop {
                let mut input = filter.clone();
                if !marker.is_null() {
                    assert!(marker.as_str().unwrap().len() <= 320, "{marker}");
                    input["Marker"] = marker;
                }
                let page = root.must::<ListPolicies>(input).await;
                for policy in page["Policies"].as_array().unwrap() {
                    assert_eq!(policy.get("Description"), None);
                    names.push(policy["PolicyName"].as_str().unwrap().to_owned());
                }
                marker = page["Marker"].clone();
                if marker.is_null() {
                    return names;
                }
            }
        };
        let everything = all(json!({})).await;
        assert_eq!(everything.get(..3).unwrap(), ["A", "b", "p"]);
        assert!(everything.len() > 40);
        for size in [1, 2, 3, 7, 40] {
            assert_eq!(all(json!({ "MaxItems": size })).await, everything, "{size}");
        }
        assert_eq!(all(json!({ "Scope": "Local", "MaxItems": 1 })).await, ["A", "b", "p"]);
        assert_eq!(all(json!({ "Scope": "AWS", "MaxItems": 9 })).await, everything.get(3..).unwrap());
        assert_eq!(all(json!({ "PathPrefix": "/team/" })).await, ["b", "p"]);
        assert_eq!(all(json!({ "OnlyAttached": true })).await, ["AmazonSSMManagedInstanceCore"]);
        let bounding = json!({ "PolicyUsageFilter": "PermissionsBoundary" });
        assert!(all(bounding.clone()).await.is_empty());
        create_role(&root, "r").await;
        root.must::<PutRolePermissionsBoundary>(json!({ "RoleName": "r", "PermissionsBoundary": OWN })).await;
        assert_eq!(all(bounding).await, ["p"]);
    })
    .await;
}

#[tokio::test]
async fn bad_documents_are_refused_in_the_words_of_aws() {
    on_each_bench(|bench| async move {
        let root = root(&bench);
        let refused = async |document: &str| {
            refusal::<CreatePolicy>(&root, json!({ "PolicyName": "x", "PolicyDocument": document })).await
        };
        let syntax = "MalformedPolicyDocument: Syntax errors in policy.";
        for document in [
            "",
            "no json",
            "[]",
            r#"{"Version":"2012-10-17","Statement":[],"Extra":1}"#,
            r#"{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Other":1}}"#,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
            r#"{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        ] {
            let said = refused(document).await;
            assert!(said.starts_with(syntax), "{document}: {said}");
        }
        for (document, expected) in [
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
                "Policy document must be version 2012-10-17 or greater.",
            ),
            (
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
                "Policy document should not specify a principal.",
            ),
            (
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*"}}"#,
                "Policy statement must contain resources.",
            ),
            (
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"getall","Resource":"*"}}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
        ] {
            assert_eq!(refused(document).await, format!("MalformedPolicyDocument: {expected}"), "{document}");
        }
        let long = allow(&[&format!("ssm:{}", "x".repeat(6144))], &["*"]).to_string();
        assert_eq!(refused(&long).await, "LimitExceeded: Cannot exceed quota for PolicySize: 6144");
        let spaced = document("ssm:*").replacen('{', &format!("{{{}", " ".repeat(10_000)), 1);
        root.must::<CreatePolicy>(json!({ "PolicyName": "x", "PolicyDocument": spaced })).await;
    })
    .await;
}
