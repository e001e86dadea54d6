//! Instance profiles through the router, on every engine.

use crate::testing::{allow, on_each_bench};
use muster_iam_api::{
    AddRoleToInstanceProfile, CreateInstanceProfile, CreateRole, DeleteInstanceProfile, GetInstanceProfile,
    ListInstanceProfiles, ListInstanceProfilesForRole, RemoveRoleFromInstanceProfile,
};
use serde_json::{Value, json};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

#[tokio::test]
async fn a_profile_has_one_role() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let named = json!({ "InstanceProfileName": "p" });
        let with = |role: &str| json!({ "InstanceProfileName": "p", "RoleName": role });
        let created =
            root.must::<CreateInstanceProfile>(json!({ "InstanceProfileName": "p", "Path": "/web/" })).await;
        let created = &created["InstanceProfile"];
        assert_eq!(created["Arn"], "arn:aws:iam::123456789012:instance-profile/web/p");
        assert_eq!(created["Roles"], json!([]));
        assert_eq!(
            root.code::<CreateInstanceProfile>(json!({ "InstanceProfileName": "P" })).await,
            "EntityAlreadyExists"
        );
        assert_eq!(root.code::<AddRoleToInstanceProfile>(with("r")).await, "NoSuchEntity");
        for role in ["r", "s"] {
            root.must::<CreateRole>(json!({ "RoleName": role, "AssumeRolePolicyDocument": TRUST })).await;
        }
        root.must::<AddRoleToInstanceProfile>(with("r")).await;
        let second = root.call::<AddRoleToInstanceProfile>(with("s")).await.unwrap_err().to_string();
        assert_eq!(second, "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
        let found = root.must::<GetInstanceProfile>(named.clone()).await["InstanceProfile"].clone();
        assert_eq!(found["Roles"][0]["RoleName"], "r");
        let of = |role: &str| json!({ "RoleName": role });
        let profiles = root.must::<ListInstanceProfilesForRole>(of("r")).await["InstanceProfiles"].clone();
        assert_eq!(profiles[0]["InstanceProfileName"], "p");
        assert_eq!(root.must::<ListInstanceProfilesForRole>(of("s")).await["InstanceProfiles"], json!([]));
        let listed = root.must::<ListInstanceProfiles>(json!({ "PathPrefix": "/web/" })).await;
        assert_eq!(listed["InstanceProfiles"].as_array().map(Vec::len), Some(1));
        let listed = root.must::<ListInstanceProfiles>(json!({ "PathPrefix": "/other/" })).await;
        assert_eq!(listed["InstanceProfiles"], json!([]));

        let refused = root.call::<DeleteInstanceProfile>(named.clone()).await.unwrap_err().to_string();
        let words = "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.";
        assert_eq!(refused, words);
        assert_eq!(root.code::<RemoveRoleFromInstanceProfile>(with("s")).await, "NoSuchEntity");
        root.must::<RemoveRoleFromInstanceProfile>(with("R")).await;
        root.must::<DeleteInstanceProfile>(named.clone()).await;
        let gone = root.call::<GetInstanceProfile>(named).await.unwrap_err().to_string();
        assert_eq!(gone, "NoSuchEntity: Instance Profile p cannot be found.");
    })
    .await;
}

#[tokio::test]
async fn a_role_goes_to_machines_from_who_may_pass_it() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        root.must::<CreateInstanceProfile>(json!({ "InstanceProfileName": "p" })).await;
        root.must::<CreateRole>(json!({ "RoleName": "admin", "AssumeRolePolicyDocument": TRUST })).await;
        let add = json!({ "InstanceProfileName": "p", "RoleName": "admin" });
        let profiles = allow(&["iam:AddRoleToInstanceProfile"], &["*"]);
        let pass = |role: &str, service: &str| {
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "iam:PassRole",
                "Resource": format!("arn:aws:iam::123456789012:role/{role}"),
                "Condition": { "StringEquals": { "iam:PassedToService": service } } } })
        };
        let policies: [&[Value]; 3] = [
            std::slice::from_ref(&profiles),
            &[profiles.clone(), pass("admin", "ssm.amazonaws.com")],
            &[profiles.clone(), pass("other", "ec2.amazonaws.com")],
        ];
        for policies in policies {
            let refused = bench.user("eve", policies).call::<AddRoleToInstanceProfile>(add.clone()).await;
            let refused = refused.unwrap_err().to_string();
            assert!(
                refused.contains("is not authorized to perform: iam:PassRole on resource: "),
                "{refused}"
            );
        }
        let ann = bench.user("ann", &[profiles, pass("admin", "ec2.amazonaws.com")]);
        ann.must::<AddRoleToInstanceProfile>(add).await;
    })
    .await;
}
