//! Filters and pages against a naive model: every node held against every filter, in memory.

use super::{Made, all, ids, make};
use crate::{clock::Clock as _, testing::Bench};
use muster_ssm_api::{DescribeInstanceInformation, DescribeInstanceProperties, ListNodes};
use muster_store::{managed_node::Information, testing::on_each_engine};
use proptest::prelude::*;
use serde_json::{Value, json};

const VERSIONS: [&str; 4] = ["3.9.0.0", "3.10.0.0", "3.10.1.0", "0.1.0"];
const PLATFORMS: [&str; 3] = ["Linux", "Windows", "MacOS"];
const ROLES: [&str; 3] = ["a", "ab", "b"];
const TIMEOUT_MS: i64 = 5 * 60_000;

/// A node: indexes into the lists above, an age of the last sign of life, whether it has a channel, its tag.
#[derive(Debug, Clone)]
struct Node {
    version: Option<usize>,
    platform: Option<usize>,
    role: usize,
    ping_age_ms: Option<i64>,
    connected: bool,
    tag: Option<usize>,
}

impl Node {
    fn value(&self, key: &str) -> &'static str {
        match key {
            "AgentVersion" => self.version.map_or("", |index| VERSIONS[index]),
            "PlatformTypes" | "PlatformType" => self.platform.map_or("", |index| PLATFORMS[index]),
            "IamRole" => ROLES[self.role],
            "PingStatus" if self.online() => "Online",
            "PingStatus" => "ConnectionLost",
            "InstanceStatus" if self.online() => "Active",
            "InstanceStatus" => "Inactive",
            "ResourceType" => "ManagedInstance",
            _ => panic!("{key}"),
        }
    }

    fn online(&self) -> bool {
        // Ages keep clear of the limit, for the clock goes on during the test.
        self.connected || self.ping_age_ms.is_some_and(|age| age < TIMEOUT_MS)
    }

    fn made(&self, now_ms: i64) -> Made {
        let owned = |text: &str| Some(text.to_owned());
        Made {
            role: ROLES[self.role],
            information: Information {
                agent_version: self.version.and_then(|index| owned(VERSIONS[index])),
                platform_type: self.platform.and_then(|index| owned(PLATFORMS[index])),
                ..Information::default()
            },
            last_ping_ms: self.ping_age_ms.map(|age| now_ms - age),
            connected: self.connected,
            tags: self.tag.map(|index| ("role", ROLES[index])).into_iter().collect(),
        }
    }
}

fn node() -> impl Strategy<Value = Node> {
    let age = prop_oneof![Just(0), Just(TIMEOUT_MS / 2), Just(TIMEOUT_MS + 60_000), Just(100 * TIMEOUT_MS)];
    let parts = (
        proptest::option::of(0..VERSIONS.len()),
        proptest::option::of(0..PLATFORMS.len()),
        0..ROLES.len(),
        proptest::option::of(age),
        any::<bool>(),
        proptest::option::of(0..ROLES.len()),
    );
    parts.prop_map(|(version, platform, role, ping_age_ms, connected, tag)| Node {
        version,
        platform,
        role,
        ping_age_ms,
        connected,
        tag,
    })
}

/// A filter: key, operator, values.
type Filter = (&'static str, &'static str, Vec<&'static str>);

fn filter() -> impl Strategy<Value = Filter> {
    let some_of = |values: &'static [&'static str]| proptest::sample::subsequence(values, 1..=values.len());
    prop_oneof![
        (operator(), some_of(&VERSIONS)).prop_map(|(operator, values)| ("AgentVersion", operator, values)),
        (operator(), some_of(&ROLES)).prop_map(|(operator, values)| ("IamRole", operator, values)),
        (whole(), some_of(&PLATFORMS)).prop_map(|(operator, values)| ("PlatformTypes", operator, values)),
        (whole(), some_of(&["Online", "ConnectionLost", "Inactive"])).prop_map(|(operator, values)| (
            "PingStatus",
            operator,
            values
        )),
        (whole(), some_of(&["EC2Instance", "ManagedInstance"])).prop_map(|(operator, values)| (
            "ResourceType",
            operator,
            values[..1].to_vec()
        )),
    ]
}

fn operator() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["Equal", "NotEqual", "BeginWith", "LessThan", "GreaterThan"][..])
}

fn whole() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["Equal", "NotEqual"][..])
}

fn satisfies(node: &Node, (key, operator, values): &Filter) -> bool {
    let value = node.value(key);
    let order = |wanted: &str| match *key {
        "AgentVersion" => numbers(value).cmp(&numbers(wanted)),
        _ => value.cmp(wanted),
    };
    match *operator {
        "Equal" => values.contains(&value),
        "NotEqual" => !values.contains(&value),
        "BeginWith" => values.iter().any(|wanted| value.starts_with(wanted)),
        "LessThan" => values.iter().any(|wanted| order(wanted).is_lt()),
        "GreaterThan" => values.iter().any(|wanted| order(wanted).is_gt()),
        other => panic!("{other}"),
    }
}

/// Nothing for a node that never said its version, so that it comes first.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// Nodes of the case on a fresh bench, with their ids, in the order of the ids.
async fn made(bench: &Bench, nodes: &[Node]) -> Vec<(String, Node)> {
    let now_ms = bench.clock.now_ms();
    let mut made = Vec::new();
    for node in nodes {
        made.push((make(bench, "r", &node.made(now_ms)).await.to_string(), node.clone()));
    }
    // A node of another tenant must never show.
    make(bench, "s", &Made { role: "a", connected: true, ..Made::default() }).await;
    made.sort_by(|one, other| one.0.cmp(&other.0));
    made
}

fn expected(made: &[(String, Node)], holds: impl Fn(&Node) -> bool) -> Vec<String> {
    made.iter().filter(|(_, node)| holds(node)).map(|(id, _)| id.clone()).collect()
}

fn run<F, R>(body: F)
where
    F: Fn(Bench) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(on_each_engine(move |db| body(Bench::new(db, |_| {}))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn properties_are_filtered_before_they_are_paged(
        nodes in prop::collection::vec(node(), 0..14),
        filters in prop::collection::vec(filter(), 0..3),
    ) {
        run(move |bench| {
            let (nodes, filters) = (nodes.clone(), filters.clone());
            async move {
                let made = made(&bench, &nodes).await;
                let wire: Vec<Value> = filters
                    .iter()
                    .map(|(key, operator, values)| json!({ "Key": key, "Operator": operator, "Values": values }))
                    .collect();
                let input = if wire.is_empty() { json!({}) } else { json!({ "FiltersWithOperator": wire }) };
                let root = bench.root("r");
                let found = all::<DescribeInstanceProperties>(&root, "InstanceProperties", input, 5).await;
                let holds = |node: &Node| filters.iter().all(|filter| satisfies(node, filter));
                assert_eq!(ids(&found, "InstanceId"), expected(&made, holds), "{filters:?}");
                for (entry, id) in found.iter().zip(ids(&found, "InstanceId")) {
                    let (_, node) = made.iter().find(|(made, _)| *made == id).unwrap();
                    assert_eq!(entry["PingStatus"], json!(node.value("PingStatus")));
                }
            }
        });
    }

    #[test]
    fn both_forms_of_information_filters_agree_with_the_model(
        nodes in prop::collection::vec(node(), 0..14),
        filters in prop::collection::vec(filter(), 0..3),
    ) {
        run(move |bench| {
            let (nodes, filters) = (nodes.clone(), filters.clone());
            async move {
                let made = made(&bench, &nodes).await;
                let holds = |node: &Node| {
                    filters.iter().all(|(key, _, values)| satisfies(node, &(*key, "Equal", values.clone())))
                };
                let current: Vec<Value> =
                    filters.iter().map(|(key, _, values)| json!({ "Key": key, "Values": values })).collect();
                let legacy: Vec<Value> =
                    filters.iter().map(|(key, _, values)| json!({ "key": key, "valueSet": values })).collect();
                let root = bench.root("r");
                for input in [json!({ "Filters": current }), json!({ "InstanceInformationFilterList": legacy })] {
                    let list = "InstanceInformationList";
                    let found = all::<DescribeInstanceInformation>(&root, list, input, 5).await;
                    assert_eq!(ids(&found, "InstanceId"), expected(&made, holds), "{filters:?}");
                }
                let tagged = json!({ "Filters": [{ "Key": "tag:role", "Values": ["a", "b"] }] });
                let found = all::<DescribeInstanceInformation>(&root, "InstanceInformationList", tagged, 5).await;
                let holds = |node: &Node| matches!(node.tag, Some(0 | 2));
                assert_eq!(ids(&found, "InstanceId"), expected(&made, holds));
            }
        });
    }

    #[test]
    fn a_list_visits_each_node_once_while_others_come_and_go(
        nodes in prop::collection::vec(node(), 1..14),
        size in 1_usize..4,
        status in proptest::sample::select(&["Active", "Inactive", "A", "I", ""][..]),
    ) {
        run(move |bench| {
            let nodes = nodes.clone();
            async move {
                let made = made(&bench, &nodes).await;
                let root = bench.root("r");
                let filters = json!([{ "Key": "InstanceStatus", "Type": "BeginWith", "Values": [status] }]);
                let mut input = json!({ "Filters": filters, "MaxResults": size });
                let mut seen = Vec::new();
                loop {
                    let page = root.must::<ListNodes>(input.clone()).await;
                    seen.extend(ids(page["Nodes"].as_array().unwrap(), "Id"));
                    let Some(token) = page.get("NextToken") else { break };
                    input["NextToken"] = token.clone();
                    make(&bench, "r", &Made { role: "late", connected: true, ..Made::default() }).await;
                }
                let mut once = seen.clone();
                once.dedup();
                assert_eq!(once, seen);
                seen.retain(|id| made.iter().any(|(known, _)| known == id));
                let holds = |node: &Node| node.value("InstanceStatus").starts_with(status);
                assert_eq!(seen, expected(&made, holds));
            }
        });
    }
}
