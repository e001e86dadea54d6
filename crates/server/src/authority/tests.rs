//! Decisions about operations that there are, through the router.

use crate::testing::{Bench, Caller, allow, deny, on_each_bench, tenant};
use muster_ids::ManagedNodeId;
use muster_ssm_api::{
    AddTagsToResource, DeregisterManagedInstance, DescribeInstanceInformation, ListTagsForResource,
    SendCommand,
};
use muster_store::managed_node;
use serde_json::{Value, json};

const NODE: &str = "arn:aws:ssm:us-east-1:123456789012:managed-instance";

async fn node(bench: &Bench, tags: &[(&str, &str)]) -> ManagedNodeId {
    let registration = managed_node::Registration {
        id: ManagedNodeId::random(),
        tenant: tenant("us-east-1"),
        activation_id: None,
        name: None,
        iam_role: "role".to_owned(),
        registered_ms: 0,
        fingerprint: String::new(),
        public_key: vec![1],
        public_key_type: "Rsa".to_owned(),
    };
    bench.control_plane.db.write(managed_node::insert(&registration)).await.unwrap();
    for (key, value) in tags {
        let tags = json!([{ "Key": key, "Value": value }]);
        let input = json!({ "ResourceType": "ManagedInstance", "ResourceId": registration.id, "Tags": tags });
        bench.root("us-east-1").must::<AddTagsToResource>(input).await;
    }
    registration.id
}

fn send(targets: Value) -> Value {
    let mut input = json!({ "DocumentName": "AWS-RunShellScript", "Parameters": { "commands": ["id"] } });
    input.as_object_mut().unwrap().extend(targets.as_object().unwrap().clone());
    input
}

async fn text(caller: &Caller, input: Value) -> String {
    caller.call::<SendCommand>(input).await.unwrap_err().to_string()
}

#[tokio::test]
async fn denials_are_in_words_of_aws() {
    on_each_bench(|bench| async move {
        let nobody = bench.user("alice", &[]);
        let error = nobody.call::<DescribeInstanceInformation>(json!({})).await.unwrap_err();
        assert_eq!(error.schema.code, "AccessDeniedException");
        assert_eq!(
            error.message,
            "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
             ssm:DescribeInstanceInformation on resource: arn:aws:ssm:us-east-1:123456789012:* because no \
             identity-based policy allows the ssm:DescribeInstanceInformation action"
        );
        let everything = allow(&["*"], &["*"]);
        let barred = [everything.clone(), deny(&["ssm:Describe*"], &["*"])];
        let session = bench.role_session("Ops", "night", &barred);
        assert_eq!(
            session.call::<DescribeInstanceInformation>(json!({})).await.unwrap_err().message,
            "User: arn:aws:sts::123456789012:assumed-role/Ops/night is not authorized to perform: \
             ssm:DescribeInstanceInformation on resource: arn:aws:ssm:us-east-1:123456789012:* with an explicit \
             deny in an identity-based policy"
        );
        let boundary = bench.user("bob", &[allow(&["ssm:List*"], &["*"])]).with(|authority| {
            authority.boundary = authority.identity.pop();
            authority.identity = bench.authority_of(std::slice::from_ref(&everything));
        });
        let message = boundary.call::<DescribeInstanceInformation>(json!({})).await.unwrap_err().message;
        assert!(message.ends_with("because no permissions boundary allows the ssm:DescribeInstanceInformation action"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn a_command_needs_its_document_and_every_node() {
    on_each_bench(|bench| async move {
        let web = node(&bench, &[("role", "web"), ("env", "prod")]).await;
        let db = node(&bench, &[("role", "db"), ("env", "prod")]).await;
        let document = "arn:aws:ssm:us-east-1::document/AWS-RunShellScript";
        let on_document = allow(&["ssm:SendCommand"], &[document]);
        let by_tag = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "ssm:SendCommand", "Resource": format!("{NODE}/*"),
            "Condition": { "StringEquals": { "ssm:resourceTag/role": "web" } },
        } });
        let caller = bench.user("alice", &[on_document.clone(), by_tag.clone()]);
        caller.must::<SendCommand>(send(json!({ "InstanceIds": [web] }))).await;
        caller
            .must::<SendCommand>(send(json!({ "Targets": [{ "Key": "tag:role", "Values": ["web"] }] })))
            .await;

        let denied = text(&caller, send(json!({ "InstanceIds": [web, db] }))).await;
        assert!(
            denied.contains(&format!("ssm:SendCommand on resource: {NODE}/{db} because no identity-based")),
            "{denied}"
        );
        let denied =
            text(&caller, send(json!({ "Targets": [{ "Key": "tag:env", "Values": ["prod"] }] }))).await;
        assert!(denied.contains(&format!("{NODE}/{db}")), "{denied}");
        let unknown = ManagedNodeId::random();
        let denied = text(&caller, send(json!({ "InstanceIds": [unknown] }))).await;
        assert!(denied.contains(&format!("{NODE}/{unknown}")), "{denied}");

        let without_document = bench.user("bob", &[by_tag, allow(&["ssm:SendCommand"], &[NODE])]);
        let denied = text(&without_document, send(json!({ "InstanceIds": [web] }))).await;
        assert!(denied.contains(&format!("on resource: {document} because")), "{denied}");
        let barred = bench.user("eve", &[allow(&["*"], &["*"]), deny(&["ssm:SendCommand"], &[document])]);
        let denied = text(&barred, send(json!({ "InstanceIds": [web] }))).await;
        assert!(denied.ends_with("with an explicit deny in an identity-based policy"), "{denied}");
    })
    .await;
}

#[tokio::test]
async fn tags_of_the_request_and_of_the_resource_decide() {
    on_each_bench(|bench| async move {
        let own = node(&bench, &[("team", "a")]).await;
        let other = node(&bench, &[("team", "b")]).await;
        let caller = bench.user("alice", &[json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["ssm:AddTagsToResource", "ssm:ListTagsForResource"], "Resource": "*",
              "Condition": { "StringEquals": { "aws:ResourceTag/team": "${aws:PrincipalTag/team}" } } },
            { "Effect": "Deny", "Action": "ssm:AddTagsToResource", "Resource": "*",
              "Condition": { "ForAnyValue:StringEquals": { "aws:TagKeys": "team" } } },
            { "Effect": "Deny", "Action": "ssm:AddTagsToResource", "Resource": "*",
              "Condition": { "StringNotEquals": { "aws:RequestTag/env": ["test", "prod"] },
                             "Null": { "aws:RequestTag/env": "false" } } },
        ] })]);
        let caller = caller.with(|authority| {
            authority.tags.insert("team".to_owned(), "a".to_owned());
        });
        let tag = |id: &ManagedNodeId, key: &str, value: &str| {
            json!({ "ResourceType": "ManagedInstance", "ResourceId": id, "Tags": [{ "Key": key, "Value": value }] })
        };
        caller.must::<AddTagsToResource>(tag(&own, "env", "prod")).await;
        caller.must::<AddTagsToResource>(tag(&own, "note", "x")).await;
        for refused in [tag(&own, "env", "dev"), tag(&own, "team", "b"), tag(&other, "env", "prod")] {
            assert_eq!(caller.code::<AddTagsToResource>(refused).await, "AccessDeniedException");
        }
        let list = |id: &ManagedNodeId| json!({ "ResourceType": "ManagedInstance", "ResourceId": id });
        caller.must::<ListTagsForResource>(list(&own)).await;
        assert_eq!(caller.code::<ListTagsForResource>(list(&other)).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn resources_stand_in_the_policy_as_they_are_called() {
    on_each_bench(|bench| async move {
        let (one, two) = (node(&bench, &[]).await, node(&bench, &[]).await);
        let caller = bench.user("alice", &[allow(&["ssm:Deregister*"], &[&format!("{NODE}/{one}")])]);
        let input = |id: &ManagedNodeId| json!({ "InstanceId": id });
        assert_eq!(caller.code::<DeregisterManagedInstance>(input(&two)).await, "AccessDeniedException");
        caller.must::<DeregisterManagedInstance>(input(&one)).await;
    })
    .await;
}
