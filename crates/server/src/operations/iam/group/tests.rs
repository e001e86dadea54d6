//! Groups through the router, on every engine.

use crate::testing::{allow, on_each_bench};
use muster_iam_api::{
    AddUserToGroup, AttachGroupPolicy, CreateGroup, CreateUser, DeleteGroup, DeleteGroupPolicy, DeleteUser,
    DetachGroupPolicy, GetGroup, GetGroupPolicy, GetUser, ListAttachedGroupPolicies, ListGroupPolicies,
    ListGroups, ListGroupsForUser, PutGroupPolicy, RemoveUserFromGroup, UpdateGroup,
};
use serde_json::{Value, json};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

fn names(output: &Value, list: &str, member: &str) -> Vec<String> {
    let entries = output[list].as_array().unwrap().iter();
    entries.map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn members_may_what_their_group_may() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "Ann" })).await;
        let group =
            root.must::<CreateGroup>(json!({ "GroupName": "Ops", "Path": "/x/" })).await["Group"].clone();
        assert_eq!(group["Arn"], "arn:aws:iam::123456789012:group/x/Ops");
        assert!(group["GroupId"].as_str().unwrap().starts_with("AGPA"));
        root.must::<AttachGroupPolicy>(json!({ "GroupName": "ops", "PolicyArn": READ_ONLY })).await;
        let may = async || {
            bench.stored_user("Ann").await.call::<GetUser>(json!({ "UserName": "Ann" })).await.is_ok()
        };
        assert!(!may().await);
        for _ in 0..2 {
            root.must::<AddUserToGroup>(json!({ "GroupName": "ops", "UserName": "ann" })).await;
        }
        assert!(may().await);
        root.must::<UpdateGroup>(json!({ "GroupName": "Ops", "NewGroupName": "Team", "NewPath": "/" })).await;
        assert!(may().await);
        let team = root.must::<GetGroup>(json!({ "GroupName": "team" })).await;
        assert_eq!(team["Group"]["Arn"], "arn:aws:iam::123456789012:group/Team");
        assert_eq!(names(&team, "Users", "UserName"), ["Ann"]);
        let of_ann = root.must::<ListGroupsForUser>(json!({ "UserName": "Ann" })).await;
        assert_eq!(names(&of_ann, "Groups", "GroupName"), ["Team"]);

        let conflict = "DeleteConflict: Cannot delete entity, must remove users from group first.";
        assert_eq!(root.refusal::<DeleteGroup>(json!({ "GroupName": "Team" })).await, conflict);
        assert_eq!(root.refusal::<DeleteUser>(json!({ "UserName": "Ann" })).await, conflict);
        for _ in 0..2 {
            root.must::<RemoveUserFromGroup>(json!({ "GroupName": "Team", "UserName": "Ann" })).await;
        }
        assert!(!may().await);
        assert_eq!(
            root.refusal::<DeleteGroup>(json!({ "GroupName": "Team" })).await,
            "DeleteConflict: Cannot delete entity, must detach all policies first."
        );
        root.must::<DetachGroupPolicy>(json!({ "GroupName": "Team", "PolicyArn": READ_ONLY })).await;
        root.must::<DeleteGroup>(json!({ "GroupName": "Team" })).await;
        assert_eq!(
            root.refusal::<GetGroup>(json!({ "GroupName": "Team" })).await,
            "NoSuchEntity: The group with name Team cannot be found."
        );
    })
    .await;
}

#[tokio::test]
async fn policies_of_a_group() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateGroup>(json!({ "GroupName": "G" })).await;
        let document = allow(&["iam:GetUser"], &["*"]).to_string();
        let put = json!({ "GroupName": "g", "PolicyName": "p", "PolicyDocument": document });
        root.must::<PutGroupPolicy>(put).await;
        let long = allow(&[&format!("ssm:{}", "x".repeat(5200))], &["*"]).to_string();
        let put = json!({ "GroupName": "g", "PolicyName": "q", "PolicyDocument": long });
        assert_eq!(
            root.refusal::<PutGroupPolicy>(put).await,
            "LimitExceeded: Maximum policy size of 5120 bytes exceeded for group G"
        );
        let policy = json!({ "GroupName": "G", "PolicyName": "p" });
        assert_eq!(root.must::<GetGroupPolicy>(policy.clone()).await["GroupName"], "G");
        let listed = root.must::<ListGroupPolicies>(json!({ "GroupName": "G" })).await;
        assert_eq!(listed, json!({ "PolicyNames": ["p"], "IsTruncated": false }));
        let attached = root.must::<ListAttachedGroupPolicies>(json!({ "GroupName": "G" })).await;
        assert_eq!(attached, json!({ "AttachedPolicies": [], "IsTruncated": false }));
        assert_eq!(
            root.refusal::<DeleteGroup>(json!({ "GroupName": "G" })).await,
            "DeleteConflict: Cannot delete entity, must delete policies first."
        );
        root.must::<DeleteGroupPolicy>(policy.clone()).await;
        assert_eq!(
            root.refusal::<DeleteGroupPolicy>(policy).await,
            "NoSuchEntity: The group policy with name p cannot be found."
        );
    })
    .await;
}

#[tokio::test]
async fn names_and_quotas_of_groups() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "Ann" })).await;
        for index in 0..11 {
            root.must::<CreateGroup>(json!({ "GroupName": format!("g{index:02}") })).await;
        }
        let taken = "EntityAlreadyExists: Group with name G01 already exists.";
        assert_eq!(root.refusal::<CreateGroup>(json!({ "GroupName": "G01" })).await, taken);
        let rename = json!({ "GroupName": "g02", "NewGroupName": "G01" });
        assert_eq!(root.refusal::<UpdateGroup>(rename).await, taken);
        let page = root.must::<ListGroups>(json!({ "MaxItems": 2 })).await;
        assert_eq!(names(&page, "Groups", "GroupName"), ["g00", "g01"]);
        let page = root.must::<ListGroups>(json!({ "MaxItems": 2, "Marker": page["Marker"] })).await;
        assert_eq!(names(&page, "Groups", "GroupName"), ["g02", "g03"]);

        for index in 0..10 {
            let input = json!({ "GroupName": format!("g{index:02}"), "UserName": "Ann" });
            root.must::<AddUserToGroup>(input).await;
        }
        assert_eq!(
            root.refusal::<AddUserToGroup>(json!({ "GroupName": "g10", "UserName": "Ann" })).await,
            "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10"
        );
        let page = root.must::<ListGroupsForUser>(json!({ "UserName": "Ann", "MaxItems": 4 })).await;
        let page =
            root.must::<ListGroupsForUser>(json!({ "UserName": "Ann", "Marker": page["Marker"] })).await;
        assert_eq!(page["Groups"].as_array().unwrap().len(), 6);
        for (input, expected) in [
            (
                json!({ "GroupName": "g00", "UserName": "no" }),
                "NoSuchEntity: The user with name no cannot be found.",
            ),
            (
                json!({ "GroupName": "no", "UserName": "Ann" }),
                "NoSuchEntity: The group with name no cannot be found.",
            ),
        ] {
            assert_eq!(root.refusal::<AddUserToGroup>(input.clone()).await, expected);
            assert_eq!(root.refusal::<RemoveUserFromGroup>(input).await, expected);
        }
    })
    .await;
}
