//! Parameters on every engine: writes and their guards, and pages against a naive model.

use super::*;
use crate::{
    Batch,
    tag::{self, Resource, Selector, Tag},
    testing::{TestDatabase, on_each_engine},
};
use muster_ids::{AccountId, Region};
use proptest::{prelude::*, test_runner::TestRunner};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

fn body(value: &str) -> Body {
    Body {
        kind: "String".to_owned(),
        tier: "Standard".to_owned(),
        data_type: "text".to_owned(),
        key_id: None,
        allowed_pattern: None,
        policies: None,
        description: None,
        value: value.as_bytes().to_vec().into(),
    }
}

fn made(tenant: &Tenant, path: &str, body: &Body) -> Batch {
    create(tenant, path, path, 7, body, None, 100, "arn", 10_000)
}

fn change<'a>(path: &'a str, seen: &'a Parameter, body: &'a Body, keep: i64) -> Change<'a> {
    Change {
        path,
        revision: seen.revision,
        seen: seen.latest.number,
        seen_tier: &seen.latest.body.tier,
        decisive: false,
        body,
        due: DueChange::Keep,
        modified_ms: 200,
        modified_by: "other",
        keep,
        tier_limit: 10_000,
    }
}

async fn must_find(db: &Db, tenant: &Tenant, path: &str) -> Parameter {
    find(db, tenant, path).await.unwrap().unwrap()
}

async fn put(db: &Db, tenant: &Tenant, path: &str, value: &str, keep: i64) -> Result<i64, StoreError> {
    let seen = must_find(db, tenant, path).await;
    let rows = db.write(overwrite(tenant, &change(path, &seen, &body(value), keep))).await?;
    rows[0][0].int(0)
}

#[tokio::test]
async fn a_parameter_is_found_as_it_was_made() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        let full = Body {
            kind: "SecureString".to_owned(),
            tier: "Advanced".to_owned(),
            data_type: "text".to_owned(),
            key_id: Some("alias/aws/ssm".to_owned()),
            allowed_pattern: Some(".*".to_owned()),
            policies: Some("[]".to_owned()),
            description: Some("words".to_owned()),
            value: vec![0, 255, 1].into(),
        };
        let batch = create(&tenant, "/x", "x", 7, &full, Some(5), 100, "arn", 1);
        db.write(batch.clone()).await.unwrap();
        assert!(matches!(db.write(batch).await, Err(StoreError::Duplicate { statement: 0, .. })));
        let version = Version {
            number: 1,
            name: "x".to_owned(),
            body: full.clone(),
            modified_ms: 100,
            modified_by: "arn".to_owned(),
        };
        let expected = Parameter { path: "/x".to_owned(), revision: 7, latest: version.clone() };
        assert_eq!(find(&db, &tenant, "/x").await, Ok(Some(expected)));
        assert_eq!(find_version(&db, &tenant, "/x", 1).await, Ok(Some(version)));
        assert_eq!(find_version(&db, &tenant, "/x", 2).await, Ok(None));
        assert_eq!(find(&db, &super::tests::tenant("s"), "/x").await, Ok(None));
        // The tier is full.
        let more = create(&tenant, "/y", "/y", 7, &full, None, 100, "arn", 1);
        let last = more.len() - 1;
        assert_eq!(db.write(more).await, Err(StoreError::Conflict { statement: last }));
        assert_eq!(find(&db, &tenant, "/y").await, Ok(None));
        assert!(!format!("{full:?}").contains("255"));
    })
    .await;
}

#[tokio::test]
async fn versions_count_up_and_the_oldest_go() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        let described = Body { description: Some("stays".to_owned()), ..body("1") };
        db.write(made(&tenant, "/x", &described)).await.unwrap();
        for number in 2..=6 {
            assert_eq!(put(&db, &tenant, "/x", &number.to_string(), 4).await, Ok(number));
        }
        let kept = versions(&db, &tenant, "/x", 0, 10).await.unwrap();
        let numbers: Vec<_> = kept.iter().map(|version| version.number).collect();
        assert_eq!(numbers, [3, 4, 5, 6]);
        assert!(kept.iter().all(|version| version.body.description.as_deref() == Some("stays")));
        assert_eq!(kept[1].body.value.bytes(), b"4");
        let page = versions(&db, &tenant, "/x", 4, 1).await.unwrap();
        assert_eq!(page.iter().map(|version| version.number).collect::<Vec<_>>(), [5]);
        assert_eq!(must_find(&db, &tenant, "/x").await.latest, kept[3]);
    })
    .await;
}

#[tokio::test]
async fn a_labelled_version_does_not_go() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        db.write(made(&tenant, "/x", &body("1"))).await.unwrap();
        for _ in 0..3 {
            put(&db, &tenant, "/x", "v", 4).await.unwrap();
        }
        let label = |version: i64| {
            let (db, tenant) = (db.clone(), tenant.clone());
            async move {
                let seen = must_find(&db, &tenant, "/x").await;
                db.write(set_labels(&tenant, "/x", seen.revision, version, &["prod".to_owned()])).await
            }
        };
        label(1).await.unwrap();
        assert_eq!(put(&db, &tenant, "/x", "v", 4).await, Err(StoreError::Conflict { statement: 0 }));
        label(3).await.unwrap();
        assert_eq!(labels_of(&db, &tenant, "/x").await, Ok(vec![("prod".to_owned(), 3)]));
        assert_eq!(put(&db, &tenant, "/x", "v", 4).await, Ok(5));
        assert_eq!(put(&db, &tenant, "/x", "v", 4).await, Ok(6));
        assert_eq!(put(&db, &tenant, "/x", "v", 4).await, Err(StoreError::Conflict { statement: 0 }));
        let found = find_labelled(&db, &tenant, "/x", "prod").await.unwrap().unwrap();
        assert_eq!(found.number, 3);
        // A version that is gone takes no label.
        assert_eq!(label(1).await, Err(StoreError::Conflict { statement: 1 }));
        let wanted = ["prod".to_owned(), "none".to_owned()];
        let rows = db.write(unset_labels(&tenant, "/x", 3, &wanted)).await.unwrap();
        assert_eq!(rows[0].len(), 1);
        assert_eq!(rows[0][0].text(0), Ok("prod"));
        assert_eq!(labels_of(&db, &tenant, "/x").await, Ok(vec![]));
        assert_eq!(put(&db, &tenant, "/x", "v", 4).await, Ok(7));
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_by_is_guarded() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        db.write(made(&tenant, "/x", &body("1"))).await.unwrap();
        let seen = must_find(&db, &tenant, "/x").await;
        let advanced = Body { tier: "Advanced".to_owned(), ..body("2") };
        let decisive = Change {
            decisive: true,
            due: DueChange::Set(Some(9)),
            tier_limit: 1,
            ..change("/x", &seen, &advanced, 100)
        };
        db.write(overwrite(&tenant, &decisive)).await.unwrap();
        assert_eq!(usage(&db, &tenant, "Standard").await, Ok(0));
        assert_eq!(usage(&db, &tenant, "Advanced").await, Ok(1));
        // Whoever saw the parameter before that must look again.
        let stale = change("/x", &seen, &advanced, 100);
        assert_eq!(db.write(overwrite(&tenant, &stale)).await, Err(StoreError::Conflict { statement: 0 }));
        let stale = delete(&tenant, "/x", seen.revision, "Standard");
        assert_eq!(db.write(stale).await, Err(StoreError::Conflict { statement: 0 }));
        // So must who saw room for versions that there is no more.
        let seen = must_find(&db, &tenant, "/x").await;
        put(&db, &tenant, "/x", "3", 100).await.unwrap();
        let small = change("/x", &seen, &advanced, 3);
        assert_eq!(db.write(overwrite(&tenant, &small)).await, Err(StoreError::Conflict { statement: 0 }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_lose_no_version() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        db.write(made(&tenant, "/x", &body("0"))).await.unwrap();
        let seen = must_find(&db, &tenant, "/x").await;
        let writers: Vec<_> = (0..64)
            .map(|number| {
                let (db, tenant, seen) = (db.clone(), tenant.clone(), seen.clone());
                tokio::spawn(async move {
                    let body = body(&number.to_string());
                    let rows = db.write(overwrite(&tenant, &change("/x", &seen, &body, 100))).await.unwrap();
                    (rows[0][0].int(0).unwrap(), number.to_string())
                })
            })
            .collect();
        let mut written = BTreeMap::new();
        for writer in writers {
            let (version, value) = writer.await.unwrap();
            assert_eq!(written.insert(version, value), None, "two writers made version {version}");
        }
        let kept = versions(&db, &tenant, "/x", 1, 100).await.unwrap();
        let kept: BTreeMap<_, _> = kept
            .into_iter()
            .map(|version| (version.number, String::from_utf8(version.body.value.bytes().to_vec()).unwrap()))
            .collect();
        assert_eq!(kept, written);
        assert_eq!(written.keys().copied().collect::<Vec<_>>(), (2..=65).collect::<Vec<i64>>());
    })
    .await;
}

#[tokio::test]
async fn a_deleted_parameter_leaves_nothing() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        for path in ["/x", "/x/y"] {
            db.write(made(&tenant, path, &body("1"))).await.unwrap();
            db.write(set_labels(&tenant, path, 7, 1, &["l".to_owned()])).await.unwrap();
            let resource = Resource { tenant: &tenant, kind: TAG_KIND, id: path };
            let tags = [Tag { key: "k".to_owned(), value: "v".to_owned() }];
            db.write(tag::put(resource, &tags, 50)).await.unwrap();
        }
        db.write(delete(&tenant, "/x", 8, "Standard")).await.unwrap();
        assert_eq!(find(&db, &tenant, "/x").await, Ok(None));
        assert_eq!(versions(&db, &tenant, "/x", 0, 9).await, Ok(vec![]));
        assert_eq!(labels_of(&db, &tenant, "/x").await, Ok(vec![]));
        assert_eq!(usage(&db, &tenant, "Standard").await, Ok(1));
        let tagged = Condition::Tagged(Selector::Keys(vec!["k".to_owned()]));
        let left = page(&db, &tenant, &[tagged], None, 9).await.unwrap();
        assert_eq!(left.iter().map(|found| &*found.path).collect::<Vec<_>>(), ["/x/y"]);
        assert_eq!(db.write(require(&tenant, "/x")).await, Err(StoreError::Conflict { statement: 0 }));
        assert!(db.write(require(&tenant, "/x/y")).await.is_ok());
    })
    .await;
}

/// What the model knows of a parameter.
#[derive(Debug, Clone)]
struct Known {
    kind: String,
    key: Option<String>,
    label: Option<String>,
}

fn known() -> impl Strategy<Value = BTreeMap<String, Known>> {
    let path = prop::collection::vec("[ab.-]{1,2}", 1..4).prop_map(|parts| format!("/{}", parts.join("/")));
    let known = (0..3_usize, prop::option::of("[kK]{1,2}"), prop::option::of("[lm]"));
    let known = known.prop_map(|(kind, key, label)| Known {
        kind: ["String", "StringList", "SecureString"][kind].to_owned(),
        key,
        label,
    });
    prop::collection::btree_map(path, known, 0..40)
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let path = prop_oneof![Just(String::new()), "/[ab.-]{1,2}", "/[ab]/[ab.-]{1,2}"];
    let words = || prop::collection::vec("[kKab]{0,2}", 0..3);
    let condition = prop_oneof![
        (path.clone(), any::<bool>()).prop_map(|(path, recursive)| Condition::Below { path, recursive }),
        (prop::collection::vec(path, 0..3), any::<bool>())
            .prop_map(|(paths, recursive)| Condition::BelowAny { paths, recursive }),
        prop::sample::subsequence(vec!["String".to_owned(), "StringList".to_owned()], 0..2)
            .prop_map(|kinds| Condition::AnyOf(Column::Kind, kinds)),
        words().prop_map(|words| Condition::AnyOf(Column::KeyId, words)),
        words().prop_map(|words| Condition::BeginsWith(Column::KeyId, words)),
        words().prop_map(|words| Condition::BeginsWith(
            Column::Path,
            words.into_iter().map(|word| format!("/{word}")).collect()
        )),
        prop::collection::vec("[ab/]{1,2}", 0..3).prop_map(Condition::NameContains),
    ];
    prop::collection::vec(condition, 0..3)
}

fn satisfies(path: &str, known: &Known, condition: &Condition) -> bool {
    let under = |below: &str, recursive: bool| {
        path.strip_prefix(below)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| recursive || !rest.contains('/'))
    };
    let of = |column: Column| match column {
        Column::Path => Some(path.to_owned()),
        Column::Kind => Some(known.kind.clone()),
        Column::KeyId => known.key.clone(),
        Column::Tier | Column::DataType => None,
    };
    match condition {
        Condition::Below { path, recursive } => under(path, *recursive),
        Condition::BelowAny { paths, recursive } => paths.iter().any(|path| under(path, *recursive)),
        Condition::AnyOf(column, values) => of(*column).is_some_and(|value| values.contains(&value)),
        Condition::BeginsWith(column, values) => {
            of(*column).is_some_and(|value| values.iter().any(|prefix| value.starts_with(prefix)))
        }
        Condition::NameContains(values) => values.iter().any(|part| path.contains(part)),
        Condition::Tagged(_) => false,
    }
}

#[test]
fn pages_are_those_of_a_naive_list() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let databases = runtime.block_on(TestDatabase::on_each_engine());
    for database in databases {
        let db = runtime.block_on(database.open());
        let cases = AtomicUsize::new(0);
        let strategy = (known(), prop::collection::vec((conditions(), 1..6_i64), 1..6));
        let mut runner = TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
        runner
            .run(&strategy, |(known, questions)| {
                let case = cases.fetch_add(1, Ordering::Relaxed);
                // A region of its own, so that cases do not see each other.
                let tenant = tenant(&format!("case-{case}"));
                runtime.block_on(async {
                    for (path, known) in &known {
                        let body = Body { kind: known.kind.clone(), key_id: known.key.clone(), ..body("v") };
                        db.write(made(&tenant, path, &body)).await.unwrap();
                        if let Some(label) = &known.label {
                            let labels = std::slice::from_ref(label);
                            db.write(set_labels(&tenant, path, 7, 1, labels)).await.unwrap();
                        }
                    }
                    for (conditions, size) in &questions {
                        let expected: Vec<_> = known
                            .iter()
                            .filter(|(path, known)| {
                                conditions.iter().all(|condition| satisfies(path, known, condition))
                            })
                            .map(|(path, _)| path.clone())
                            .collect();
                        let mut found: Vec<String> = Vec::new();
                        loop {
                            let after = found.last().cloned();
                            let next = page(&db, &tenant, conditions, after.as_deref(), *size).await.unwrap();
                            if next.is_empty() {
                                break;
                            }
                            found.extend(next.into_iter().map(|parameter| parameter.path));
                        }
                        assert_eq!(found, expected, "{conditions:?}");
                        labelled_pages(&db, &tenant, &known, *size).await;
                    }
                });
                Ok(())
            })
            .unwrap();
        runtime.block_on(db.close());
        runtime.block_on(database.remove());
    }
}

/// Whatever page is read, SQLite enters an index where the page begins and sorts nothing.
#[tokio::test]
async fn pages_are_ranges_of_an_index() {
    on_each_engine(|db| async move {
        if db.engine_name() != "sqlite" {
            return;
        }
        let below = |path: &str, recursive| Condition::Below { path: path.to_owned(), recursive };
        let primary = "sqlite_autoindex_parameter_1 (account_id=? AND region=?";
        let parent = "parameter_by_parent (account_id=? AND region=? AND parent=?";
        for (conditions, after, expected) in [
            (vec![], None, format!("{primary})")),
            (vec![], Some("/x"), format!("{primary} AND path>?)")),
            (vec![below("/a", true)], None, format!("{primary} AND path>? AND path<?)")),
            (vec![below("/a", true)], Some("/a/b"), format!("{primary} AND path>? AND path<?)")),
            (vec![below("", true)], Some("/a/b"), format!("{primary} AND path>? AND path<?)")),
            (vec![below("/a", false)], None, format!("{parent})")),
            (vec![below("/a", false)], Some("/a/b"), format!("{parent} AND path>?)")),
        ] {
            let (sql, params) = super::select::page_sql(&tenant("r"), &conditions, after, 10);
            assert_eq!(sql.matches("path > ").count(), usize::from(expected.contains("path>")), "{sql}");
            let rows = db.read(format!("EXPLAIN QUERY PLAN {sql}"), params).await.unwrap();
            let plan: Vec<_> = rows.iter().map(|row| row.text(3).unwrap().to_owned()).collect();
            assert_eq!(plan, [format!("SEARCH p USING INDEX {expected}")], "{conditions:?} {after:?}");
        }
    })
    .await;
}

async fn labelled_pages(db: &Db, tenant: &Tenant, known: &BTreeMap<String, Known>, size: i64) {
    for (below, recursive) in [("", true), ("", false), ("/a", true), ("/a", false)] {
        let condition = Condition::Below { path: below.to_owned(), recursive };
        let expected: Vec<_> = known
            .iter()
            .filter(|(path, known)| known.label.as_deref() == Some("l") && satisfies(path, known, &condition))
            .map(|(path, _)| path.clone())
            .collect();
        let mut found: Vec<String> = Vec::new();
        loop {
            let after = found.last().cloned();
            let labels = ["l".to_owned(), "never".to_owned()];
            let next = page_labelled(db, tenant, (below, recursive), &labels, &[], after.as_deref(), size);
            let next = next.await.unwrap();
            if next.is_empty() {
                break;
            }
            found.extend(next.into_iter().map(|(path, _)| path));
        }
        assert_eq!(found, expected);
    }
}
