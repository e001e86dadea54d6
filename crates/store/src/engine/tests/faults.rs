//! The engine after a failure beneath it: what was acknowledged is there, and it goes on.

use super::*;

/// A limit on the pages of the file acts as a full disk does.
#[tokio::test]
async fn a_full_disk_fails_the_group_and_nothing_else() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let db = database.open().await;
        if db.engine_name() == "sqlite" {
            db.write(insert("before", None)).await.unwrap();
            let limit = |pages| Batch::of(format!("PRAGMA max_page_count = {pages}"), vec![], Expect::Any);
            db.write(limit(40)).await.unwrap();

            let large = "INSERT INTO item (tenant, name, bytes) VALUES ('t', 'large', ?1)";
            let large = Batch::of(large, params![vec![7u8; 1 << 20]], Expect::Exactly(1));
            let error = db.write(large.clone()).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            assert_eq!(names(&db).await, ["before"]);

            db.write(insert("between", None)).await.unwrap();
            db.write(limit(1_000_000)).await.unwrap();
            db.write(large).await.unwrap();
            assert_eq!(names(&db).await, ["before", "between", "large"]);
        }
        db.close().await;
        database.remove().await;
    }
}

/// Connections are cut while writes run. A write that was answered with `Ok` is kept, and one with `Conflict` or `Duplicate`
/// never follows from an attempt that went through unseen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_lose_no_acknowledged_write() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let db = database.open().await;
        if db.engine_name() == "postgres" {
            let cutter = database.open().await;
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let db = db.clone();
                    tokio::spawn(async move {
                        let mut kept = Vec::new();
                        for i in 0..50 {
                            let name = format!("{writer} {i:02}");
                            let mut batch = insert(&name, None);
                            batch.push("SELECT 1", vec![], Expect::Exactly(1));
                            match db.write(batch).await {
                                Ok(_) => kept.push(name),
                                Err(StoreError::Unavailable(_)) => {}
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                        kept
                    })
                })
                .collect();
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
            let mut cuts = 0;
            while writers.iter().any(|w| !w.is_finished()) {
                cuts += cutter.read(cut, vec![]).await.unwrap().len();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            let mut kept = Vec::new();
            for writer in writers {
                kept.extend(writer.await.unwrap());
            }
            let found = names(&db).await;
            assert!(kept.iter().all(|name| found.contains(name)));
            assert!(cuts > 0 && !kept.is_empty(), "{cuts} connections cut, {} writes kept", kept.len());
            cutter.close().await;
        }
        db.close().await;
        database.remove().await;
    }
}
