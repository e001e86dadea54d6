//! Throw-away databases, so that every query is tested on every engine.
//!
//! SQLite always runs, in a temporary folder. PostgreSQL runs when `MUSTER_TEST_POSTGRES_URL` names a server; each test
//! then works in a schema of its own, which is dropped afterwards. Not for production: failures panic.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use crate::engine::{DatabaseUrl, Db, MIGRATIONS, Migration, OpenOptions, run_postgres_script};
use muster_ids::ReplicaId;
use tempfile::TempDir;

/// The variable that names a PostgreSQL server for tests, by a URL or in keyword form. The user must be allowed to
/// make schemas.
pub const POSTGRES_URL: &str = "MUSTER_TEST_POSTGRES_URL";

/// An empty database which is removed at the end; it can be opened several times.
#[derive(Debug)]
pub struct TestDatabase {
    options: OpenOptions,
    migrations: &'static [Migration],
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Schema { server: String, name: String },
}

impl TestDatabase {
    /// One database per engine at hand.
    pub async fn on_each_engine() -> Vec<TestDatabase> {
        TestDatabase::on_each_engine_with(MIGRATIONS).await
    }

    pub(crate) async fn on_each_engine_with(migrations: &'static [Migration]) -> Vec<TestDatabase> {
        let mut databases = vec![TestDatabase::sqlite(migrations)];
        if let Some(server) = std::env::var(POSTGRES_URL).ok().filter(|url| !url.is_empty()) {
            databases.push(TestDatabase::postgres(server, migrations).await);
        }
        databases
    }

    fn sqlite(migrations: &'static [Migration]) -> TestDatabase {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
        TestDatabase { options: OpenOptions::new(url), migrations, place: Place::Folder(folder) }
    }

    async fn postgres(server: String, migrations: &'static [Migration]) -> TestDatabase {
        // A replica id is as good a random name as any.
        let name = format!("test_{}", ReplicaId::random().as_str().replace('-', ""));
        run_postgres_script(&server, &format!("CREATE SCHEMA {name}")).await.expect("a schema can be made");
        // The application's name lets a test find its own connections.
        let url = match (server.contains("://"), server.contains('?')) {
            (true, false) => format!("{server}?options=-csearch_path%3D{name}&application_name={name}"),
            (true, true) => format!("{server}&options=-csearch_path%3D{name}&application_name={name}"),
            (false, _) => format!("{server} options=-csearch_path={name} application_name={name}"),
        };
        let mut options = OpenOptions::new(DatabaseUrl::Postgres(url));
        // Tests run side by side and share the server's connections.
        options.postgres_connections = 8;
        TestDatabase { options, migrations, place: Place::Schema { server, name } }
    }

    /// How to open it.
    pub fn options(&self) -> OpenOptions {
        self.options.clone()
    }

    /// Opens it, and applies the migrations.
    pub async fn open(&self) -> Db {
        Db::open_with(self.options(), self.migrations).await.expect("the test database opens")
    }

    /// Removes it. Every [`Db`] on it should be closed by then.
    pub async fn remove(self) {
        match self.place {
            Place::Folder(folder) => folder.close().expect("the temporary folder can be removed"),
            Place::Schema { server, name } => {
                let drop = format!("DROP SCHEMA {name} CASCADE");
                run_postgres_script(&server, &drop).await.expect("the schema of the test can be dropped");
            }
        }
    }
}

/// Runs `body` once per engine on an empty database with the schema of Muster.
///
/// ```ignore
/// #[tokio::test]
/// async fn a_thing_is_found_again() {
///     on_each_engine(|db| async move {
///         db.write(thing::insert(&thing())).await.unwrap();
///         assert_eq!(thing::by_id(&db, &thing().id).await, Ok(Some(thing())));
///     })
///     .await;
/// }
/// ```
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
        // A task of its own, so that the database is removed even if the body panics.
        let outcome = tokio::spawn(body(db.clone())).await;
        let engine = db.engine_name();
        db.close().await;
        database.remove().await;
        assert!(outcome.is_ok(), "the test failed on {engine}, see above");
    }
}
