//! Service-linked roles through the router, on every engine.

use crate::testing::{allow, on_each_bench};
use muster_iam_api::{
    AttachRolePolicy, CreateRole, CreateServiceLinkedRole, DeleteRole, DeleteServiceLinkedRole, GetRole,
    GetServiceLinkedRoleDeletionStatus, ListAttachedRolePolicies, UpdateAssumeRolePolicy,
};
use serde_json::json;

#[tokio::test]
async fn the_role_of_systems_manager_is_its_own() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let service = json!({ "AWSServiceName": "ssm.amazonaws.com" });
        let made = root.must::<CreateServiceLinkedRole>(service.clone()).await["Role"].clone();
        let arn = "arn:aws:iam::123456789012:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";
        assert_eq!(made["Arn"], arn);
        let again = root.call::<CreateServiceLinkedRole>(service).await.unwrap_err().to_string();
        assert_eq!(
            again,
            "InvalidInput: Service role name AWSServiceRoleForAmazonSSM has been taken in this account, please try a different suffix."
        );
        let named = json!({ "RoleName": "AWSServiceRoleForAmazonSSM" });
        let policies = root.must::<ListAttachedRolePolicies>(named.clone()).await["AttachedPolicies"].clone();
        assert_eq!(policies[0]["PolicyName"], "AmazonSSMServiceRolePolicy");

        let mut attach = named.clone();
        attach["PolicyArn"] = json!("arn:aws:iam::aws:policy/AdministratorAccess");
        let mut trust = named.clone();
        trust["PolicyDocument"] = json!(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#
        );
        for code in [
            root.code::<DeleteRole>(named.clone()).await,
            root.code::<AttachRolePolicy>(attach).await,
            root.code::<UpdateAssumeRolePolicy>(trust.clone()).await,
        ] {
            assert_eq!(code, "UnmodifiableEntity");
        }
        let fake = json!({ "RoleName": "x", "Path": "/aws-service-role/ssm.amazonaws.com/",
            "AssumeRolePolicyDocument": trust["PolicyDocument"] });
        assert_eq!(root.code::<CreateRole>(fake).await, "ValidationException");

        let task = root.must::<DeleteServiceLinkedRole>(named.clone()).await["DeletionTaskId"].clone();
        let task = json!({ "DeletionTaskId": task });
        let status = root.must::<GetServiceLinkedRoleDeletionStatus>(task.clone()).await;
        assert_eq!(status["Status"], "SUCCEEDED");
        assert_eq!(root.code::<GetRole>(named).await, "NoSuchEntity");
        let forged = json!({ "DeletionTaskId": "task/aws-service-role/ssm.amazonaws.com/x/y" });
        assert_eq!(root.code::<GetServiceLinkedRoleDeletionStatus>(forged).await, "NoSuchEntity");
    })
    .await;
}

#[tokio::test]
async fn who_may_make_it_is_asked_for_the_service() {
    on_each_bench(|bench| async move {
        let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole", "Resource": "*",
            "Condition": { "StringLike": { "iam:AWSServiceName": "ssm.amazonaws.com" } } } });
        let user = bench.user("u", &[policy]);
        let of = |service: &str| json!({ "AWSServiceName": service });
        let denied = user.code::<CreateServiceLinkedRole>(of("opsinsights.ssm.amazonaws.com")).await;
        assert_eq!(denied, "AccessDeniedException");
        user.must::<CreateServiceLinkedRole>(of("ssm.amazonaws.com")).await;
        let all = bench.user("v", &[allow(&["iam:*"], &["*"])]);
        assert_eq!(all.code::<CreateServiceLinkedRole>(of("lambda.amazonaws.com")).await, "InvalidInput");
        let mut suffixed = of("opsinsights.ssm.amazonaws.com");
        suffixed["CustomSuffix"] = json!("x");
        assert_eq!(all.code::<CreateServiceLinkedRole>(suffixed).await, "InvalidInput");
    })
    .await;
}
