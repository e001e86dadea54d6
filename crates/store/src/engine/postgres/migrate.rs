//! Applying migrations where several servers may start at once and a schema change is no transaction.
//!
//! One server at a time migrates: it holds a lease, a row taken by compare-and-set and renewed while it works. The others
//! wait. A server that dies lets its lease run out, and the next one repeats the migration that was cut off, which is why
//! each statement of a migration must do no harm when it runs again.

use super::{
    failure::{Failure, Lost, back_off, random},
    pool,
};
use crate::engine::{
    Migration, StoreError,
    migrate::{self, Applied, Pending},
    sql,
};
use deadpool_postgres::{Client, Pool};
use futures_util::future::{Either, select};
use std::{pin::pin, time::Duration};
use tokio::time::Instant;
use tokio_postgres::{error::SqlState, types::ToSql};

const LEASE_MS: i64 = 30_000;
const RENEWAL: Duration = Duration::from_secs(10);
/// How often to look whether another server is done.
const LOOK: Duration = Duration::from_millis(100);
/// How long to wait for another server.
const PATIENCE: Duration = Duration::from_secs(300);

/// The server's clock, so that no two machines need to agree.
const NOW_MS: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

const BOOKS: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
     checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS schema_lock (id BIGINT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, \
     until_ms BIGINT NOT NULL)",
];

/// Brings the schema up to date, or waits until another server has done so.
pub(super) async fn apply(pool: &Pool, known: &'static [Migration]) -> Result<(), StoreError> {
    let client = pool::take(pool).await.map_err(Failure::into_store)?;
    let owner = format!("{:016x}{:016x}", random(), random());
    let give_up = Instant::now() + PATIENCE;
    let mut waiting = false;
    while !pending(&client, known).await?.is_empty() {
        for statement in BOOKS {
            execute(&client, statement, &[]).await?;
        }
        if take_lease(&client, &owner).await? {
            let result = migrate_under_lease(pool, &client, &owner, known).await;
            let release = "UPDATE schema_lock SET until_ms = 0 WHERE id = 1 AND owner = $1";
            if let Err(error) = execute(&client, release, &[&owner]).await {
                tracing::warn!(%error, "the lease of the schema runs out by itself");
            }
            return result;
        }
        if Instant::now() > give_up {
            return Err(StoreError::Unavailable(format!(
                "another server has been changing the schema for more than {} seconds",
                PATIENCE.as_secs()
            )));
        }
        if !std::mem::replace(&mut waiting, true) {
            tracing::info!("waiting for another server to change the schema");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn migrate_under_lease(
    pool: &Pool,
    client: &Client,
    owner: &str,
    known: &'static [Migration],
) -> Result<(), StoreError> {
    let work = pin!(run_steps(client, known));
    let renewal = pin!(keep_lease(pool, owner));
    match select(work, renewal).await {
        Either::Left((result, _)) => result,
        Either::Right((error, _)) => Err(error),
    }
}

async fn run_steps(client: &Client, known: &'static [Migration]) -> Result<(), StoreError> {
    let byte_ordered = always_compares_bytes(client).await?;
    // Read again under the lease: another server may have been faster.
    for step in pending(client, known).await? {
        for statement in sql::statements(step.sql) {
            // Said in the file or not, the clause stands where the server needs it, and only there.
            let bare = statement.replace(" COLLATE \"C\"", "");
            let statement = if byte_ordered { bare } else { sql::byte_ordered(&bare) };
            execute(client, &statement, &[]).await.map_err(|e| migrate::failed(&step, &e))?;
        }
        let record = format!(
            "INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES ($1, $2, $3, {NOW_MS})"
        );
        execute(client, &record, &[&step.number, &step.name, &step.checksum]).await?;
        tracing::info!(migration = step.name, "schema migrated");
    }
    Ok(())
}

/// CockroachDB does, and refuses to hear it said.
async fn always_compares_bytes(client: &Client) -> Result<bool, StoreError> {
    let row = client.query_one("SELECT version()", &[]).await.map_err(|e| to_store(&e))?;
    Ok(row.try_get::<_, &str>(0).map_err(|e| to_store(&e))?.contains("CockroachDB"))
}

/// Renews the lease until it is lost.
async fn keep_lease(pool: &Pool, owner: &str) -> StoreError {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let renewed = match pool::take(pool).await {
            Ok(client) => take_lease(&client, owner).await,
            Err(failure) => Err(failure.into_store()),
        };
        match renewed {
            Ok(true) => {}
            Ok(false) => return StoreError::Unavailable("another server changes the schema".to_owned()),
            Err(error) => return error,
        }
    }
}

/// Takes the lease if it is free or ours; says whether it is ours now.
async fn take_lease(client: &Client, owner: &str) -> Result<bool, StoreError> {
    let take = format!(
        "INSERT INTO schema_lock (id, owner, until_ms) VALUES (1, $1, {NOW_MS} + $2) \
         ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms \
         WHERE schema_lock.until_ms < {NOW_MS} OR schema_lock.owner = excluded.owner"
    );
    Ok(execute(client, &take, &[&owner, &LEASE_MS]).await? == 1)
}

async fn pending(client: &Client, known: &'static [Migration]) -> Result<Vec<Pending>, StoreError> {
    let rows = match client.query("SELECT number, checksum FROM schema_version", &[]).await {
        Ok(rows) => rows,
        Err(e) if e.code() == Some(&SqlState::UNDEFINED_TABLE) => Vec::new(),
        Err(e) => return Err(to_store(&e)),
    };
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        applied.push(Applied {
            number: row.try_get(0).map_err(|e| to_store(&e))?,
            checksum: row.try_get(1).map_err(|e| to_store(&e))?,
        });
    }
    migrate::pending(known, |m| m.postgres, applied)
}

/// Runs a statement that may run twice, again while it collides with other servers.
async fn execute(client: &Client, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
    const ATTEMPTS: u32 = 20;
    let mut attempt = 1;
    loop {
        match client.execute(sql, params).await {
            Ok(rows) => return Ok(rows),
            Err(e) if attempt < ATTEMPTS && is_collision(&e) => {
                back_off(attempt).await;
                attempt += 1;
            }
            Err(e) => return Err(to_store(&e)),
        }
    }
}

/// IF NOT EXISTS does not keep two servers from making the same table at the same moment: one of them then fails on
/// the unique index of a catalogue.
fn is_collision(error: &tokio_postgres::Error) -> bool {
    let collisions = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
    ];
    error.code().is_some_and(|code| collisions.contains(code))
}

fn to_store(error: &tokio_postgres::Error) -> StoreError {
    Failure::of(0, error, Lost::MayHaveHappened).into_store()
}
