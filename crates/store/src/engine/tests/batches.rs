//! Writing: all or nothing, each batch by itself, durable.

use super::*;
use std::sync::Arc;
use tokio::sync::Barrier;

#[tokio::test]
async fn a_batch_gives_the_rows_of_each_statement() {
    on_each(|db| async move {
        let mut batch = insert("a", Some(1));
        batch
            .push(
                "INSERT INTO item (tenant, name, number) VALUES (?1, ?2, ?3), (?1, ?4, ?5) RETURNING name, number",
                params!["t", "b", 2, "c", 3],
                Expect::Exactly(2),
            )
            .push("UPDATE item SET number = number + 10 WHERE tenant = ?1 AND number > ?2", params!["t", 1], Expect::Exactly(2))
            .push("DELETE FROM item WHERE name = ?1 RETURNING number", params!["c"], Expect::Any)
            .push("SELECT name, number FROM item ORDER BY name", vec![], Expect::Exactly(2));
        let results = db.write(batch).await.unwrap();
        let shape: Vec<usize> = results.iter().map(Vec::len).collect();
        assert_eq!(shape, [0, 2, 0, 1, 2]);
        assert_eq!(results[1][1].text(0), Ok("c"));
        assert_eq!(results[3][0].int(0), Ok(13));
        assert_eq!(results[4][1].int(1), Ok(12));
        assert!(db.write(Batch::new()).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_unmet_expectation_undoes_the_whole_batch() {
    on_each(|db| async move {
        let mut batch = insert("a", None);
        batch.push("UPDATE item SET number = 1 WHERE name = ?1", params!["missing"], Expect::Exactly(1));
        assert_eq!(db.write(batch).await, Err(StoreError::Conflict { statement: 1 }));

        let select = Batch::of("SELECT 1 FROM item WHERE name = ?1", params!["a"], Expect::Exactly(1));
        assert_eq!(db.write(select).await, Err(StoreError::Conflict { statement: 0 }));
        assert!(names(&db).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_repeated_key_is_a_duplicate() {
    on_each(|db| async move {
        db.write(insert("a", Some(1))).await.unwrap();
        let mut by_key = insert("b", None);
        by_key.append(insert("a", None));
        let mut by_index = insert("b", None);
        by_index.append(insert("c", Some(1)));
        for batch in [by_key, by_index] {
            let error = db.write(batch).await.unwrap_err();
            assert!(matches!(error, StoreError::Duplicate { statement: 1, .. }), "{error:?}");
        }
        // Also where the statement stands alone and demands nothing.
        let alone = Batch::of(INSERT, params!["t", "a", 5], Expect::Any);
        assert!(matches!(db.write(alone).await, Err(StoreError::Duplicate { statement: 0, .. })));
        assert_eq!(names(&db).await, ["a"]);
    })
    .await;
}

#[tokio::test]
async fn a_missing_parent_is_a_conflict() {
    on_each(|db| async move {
        let part = "INSERT INTO part (tenant, item, code, weight) VALUES (?1, ?2, ?3, ?4)";
        let orphan = Batch::of(part, params!["t", "a", "x", 1], Expect::Exactly(1));
        assert_eq!(db.write(orphan.clone()).await, Err(StoreError::Conflict { statement: 0 }));
        let mut both = insert("a", None);
        both.append(orphan);
        db.write(both).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_wrong_statement_is_rejected_without_its_values() {
    on_each(|db| async move {
        db.write(insert("a", None)).await.unwrap();
        for (sql, params) in [
            ("INSERT INTO nowhere (a) VALUES (?1)", params!["hunter2"]),
            ("INSERT INTO item (tenant, name) VALUES (?1, ?2)", params!["hunter2"]),
            ("INSERT INTO item (tenant, name) VALUES (?1, ?2)", params!["hunter2", None::<String>]),
            ("INSERT INTO item (tenant, name) VALUES (?1, ?2)", params!["t", "hunter2\0"]),
            (
                "INSERT INTO part (tenant, item, code, weight) VALUES (?1, ?2, ?3, ?4)",
                params!["t", "a", "hunter2", -1],
            ),
            ("INSERT INSERT ?1", params!["hunter2"]),
        ] {
            let mut batch = insert("b", None);
            batch.push(sql, params, Expect::Any);
            let error = db.write(batch).await.unwrap_err();
            assert!(matches!(error, StoreError::Rejected { statement: 1, .. }), "{sql}: {error:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert_eq!(names(&db).await, ["a"]);
        // The engine goes on.
        db.write(insert("b", None)).await.unwrap();
    })
    .await;
}

/// On SQLite these batches share a commit, so this shows that a failure stays alone in its group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_batch_disturbs_no_other() {
    on_each(|db| async move {
        db.write(insert("taken", None)).await.unwrap();
        let writes: Vec<_> = (0..200)
            .map(|i| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut batch = insert(&format!("n{i:03}"), Some(i));
                    match i % 4 {
                        0 => batch.append(insert("taken", None)),
                        1 => batch.push("DELETE FROM item WHERE name = 'no'", vec![], Expect::Exactly(1)),
                        2 => batch.push("UPDATE nowhere SET a = 1", vec![], Expect::Any),
                        _ => &mut batch,
                    };
                    (i, db.write(batch).await)
                })
            })
            .collect();
        for write in writes {
            let (i, result) = write.await.unwrap();
            match (i % 4, result) {
                (0, Err(StoreError::Duplicate { statement: 1, .. })) => {}
                (1, Err(StoreError::Conflict { statement: 1 })) => {}
                (2, Err(StoreError::Rejected { statement: 1, .. })) => {}
                (3, Ok(_)) => {}
                (_, other) => panic!("batch {i}: {other:?}"),
            }
        }
        let expected: Vec<String> =
            (0..50).map(|i| format!("n{:03}", i * 4 + 3)).chain(["taken".into()]).collect();
        assert_eq!(names(&db).await, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_lose_nothing() {
    const TASKS: i64 = 64;
    const ROUNDS: i64 = 5;
    on_each(|db| async move {
        db.write(insert("hot", Some(0))).await.unwrap();
        let barrier = Arc::new(Barrier::new(TASKS as usize));
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (db, barrier) = (db.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    for round in 0..ROUNDS {
                        let name = format!("task {task} round {round}");
                        let mut batch = insert(&name, None);
                        batch.push(
                            "UPDATE item SET number = number + 1 WHERE name = ?1",
                            params!["hot"],
                            Expect::Exactly(1),
                        );
                        db.write(batch).await.unwrap();
                        // A read after the write sees it.
                        let found =
                            db.read("SELECT 1 FROM item WHERE tenant = ?1 AND name = ?2", params!["t", name]);
                        assert_eq!(found.await.unwrap().len(), 1);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let row =
            one(&db, "SELECT number, (SELECT count(*) FROM item) FROM item WHERE name = 'hot'", vec![]).await;
        assert_eq!((row.int(0), row.int(1)), (Ok(TASKS * ROUNDS), Ok(TASKS * ROUNDS + 1)));
    })
    .await;
}

/// PostgreSQL finds a deadlock here, after a second, and the engine runs its victim again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_in_opposite_order_all_get_through() {
    on_each(|db| async move {
        db.write(insert("a", Some(0))).await.unwrap();
        db.write(Batch::of(INSERT, params!["u", "b", 0], Expect::Exactly(1))).await.unwrap();
        let tasks: Vec<_> = (0..2)
            .map(|task| {
                let db = db.clone();
                tokio::spawn(async move {
                    for _ in 0..10 {
                        let order = if task % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                        let mut batch = Batch::new();
                        for name in order {
                            let add = "UPDATE item SET number = number + 1 WHERE name = ?1";
                            batch.push(add, params![name], Expect::Exactly(1));
                        }
                        db.write(batch).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let row = one(&db, "SELECT CAST(sum(number) AS BIGINT), min(number) FROM item", vec![]).await;
        assert_eq!((row.int(0), row.int(1)), (Ok(40), Ok(20)));
    })
    .await;
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let db = database.open().await;
        for name in ["a", "b"] {
            db.write(insert(name, None)).await.unwrap();
        }
        db.close().await;
        assert!(matches!(db.write(insert("c", None)).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(db.read("SELECT 1", vec![]).await, Err(StoreError::Unavailable(_))));
        let db = database.open().await;
        assert_eq!(names(&db).await, ["a", "b"]);
        db.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn closing_finishes_the_writes_that_wait() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let db = database.open().await;
        let writes =
            futures_util::future::join_all((0..100).map(|i| db.write(insert(&format!("{i:02}"), None))));
        let (results, ()) = futures_util::future::join(writes, db.close()).await;
        let written = results.iter().filter(|r| r.is_ok()).count();
        let db = database.open().await;
        assert_eq!(names(&db).await.len(), written);
        db.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn a_write_whose_caller_is_gone_still_ends() {
    on_each(|db| async move {
        for i in 0..20 {
            let mut write = Box::pin(db.write(insert(&format!("{i:02}"), Some(i))));
            // Polled once, so that it is on its way, then dropped.
            let _ = futures_util::poll!(&mut write);
        }
        // The engine stays usable, and no half of a batch is left behind.
        db.write(insert("last", None)).await.unwrap();
        while names(&db).await.len() < 21 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
