//! The simulators through the router, on every engine.

use crate::testing::{allow, deny, on_each_bench};
use muster_iam_api::{
    AttachRolePolicy, CreatePolicy, CreateRole, GetContextKeysForCustomPolicy,
    GetContextKeysForPrincipalPolicy, PutRolePermissionsBoundary, PutRolePolicy, SimulateCustomPolicy,
    SimulatePrincipalPolicy,
};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn decisions(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["EvaluationResults"].as_array().unwrap();
    results
        .iter()
        .map(|result| (result["EvalActionName"].as_str().unwrap(), result["EvalDecision"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn given_policies_are_asked() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let policies = [
            allow(&["ssm:Get*"], &["arn:aws:ssm:*:*:parameter/a/*"]).to_string(),
            deny(&["ssm:GetParameters"], &["*"]).to_string(),
        ];
        let resource = "arn:aws:ssm:us-east-1:123456789012:parameter/a/b";
        let other = "arn:aws:ssm:us-east-1:123456789012:parameter/c";
        let ask = |resources: &[&str]| {
            json!({ "PolicyInputList": policies, "ResourceArns": resources,
                "ActionNames": ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"] })
        };
        let answer = root.must::<SimulateCustomPolicy>(ask(&[resource])).await;
        assert_eq!(
            decisions(&answer),
            [
                ("ssm:GetParameter", "allowed"),
                ("ssm:GetParameters", "explicitDeny"),
                ("ssm:PutParameter", "implicitDeny")
            ]
        );
        let first = &answer["EvaluationResults"][0];
        assert_eq!(first["EvalResourceName"], resource);
        assert_eq!(first["MatchedStatements"][0]["SourcePolicyId"], "PolicyInputList.1");
        assert_eq!(first["MatchedStatements"][0]["SourcePolicyType"], "IAM Policy");
        assert_eq!(first["MatchedStatements"][0]["StartPosition"]["Line"], 1);
        assert_eq!(first["ResourceSpecificResults"][0]["EvalResourceDecision"], "allowed");
        let denied = &answer["EvaluationResults"][1]["MatchedStatements"];
        assert_eq!(denied[0]["SourcePolicyId"], "PolicyInputList.2");
        assert_eq!(answer["EvaluationResults"][2]["MatchedStatements"], json!([]));

        let answer = root.must::<SimulateCustomPolicy>(ask(&[resource, other])).await;
        let first = &answer["EvaluationResults"][0];
        assert_eq!(
            (&first["EvalResourceName"], &first["EvalDecision"]),
            (&json!("*"), &json!("implicitDeny"))
        );
        let specific: Vec<&Value> = first["ResourceSpecificResults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| &result["EvalResourceDecision"])
            .collect();
        assert_eq!(specific, ["allowed", "implicitDeny"]);

        let mut page = ask(&[resource]);
        page["MaxItems"] = json!(2);
        let answer = root.must::<SimulateCustomPolicy>(page.clone()).await;
        assert_eq!((decisions(&answer).len(), &answer["IsTruncated"]), (2, &json!(true)));
        page["Marker"] = answer["Marker"].clone();
        let answer = root.must::<SimulateCustomPolicy>(page).await;
        assert_eq!(decisions(&answer), [("ssm:PutParameter", "implicitDeny")]);
        assert_eq!((&answer["IsTruncated"], answer.get("Marker")), (&json!(false), None));
    })
    .await;
}

#[tokio::test]
async fn context_is_given_or_missed() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ssm:*",
            "Resource": "arn:aws:ssm:*:*:parameter/${aws:username}/*",
            "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" },
                "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } } } })
        .to_string();
        let keys = root.must::<GetContextKeysForCustomPolicy>(json!({ "PolicyInputList": [policy] })).await;
        assert_eq!(keys["ContextKeyNames"], json!(["aws:SourceIp", "aws:TagKeys", "aws:username"]));
        let ask = |entries: Value| {
            json!({ "PolicyInputList": [policy], "ActionNames": ["ssm:PutParameter"],
                "CallerArn": "arn:aws:iam::123456789012:user/ann", "ContextEntries": entries,
                "ResourceArns": ["arn:aws:ssm:us-east-1:123456789012:parameter/ann/x"] })
        };
        let answer = root.must::<SimulateCustomPolicy>(ask(json!([]))).await;
        assert_eq!(answer["EvaluationResults"][0]["MissingContextValues"], json!(["aws:SourceIp", "aws:TagKeys"]));
        let ip = |ip: &str| json!({ "ContextKeyName": "aws:SourceIp", "ContextKeyValues": [ip], "ContextKeyType": "ip" });
        let tags = |tags: &[&str]| {
            json!({ "ContextKeyName": "aws:TagKeys", "ContextKeyValues": tags, "ContextKeyType": "stringList" })
        };
        for (entries, expected) in [
            (json!([ip("10.1.2.3"), tags(&["a"])]), "allowed"),
            (json!([ip("10.1.2.3"), tags(&["a", "c"])]), "implicitDeny"),
            (json!([ip("11.1.2.3"), tags(&["a"])]), "implicitDeny"),
        ] {
            let answer = root.must::<SimulateCustomPolicy>(ask(entries.clone())).await;
            assert_eq!(decisions(&answer), [("ssm:PutParameter", expected)], "{entries}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_identity_is_asked_with_its_boundary() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        root.must::<CreateRole>(json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust })).await;
        let inline = allow(&["ssm:PutParameter"], &["*"]).to_string();
        root.must::<PutRolePolicy>(json!({ "RoleName": "r", "PolicyName": "own", "PolicyDocument": inline })).await;
        let bound = allow(&["ssm:*"], &["*"]).to_string();
        root.must::<CreatePolicy>(json!({ "PolicyName": "bound", "PolicyDocument": bound })).await;
        let read = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        root.must::<AttachRolePolicy>(json!({ "RoleName": "r", "PolicyArn": read })).await;
        let boundary = json!({ "RoleName": "r", "PermissionsBoundary": "arn:aws:iam::123456789012:policy/bound" });
        root.must::<PutRolePermissionsBoundary>(boundary).await;

        let actions = ["ssm:GetParameter", "ssm:PutParameter", "s3:GetObject", "ssm:DeleteParameter"];
        let mut ask = json!({ "PolicySourceArn": ROLE, "ActionNames": actions });
        let answer = root.must::<SimulatePrincipalPolicy>(ask.clone()).await;
        assert_eq!(
            decisions(&answer),
            [
                ("ssm:GetParameter", "allowed"),
                ("ssm:PutParameter", "allowed"),
                ("s3:GetObject", "implicitDeny"),
                ("ssm:DeleteParameter", "implicitDeny")
            ]
        );
        let result = |number: usize| &answer["EvaluationResults"][number];
        let sources = |number: usize| {
            let matched = result(number)["MatchedStatements"].as_array().unwrap();
            matched.iter().map(|matched| matched["SourcePolicyId"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(sources(0), ["ReadOnlyAccess", "bound"]);
        assert_eq!(sources(1), ["role_r_own", "bound"]);
        let within = |number: usize| &result(number)["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"];
        assert_eq!((within(1), within(2)), (&json!(true), &json!(false)));
        assert_eq!(result(0).get("ResourceSpecificResults"), None);

        ask["PolicyExclusionList"] = json!([
            { "PolicyType": "aws-managed", "PolicyArn": read },
            { "PolicyType": "permission-boundary" },
            { "PolicyType": "inline", "InlinePolicyIdentifier":
                { "PolicyName": "own", "AttachmentType": "role", "AttachmentName": "r" } }
        ]);
        ask["PolicyInputList"] = json!([allow(&["s3:*"], &["*"]).to_string()]);
        let answer = root.must::<SimulatePrincipalPolicy>(ask).await;
        let allowed: Vec<&str> = decisions(&answer)
            .into_iter()
            .filter_map(|(action, decision)| (decision == "allowed").then_some(action))
            .collect();
        assert_eq!(allowed, ["s3:GetObject"]);
        let keys = root.must::<GetContextKeysForPrincipalPolicy>(json!({ "PolicySourceArn": ROLE })).await;
        assert_eq!(keys["ContextKeyNames"], json!(["s3express:SessionMode"]));

        for (arn, code) in [
            ("arn:aws:iam::123456789012:role/none", "NoSuchEntity"),
            ("arn:aws:iam::123456789012:role/path/r", "NoSuchEntity"),
            ("arn:aws:iam::999999999999:role/r", "NoSuchEntity"),
            ("arn:aws:sts::123456789012:assumed-role/r/s", "InvalidInput"),
            ("arn:aws:iam::123456789012:root", "InvalidInput"),
        ] {
            let ask = json!({ "PolicySourceArn": arn, "ActionNames": ["ssm:GetParameter"] });
            assert_eq!(root.code::<SimulatePrincipalPolicy>(ask).await, code, "{arn}");
        }
    })
    .await;
}

#[tokio::test]
async fn two_accounts_and_an_organisation_have_their_say() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let resource = "arn:aws:ssm:us-east-1:210987654321:parameter/shared";
        let policy =
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ssm:GetParameter",
            "Principal": { "AWS": "arn:aws:iam::123456789012:user/ann" }, "Resource": resource } })
            .to_string();
        let ask = json!({ "PolicyInputList": [allow(&["ssm:Get*"], &["*"]).to_string()],
            "ActionNames": ["ssm:GetParameter", "ssm:GetParameters"], "ResourceArns": [resource],
            "ResourcePolicy": policy, "ResourceOwner": "arn:aws:iam::210987654321:root",
            "CallerArn": "arn:aws:iam::123456789012:user/ann" });
        let answer = root.must::<SimulateCustomPolicy>(ask.clone()).await;
        assert_eq!(
            decisions(&answer),
            [("ssm:GetParameter", "allowed"), ("ssm:GetParameters", "implicitDeny")]
        );
        let details = &answer["EvaluationResults"][1]["EvalDecisionDetails"];
        assert_eq!(*details, json!({ "IAM Policy": "allowed", "Resource Policy": "implicitDeny" }));
        let mut nobody = ask.clone();
        nobody.as_object_mut().unwrap().remove("CallerArn");
        assert_eq!(root.code::<SimulateCustomPolicy>(nobody).await, "InvalidInput");

        let mut within = ask;
        let (all, none) = (allow(&["*"], &["*"]).to_string(), deny(&["ssm:*"], &["*"]).to_string());
        within["OrderedOrganizationPolicyInputList"] = json!([
            { "ServiceControlPolicyInputList": [all] }, { "ServiceControlPolicyInputList": [all, none] }
        ]);
        let answer = root.must::<SimulateCustomPolicy>(within).await;
        let first = &answer["EvaluationResults"][0];
        assert_eq!(first["EvalDecision"], "explicitDeny");
        assert_eq!(first["OrganizationsDecisionDetail"]["AllowedByOrganizations"], false);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_simulated_is_refused() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let good = allow(&["ssm:*"], &["*"]).to_string();
        let ask = |change: Value| {
            let mut ask = json!({ "PolicyInputList": [good], "ActionNames": ["ssm:GetParameter"] });
            for (name, value) in change.as_object().unwrap() {
                ask[name] = value.clone();
            }
            ask
        };
        root.must::<SimulateCustomPolicy>(ask(json!({}))).await;
        for change in [
            json!({ "PolicyInputList": ["{}"] }),
            json!({ "ActionNames": ["ssm:*"] }),
            json!({ "ActionNames": ["GetParameter"] }),
            json!({ "ResourceArns": ["parameter/a"] }),
            json!({ "ResourceArns": vec!["arn:aws:ssm:::x"; 1001] }),
            json!({ "CallerArn": "arn:aws:iam::123456789012:role/r" }),
            json!({ "ResourceOwner": "somebody" }),
            json!({ "PermissionsBoundaryPolicyInputList": [good, good] }),
        ] {
            assert_eq!(
                root.code::<SimulateCustomPolicy>(ask(change.clone())).await,
                "InvalidInput",
                "{change}"
            );
        }
        // Much work is spread over pages.
        let long: Vec<Value> = (0..2000)
            .map(|number| json!({ "Effect": "Allow", "Action": format!("s3:A{number}"), "Resource": "*" }))
            .collect();
        let long = json!({ "Version": "2012-10-17", "Statement": long }).to_string();
        let change = json!({ "PolicyInputList": vec![long; 8], "ActionNames": vec!["ssm:GetParameter"; 50],
            "ResourceArns": vec!["arn:aws:ssm:::x"; 100] });
        let answer = root.must::<SimulateCustomPolicy>(ask(change)).await;
        assert_eq!(answer["IsTruncated"], true);
        assert!(decisions(&answer).len() < 10);
    })
    .await;
}
