//! SQLite in this process: one writer thread with group commit, and reads on the caller's thread.

mod connection;
mod schema;
mod statement;
mod writer;

use super::{Batch, Migration, Row, StoreError, Value};
use rusqlite::Connection;
use std::{
    borrow::Cow,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, mpsc, oneshot};
use writer::{Job, Outcome, Writer};

/// Batches that may wait for the writer; more make their callers wait.
const QUEUE: usize = 4096;
/// Idle read connections kept. More are opened when more threads read at once, and closed again.
const IDLE_READERS: usize = 8;
/// Scans at once, so that they do not open hundreds of connections.
const SCANS: usize = 8;

/// An open SQLite database.
#[derive(Debug)]
pub(super) struct Sqlite {
    writer: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    scans: Arc<Semaphore>,
}

impl Sqlite {
    pub(super) async fn open(path: PathBuf, migrations: &'static [Migration]) -> Result<Sqlite, StoreError> {
        let readers = Arc::new(Readers { path: path.clone(), idle: Mutex::new(Some(Vec::new())) });
        let (writer, queue) = mpsc::channel(QUEUE);
        blocking(move || {
            let connection = connection::open_writer(&path)?;
            schema::apply_migrations(&connection, migrations)?;
            Writer::start(path, connection, queue)
        })
        .await?;
        Ok(Sqlite { writer, readers, scans: Arc::new(Semaphore::new(SCANS)) })
    }

    pub(super) async fn write(&self, batch: Batch) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.writer.send(Job::Write(batch, reply)).await.map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }

    pub(super) fn read(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.readers.read(sql, params)
    }

    pub(super) async fn scan(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let permit = Arc::clone(&self.scans).acquire_owned().await.map_err(|_| closed())?;
        let readers = Arc::clone(&self.readers);
        blocking(move || {
            let rows = readers.read(&sql, &params);
            drop(permit);
            rows
        })
        .await
    }

    pub(super) async fn schema_dump(&self) -> Result<String, StoreError> {
        let readers = Arc::clone(&self.readers);
        blocking(move || schema::dump(|sql, params| readers.read(sql, params))).await
    }

    pub(super) async fn close(&self) {
        self.readers.close();
        let (reply, done) = oneshot::channel();
        if self.writer.send(Job::Close(reply)).await.is_ok() {
            // An error means that another call closed the writer first.
            let _ = done.await;
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(StoreError::Unavailable(format!("a database thread ended early: {e}"))),
    }
}

/// The read connections that nobody uses now; `None` once closed.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    fn read(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let parked = match self.lock().as_mut() {
            Some(idle) => idle.pop(),
            None => return Err(closed()),
        };
        let connection = match parked {
            Some(connection) => connection,
            None => connection::open_reader(&self.path)?,
        };
        let result = statement::query(&connection, sql, params);
        if let Some(idle) = self.lock().as_mut().filter(|idle| idle.len() < IDLE_READERS) {
            idle.push(connection);
        }
        result.map(|(rows, _)| rows).map_err(|e| e.into_store(0))
    }

    fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
