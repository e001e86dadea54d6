//! Lists of nodes: constraints of the model before anything else, filters before pages.

use crate::world::{ROLE, on_each_server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn what_the_model_forbids() {
    on_each_server(|world| async move {
        for (operation, input, text) in [
            (
                "DescribeInstanceInformation",
                json!({ "MaxResults": 4 }),
                "Member must have value greater than or equal to 5",
            ),
            (
                "DescribeInstanceInformation",
                json!({ "MaxResults": 51 }),
                "Member must have value less than or equal to 50",
            ),
            (
                "DescribeInstanceInformation",
                json!({ "Filters": [{ "Key": "InstanceIds", "Values": [] }] }),
                "'filters.1.member.values' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
            ("DescribeInstanceProperties", json!({ "MaxResults": 1001 }), "less than or equal to 1000"),
            ("ListNodesSummary", json!({}), "'aggregators' failed to satisfy constraint: Member must not be null"),
            ("ListNodes", json!({ "Filters": [{ "Key": "Colour", "Values": ["red"] }] }), "enum value set"),
            ("GetConnectionStatus", json!({ "Target": "" }), "length greater than or equal to 1"),
            ("DeregisterManagedInstance", json!({ "InstanceId": "i-0123456789abcdef0" }), "'instanceId'"),
        ] {
            let (status, code, message) = world.refused(operation, input).await;
            assert_eq!((status, code.as_str()), (400, "ValidationException"), "{operation}");
            assert!(message.contains(text), "{operation}: {message}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_list_visits_every_node_once() {
    on_each_server(|world| async move {
        let mut registered = BTreeSet::new();
        for _ in 0..6 {
            registered.insert(world.machine().await.id.to_string());
        }
        for (operation, list, id, filters) in [
            (
                "DescribeInstanceInformation",
                "InstanceInformationList",
                "InstanceId",
                json!({ "Filters": [{ "Key": "IamRole", "Values": [ROLE] }] }),
            ),
            (
                "DescribeInstanceProperties",
                "InstanceProperties",
                "InstanceId",
                json!({ "FiltersWithOperator": [{ "Key": "IamRole", "Operator": "BeginWith", "Values": ["service"] }] }),
            ),
            (
                "ListNodes",
                "Nodes",
                "Id",
                json!({ "Filters": [{ "Key": "InstanceId", "Type": "BeginWith", "Values": ["mi-"] }] }),
            ),
        ] {
            let (mut input, mut seen, mut pages) = (filters, Vec::new(), 0);
            input["MaxResults"] = json!(5);
            loop {
                let page = world.ok(operation, input.clone()).await;
                let entries: &Vec<Value> = page[list].as_array().unwrap();
                seen.extend(entries.iter().map(|entry| entry[id].as_str().unwrap().to_owned()));
                pages += 1;
                let Some(token) = page.get("NextToken") else { break };
                input["NextToken"] = token.clone();
            }
            assert_eq!(pages, 2, "{operation}");
            assert_eq!(seen.len(), 6, "{operation}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), registered, "{operation}");
        }
        let by_region = json!({ "AggregatorType": "Count", "TypeName": "Instance", "AttributeName": "Region" });
        let summary = world.ok("ListNodesSummary", json!({ "Aggregators": [by_region] })).await;
        assert_eq!(summary, json!({ "Summary": [{ "Region": "us-east-1", "Count": "6" }] }));
        let (_, code, message) = world.refused("DescribeInstanceInformation", json!({ "NextToken": "x" })).await;
        assert_eq!((code.as_str(), message.as_str()), ("InvalidNextToken", ""));
    })
    .await;
}
