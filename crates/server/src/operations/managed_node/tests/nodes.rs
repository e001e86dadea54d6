//! Each operation on nodes, by examples.

use super::{Made, all, ids, make};
use crate::testing::{on_each_bench, tenant};
use muster_ids::{ConnectionId, ManagedNodeId, ReplicaId};
use muster_ssm_api::{
    DeregisterManagedInstance, DescribeInstanceInformation, DescribeInstanceProperties, GetConnectionStatus,
    ListNodes, ListNodesSummary, ListTagsForResource, UpdateManagedInstanceRole,
};
use muster_store::managed_node::{self, Information};
use serde_json::{Value, json};

fn linux(version: &str) -> Made {
    let owned = |text: &str| Some(text.to_owned());
    Made {
        role: "role",
        information: Information {
            agent_name: owned("amazon-ssm-agent"),
            agent_version: owned(version),
            platform_type: owned("Linux"),
            platform_name: owned("Debian GNU/Linux"),
            ..Information::default()
        },
        ..Made::default()
    }
}

#[tokio::test]
async fn information_filters_are_refused_as_aws_does() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let filters = |list: Value| json!({ "Filters": list });
        for (input, code, text) in [
            (
                json!({ "Filters": [{ "Key": "IamRole", "Values": ["r"] }],
                        "InstanceInformationFilterList": [{ "key": "IamRole", "valueSet": ["r"] }] }),
                "ValidationException",
                "Cannot use both legacy and new filter simultaneously.",
            ),
            (
                filters(json!([{ "Key": "UnknownKey", "Values": ["v"] }])),
                "ValidationException",
                "UnknownKey filter Key is invalid.",
            ),
            (
                filters(json!([{ "Key": "tag:a", "Values": ["v"] }, { "Key": "tag:b", "Values": ["v"] }])),
                "ValidationException",
                "Cannot mix tag or inventory filter with any other filter.",
            ),
            (
                filters(json!([{ "Key": "ResourceType", "Values": ["EC2Instance", "ManagedInstance"] }])),
                "InvalidInstanceInformationFilterValue",
                "ResourceType filter may contain only one value.",
            ),
            (
                filters(json!([{ "Key": "ResourceType", "Values": ["x"] }])),
                "InvalidInstanceInformationFilterValue",
                "ResourceType filter is invalid, valid values are EC2Instance, ManagedInstance",
            ),
            (json!({ "NextToken": "forged" }), "InvalidNextToken", ""),
        ] {
            let error = root.call::<DescribeInstanceInformation>(input).await.unwrap_err();
            assert_eq!((error.schema.code, error.message.as_str()), (code, text));
        }
        let unknown =
            filters(json!([{ "Key": "InstanceIds", "Values": [ManagedNodeId::random(), "i-01234567"] }]));
        let found = root.must::<DescribeInstanceInformation>(unknown).await;
        assert_eq!(found, json!({ "InstanceInformationList": [] }));
        let empty = json!({ "Filters": [], "InstanceInformationFilterList": [], "NextToken": "" });
        root.must::<DescribeInstanceInformation>(empty).await;
    })
    .await;
}

#[tokio::test]
async fn ten_nodes_are_a_page_of_information() {
    on_each_bench(|bench| async move {
        for _ in 0..12 {
            make(&bench, "r", &linux("3.3.0.0")).await;
        }
        let root = bench.root("r");
        let page = root.must::<DescribeInstanceInformation>(json!({})).await;
        assert_eq!(page["InstanceInformationList"].as_array().unwrap().len(), 10);
        let token = page["NextToken"].clone();
        let rest = root.must::<DescribeInstanceInformation>(json!({ "NextToken": token })).await;
        assert_eq!(rest["InstanceInformationList"].as_array().unwrap().len(), 2);
        // Another list's token is none of this one's.
        assert_eq!(root.code::<ListNodes>(json!({ "NextToken": token })).await, "InvalidNextToken");
    })
    .await;
}

#[tokio::test]
async fn property_filters_are_refused() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for (key, operator, value, code) in [
            ("Colour", "Equal", "red", "InvalidFilterKey"),
            ("PingStatus", "Equal", "Lost", "InvalidInstancePropertyFilterValue"),
            ("tag:a", "NotEqual", "v", "InvalidInstancePropertyFilterValue"),
            ("AgentVersion", "LessThan", "three", "InvalidInstancePropertyFilterValue"),
        ] {
            let filter = json!({ "Key": key, "Operator": operator, "Values": [value] });
            let input = json!({ "FiltersWithOperator": [filter] });
            assert_eq!(root.code::<DescribeInstanceProperties>(input).await, code, "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_is_a_channel_and_no_heart_beat() {
    on_each_bench(|bench| async move {
        let (root, db) = (bench.root("r"), &bench.control_plane.db);
        let node = make(&bench, "r", &Made { last_ping_ms: Some(i64::MAX), ..linux("3.3.0.0") }).await;
        let status = async |target: &str| {
            let answer = root.must::<GetConnectionStatus>(json!({ "Target": target })).await;
            assert_eq!(answer["Target"], json!(target));
            answer["Status"].as_str().unwrap().to_owned()
        };
        assert_eq!(status(node.as_str()).await, "notconnected");
        let (replica, connection) = (ReplicaId::random(), ConnectionId::random());
        db.write(managed_node::set_connected(&node, &replica, &connection, 1)).await.unwrap();
        assert_eq!(status(node.as_str()).await, "connected");
        for other in [ManagedNodeId::random().as_str(), "i-0123456789abcdef0", "anything"] {
            assert_eq!(status(other).await, "notconnected");
        }
        let elsewhere = bench.root("s").must::<GetConnectionStatus>(json!({ "Target": node })).await;
        assert_eq!(elsewhere["Status"], json!("notconnected"));
        db.write(managed_node::clear_replica(&replica)).await.unwrap();
        assert_eq!(status(node.as_str()).await, "notconnected");
    })
    .await;
}

#[tokio::test]
async fn nodes_are_listed_and_counted() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let one = make(&bench, "r", &Made { connected: true, ..linux("3.3.0.0") }).await;
        make(&bench, "r", &linux("3.3.0.0")).await;
        make(&bench, "r", &linux("3.4.0.0")).await;
        let silent = make(&bench, "r", &Made { role: "role", ..Made::default() }).await;
        make(&bench, "s", &linux("3.3.0.0")).await;

        let active = json!({ "Filters": [{ "Key": "InstanceStatus", "Values": ["Active"] }] });
        let found = all::<ListNodes>(&root, "Nodes", active, 2).await;
        assert_eq!(ids(&found, "Id"), [one.to_string()]);
        let node = &found[0];
        assert_eq!((&node["Owner"]["AccountId"], &node["Region"]), (&json!("123456789012"), &json!("r")));
        let instance = &node["NodeType"]["Instance"];
        for (member, expected) in [
            ("AgentType", "amazon-ssm-agent"),
            ("AgentVersion", "3.3.0.0"),
            ("InstanceStatus", "Active"),
            ("ManagedStatus", "Managed"),
            ("PlatformType", "Linux"),
            ("ResourceType", "ManagedInstance"),
            ("SourceType", "AWS::SSM::ManagedInstance"),
        ] {
            assert_eq!(instance[member], json!(expected), "{member}");
        }
        let not = json!({ "Filters": [{ "Key": "PlatformType", "Type": "NotEqual", "Values": ["Linux"] }] });
        assert_eq!(ids(&all::<ListNodes>(&root, "Nodes", not, 2).await, "Id"), [silent.to_string()]);

        let by = |name: &str, inner: Value| {
            json!({ "AggregatorType": "Count", "TypeName": "Instance", "AttributeName": name, "Aggregators": inner })
        };
        let tree = json!({ "Aggregators": [
            by("PlatformType", json!([by("AgentVersion", json!(null))])),
            by("Region", json!(null)),
        ] });
        let expected = [
            json!({ "PlatformType": "", "AgentVersion": "", "Count": "1" }),
            json!({ "PlatformType": "Linux", "AgentVersion": "3.3.0.0", "Count": "2" }),
            json!({ "PlatformType": "Linux", "AgentVersion": "3.4.0.0", "Count": "1" }),
            json!({ "Region": "r", "Count": "4" }),
        ];
        for size in [1, 2, 3, 50] {
            assert_eq!(all::<ListNodesSummary>(&root, "Summary", tree.clone(), size).await, expected, "{size}");
        }
        let nowhere = bench.root("t").must::<ListNodesSummary>(tree).await;
        assert_eq!(nowhere, json!({ "Summary": [] }));

        let deep = json!([by("PlatformName", json!([by("Region", json!(null))]))]);
        let deep = json!({ "Aggregators": [by("PlatformType", deep)] });
        assert_eq!(root.code::<ListNodesSummary>(deep).await, "InvalidAggregatorException");
        let sync = json!({ "SyncName": "AWS-QuickSetup-ManagedNode" });
        assert_eq!(root.code::<ListNodes>(sync).await, "ResourceDataSyncNotFoundException");
    })
    .await;
}

#[tokio::test]
async fn a_role_is_changed_and_a_node_removed() {
    on_each_bench(|bench| async move {
        let (root, here) = (bench.root("r"), tenant("r"));
        let node = make(&bench, "r", &Made { tags: vec![("k", "v")], ..linux("3.3.0.0") }).await;
        let role = |role: &str| json!({ "InstanceId": node, "IamRole": role });
        bench.node_role("path/Other").await;
        bench.node_role("R").await;
        assert_eq!(root.must::<UpdateManagedInstanceRole>(role("path/Other")).await, json!({}));
        let found = managed_node::find(&bench.control_plane.db, &node).await.unwrap().unwrap();
        assert_eq!(found.iam_role, "path/Other");
        assert_eq!(root.code::<UpdateManagedInstanceRole>(role("a b")).await, "ValidationException");

        let id = json!({ "InstanceId": node });
        let elsewhere = bench.root("s");
        assert_eq!(elsewhere.code::<UpdateManagedInstanceRole>(role("R")).await, "InvalidInstanceId");
        assert_eq!(elsewhere.code::<DeregisterManagedInstance>(id.clone()).await, "InvalidInstanceId");

        let channel = bench.control_plane.channels.open(&node, ConnectionId::random(), 1);
        assert_eq!(root.must::<DeregisterManagedInstance>(id.clone()).await, json!({}));
        assert!(channel.is_closing());
        assert_eq!(managed_node::find_in(&bench.control_plane.db, &here, &node).await.unwrap(), None);
        let tags = json!({ "ResourceType": "ManagedInstance", "ResourceId": node });
        assert_eq!(root.code::<ListTagsForResource>(tags).await, "InvalidResourceId");
        assert_eq!(root.code::<UpdateManagedInstanceRole>(role("R")).await, "InvalidInstanceId");
        let error = root.call::<DeregisterManagedInstance>(id).await.unwrap_err();
        assert_eq!(
            (error.schema.code, error.message),
            ("InvalidInstanceId", format!("Not existing InstanceId {node}"))
        );
    })
    .await;
}
