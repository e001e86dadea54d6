//! Opening: migrations forward, and the databases that are refused.

use super::*;
use crate::engine::MIGRATIONS;

const MORE: &str = "ALTER TABLE item ADD COLUMN extra TEXT";
const MORE_POSTGRES: &str = "ALTER TABLE item ADD COLUMN IF NOT EXISTS extra TEXT;
    CREATE INDEX IF NOT EXISTS item_by_extra ON item (extra)";
const MORE_SQLITE: &str = "ALTER TABLE item ADD COLUMN extra TEXT;
    CREATE INDEX item_by_extra ON item (extra)";
const LONGER: &[Migration] =
    &[SCHEMA[0], Migration { name: "0002_more", sqlite: MORE_SQLITE, postgres: MORE_POSTGRES }];
const BROKEN: &[Migration] = &[
    SCHEMA[0],
    Migration {
        name: "0002_more",
        sqlite: "ALTER TABLE item ADD COLUMN extra TEXT; CREATE INDEX x ON nowhere (extra)",
        postgres: "ALTER TABLE item ADD COLUMN IF NOT EXISTS extra TEXT; CREATE INDEX x ON nowhere (extra)",
    },
];
const CHANGED: &[Migration] = &[Migration { name: "0001_test", sqlite: MORE, postgres: MORE }];

#[tokio::test]
async fn a_database_moves_forward_and_never_back() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let db = database.open().await;
        db.write(insert("kept", None)).await.unwrap();
        db.close().await;

        let db = Db::open_with(database.options(), LONGER).await.unwrap();
        db.write(Batch::of("UPDATE item SET extra = 'x'", vec![], Expect::Exactly(1))).await.unwrap();
        let dump = db.schema_dump().await.unwrap();
        db.close().await;

        let error = Db::open_with(database.options(), SCHEMA).await.unwrap_err();
        assert_eq!(error, StoreError::NewerSchema { found: 2, known: 1 });
        assert!(error.to_string().contains("newer version of Muster"), "{error}");
        let error = Db::open_with(database.options(), CHANGED).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");

        // A database made at once has the same schema as one that came the long way.
        for fresh in TestDatabase::on_each_engine_with(LONGER).await {
            let db = fresh.open().await;
            assert_eq!(db.schema_dump().await.unwrap(), dump);
            db.close().await;
            fresh.remove().await;
        }
        database.remove().await;
    }
}

/// A rolling upgrade: statements that were prepared before the change still run.
#[tokio::test]
async fn a_server_runs_on_while_another_migrates() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        // One server at a time has a SQLite file.
        if database.options().url.is_sqlite() {
            continue;
        }
        let old = database.open().await;
        old.write(insert("a", None)).await.unwrap();
        let touch = || {
            let mut batch = Batch::of("UPDATE item SET number = 1 RETURNING *", vec![], Expect::Exactly(1));
            batch.push("SELECT * FROM item", vec![], Expect::Exactly(1));
            batch
        };
        for columns in [5, 6] {
            let rows = old.read("SELECT * FROM item", vec![]).await.unwrap();
            assert_eq!(rows[0].clone().into_values().len(), columns);
            let rows = old.write(touch()).await.unwrap();
            assert_eq!(rows[0][0].clone().into_values().len(), columns);
            Db::open_with(database.options(), LONGER).await.unwrap().close().await;
        }
        old.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        database.open().await.close().await;
        let error = Db::open_with(database.options(), CHANGED).await.unwrap_err();
        assert_eq!(error, StoreError::ChangedMigration { number: 1, name: "0001_test".to_owned() });
        database.remove().await;
    }
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_repeated() {
    for database in TestDatabase::on_each_engine_with(SCHEMA).await {
        let error = Db::open_with(database.options(), BROKEN).await.unwrap_err();
        assert!(error.to_string().contains("0002_more"), "{error}");
        let db = Db::open_with(database.options(), LONGER).await.unwrap();
        db.read("SELECT extra FROM item", vec![]).await.unwrap();
        db.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    std::fs::write(&path, "this is not a database, but it is long enough to look at: ".repeat(20)).unwrap();
    let options =
        |path: &std::path::Path| crate::OpenOptions::new(crate::DatabaseUrl::Sqlite(path.to_owned()));
    let error = Db::open(options(&path)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    let error = Db::open(options(&folder.path().join("no/such/folder.db"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let url = crate::DatabaseUrl::Sqlite(folder.path().join("muster.db"));
    let db = Db::open_with(crate::OpenOptions::new(url), SCHEMA).await.unwrap();
    db.write(insert("a", None)).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "the database and its log");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_migrate_once() {
    for database in TestDatabase::on_each_engine_with(LONGER).await {
        // Two processes never open one SQLite file: the server holds a lock on its data folder.
        if database.options().url.is_sqlite() {
            continue;
        }
        let servers: Vec<_> =
            (0..6).map(|_| tokio::spawn(Db::open_with(database.options(), LONGER))).collect();
        for server in servers {
            let db = server.await.unwrap().unwrap();
            db.read("SELECT extra FROM item", vec![]).await.unwrap();
            db.close().await;
        }
        database.remove().await;
    }
}

#[tokio::test]
async fn the_dump_tells_the_whole_schema() {
    on_each(|db| async move {
        let expected = "\
table item
  tenant text not null
  name text not null
  number bigint
  bytes bytea
  note text default none
  primary key (tenant, name)
  unique index item_by_number (tenant, number) where number is not null

table part
  tenant text not null
  item text not null
  code text not null
  weight bigint not null
  foreign key (tenant, item) to item
  index part_by_weight (weight desc, code)
  unique (code)
";
        assert_eq!(db.schema_dump().await.unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn both_engines_have_the_golden_schema() {
    let mut dumps = Vec::new();
    for database in TestDatabase::on_each_engine_with(MIGRATIONS).await {
        let db = database.open().await;
        dumps.push(db.schema_dump().await.unwrap());
        db.close().await;
        database.remove().await;
    }
    for dump in &dumps {
        insta::assert_snapshot!("schema", dump);
    }
}

/// As on a server that died between two statements of a migration, at any of them.
#[tokio::test]
async fn every_migration_of_muster_can_be_repeated_on_postgres() {
    for database in TestDatabase::on_each_engine_with(MIGRATIONS).await {
        if database.options().url.is_sqlite() {
            continue;
        }
        for (number, _) in (1..).zip(MIGRATIONS) {
            // Forgets what was applied from here on, and applies it again.
            let db = database.open().await;
            db.write(Batch::of(
                "DELETE FROM schema_version WHERE number >= ?1",
                params![number],
                Expect::Any,
            ))
            .await
            .unwrap();
            db.close().await;
        }
        database.open().await.close().await;
        database.remove().await;
    }
}
