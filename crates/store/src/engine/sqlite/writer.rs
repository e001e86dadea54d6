//! The thread that alone writes, with group commit.
//!
//! It takes all batches that wait (up to [`GROUP`]) into one transaction, each in a savepoint of its own, commits once
//! and only then answers, so durable writes per second do not fall to one per fsync. A batch that fails is
//! rolled back to its savepoint, and the others go on; a failure of the file fails the whole group.

use super::{
    connection,
    statement::{Failure, command, query},
};
use crate::engine::{Batch, Row, Statement, StoreError};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};
use tokio::sync::{mpsc, oneshot};

/// Batches in one commit at most.
const GROUP: usize = 512;

/// What a batch ends in.
pub(super) type Outcome = Result<Vec<Vec<Row>>, StoreError>;

/// Work for the writer.
pub(super) enum Job {
    /// Write this and answer once it is durable.
    Write(Batch, oneshot::Sender<Outcome>),
    /// Write what was queued before, close the file, and answer.
    Close(oneshot::Sender<()>),
}

/// The writer's state.
pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a failure that left the connection in doubt; opened anew for the next group.
    connection: Option<Connection>,
}

impl Writer {
    /// Starts the thread. It ends when the queue is closed and empty.
    pub(super) fn start(
        path: PathBuf,
        connection: Connection,
        queue: mpsc::Receiver<Job>,
    ) -> Result<(), StoreError> {
        let writer = Writer { path, connection: Some(connection) };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map(drop)
            .map_err(|e| StoreError::Unavailable(format!("the writer thread cannot start: {e}")))
    }

    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP);
        let mut closers = Vec::new();
        while queue.blocking_recv_many(&mut jobs, GROUP) > 0 {
            let (mut batches, mut replies) = (Vec::with_capacity(jobs.len()), Vec::with_capacity(jobs.len()));
            for job in jobs.drain(..) {
                match job {
                    Job::Write(batch, reply) => {
                        batches.push(batch);
                        replies.push(reply);
                    }
                    Job::Close(reply) => {
                        // What was queued before is still written; what comes later is refused.
                        queue.close();
                        closers.push(reply);
                    }
                }
            }
            // A caller that is gone does not read its answer.
            match self.commit(&batches) {
                Ok(outcomes) => replies.into_iter().zip(outcomes).for_each(|(reply, outcome)| {
                    let _ = reply.send(outcome);
                }),
                Err(error) => replies.into_iter().for_each(|reply| {
                    let _ = reply.send(Err(error.clone()));
                }),
            }
        }
        drop(self.connection.take());
        closers.into_iter().for_each(|reply| {
            let _ = reply.send(());
        });
    }

    /// Runs the batches in one transaction. An error means that none of them was kept.
    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Outcome>, StoreError> {
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connection::open_writer(&self.path)?,
        };
        let result = match catch_unwind(AssertUnwindSafe(|| run_group(&connection, batches))) {
            Ok(result) => result.map_err(|e| e.into_store(0)),
            Err(_) => Err(StoreError::Unavailable("a panic in the writer".to_owned())),
        };
        if let Err(error) = &result {
            tracing::error!(%error, batches = batches.len(), "a group of writes failed");
        }
        // Without a clean end the connection is dropped, which rolls back.
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            self.connection = Some(connection);
        }
        result
    }
}

fn run_group(connection: &Connection, batches: &[Batch]) -> Result<Vec<Outcome>, Failure> {
    command(connection, "BEGIN IMMEDIATE")?;
    let outcomes =
        batches.iter().map(|batch| run_in_savepoint(connection, batch)).collect::<Result<_, _>>()?;
    command(connection, "COMMIT")?;
    Ok(outcomes)
}

/// The outer result is the fate of the group, the inner one that of this batch.
fn run_in_savepoint(connection: &Connection, batch: &Batch) -> Result<Outcome, Failure> {
    command(connection, "SAVEPOINT batch")?;
    let outcome = match run_batch(connection, batch) {
        Ok(rows) => Ok(rows),
        // Some failures (disk full, input/output) end the transaction of their own accord, and with it the group.
        Err((index, failure)) if failure.is_of_batch() && !connection.is_autocommit() => {
            command(connection, "ROLLBACK TO batch")?;
            Err(failure.into_store(index))
        }
        Err((_, failure)) => return Err(failure),
    };
    command(connection, "RELEASE batch")?;
    Ok(outcome)
}

fn run_batch(connection: &Connection, batch: &Batch) -> Result<Vec<Vec<Row>>, (usize, Failure)> {
    let run = |(index, statement): (usize, &Statement)| {
        let (rows, touched) = query(connection, &statement.sql, &statement.params).map_err(|e| (index, e))?;
        statement.check(index, touched).map_err(|e| (index, Failure::Store(e)))?;
        Ok(rows)
    };
    batch.indexed().map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Expect, params};

    /// As after a panic or a rollback that failed.
    #[test]
    fn a_connection_in_doubt_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer { path: folder.path().join("a.db"), connection: None };
        writer.commit(&[Batch::of("CREATE TABLE a (x BIGINT)", vec![], Expect::Any)]).unwrap();
        writer.connection = None;
        let insert = Batch::of("INSERT INTO a VALUES (?1)", params![1], Expect::Exactly(1));
        let outcomes = writer.commit(&[insert.clone(), insert]).unwrap();
        assert!(outcomes.iter().all(Result::is_ok) && outcomes.len() == 2);

        writer.path = folder.path().join("no/such/folder.db");
        writer.connection = None;
        let batch = Batch::of("SELECT 1", vec![], Expect::Any);
        assert!(matches!(writer.commit(&[batch]), Err(StoreError::Unavailable(_))));
    }
}
