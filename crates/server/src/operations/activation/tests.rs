//! Activations through the router, on every engine.

use crate::testing::{Bench, on_each_bench};
use muster_ssm_api::{CreateActivation, DeleteActivation, DescribeActivations};
use muster_store::testing::on_each_engine;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 3_600_000;

fn ids(page: &Value) -> Vec<String> {
    let list = page["ActivationList"].as_array().unwrap();
    list.iter().map(|entry| entry["ActivationId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_activation_is_described_as_it_was_made() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        bench.node_role("service-role/Nodes").await;
        let before = root.must::<DescribeActivations>(json!({})).await;
        assert_eq!(before, json!({ "ActivationList": [] }));
        let made = root
            .must::<CreateActivation>(json!({
                "IamRole": "service-role/Nodes", "Description": "rack 7", "DefaultInstanceName": "web",
                "RegistrationLimit": 5, "Tags": [{ "Key": "env", "Value": "prod" }],
                "RegistrationMetadata": [{ "Key": "k", "Value": "v" }],
            }))
            .await;
        assert_eq!(made["ActivationCode"].as_str().unwrap().len(), 20);
        let found = root.must::<DescribeActivations>(json!({})).await;
        let entry = &found["ActivationList"][0];
        assert_eq!(entry["ActivationId"], made["ActivationId"]);
        for (member, expected) in [
            ("IamRole", json!("service-role/Nodes")),
            ("Description", json!("rack 7")),
            ("DefaultInstanceName", json!("web")),
            ("RegistrationLimit", json!(5)),
            ("RegistrationsCount", json!(0)),
            ("Expired", json!(false)),
            ("Tags", json!([{ "Key": "env", "Value": "prod" }])),
        ] {
            assert_eq!(entry[member], expected, "{member}");
        }
        let life = entry["ExpirationDate"].as_f64().unwrap() - entry["CreatedDate"].as_f64().unwrap();
        assert!((life - 86_400.0).abs() < 0.01, "{life}");
        assert!(!found.to_string().contains(made["ActivationCode"].as_str().unwrap()));

        bench.clock.advance_ms(DAY_MS);
        let later = root.must::<DescribeActivations>(json!({})).await;
        assert_eq!(later["ActivationList"][0]["Expired"], json!(true));
        let elsewhere = bench.root("eu-west-1").must::<DescribeActivations>(json!({})).await;
        assert_eq!(elsewhere, json!({ "ActivationList": [] }));
    })
    .await;
}

#[tokio::test]
async fn what_an_activation_cannot_be() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.limits.tags_per_resource = 2);
        let root = bench.root("r");
        bench.node_role("R").await;
        let tags = |keys: &[&str]| -> Vec<Value> {
            keys.iter().map(|key| json!({ "Key": key, "Value": "" })).collect()
        };
        let now = crate::clock::Clock::now_ms(&bench.clock) as f64 / 1000.0;
        for (input, code) in [
            (json!({ "IamRole": "arn:aws:iam::123456789012:role/Nodes" }), "ValidationException"),
            (json!({ "IamRole": "" }), "ValidationException"),
            (json!({ "IamRole": "Nobody" }), "ValidationException"),
            (json!({ "IamRole": "path/R" }), "ValidationException"),
            (json!({ "IamRole": "R", "ExpirationDate": now - 1.0 }), "ValidationException"),
            (json!({ "IamRole": "R", "ExpirationDate": now + 31.0 * 86_400.0 }), "ValidationException"),
            (json!({ "IamRole": "R", "Tags": tags(&["Aws:x"]) }), "ValidationException"),
            (json!({ "IamRole": "R", "Tags": tags(&["a", "b", "c"]) }), "InvalidParameters"),
        ] {
            assert_eq!(root.code::<CreateActivation>(input.clone()).await, code, "{input}");
        }
        let error = root.call::<CreateActivation>(json!({ "IamRole": "a b" })).await.unwrap_err();
        let text = "Nonexistent role or missing ssm service principal in trust policy: arn:aws:iam::123456789012:role/a b";
        assert_eq!(error.message, text);
        root.must::<CreateActivation>(json!({ "IamRole": "R", "ExpirationDate": now + 29.0 * 86_400.0 })).await;
    })
    .await;
}

#[tokio::test]
async fn filters_come_before_pages() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let mut made = Vec::new();
        for index in 0..7 {
            let role = if index % 2 == 0 { "even" } else { "odd" };
            bench.node_role(role).await;
            let input = json!({ "IamRole": role, "DefaultInstanceName": format!("n{index}") });
            made.push(
                root.must::<CreateActivation>(input).await["ActivationId"].as_str().unwrap().to_owned(),
            );
            bench.clock.advance_ms(1);
        }
        made.reverse();
        let evens: Vec<String> = made.iter().step_by(2).cloned().collect();
        let filter = json!([{ "FilterKey": "IamRole", "FilterValues": ["even"] }]);
        let first = root.must::<DescribeActivations>(json!({ "Filters": filter, "MaxResults": 3 })).await;
        assert_eq!(ids(&first), evens[..3]);
        let token = first["NextToken"].as_str().unwrap();
        let rest = json!({ "Filters": filter, "MaxResults": 3, "NextToken": token });
        let second = root.must::<DescribeActivations>(rest.clone()).await;
        assert_eq!(ids(&second), evens[3..]);
        assert_eq!(second.get("NextToken"), None);

        let most = vec![json!({ "FilterKey": "IamRole", "FilterValues": vec!["even"; 1000] }); 16];
        assert_eq!(ids(&root.must::<DescribeActivations>(json!({ "Filters": most })).await), evens);
        let both = json!({ "Filters": [
            { "FilterKey": "ActivationIds", "FilterValues": [made[0], made[1], "absent"] },
            { "FilterKey": "DefaultInstanceName", "FilterValues": ["n5", "n1"] },
        ] });
        assert_eq!(ids(&root.must::<DescribeActivations>(both).await), [made[1].clone()]);
        for (input, code) in [
            (json!({ "Filters": [{ "FilterKey": "IamRole" }] }), "InvalidFilter"),
            (json!({ "Filters": [{ "FilterKey": "IamRole", "FilterValues": [] }] }), "InvalidFilter"),
            (json!({ "Filters": [{ "FilterValues": ["x"] }] }), "InvalidFilter"),
            (
                json!({ "Filters": vec![json!({ "FilterKey": "IamRole", "FilterValues": ["x"] }); 17] }),
                "InvalidFilter",
            ),
            (
                json!({ "Filters": [{ "FilterKey": "IamRole", "FilterValues": vec!["x"; 1001] }] }),
                "InvalidFilter",
            ),
            (json!({ "NextToken": "forged" }), "InvalidNextToken"),
        ] {
            assert_eq!(root.code::<DescribeActivations>(input).await, code);
        }
        // A token is good in its own tenant alone.
        assert_eq!(bench.root("s").code::<DescribeActivations>(rest).await, "InvalidNextToken");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_activation_is_gone() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        bench.node_role("R").await;
        let made = root.must::<CreateActivation>(json!({ "IamRole": "R" })).await;
        let id = json!({ "ActivationId": made["ActivationId"] });
        assert_eq!(bench.root("s").code::<DeleteActivation>(id.clone()).await, "InvalidActivation");
        assert_eq!(root.must::<DeleteActivation>(id.clone()).await, json!({}));
        assert_eq!(root.code::<DeleteActivation>(id).await, "InvalidActivation");
        assert_eq!(
            root.code::<DeleteActivation>(json!({ "ActivationId": "x" })).await,
            "InvalidActivationId"
        );
    })
    .await;
}
