//! SQLite in this process: one writer thread with group commit, and reads on the caller's thread.
//!
//! The writer takes all batches that wait (up to [`GROUP`]) into one transaction, each in a savepoint of its own, commits once
//! and only then answers, so durable writes per second do not fall to one per fsync. `synchronous` is FULL: in
//! WAL mode a weaker setting loses the last commits when the power fails.

use super::{Batch, Migration, Row, Statement, StoreError, Value, migrate};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql, ffi,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Batches in one commit at most.
const GROUP: usize = 512;
/// Batches that may wait for the writer; more make their callers wait.
const QUEUE: usize = 4096;
/// Idle read connections kept. More are opened when more threads read at once, and closed again.
const IDLE_READERS: usize = 8;
/// Scans at once, so that they do not open hundreds of connections.
const SCANS: usize = 8;
/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;
/// How long to wait for another process (a backup, a shell) that holds the write lock.
const BUSY: Duration = Duration::from_secs(5);

type Outcome = Result<Vec<Vec<Row>>, StoreError>;

enum Job {
    Write(Batch, oneshot::Sender<Outcome>),
    Close(oneshot::Sender<()>),
}

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
            let mut connection = open_writer(&path)?;
            apply_migrations(&mut connection, migrations)?;
            std::thread::Builder::new()
                .name("store-writer".to_owned())
                .spawn(move || Writer { path, connection: Some(connection) }.run(queue))
                .map_err(|e| StoreError::Unavailable(format!("the writer thread cannot start: {e}")))
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
            None => open_reader(&self.path)?,
        };
        let result = query(&connection, sql, params);
        if let Some(idle) = self.lock().as_mut().filter(|idle| idle.len() < IDLE_READERS) {
            idle.push(connection);
        }
        result.map(|(rows, _)| rows).map_err(|e| e.into_store(0))
    }

    fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that alone writes.
struct Writer {
    path: PathBuf,
    /// `None` after a failure that left the connection in doubt; opened anew for the next group.
    connection: Option<Connection>,
}

impl Writer {
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
            None => open_writer(&self.path)?,
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

fn command(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// Runs one statement; gives its rows, and how many it touched.
fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<(Vec<Row>, u64), Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    if statement.parameter_count() != params.len() {
        let reason = format!("{} parameters for {}", params.len(), statement.parameter_count());
        return Err(Failure::Store(StoreError::Rejected { statement: 0, reason }));
    }
    for (i, value) in (1..).zip(params) {
        statement.raw_bind_parameter(i, value)?;
    }
    let columns = statement.column_count();
    if columns == 0 {
        return Ok((Vec::new(), u64::try_from(statement.raw_execute()?).unwrap_or(u64::MAX)));
    }
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values: Result<_, Failure> = (0..columns).map(|i| read_value(row.get_ref(i)?)).collect();
        found.push(Row::new(values?));
    }
    let touched = u64::try_from(found.len()).unwrap_or(u64::MAX);
    Ok((found, touched))
}

fn read_value(value: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Text(bytes) => Value::Text(
            String::from_utf8(bytes.to_vec())
                .map_err(|_| Failure::Store(StoreError::Corrupt("a text is not UTF-8".to_owned())))?,
        ),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(_) => {
            return Err(Failure::Store(StoreError::Corrupt(
                "a column is a floating-point number".to_owned(),
            )));
        }
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Text(s) => ValueRef::Text(s.as_bytes()),
            Value::Blob(b) => ValueRef::Blob(b),
        }))
    }
}

/// Why a statement failed.
#[derive(Debug)]
enum Failure {
    Store(StoreError),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl Failure {
    /// Whether the reason lies in the batch, so that the rest of its group can go on.
    fn is_of_batch(&self) -> bool {
        let Failure::Sqlite(error) = self else { return true };
        match error.sqlite_error_code() {
            // `Unknown` is SQLITE_ERROR: wrong SQL.
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
            | Some(ErrorCode::ParameterOutOfRange | ErrorCode::ApiMisuse | ErrorCode::Unknown) => true,
            Some(_) => false,
            None => true,
        }
    }

    fn into_store(self, statement: usize) -> StoreError {
        let error = match self {
            Failure::Store(StoreError::Rejected { reason, .. }) => {
                return StoreError::Rejected { statement, reason };
            }
            Failure::Store(error) => return error,
            Failure::Sqlite(error) => error,
        };
        let (code, message) = match &error {
            rusqlite::Error::SqliteFailure(code, message) => (Some(*code), message.clone()),
            // Its own text repeats the SQL.
            rusqlite::Error::SqlInputError { error, msg, .. } => (Some(*error), Some(msg.clone())),
            _ => (None, None),
        };
        let reason = message.unwrap_or_else(|| error.to_string());
        let Some(code) = code else { return StoreError::Rejected { statement, reason } };
        match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => {
                let constraint = reason.trim_start_matches("UNIQUE constraint failed: ").to_owned();
                return StoreError::Duplicate { statement, constraint };
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return StoreError::Conflict { statement },
            _ => {}
        }
        match code.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(reason),
            _ if Failure::Sqlite(error).is_of_batch() => StoreError::Rejected { statement, reason },
            _ => StoreError::Unavailable(reason),
        }
    }
}

fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    create_private(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|e| cannot_open(path, e))?;
    // A small cache each: the pages are in the system's cache anyway, where they do not count as ours. No mmap for
    // the same reason, and because an input/output error would then be a signal.
    set_up(&connection, "PRAGMA cache_size = -4096; PRAGMA synchronous = FULL")
        .map_err(|e| cannot_open(path, e))?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|e| cannot_open(path, e))?;
    if mode != "wal" {
        return Err(StoreError::Unavailable(format!(
            "{} cannot use a write-ahead log (it is in {mode} mode): is it on a network file system?",
            path.display()
        )));
    }
    // Checkpoint every 16 MiB of log and keep no larger log: fewer fsyncs of the main file under load.
    connection
        .execute_batch("PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864")
        .map_err(|e| cannot_open(path, e))?;
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|e| cannot_open(path, e))?;
    set_up(&connection, "PRAGMA cache_size = -2048").map_err(|e| cannot_open(path, e))?;
    Ok(connection)
}

fn set_up(connection: &Connection, pragmas: &str) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Foreign keys are on because PostgreSQL always checks them.
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY")?;
    connection.execute_batch(pragmas)
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    match Failure::Sqlite(error).into_store(0) {
        StoreError::Corrupt(reason) => StoreError::Corrupt(format!("{}: {reason}", path.display())),
        StoreError::Unavailable(reason) | StoreError::Rejected { reason, .. } => {
            StoreError::Unavailable(format!("{} cannot be opened: {reason}", path.display()))
        }
        other => other,
    }
}

/// Makes the file with access for its owner alone; SQLite gives its log files the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|e| StoreError::Unavailable(format!("{} cannot be opened: {e}", path.display())))
}

/// Each migration is one transaction, its row in `schema_version` included.
fn apply_migrations(connection: &mut Connection, known: &[Migration]) -> Result<(), StoreError> {
    let fail = |e: rusqlite::Error| Failure::Sqlite(e).into_store(0);
    let transaction = || connection.unchecked_transaction();
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT",
        )
        .map_err(fail)?;
    let mut applied = Vec::new();
    for row in
        query(connection, "SELECT number, checksum FROM schema_version", &[]).map_err(|e| e.into_store(0))?.0
    {
        applied.push(migrate::Applied { number: row.int(0)?, checksum: row.text(1)?.to_owned() });
    }
    for step in migrate::pending(known, |m| m.sqlite, applied)? {
        let transaction = transaction().map_err(fail)?;
        transaction
            .execute_batch(step.sql)
            .and_then(|()| {
                transaction.execute(
                    "INSERT INTO schema_version (number, name, checksum, applied_ms) \
                     VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
                    (step.number, step.name, &step.checksum),
                )
            })
            .and_then(|_| transaction.commit())
            .map_err(|e| migrate::failed(&step, &fail(e)))?;
        tracing::info!(migration = step.name, "schema migrated");
    }
    Ok(())
}
