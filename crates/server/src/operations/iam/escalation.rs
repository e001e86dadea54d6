//! Ways by which users without rights would give themselves some: none works.

use crate::testing::{Bench, Caller, allow, on_each_bench};
use muster_iam_api::{
    AddUserToGroup, AttachGroupPolicy, AttachUserPolicy, CreateAccessKey, CreateGroup, CreateUser,
    DeleteUserPermissionsBoundary, GetUser, ListUsers, PutGroupPolicy, PutUserPermissionsBoundary,
    PutUserPolicy, TagUser, UpdateUser,
};
use serde_json::{Value, json};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const IAM_READ: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

/// A user that has exactly this policy, perhaps within a boundary.
async fn user(bench: &Bench, name: &str, policy: Value, boundary: Option<&str>) -> Caller {
    let root = bench.root("us-east-1");
    root.must::<CreateUser>(json!({ "UserName": name })).await;
    let document = policy.to_string();
    let put = json!({ "UserName": name, "PolicyName": "p", "PolicyDocument": document });
    root.must::<PutUserPolicy>(put).await;
    if let Some(boundary) = boundary {
        let put = json!({ "UserName": name, "PermissionsBoundary": boundary });
        root.must::<PutUserPermissionsBoundary>(put).await;
    }
    bench.stored_user(name).await
}

fn statement(actions: &[&str], resource: &str, condition: Value) -> Value {
    let statement =
        json!({ "Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition });
    json!({ "Version": "2012-10-17", "Statement": statement })
}

#[tokio::test]
async fn a_boundary_holds_whatever_its_user_may() {
    on_each_bench(|bench| async move {
        let all = allow(&["iam:*"], &["*"]);
        let eve = user(&bench, "eve", all.clone(), Some(IAM_READ)).await;
        eve.must::<GetUser>(json!({})).await;
        eve.must::<ListUsers>(json!({})).await;
        let document = all.to_string();
        let denied = "because no permissions boundary allows the iam:";
        for refusal in [
            eve.refusal::<DeleteUserPermissionsBoundary>(json!({ "UserName": "eve" })).await,
            eve.refusal::<PutUserPermissionsBoundary>(
                json!({ "UserName": "eve", "PermissionsBoundary": ADMIN }),
            )
            .await,
            eve.refusal::<AttachUserPolicy>(json!({ "UserName": "eve", "PolicyArn": ADMIN })).await,
            eve.refusal::<PutUserPolicy>(
                json!({ "UserName": "eve", "PolicyName": "q", "PolicyDocument": document }),
            )
            .await,
            eve.refusal::<CreateUser>(json!({ "UserName": "mallory" })).await,
            eve.refusal::<CreateAccessKey>(json!({ "UserName": "eve" })).await,
            eve.refusal::<UpdateUser>(json!({ "UserName": "eve", "NewUserName": "x" })).await,
        ] {
            assert!(
                refusal.starts_with("AccessDeniedException: User: ") && refusal.contains(denied),
                "{refusal}"
            );
        }
        // More policies change nothing.
        let root = bench.root("us-east-1");
        root.must::<AttachUserPolicy>(json!({ "UserName": "eve", "PolicyArn": ADMIN })).await;
        let eve = bench.stored_user("eve").await;
        assert_eq!(eve.code::<CreateUser>(json!({ "UserName": "mallory" })).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn who_makes_users_within_a_boundary_makes_none_without() {
    on_each_bench(|bench| async move {
        let bounded = json!({ "StringEquals": { "iam:PermissionsBoundary": IAM_READ } });
        let actions =
            ["iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"];
        let admin = user(&bench, "admin", statement(&actions, "*", bounded), None).await;
        let create = |name: &str, boundary: Option<&str>| {
            let mut input = json!({ "UserName": name });
            if let Some(boundary) = boundary {
                input["PermissionsBoundary"] = json!(boundary);
            }
            input
        };
        assert_eq!(admin.code::<CreateUser>(create("x", None)).await, "AccessDeniedException");
        assert_eq!(admin.code::<CreateUser>(create("x", Some(ADMIN))).await, "AccessDeniedException");
        admin.must::<CreateUser>(create("x", Some(IAM_READ))).await;
        admin.must::<AttachUserPolicy>(json!({ "UserName": "x", "PolicyArn": ADMIN })).await;
        // The boundary of `x` may be neither widened nor taken away, and nothing may be given to who has none.
        let widen = json!({ "UserName": "x", "PermissionsBoundary": ADMIN });
        assert_eq!(admin.code::<PutUserPermissionsBoundary>(widen).await, "AccessDeniedException");
        let remove = json!({ "UserName": "x" });
        assert_eq!(admin.code::<DeleteUserPermissionsBoundary>(remove).await, "AccessDeniedException");
        let own = json!({ "UserName": "admin", "PolicyArn": ADMIN });
        assert_eq!(admin.code::<AttachUserPolicy>(own).await, "AccessDeniedException");
        let document = allow(&["*"], &["*"]).to_string();
        let own = json!({ "UserName": "admin", "PolicyName": "p", "PolicyDocument": document });
        assert_eq!(admin.code::<PutUserPolicy>(own).await, "AccessDeniedException");
        let x = bench.stored_user("x").await;
        assert_eq!(x.code::<CreateUser>(create("y", None)).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn only_the_policies_that_one_may_attach_are_attached() {
    on_each_bench(|bench| async move {
        let condition = json!({ "ArnEquals": { "iam:PolicyARN": IAM_READ } });
        let policy = statement(&["iam:AttachUserPolicy", "iam:AttachGroupPolicy"], "*", condition);
        let helper = user(&bench, "helper", policy, None).await;
        let root = bench.root("us-east-1");
        root.must::<CreateGroup>(json!({ "GroupName": "g" })).await;
        for (arn, allowed) in [(IAM_READ, true), (ADMIN, false)] {
            let attach = json!({ "UserName": "helper", "PolicyArn": arn });
            assert_eq!(helper.call::<AttachUserPolicy>(attach).await.is_ok(), allowed, "{arn}");
            let attach = json!({ "GroupName": "g", "PolicyArn": arn });
            assert_eq!(helper.call::<AttachGroupPolicy>(attach).await.is_ok(), allowed, "{arn}");
        }
    })
    .await;
}

#[tokio::test]
async fn paths_names_and_groups_are_no_way_around() {
    on_each_bench(|bench| async move {
        let below = "arn:aws:iam::123456789012:user/team/*";
        let actions = ["iam:*User*", "iam:CreateAccessKey"];
        let lead = user(&bench, "lead", allow(&actions, &[below]), None).await;
        let root = bench.root("us-east-1");
        for (name, path) in [("in", "/team/"), ("out", "/")] {
            root.must::<CreateUser>(json!({ "UserName": name, "Path": path })).await;
        }
        lead.must::<CreateAccessKey>(json!({ "UserName": "in" })).await;
        // The path counts, not what the name looks like; and a user cannot be carried over by a new path.
        assert_eq!(lead.code::<CreateAccessKey>(json!({ "UserName": "out" })).await, "AccessDeniedException");
        let out = json!({ "UserName": "out", "NewPath": "/team/" });
        assert_eq!(lead.code::<UpdateUser>(out).await, "AccessDeniedException");
        let away = json!({ "UserName": "in", "NewPath": "/" });
        assert_eq!(lead.code::<UpdateUser>(away).await, "AccessDeniedException");
        let renamed = json!({ "UserName": "in", "NewUserName": "still", "NewPath": "/team/x/" });
        lead.must::<UpdateUser>(renamed).await;
        // Groups are resources of their own.
        root.must::<CreateGroup>(json!({ "GroupName": "admins" })).await;
        let join = json!({ "GroupName": "admins", "UserName": "still" });
        assert_eq!(lead.code::<AddUserToGroup>(join).await, "AccessDeniedException");
        let document = allow(&["*"], &["*"]).to_string();
        let put = json!({ "GroupName": "admins", "PolicyName": "p", "PolicyDocument": document });
        assert_eq!(lead.code::<PutGroupPolicy>(put).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn tags_that_open_doors_are_given_by_those_who_may() {
    on_each_bench(|bench| async move {
        let own_team = json!({ "StringEquals": { "iam:ResourceTag/team": "${aws:PrincipalTag/team}" } });
        let lead = user(&bench, "lead", statement(&["iam:CreateAccessKey"], "*", own_team), None).await;
        let root = bench.root("us-east-1");
        for (name, team) in [("a", "red"), ("b", "blue"), ("lead", "red")] {
            if name != "lead" {
                root.must::<CreateUser>(json!({ "UserName": name })).await;
            }
            let tags = json!([{ "Key": "team", "Value": team }]);
            root.must::<TagUser>(json!({ "UserName": name, "Tags": tags })).await;
        }
        // Nothing before it had a team.
        assert_eq!(lead.code::<CreateAccessKey>(json!({ "UserName": "a" })).await, "AccessDeniedException");
        let lead = bench.stored_user("lead").await;
        lead.must::<CreateAccessKey>(json!({ "UserName": "a" })).await;
        assert_eq!(lead.code::<CreateAccessKey>(json!({ "UserName": "b" })).await, "AccessDeniedException");
        let tags = json!([{ "Key": "team", "Value": "red" }]);
        let tag = json!({ "UserName": "b", "Tags": tags });
        assert_eq!(lead.code::<TagUser>(tag).await, "AccessDeniedException");
        // Tags at the creation need the permission to tag.
        let maker = user(&bench, "maker", allow(&["iam:CreateUser"], &["*"]), None).await;
        let create = json!({ "UserName": "c", "Tags": tags });
        assert_eq!(maker.code::<CreateUser>(create).await, "AccessDeniedException");
        maker.must::<CreateUser>(json!({ "UserName": "c" })).await;
    })
    .await;
}
