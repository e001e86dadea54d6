//! PostgreSQL and servers that speak its protocol, through a pool of connections.
//!
//! A batch is one transaction at READ COMMITTED, sent in one go up to its COMMIT, and run again as a whole when the
//! server could not order it among others (SQLSTATE 40001, 40P01) or was lost before COMMIT.

mod failure;
mod migrate;
mod pipeline;
mod pool;
mod schema;
mod types;

use super::{Batch, Expect, Migration, Row, StoreError, Value, sql::Translations};
use deadpool_postgres::{Client, Pool};
use failure::{Failure, Lost};
use futures_util::FutureExt;
use pipeline::{Answer, Order};
use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc};
use tokio_postgres::Statement;

/// How often a batch is run before it is given up.
const ATTEMPTS: u32 = 16;
/// Prepared statements kept per connection; when there are more, all are dropped and made anew.
const STATEMENTS: usize = 512;

/// An open PostgreSQL database.
#[derive(Debug)]
pub(super) struct Postgres {
    pool: Pool,
    translations: Translations,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        connections: usize,
        migrations: &'static [Migration],
    ) -> Result<Postgres, StoreError> {
        // Two at least: a migration renews its lease on a second one.
        let pool = pool::open(url, connections.max(2))?;
        migrate::apply(&pool, migrations).await?;
        Ok(Postgres { pool, translations: Translations::default() })
    }

    /// The write is a task of its own: when the caller goes away in the middle, the transaction still ends.
    pub(super) async fn write(self: &Arc<Self>, batch: Batch) -> Result<Vec<Vec<Row>>, StoreError> {
        let this = Arc::clone(self);
        match tokio::spawn(async move { this.run(&batch, Lost::MayHaveHappened).await }).await {
            Ok(result) => result,
            Err(e) => Err(StoreError::Unavailable(format!("a write ended early: {e}"))),
        }
    }

    pub(super) async fn read(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut results = self.run(&Batch::of(sql, params, Expect::Any), Lost::DidNotHappen).await?;
        Ok(results.pop().unwrap_or_default())
    }

    pub(super) async fn schema_dump(&self) -> Result<String, StoreError> {
        schema::dump(self).await
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// `lost` tells what a connection lost in the middle of a single statement means.
    async fn run(&self, batch: &Batch, lost: Lost) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut attempt = 1;
        loop {
            match self.attempt(batch, lost).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Again(error)) if attempt < ATTEMPTS => {
                    tracing::debug!(attempt, %error, "a batch is run again");
                    failure::back_off(attempt).await;
                    attempt += 1;
                }
                Err(Failure::Again(error) | Failure::Final(error)) => return Err(error),
            }
        }
    }

    async fn attempt(&self, batch: &Batch, lost: Lost) -> Result<Vec<Vec<Row>>, Failure> {
        let client = pool::take(&self.pool).await?;
        let prepared = self.prepare(&client, batch).await?;
        let runs = prepared.iter().zip(&batch.statements).map(|(p, s)| Order::Run(p, &s.params));

        // A single statement that demands nothing is a transaction by itself.
        if batch.statements.iter().all(|s| s.expect == Expect::Any) && batch.len() == 1 {
            let answers = pipeline::send(&client, runs).await;
            return collect(batch, answers, lost).inspect_err(|failure| forget_statements(&client, failure));
        }

        let orders = std::iter::once(Order::Command("BEGIN")).chain(runs);
        let (result, ended) = match AssertUnwindSafe(transact(&client, batch, orders)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => (Err(Failure::Final(StoreError::Unavailable("a panic in a write".to_owned()))), false),
        };
        if let Err(failure) = &result {
            forget_statements(&client, failure);
        }
        if !ended {
            // A connection that may be inside a transaction must not serve anyone else.
            drop(Client::take(client));
        }
        result
    }

    /// Prepares every statement of the batch, outside its transaction, and checks the parameters against the types.
    async fn prepare(&self, client: &Client, batch: &Batch) -> Result<Vec<Statement>, Failure> {
        if client.statement_cache.size() > STATEMENTS {
            client.statement_cache.clear();
        }
        let mut prepared = Vec::with_capacity(batch.len());
        for (index, statement) in batch.indexed() {
            let text = self.translations.postgres(&statement.sql);
            let ready = client.prepare_cached(&text).await;
            let ready = ready.map_err(|e| Failure::of(index, &e, Lost::DidNotHappen))?;
            types::check(index, ready.params(), &statement.params)?;
            prepared.push(ready);
        }
        Ok(prepared)
    }
}

/// Runs a transaction; gives also whether the connection is outside of one afterwards.
async fn transact<'a>(
    client: &Client,
    batch: &Batch,
    orders: impl Iterator<Item = Order<'a>>,
) -> (Result<Vec<Vec<Row>>, Failure>, bool) {
    let mut answers = pipeline::send(client, orders).await.into_iter();
    let rows = match answers.next() {
        Some(Err(error)) => Err(error.into_failure(0, Lost::DidNotHappen)),
        // A failed statement fails those after it; `collect` meets the first one first.
        _ => collect(batch, answers, Lost::DidNotHappen),
    };
    match rows {
        Ok(rows) => match client.batch_execute("COMMIT").await {
            Ok(()) => (Ok(rows), true),
            Err(e) => (Err(Failure::of(0, &e, Lost::MayHaveHappened)), !client.is_closed()),
        },
        Err(failure) => (Err(failure), client.batch_execute("ROLLBACK").await.is_ok()),
    }
}

/// The rows of each statement, or the first failure or unmet expectation in the order of the batch.
fn collect(
    batch: &Batch,
    answers: impl IntoIterator<Item = Answer>,
    lost: Lost,
) -> Result<Vec<Vec<Row>>, Failure> {
    let mut found = Vec::with_capacity(batch.len());
    for ((index, statement), answer) in batch.indexed().zip(answers) {
        let (rows, touched) = answer.map_err(|e| e.into_failure(index, lost))?;
        statement.check(index, touched).map_err(Failure::Final)?;
        found.push(rows);
    }
    Ok(found)
}

/// One of the reasons to try again is a prepared statement that a migration made stale.
fn forget_statements(client: &Client, failure: &Failure) {
    if matches!(failure, Failure::Again(_)) {
        client.statement_cache.clear();
    }
}

/// Runs a script, such as one that makes a schema for a test.
#[cfg(any(test, feature = "testing"))]
pub(super) async fn run_script(url: &str, sql: &str) -> Result<(), StoreError> {
    let pool = pool::open(url, 1)?;
    let client = pool::take(&pool).await.map_err(Failure::into_store)?;
    client.batch_execute(sql).await.map_err(|e| Failure::of(0, &e, Lost::MayHaveHappened).into_store())
}
