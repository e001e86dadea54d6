//! Queries of managed nodes, on every engine.

use super::*;
use crate::{
    Db,
    tag::{Resource, Selector, Tag},
    testing::on_each_engine,
};
use muster_ids::{AccountId, Region};

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

fn node_id(digit: char) -> ManagedNodeId {
    ManagedNodeId::parse(&format!("mi-{}", digit.to_string().repeat(17))).unwrap()
}

async fn register(db: &Db, tenant: &Tenant, id: &ManagedNodeId) {
    let registration = Registration {
        id: id.clone(),
        tenant: tenant.clone(),
        activation_id: None,
        name: None,
        iam_role: "role".to_owned(),
        registered_ms: 100,
        fingerprint: "print".to_owned(),
        public_key: vec![1],
        public_key_type: "Rsa".to_owned(),
    };
    db.write(insert(&registration)).await.unwrap();
}

async fn get(db: &Db, id: &ManagedNodeId) -> ManagedNode {
    find(db, id).await.unwrap().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn conflict<T>() -> Result<T, StoreError> {
    Err(StoreError::Conflict { statement: 0 })
}

#[tokio::test]
async fn a_node_belongs_to_one_tenant_until_it_is_deleted() {
    on_each_engine(|db| async move {
        let (here, there, id) = (tenant("here"), tenant("there"), node_id('1'));
        register(&db, &here, &id).await;
        db.write(tag::put(Resource::node(&here, &id), &[Tag { key: "k".into(), value: "v".into() }], 50))
            .await
            .unwrap();
        let node = get(&db, &id).await;
        assert_eq!((node.tenant.clone(), node.registered_ms, node.connected()), (here.clone(), 100, false));
        assert_eq!((node.key.generation, node.key.created_ms, node.last_ping_ms), (1, 100, None));
        assert_eq!(find_in(&db, &here, &id).await.unwrap(), Some(node));
        assert_eq!(find_in(&db, &there, &id).await.unwrap(), None);

        for batch in [delete(&there, &id), set_role(&there, &id, "x"), require(&there, &id)] {
            assert_eq!(db.write(batch).await, conflict());
        }
        db.write(require(&here, &id)).await.unwrap();
        db.write(set_role(&here, &id, "path/other")).await.unwrap();
        assert_eq!(get(&db, &id).await.iam_role, "path/other");
        db.write(delete(&here, &id)).await.unwrap();
        assert_eq!(find(&db, &id).await.unwrap(), None);
        assert_eq!(tag::of_resource(&db, Resource::node(&here, &id)).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_heart_beat_keeps_what_it_leaves_out() {
    on_each_engine(|db| async move {
        let id = node_id('1');
        register(&db, &tenant("r"), &id).await;
        let full = Information {
            agent_name: some("agent"),
            agent_version: some("3.3.0.0"),
            platform_type: some("Linux"),
            computer_name: some("host"),
            connection_channel: some(""),
            ..Information::default()
        };
        db.write(update_information(&id, &full, 1_000)).await.unwrap();
        let short = Information { agent_version: some("3.4.0.0"), ..Information::default() };
        // The clock of another replica may be behind: the last sign of life never goes back.
        db.write(update_information(&id, &short, 900)).await.unwrap();
        let node = get(&db, &id).await;
        assert_eq!(node.information, Information { agent_version: some("3.4.0.0"), ..full });
        assert_eq!(node.last_ping_ms, Some(1_000));
        assert_eq!(db.write(update_information(&node_id('2'), &short, 1)).await, conflict());
    })
    .await;
}

#[tokio::test]
async fn a_new_key_leaves_the_old_one_good_until_it_is_used() {
    on_each_engine(|db| async move {
        let id = node_id('1');
        register(&db, &tenant("r"), &id).await;
        let keys = |node: ManagedNode| (node.key.public, node.key.previous, node.key.generation);
        db.write(request_rotation(&id)).await.unwrap();
        assert!(get(&db, &id).await.key.rotate_requested);

        db.write(replace_key(&id, 1, &[2], "Rsa", 200)).await.unwrap();
        let node = get(&db, &id).await;
        assert!(!node.key.rotate_requested);
        assert_eq!((node.key.created_ms, keys(node)), (200, (vec![2], Some(vec![1]), 2)));
        assert_eq!(db.write(replace_key(&id, 1, &[9], "Rsa", 201)).await, conflict());

        // The node never saw the answer and tries another key: the one it still has stays good.
        db.write(replace_key(&id, 2, &[3], "Rsa", 202)).await.unwrap();
        assert_eq!(keys(get(&db, &id).await), (vec![3], Some(vec![1]), 3));
        db.write(confirm_new_key(&id, &[2])).await.unwrap();
        assert_eq!(keys(get(&db, &id).await), (vec![3], Some(vec![1]), 3));
        db.write(confirm_new_key(&id, &[3])).await.unwrap();
        assert_eq!(keys(get(&db, &id).await), (vec![3], None, 3));
    })
    .await;
}

#[tokio::test]
async fn the_newest_channel_is_the_nodes_channel() {
    on_each_engine(|db| async move {
        let (tenant, one, two) = (tenant("r"), node_id('1'), node_id('2'));
        let (here, there) = (ReplicaId::random(), ReplicaId::random());
        let (old, new) = (ConnectionId::random(), ConnectionId::random());
        for id in [&one, &two] {
            register(&db, &tenant, id).await;
        }
        db.write(set_connected(&one, &here, &old, 10)).await.unwrap();
        db.write(set_connected(&one, &there, &new, 20)).await.unwrap();
        assert_eq!(db.write(set_connected(&one, &here, &old, 15)).await, conflict(), "written late");
        db.write(clear_connected(&one, &old, 30)).await.unwrap();
        let node = get(&db, &one).await;
        assert_eq!((node.connected_replica, node.connection_id), (Some(there.clone()), Some(new.clone())));
        assert_eq!((node.connected_ms, node.disconnected_ms, node.last_ping_ms), (Some(20), None, Some(20)));
        assert!(is_connected(&db, &tenant, &one).await.unwrap());
        assert!(!is_connected(&db, &tenant, &two).await.unwrap());

        db.write(touch_ping_many(&[(one.clone(), 40), (two.clone(), 5), (node_id('3'), 1)])).await.unwrap();
        db.write(touch_ping_many(&[(one.clone(), 39)])).await.unwrap();
        assert_eq!(get(&db, &one).await.last_ping_ms, Some(40));
        assert_eq!(get(&db, &two).await.last_ping_ms, Some(5));

        db.write(set_connected(&two, &here, &old, 50)).await.unwrap();
        db.write(clear_replica(&there)).await.unwrap();
        let node = get(&db, &one).await;
        assert_eq!((node.connected(), node.disconnected_ms), (false, Some(40)));
        assert!(get(&db, &two).await.connected());
        db.write(clear_connected(&two, &old, 60)).await.unwrap();
        assert_eq!(get(&db, &two).await.disconnected_ms, Some(60));
        assert_eq!(db.write(set_connected(&node_id('3'), &here, &new, 1)).await, conflict());
    })
    .await;
}

#[tokio::test]
async fn nodes_are_found_by_ids_and_tags() {
    on_each_engine(|db| async move {
        let (here, there) = (tenant("here"), tenant("there"));
        let ids = ['1', '2', '3'].map(node_id);
        for (tenant, id) in [(&here, &ids[0]), (&here, &ids[1]), (&there, &ids[2])] {
            register(&db, tenant, id).await;
            db.write(tag::put(Resource::node(tenant, id), &[Tag { key: "k".into(), value: "v".into() }], 50))
                .await
                .unwrap();
        }
        let asked: Vec<_> = ids.iter().rev().chain(&ids).cloned().collect();
        let found = find_many(&db, &here, &asked).await.unwrap();
        assert_eq!(found.iter().map(|node| &node.id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
        assert!(find_many(&db, &here, &[]).await.unwrap().is_empty());
        let many: Vec<_> = (0..1_500).map(|_| ManagedNodeId::random()).chain([ids[1].clone()]).collect();
        assert_eq!(find_many(&db, &here, &many).await.unwrap().len(), 1);

        let tagged = ids_by_tags(&db, &here, &[Selector::Keys(vec!["k".to_owned()])]).await.unwrap();
        assert_eq!(tagged, ids[..2]);
        assert_eq!(ids_by_tags(&db, &here, &[]).await.unwrap(), []);
    })
    .await;
}

/// Which of four nodes satisfy a predicate: 1 and 2 run versions 3.9 and 3.10, 3 said nothing, 4 is on Windows.
#[tokio::test]
async fn predicates_select() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        for (digit, version, platform) in [
            ('1', Some("3.9.0.0"), Some("Linux")),
            ('2', Some("3.10.0"), Some("Linux")),
            ('4', None, Some("Windows")),
        ] {
            register(&db, &tenant, &node_id(digit)).await;
            let information = Information {
                agent_version: version.map(str::to_owned),
                platform_type: platform.map(str::to_owned),
                ..Information::default()
            };
            db.write(update_information(&node_id(digit), &information, 1_000)).await.unwrap();
        }
        register(&db, &tenant, &node_id('3')).await;
        db.write(touch_ping_many(&[(node_id('2'), 2_000)])).await.unwrap();
        db.write(set_connected(&node_id('4'), &ReplicaId::random(), &ConnectionId::random(), 1))
            .await
            .unwrap();
        db.write(tag::put(
            Resource::node(&tenant, &node_id('3')),
            &[Tag { key: "k".into(), value: "".into() }],
            1,
        ))
        .await
        .unwrap();

        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let on = |column, test: fn(Vec<String>) -> Test, list: &[&str]| {
            Predicate::Column(column, test(words(list)))
        };
        use Column::{AgentVersion, NodeId, PlatformType};
        for (predicates, expected) in [
            (vec![], "1234"),
            (vec![Predicate::Never], ""),
            (vec![Predicate::Online(true)], "24"),
            (vec![Predicate::Online(false)], "13"),
            (vec![on(PlatformType, Test::AnyOf, &["Linux", "x"])], "12"),
            (vec![on(PlatformType, Test::AnyOf, &["", "Windows"])], "34"),
            (vec![on(PlatformType, Test::AnyOf, &[])], ""),
            (vec![on(PlatformType, Test::NoneOf, &["Linux"])], "34"),
            (vec![on(PlatformType, Test::NoneOf, &[])], "1234"),
            (vec![on(PlatformType, Test::BeginsWith, &["Li", "Mac"])], "12"),
            (vec![on(PlatformType, Test::BeginsWith, &[""])], "1234"),
            (vec![on(PlatformType, Test::BeginsWith, &["%", "_"])], ""),
            (vec![on(AgentVersion, Test::Less, &["3.10.0.0"])], "134"),
            (vec![on(AgentVersion, Test::Greater, &["3.9.0.0"])], "2"),
            (vec![on(AgentVersion, Test::BeginsWith, &["3.1"])], "2"),
            (vec![on(NodeId, Test::Greater, &[node_id('2').as_str()])], "34"),
            (vec![Predicate::Tagged(Selector::Keys(words(&["k"])))], "3"),
            (vec![Predicate::Tagged(Selector::Values { key: "k".into(), values: words(&["v"]) })], ""),
            (vec![Predicate::Online(false), on(PlatformType, Test::AnyOf, &["Linux"])], "1"),
        ] {
            let listing = Listing { tenant: &tenant, predicates: &predicates, online_after_ms: 1_500 };
            let found = page(&db, listing, None, 10).await.unwrap();
            let digits: String = found.iter().filter_map(|node| node.id.as_str().chars().nth(3)).collect();
            assert_eq!(digits, expected, "{predicates:?}");
            let counted = count_by(&db, listing, &[]).await.unwrap();
            assert_eq!(counted, [(vec![], found.len() as i64)], "{predicates:?}");
        }

        let listing = Listing { tenant: &tenant, predicates: &[], online_after_ms: 0 };
        let counted = count_by(&db, listing, &[PlatformType, AgentVersion]).await.unwrap();
        let expected = [("", "", 1), ("Linux", "3.10.0", 1), ("Linux", "3.9.0.0", 1), ("Windows", "", 1)];
        assert_eq!(counted, expected.map(|(one, two, count)| (words(&[one, two]), count)));
        let rest = page(&db, listing, Some(&node_id('1')), 2).await.unwrap();
        assert_eq!(rest.iter().map(|node| node.id.clone()).collect::<Vec<_>>(), [node_id('2'), node_id('3')]);
    })
    .await;
}

#[test]
fn versions_sort_by_their_numbers() {
    let mut versions = ["3.10.1", "3.9", "10.0.0.0", "3.10.1.2", "3.10.0.999999"];
    versions.sort_by_key(|version| select::version_key(version));
    assert_eq!(versions, ["3.9", "3.10.0.999999", "3.10.1", "3.10.1.2", "10.0.0.0"]);
}
