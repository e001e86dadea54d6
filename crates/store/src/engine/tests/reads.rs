//! Reading: every value comes back as it was written, in the same order on both engines.

use super::*;
use crate::Query;

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    on_each(|db| async move {
        let long = "ü".repeat(70_000);
        let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let cases: Vec<(Value, Value, Value)> = vec![
            (Value::Int(i64::MIN), Value::Blob(vec![]), Value::Text(String::new())),
            (Value::Int(i64::MAX), Value::Blob(vec![0, 255]), Value::Text("'?1' \" \\ 𝄞 \n".to_owned())),
            (Value::Int(0), Value::Blob(all_bytes), Value::Text(long)),
            (Value::Null, Value::Null, Value::Null),
        ];
        for (i, (number, bytes, note)) in cases.into_iter().enumerate() {
            let name = format!("{i}");
            let insert = "INSERT INTO item (tenant, name, number, bytes, note) VALUES (?1, ?2, ?3, ?4, ?5)";
            let params = params!["t", &name, number.clone(), bytes.clone(), note.clone()];
            db.write(Batch::of(insert, params, Expect::Exactly(1))).await.unwrap();
            let select = "SELECT number, bytes, note FROM item WHERE name = ?1";
            let row = one(&db, select, params![&name]).await;
            assert!(row.into_values() == [number, bytes, note], "case {i}");
        }
    })
    .await;
}

#[tokio::test]
async fn results_that_are_not_of_our_kinds_are_refused() {
    on_each(|db| async move {
        let float = db.read("SELECT CAST(1.5 AS DOUBLE PRECISION)", vec![]).await;
        assert!(matches!(float, Err(StoreError::Corrupt(_))), "{float:?}");
        let row =
            one(&db, "SELECT 1, count(*), 'x', CAST(?1 AS TEXT) IS NULL FROM item", params![None::<String>])
                .await;
        assert_eq!((row.int(0), row.int(1), row.text(2), row.bool(3)), (Ok(1), Ok(0), Ok("x"), Ok(true)));
    })
    .await;
}

#[tokio::test]
async fn wrong_reads_are_rejected() {
    on_each(|db| async move {
        for (sql, params) in [
            ("SELECT nothing FROM item", vec![]),
            ("SELECT name FROM item WHERE name = ?1", vec![]),
            ("SELECT name FROM item WHERE name = ?1", params!["a", "b"]),
            ("SELECT name FROM item WHERE name = ?1", params!["a\0"]),
        ] {
            let found = (db.read(sql, params.clone()).await, db.scan(sql, params).await);
            assert!(
                matches!(found.0, Err(StoreError::Rejected { statement: 0, .. })),
                "{sql}: {:?}",
                found.0
            );
            assert_eq!(found.0, found.1);
        }
    })
    .await;
}

#[tokio::test]
async fn an_upsert_updates_and_returns() {
    on_each(|db| async move {
        let upsert = "INSERT INTO item (tenant, name, number) VALUES (?1, ?2, ?3) \
                      ON CONFLICT (tenant, name) DO UPDATE SET number = item.number + excluded.number \
                      WHERE item.number < ?4 RETURNING number";
        let mut seen = Vec::new();
        for _ in 0..3 {
            let batch = Batch::of(upsert, params!["t", "a", 5, 10], Expect::Any);
            let rows = db.write(batch).await.unwrap().remove(0);
            seen.push(rows.first().map(|row| row.int(0).unwrap()));
        }
        assert_eq!(seen, [Some(5), Some(10), None]);
    })
    .await;
}

/// Names whose order depends on the collation in most languages.
const NAMES: [&str; 12] = ["/", "/a", "/a/b", "/a0", "A", "Z", "_", "a", "a b", "ab", "z", "é"];

async fn fill(db: &Db) {
    let mut batch = Batch::new();
    for (i, name) in NAMES.iter().enumerate() {
        batch.append(insert(name, Some(i as i64)));
    }
    db.write(batch).await.unwrap();
}

#[tokio::test]
async fn texts_sort_by_bytes() {
    on_each(|db| async move {
        fill(&db).await;
        assert_eq!(names(&db).await, NAMES);
    })
    .await;
}

#[tokio::test]
async fn pages_by_row_value_meet_every_row_once() {
    on_each(|db| async move {
        fill(&db).await;
        let mut seen = Vec::new();
        let mut after = (String::new(), String::new());
        loop {
            let page = Query::new("SELECT tenant, name FROM item")
                .and_all("(tenant, name) > (?, ?)", params![&after.0, &after.1])
                .order_by("tenant, name")
                .limit(5);
            let rows = page.scan(&db).await.unwrap();
            for row in &rows {
                after = (row.text(0).unwrap().to_owned(), row.text(1).unwrap().to_owned());
                seen.push(after.1.clone());
            }
            if rows.len() < 5 {
                break;
            }
        }
        assert_eq!(seen, NAMES);
    })
    .await;
}

#[tokio::test]
async fn a_composed_query_filters() {
    on_each(|db| async move {
        fill(&db).await;
        let found = async |query: Query| -> Vec<String> {
            let rows = query.order_by("name").read(&db).await.unwrap();
            rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
        };
        let select = || Query::new("SELECT name FROM item").and("tenant = ?", "t");
        assert_eq!(found(select().and_prefix("name", "/a")).await, ["/a", "/a/b", "/a0"]);
        assert_eq!(found(select().and_prefix("name", "/a/")).await, ["/a/b"]);
        assert_eq!(found(select().and_in("name", ["z", "no", "é"])).await, ["z", "é"]);
        assert!(found(select().and_in("name", Vec::<String>::new())).await.is_empty());
        assert_eq!(
            found(select().and_all("number BETWEEN ? AND ?", params![2, 4])).await,
            ["/a/b", "/a0", "A"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_scans_at_once_are_served() {
    on_each(|db| async move {
        fill(&db).await;
        let scans = (0..40).map(|_| db.scan("SELECT name FROM item", vec![]));
        for rows in futures_util::future::join_all(scans).await {
            assert_eq!(rows.unwrap().len(), NAMES.len());
        }
    })
    .await;
}
