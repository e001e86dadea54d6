//! Service settings through the router, on every engine.

use crate::testing::{Caller, allow, on_each_bench};
use muster_ssm_api::{GetServiceSetting, PutParameter, ResetServiceSetting, UpdateServiceSetting};
use serde_json::{Value, json};

const TIER: &str = "/ssm/parameter-store/default-parameter-tier";
const ROLE: &str = "/ssm/managed-instance/default-ec2-instance-management-role";
const ANY: &str = "arn:aws:ssm:*:*:servicesetting/*";

async fn setting(root: &Caller, id: &str) -> Value {
    root.must::<GetServiceSetting>(json!({ "SettingId": id })).await["ServiceSetting"].take()
}

async fn update(root: &Caller, id: &str, value: &str) {
    let input = json!({ "SettingId": id, "SettingValue": value });
    assert_eq!(root.must::<UpdateServiceSetting>(input).await, json!({}));
}

async fn put(root: &Caller, name: &str, more: Value) -> Value {
    let mut input = json!({ "Name": name, "Value": "v", "Type": "String" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    root.must::<PutParameter>(input).await["Tier"].take()
}

#[tokio::test]
async fn a_setting_is_changed_and_reset() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let arn = format!("arn:aws:ssm:us-east-1:123456789012:servicesetting{TIER}");
        let found = setting(&root, TIER).await;
        for (member, expected) in [
            ("SettingId", TIER),
            ("SettingValue", "Standard"),
            ("LastModifiedUser", "System"),
            ("ARN", &arn),
            ("Status", "Default"),
        ] {
            assert_eq!(found[member], expected, "{member}");
        }
        update(&root, &arn, "Advanced").await;
        let found = setting(&root, &arn).await;
        assert_eq!((&found["SettingValue"], &found["Status"]), (&json!("Advanced"), &json!("Customized")));
        assert_eq!(found["LastModifiedUser"], "arn:aws:iam::123456789012:root");
        assert_eq!(setting(&bench.root("eu-west-1"), TIER).await["SettingValue"], "Standard");
        let reset = root.must::<ResetServiceSetting>(json!({ "SettingId": TIER })).await;
        assert_eq!(reset["ServiceSetting"]["Status"], "Default");
        assert_eq!(setting(&root, TIER).await["SettingValue"], "Standard");

        for id in ["/ssm/unknown", &format!("arn:aws:ssm:eu-west-1:123456789012:servicesetting{TIER}")] {
            let value = json!({ "SettingId": id, "SettingValue": "x" });
            assert_eq!(root.code::<GetServiceSetting>(value.clone()).await, "ServiceSettingNotFound");
            assert_eq!(root.code::<ResetServiceSetting>(value.clone()).await, "ServiceSettingNotFound");
            assert_eq!(root.code::<UpdateServiceSetting>(value).await, "ServiceSettingNotFound");
        }
        let wrong = json!({ "SettingId": TIER, "SettingValue": "advanced" });
        assert_eq!(root.code::<UpdateServiceSetting>(wrong).await, "ValidationException");
    })
    .await;
}

#[tokio::test]
async fn new_parameters_get_the_default_tier() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        assert_eq!(put(&root, "/standard", json!({})).await, "Standard");
        update(&root, TIER, "Advanced").await;
        assert_eq!(put(&root, "/advanced", json!({})).await, "Advanced");
        assert_eq!(put(&root, "/said", json!({ "Tier": "Standard" })).await, "Standard");
        update(&root, TIER, "Intelligent-Tiering").await;
        assert_eq!(put(&root, "/small", json!({})).await, "Standard");
        assert_eq!(put(&root, "/large", json!({ "Value": "x".repeat(4097) })).await, "Advanced");
        assert_eq!(put(&root, "/advanced", json!({ "Overwrite": true })).await, "Advanced");
    })
    .await;
}

#[tokio::test]
async fn a_role_is_passed() {
    on_each_bench(|bench| async move {
        let role = json!({ "SettingId": ROLE, "SettingValue": "service-role/R" });
        let limited = bench.user("limited", &[allow(&["ssm:UpdateServiceSetting"], &[ANY])]);
        assert_eq!(limited.code::<UpdateServiceSetting>(role.clone()).await, "AccessDeniedException");
        let none = json!({ "SettingId": ROLE, "SettingValue": "$None" });
        limited.must::<UpdateServiceSetting>(none).await;
        let passing = bench.user(
            "passing",
            &[
                allow(&["ssm:UpdateServiceSetting"], &[ANY]),
                allow(&["iam:PassRole"], &["arn:aws:iam::123456789012:role/service-role/R"]),
            ],
        );
        passing.must::<UpdateServiceSetting>(role).await;
        let other = json!({ "SettingId": TIER });
        assert_eq!(passing.code::<GetServiceSetting>(other).await, "AccessDeniedException");
    })
    .await;
}
