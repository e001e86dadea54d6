//! Throw-away databases, so that every query is tested on every engine.
//!
//! SQLite always runs, in a temporary folder. PostgreSQL runs when `MUSTER_TEST_POSTGRES_URL` names a server; each test
//! then works in a schema of its own, which is dropped afterwards. Not for production: failures panic.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use crate::engine::{DatabaseUrl, Db, MIGRATIONS, Migration, OpenOptions};
use tempfile::TempDir;

/// An empty database which is removed at the end; it can be opened several times.
#[derive(Debug)]
pub struct TestDatabase {
    options: OpenOptions,
    migrations: &'static [Migration],
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// One database per engine at hand.
    pub async fn on_each_engine() -> Vec<TestDatabase> {
        TestDatabase::on_each_engine_with(MIGRATIONS).await
    }

    pub(crate) async fn on_each_engine_with(migrations: &'static [Migration]) -> Vec<TestDatabase> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
        vec![TestDatabase { options: OpenOptions::new(url), migrations, _folder: Some(folder) }]
    }

    /// How to open it.
    pub fn options(&self) -> OpenOptions {
        self.options.clone()
    }

    /// Opens it, and applies the migrations.
    pub async fn open(&self) -> Db {
        Db::open_with(self.options(), self.migrations).await.expect("the test database opens")
    }

    /// Closes `db`, which was the last to use this database, and removes it.
    pub async fn remove(self, db: Db) {
        db.close().await;
    }
}

/// Runs `body` once per engine on an empty, migrated database.
pub async fn on_each_engine<F, R>(body: F)
where
    F: Fn(Db) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    on_each_engine_with(MIGRATIONS, body).await;
}

pub(crate) async fn on_each_engine_with<F, R>(migrations: &'static [Migration], body: F)
where
    F: Fn(Db) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    for database in TestDatabase::on_each_engine_with(migrations).await {
        let db = database.open().await;
        let engine = db.engine_name();
        // A task of its own, so that the database is removed even if the body panics.
        let outcome = tokio::spawn(body(db.clone())).await;
        database.remove(db).await;
        assert!(outcome.is_ok(), "the test failed on {engine}, see above");
    }
}
