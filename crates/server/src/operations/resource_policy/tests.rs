//! Sharing parameters through the router, on every engine: resource policies, and who then reads what.

use crate::testing::{Caller, allow, on_each_bench};
use muster_ssm_api::{
    DeleteResourcePolicy, DescribeParameters, GetParameter, GetParameterHistory, GetParameters,
    GetResourcePolicies, PutParameter, PutResourcePolicy,
};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/shared/a";
const OTHER: &str = "222222222222";

fn document(principal: &str, actions: &[&str]) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Resource": ARN,
    }] })
    .to_string()
}

fn reading(principal: &str) -> String {
    document(principal, &["ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameters"])
}

async fn put(root: &Caller, name: &str, more: Value) {
    let mut input = json!({ "Name": name, "Value": "v", "Type": "String", "Tier": "Advanced" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    root.must::<PutParameter>(input).await;
}

async fn share(root: &Caller, document: String) -> Value {
    root.must::<PutResourcePolicy>(json!({ "ResourceArn": ARN, "Policy": document })).await
}

async fn shared(root: &Caller) -> Vec<Value> {
    let found = root.must::<DescribeParameters>(json!({ "Shared": true })).await;
    found["Parameters"].as_array().unwrap().iter().map(|entry| entry["ARN"].clone()).collect()
}

#[tokio::test]
async fn policies_are_put_seen_and_deleted() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        put(&root, "/shared/a", json!({})).await;
        let made = share(&root, reading(OTHER)).await;
        let listed = root.must::<GetResourcePolicies>(json!({ "ResourceArn": ARN })).await;
        let entry = json!({ "PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"], "Policy": reading(OTHER) });
        assert_eq!(listed, json!({ "Policies": [entry] }));

        let put = |more: Value| {
            let mut input = json!({ "ResourceArn": ARN, "Policy": reading("333333333333") });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let with = |hash: &Value, id: &Value| json!({ "PolicyId": id, "PolicyHash": hash });
        let replaced = root.must::<PutResourcePolicy>(put(with(&made["PolicyHash"], &made["PolicyId"]))).await;
        assert_eq!(replaced["PolicyId"], made["PolicyId"]);
        for (more, code) in [
            (with(&made["PolicyHash"], &made["PolicyId"]), "ResourcePolicyConflictException"),
            (with(&made["PolicyHash"], &json!("none")), "ResourcePolicyNotFoundException"),
            (json!({ "PolicyId": made["PolicyId"] }), "ResourcePolicyInvalidParameterException"),
            (json!({ "PolicyHash": made["PolicyHash"] }), "ResourcePolicyInvalidParameterException"),
            (json!({ "Policy": "{}" }), "MalformedResourcePolicyDocumentException"),
            (json!({ "Policy": reading("*") }), "MalformedResourcePolicyDocumentException"),
            (json!({ "Policy": document(OTHER, &["ssm:PutParameter"]) }), "MalformedResourcePolicyDocumentException"),
            (json!({ "Policy": " ".repeat(1025) }), "ResourcePolicyLimitExceededException"),
            (json!({ "ResourceArn": format!("{ARN}/none"), "Policy": reading(OTHER).replace("shared/a", "shared/a/none") }),
                "ResourceNotFoundException"),
            (json!({ "ResourceArn": "arn:aws:ssm:us-east-1:123456789012:opsitemgroup/default" }),
                "ResourcePolicyInvalidParameterException"),
            (json!({ "ResourceArn": "arn:aws:ssm:us-east-1:222222222222:parameter/a" }), "AccessDeniedException"),
        ] {
            assert_eq!(root.code::<PutResourcePolicy>(put(more.clone())).await, code, "{more}");
        }
        let delete = |hash: &Value| json!({ "ResourceArn": ARN, "PolicyId": made["PolicyId"], "PolicyHash": hash });
        let stale = delete(&made["PolicyHash"]);
        assert_eq!(root.code::<DeleteResourcePolicy>(stale).await, "ResourcePolicyConflictException");
        root.must::<DeleteResourcePolicy>(delete(&replaced["PolicyHash"])).await;
        let gone = delete(&replaced["PolicyHash"]);
        assert_eq!(root.code::<DeleteResourcePolicy>(gone).await, "ResourcePolicyNotFoundException");
        assert_eq!(root.must::<GetResourcePolicies>(json!({ "ResourceArn": ARN })).await, json!({ "Policies": [] }));
    })
    .await;
}

#[tokio::test]
async fn not_everything_can_be_shared() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        put(&root, "/shared/a", json!({ "Tier": "Standard" })).await;
        let input = json!({ "ResourceArn": ARN, "Policy": reading(OTHER) });
        let code = root.code::<PutResourcePolicy>(input.clone()).await;
        assert_eq!(code, "ResourcePolicyInvalidParameterException", "standard");
        put(&root, "/shared/a", json!({ "Type": "SecureString", "Overwrite": true })).await;
        let code = root.code::<PutResourcePolicy>(input.clone()).await;
        assert_eq!(code, "ResourcePolicyInvalidParameterException", "the key is AWS's");
        let reader = bench.user("reader", &[allow(&["ssm:GetParameter"], &["*"])]);
        assert_eq!(reader.code::<PutResourcePolicy>(input).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn other_accounts_read_what_is_shared_with_them() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let other = root.clone().of_account(OTHER);
        put(&root, "/shared/a", json!({ "Value": "1" })).await;
        put(&other, "/own", json!({})).await;
        let get = json!({ "Name": ARN });
        let refused = other.call::<GetParameter>(get.clone()).await.unwrap_err();
        assert_eq!(refused.schema.code, "AccessDeniedException");
        assert!(
            refused.message.ends_with("because no resource-based policy allows the ssm:GetParameter action"),
            "{refused}"
        );
        let none = json!({ "Name": format!("{ARN}-none") });
        assert_eq!(
            other.code::<GetParameter>(none.clone()).await,
            "AccessDeniedException",
            "it tells nothing"
        );

        let made = share(&root, reading(OTHER)).await;
        let found = other.must::<GetParameter>(get.clone()).await;
        assert_eq!((&found["Parameter"]["Value"], &found["Parameter"]["ARN"]), (&json!("1"), &json!(ARN)));
        assert_eq!(other.code::<GetParameter>(none).await, "AccessDeniedException");
        let both = other.must::<GetParameters>(json!({ "Names": [ARN, "/own"] })).await;
        assert_eq!(both["Parameters"].as_array().unwrap().len(), 2);
        assert_eq!(
            other.code::<GetParameterHistory>(get.clone()).await,
            "AccessDeniedException",
            "not shared"
        );
        assert_eq!(shared(&other).await, [json!(ARN)]);
        assert_eq!(shared(&root).await, [json!(null); 0]);
        let third = root.clone().of_account("333333333333");
        assert_eq!(third.code::<GetParameter>(get.clone()).await, "AccessDeniedException");
        assert_eq!(shared(&third).await, [json!(null); 0]);
        assert_eq!(
            other.must::<DescribeParameters>(json!({})).await["Parameters"].as_array().unwrap().len(),
            1
        );

        let history = document(OTHER, &["ssm:GetParameterHistory"]);
        share(&root, history).await;
        other.must::<GetParameterHistory>(get.clone()).await;
        let id =
            json!({ "ResourceArn": ARN, "PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"] });
        root.must::<DeleteResourcePolicy>(id).await;
        assert_eq!(other.code::<GetParameter>(get).await, "AccessDeniedException");
        assert_eq!(shared(&other).await, [json!(null); 0]);
    })
    .await;
}
