//! The two engines behind one small interface: closed batches in, rows out. The only place that names a driver.
//!
//! What holds on both:
//! - A write that returned is durable, and every later read sees it.
//! - A batch happens wholly or not at all; a batch that fails disturbs no other.
//! - The same SQL text runs on both, within this subset: `?1` parameters, `ON CONFLICT … DO UPDATE`, `RETURNING`,
//!   row-value comparisons `(a, b) > (?1, ?2)`, common table expressions, prefixes as ranges (`>= 'x/' AND < 'x0'`).
//!   Sums and averages are `CAST(… AS BIGINT)`, a parameter tested for null is `CAST(?1 AS TEXT) IS NULL`.
//! - Not in the subset: `SKIP LOCKED`, advisory locks, `LISTEN`, triggers, `FOR UPDATE`, sequences. A lease is a row
//!   with `owner` and `until`, taken by compare-and-set.
//!
//! Isolation: on SQLite batches run one at a time. On PostgreSQL they run at READ COMMITTED; see [`Batch`].

mod batch;
mod error;
mod migrate;
mod postgres;
mod query;
mod schema;
mod sql;
mod sqlite;
#[cfg(test)]
mod tests;
mod url;
mod value;

pub use batch::{Batch, Expect, Statement};
pub use error::StoreError;
pub(crate) use migrate::{MIGRATIONS, Migration};
use postgres::Postgres;
pub use query::{Query, prefix_end};
use sqlite::Sqlite;
use std::{borrow::Cow, sync::Arc};
pub use url::DatabaseUrl;
pub use value::{Row, Value};

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Where it is.
    pub url: DatabaseUrl,
    /// Connections to PostgreSQL at most. SQLite ignores it.
    pub postgres_connections: usize,
}

impl OpenOptions {
    /// The defaults for this address: 16 connections.
    pub fn new(url: DatabaseUrl) -> OpenOptions {
        OpenOptions { url, postgres_connections: 16 }
    }
}

/// An open database. Clones are cheap and share it.
#[derive(Debug, Clone)]
pub struct Db {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Opens the database, makes it if it is a missing SQLite file, and applies the migrations it lacks.
    pub async fn open(options: OpenOptions) -> Result<Db, StoreError> {
        Db::open_with(options, MIGRATIONS).await
    }

    /// As [`Db::open`], with other migrations than Muster's.
    pub(crate) async fn open_with(
        options: OpenOptions,
        migrations: &'static [Migration],
    ) -> Result<Db, StoreError> {
        let engine = match options.url {
            DatabaseUrl::Sqlite(path) => Engine::Sqlite(Arc::new(Sqlite::open(path, migrations).await?)),
            DatabaseUrl::Postgres(url) => Engine::Postgres(Arc::new(
                Postgres::open(&url, options.postgres_connections, migrations).await?,
            )),
        };
        Ok(Db { engine })
    }

    /// Writes a batch. When this returns `Ok`, the batch is durable; the answer holds one list of rows per statement,
    /// empty unless the statement has RETURNING (or is a SELECT).
    ///
    /// The write goes on when the caller stops waiting: dropping the future does not undo it.
    pub async fn write(&self, batch: Batch) -> Result<Vec<Vec<Row>>, StoreError> {
        for (index, statement) in batch.indexed() {
            batch::check_params(index, &statement.params)?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(batch).await,
            Engine::Postgres(postgres) => postgres.write(batch).await,
        }
    }

    /// Reads by key: few rows through an index. On SQLite this runs on the calling thread within microseconds, so a
    /// query that may walk over many rows belongs into [`Db::scan`].
    pub async fn read(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        batch::check_params(0, &params)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(&sql.into(), &params),
            Engine::Postgres(postgres) => postgres.read(sql.into(), params).await,
        }
    }

    /// Reads lists: any number of rows, away from the threads that serve requests.
    pub async fn scan(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        batch::check_params(0, &params)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.scan(sql.into(), params).await,
            Engine::Postgres(postgres) => postgres.read(sql.into(), params).await,
        }
    }

    /// The schema as text, the same on both engines: for golden files.
    pub async fn schema_dump(&self) -> Result<String, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.schema_dump().await,
            Engine::Postgres(postgres) => postgres.schema_dump().await,
        }
    }

    /// Finishes the writes that wait, then closes the database for every clone: later calls are `Unavailable`.
    /// Without it nothing is lost either, but the last batches may still be on their way when the process ends.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close(),
        }
    }

    /// `sqlite` or `postgres`.
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }
}

/// Runs a script on the server of a test.
#[cfg(any(test, feature = "testing"))]
pub(crate) async fn run_postgres_script(url: &str, sql: &str) -> Result<(), StoreError> {
    postgres::run_script(url, sql).await
}
