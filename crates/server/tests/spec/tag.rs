//! Tags over the wire: constraints of the model, and tags as selectors of nodes.

use crate::world::on_each_server;
use serde_json::{Value, json};

#[tokio::test]
async fn tags_select_nodes() {
    on_each_server(|world| async move {
        let (one, two) = (world.machine().await.id, world.machine().await.id);
        for (node, tags) in [
            (&one, json!([{ "Key": "env", "Value": "prod" }, { "Key": "team: ä", "Value": "" }])),
            (&two, json!([{ "Key": "env", "Value": "test" }])),
        ] {
            let input = json!({ "ResourceType": "ManagedInstance", "ResourceId": node, "Tags": tags });
            assert_eq!(world.ok("AddTagsToResource", input).await, json!({}));
        }
        for (key, values, expected) in [
            ("tag:env", json!(["prod"]), vec![&one]),
            ("tag:env", json!(["prod", "test"]), vec![&one, &two]),
            ("tag:Env", json!(["prod"]), vec![]),
            ("tag-key", json!(["team: ä", "other"]), vec![&one]),
        ] {
            let input = json!({ "Filters": [{ "Key": key, "Values": values }] });
            let found = world.ok("DescribeInstanceInformation", input).await;
            let list = found["InstanceInformationList"].as_array().unwrap();
            let mut ids: Vec<&Value> = list.iter().map(|entry| &entry["InstanceId"]).collect();
            let mut expected: Vec<Value> = expected.into_iter().map(|id| json!(id)).collect();
            ids.sort_by_key(|id| id.to_string());
            expected.sort_by_key(ToString::to_string);
            assert_eq!(ids, expected.iter().collect::<Vec<_>>(), "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_model_forbids() {
    on_each_server(|world| async move {
        let id = world.machine().await.id;
        let tag = |key: &str, value: &str| {
            json!({ "ResourceType": "ManagedInstance", "ResourceId": id, "Tags": [{ "Key": key, "Value": value }] })
        };
        for input in [
            tag("a*b", "v"),
            tag("k", "v\u{0}"),
            tag("", "v"),
            tag(&"k".repeat(129), "v"),
            tag("k", &"v".repeat(257)),
            json!({ "ResourceType": "Castle", "ResourceId": id, "Tags": [] }),
            json!({ "ResourceType": "ManagedInstance", "ResourceId": id }),
        ] {
            let (status, code, _) = world.refused("AddTagsToResource", input.clone()).await;
            assert_eq!((status, code.as_str()), (400, "ValidationException"), "{input}");
        }
        world.ok("AddTagsToResource", tag(&"k".repeat(128), &"ü".repeat(256))).await;
        let unknown = json!({ "ResourceType": "Document", "ResourceId": "AWS-RunShellScript" });
        let refused = world.refused("ListTagsForResource", unknown).await;
        assert_eq!(refused, (400, "InvalidResourceId".to_owned(), String::new()));
    })
    .await;
}
