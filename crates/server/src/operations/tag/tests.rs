//! Tags through the router, on every engine.

use crate::testing::{Bench, Caller, on_each_bench, tenant};
use muster_ids::ManagedNodeId;
use muster_ssm_api::{AddTagsToResource, ListTagsForResource, RemoveTagsFromResource};
use muster_store::{managed_node, testing::on_each_engine};
use serde_json::{Value, json};

async fn node(bench: &Bench, region: &str) -> ManagedNodeId {
    let registration = managed_node::Registration {
        id: ManagedNodeId::random(),
        tenant: tenant(region),
        activation_id: None,
        name: None,
        iam_role: "role".to_owned(),
        registered_ms: 0,
        fingerprint: String::new(),
        public_key: vec![1],
        public_key_type: "Rsa".to_owned(),
    };
    bench.control_plane.db.write(managed_node::insert(&registration)).await.unwrap();
    registration.id
}

fn on(id: &impl serde::Serialize, members: Value) -> Value {
    let mut input = json!({ "ResourceType": "ManagedInstance", "ResourceId": id });
    if let (Some(input), Value::Object(members)) = (input.as_object_mut(), members) {
        input.extend(members);
    }
    input
}

fn tags(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

async fn listed(root: &Caller, id: &ManagedNodeId) -> Value {
    root.must::<ListTagsForResource>(on(id, json!({}))).await["TagList"].clone()
}

#[tokio::test]
async fn tags_are_added_overwritten_and_removed() {
    on_each_bench(|bench| async move {
        let (root, id) = (bench.root("r"), node(&bench, "r").await);
        assert_eq!(listed(&root, &id).await, json!([]));
        let add = async |pairs: &[(&str, &str)]| {
            let output = root.must::<AddTagsToResource>(on(&id, json!({ "Tags": tags(pairs) }))).await;
            assert_eq!(output, json!({}));
        };
        add(&[("b", "1"), ("a", "")]).await;
        add(&[("b", "2"), ("ä b", "3")]).await;
        add(&[]).await;
        assert_eq!(listed(&root, &id).await, tags(&[("a", ""), ("b", "2"), ("ä b", "3")]));
        let remove = on(&id, json!({ "TagKeys": ["a", "absent"] }));
        assert_eq!(root.must::<RemoveTagsFromResource>(remove).await, json!({}));
        assert_eq!(listed(&root, &id).await, tags(&[("b", "2"), ("ä b", "3")]));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_tagged() {
    on_each_bench(|bench| async move {
        let (root, elsewhere) = (bench.root("r"), node(&bench, "s").await);
        let document = json!({ "ResourceType": "Document", "ResourceId": "AWS-RunShellScript",
                               "Tags": tags(&[("k", "v")]), "TagKeys": ["k"] });
        let both = json!({ "Tags": tags(&[("k", "v")]), "TagKeys": ["k"] });
        for (input, code) in [
            (document, "InvalidResourceId"),
            (on(&ManagedNodeId::random(), both.clone()), "InvalidResourceId"),
            (on(&elsewhere, both.clone()), "InvalidResourceId"),
            (on(&"i-0123456789abcdef0", both), "ValidationException"),
        ] {
            assert_eq!(root.code::<AddTagsToResource>(input.clone()).await, code, "{input}");
            assert_eq!(root.code::<RemoveTagsFromResource>(input.clone()).await, code, "{input}");
            assert_eq!(root.code::<ListTagsForResource>(input.clone()).await, code, "{input}");
        }
        assert_eq!(listed(&bench.root("s"), &elsewhere).await, json!([]));
        let reserved = on(&elsewhere, json!({ "Tags": tags(&[("AWS:x", "v")]), "TagKeys": ["aws:x"] }));
        let root = bench.root("s");
        assert_eq!(root.code::<AddTagsToResource>(reserved.clone()).await, "ValidationException");
        assert_eq!(root.code::<RemoveTagsFromResource>(reserved).await, "ValidationException");
    })
    .await;
}

#[tokio::test]
async fn a_race_ends_at_the_limit() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.limits.tags_per_resource = 3);
        let (root, id) = (bench.root("r"), node(&bench, "r").await);
        let calls: Vec<_> = (0..10)
            .map(|index| {
                let (root, pair) = (root.clone(), tags(&[(&format!("k{index}"), "v")]));
                let input = on(&id, json!({ "Tags": pair }));
                tokio::spawn(async move { root.call::<AddTagsToResource>(input).await })
            })
            .collect();
        let mut added = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => added += 1,
                Err(error) => assert_eq!(error.schema.code, "TooManyTagsError"),
            }
        }
        assert_eq!(added, 3);
        let kept = listed(&root, &id).await;
        assert_eq!(kept.as_array().unwrap().len(), 3);
        // A known key is not one more.
        let again = json!({ "Tags": [{ "Key": kept[0]["Key"], "Value": "new" }] });
        root.must::<AddTagsToResource>(on(&id, again)).await;
    })
    .await;
}
