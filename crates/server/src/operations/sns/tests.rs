//! Who may do what with whose topic, through the router, on every engine. What subscribers see is tested by real ones.

use crate::{
    notify::{CONFIRM_WITHIN_MS, Confirmation},
    testing::{on_each_bench, tenant},
};
use muster_sns_api::{
    AddPermission, ConfirmSubscription, CreateTopic, DeleteTopic, GetSubscriptionAttributes,
    GetTopicAttributes, ListSubscriptions, ListTopics, Publish, SetTopicAttributes, Subscribe, Unsubscribe,
};
use muster_store::sns::subscription;
use serde_json::json;

const ENDPOINT: &str = "https://subscriber.invalid/";

#[tokio::test]
async fn a_subscription_must_be_confirmed_in_time() {
    on_each_bench(|bench| async move {
        let (root, nobody) = (bench.root("r"), bench.anonymous());
        let topic = root.must::<CreateTopic>(json!({ "Name": "t" })).await["TopicArn"].clone();
        let input = json!({ "TopicArn": topic, "Protocol": "https", "Endpoint": ENDPOINT, "ReturnSubscriptionArn": true });
        let arn = root.must::<Subscribe>(input.clone()).await["SubscriptionArn"].clone();
        let id = arn.as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        let row = subscription::find(&bench.control_plane.db, &id).await.unwrap().unwrap();
        let token = Confirmation::of(&row).seal(&bench.control_plane.secrets);
        let confirm = json!({ "TopicArn": topic, "Token": token });
        bench.clock.advance_ms(CONFIRM_WITHIN_MS);
        assert_eq!(nobody.code::<ConfirmSubscription>(confirm.clone()).await, "InvalidParameter");
        bench.clock.advance_ms(-1_000);
        let needs_a_signature = json!({ "TopicArn": topic, "Token": token, "AuthenticateOnUnsubscribe": "true" });
        assert_eq!(nobody.code::<ConfirmSubscription>(needs_a_signature).await, "AuthorizationError");
        assert_eq!(nobody.must::<ConfirmSubscription>(confirm.clone()).await["SubscriptionArn"], arn);
        assert_eq!(nobody.must::<ConfirmSubscription>(confirm).await["SubscriptionArn"], arn);
        assert_eq!(root.must::<Subscribe>(input).await["SubscriptionArn"], arn);
        nobody.must::<Unsubscribe>(json!({ "SubscriptionArn": arn })).await;
        assert_eq!(root.code::<GetSubscriptionAttributes>(json!({ "SubscriptionArn": arn })).await, "NotFound");
    })
    .await;
}

#[tokio::test]
async fn regions_do_not_see_each_other() {
    on_each_bench(|bench| async move {
        let (here, elsewhere) = (bench.root("r"), bench.root("s"));
        let topic = here.must::<CreateTopic>(json!({ "Name": "t" })).await["TopicArn"].clone();
        let input = json!({ "TopicArn": topic, "Protocol": "https", "Endpoint": ENDPOINT, "ReturnSubscriptionArn": true });
        let arn = here.must::<Subscribe>(input).await["SubscriptionArn"].clone();
        assert_eq!(elsewhere.must::<ListTopics>(json!({})).await["Topics"], json!([]));
        assert_eq!(elsewhere.must::<ListSubscriptions>(json!({})).await["Subscriptions"], json!([]));
        for code in [
            elsewhere.code::<GetTopicAttributes>(json!({ "TopicArn": topic })).await,
            elsewhere.code::<DeleteTopic>(json!({ "TopicArn": topic })).await,
            elsewhere.code::<Publish>(json!({ "TopicArn": topic, "Message": "m" })).await,
        ] {
            assert_eq!(code, "InvalidParameter");
        }
        assert_eq!(elsewhere.code::<GetSubscriptionAttributes>(json!({ "SubscriptionArn": arn })).await, "NotFound");
    })
    .await;
}

#[tokio::test]
async fn nobody_publishes_and_forged_arns_lead_nowhere() {
    on_each_bench(|bench| async move {
        let (root, nobody) = (bench.root("r"), bench.anonymous());
        let topic = root.must::<CreateTopic>(json!({ "Name": "t" })).await["TopicArn"].clone();
        let input = json!({ "TopicArn": topic, "Message": "m" });
        assert!(nobody.call::<Publish>(input).await.is_err());
        let foreign = format!("arn:aws:sns:r:999999999999:{}", "t");
        for error in [
            root.call::<Publish>(json!({ "TopicArn": foreign, "Message": "m" })).await.unwrap_err(),
            root.call::<GetTopicAttributes>(json!({ "TopicArn": foreign })).await.unwrap_err(),
            root.call::<SetTopicAttributes>(
                json!({ "TopicArn": foreign, "AttributeName": "DisplayName", "AttributeValue": "x" }),
            )
            .await
            .unwrap_err(),
        ] {
            assert_eq!(error.schema.code, "AuthorizationError", "{error}");
            assert!(error.message.contains("is not authorized to perform: SNS:"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn statements_added_at_the_same_moment_are_all_kept() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let topic = root.must::<CreateTopic>(json!({ "Name": "t" })).await["TopicArn"].clone();
        let calls: Vec<_> = (0..8)
            .map(|number| {
                let (root, topic) = (root.clone(), topic.clone());
                let input = json!({
                    "TopicArn": topic, "Label": format!("l{number}"), "AWSAccountId": ["999999999999"], "ActionName": ["Publish"]
                });
                tokio::spawn(async move { root.must::<AddPermission>(input).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        let attributes = root.must::<GetTopicAttributes>(json!({ "TopicArn": topic })).await;
        let policy = attributes["Attributes"]["Policy"].as_str().unwrap().to_owned();
        assert!((0..8).all(|number| policy.contains(&format!("\"l{number}\""))), "{policy}");
        assert_eq!(attributes["Attributes"]["Owner"], tenant("r").account.as_str());
    })
    .await;
}
