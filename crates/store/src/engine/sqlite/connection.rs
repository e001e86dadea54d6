//! Opening the file: modes, caches, and who may read it.

use super::statement::Failure;
use crate::engine::StoreError;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{path::Path, time::Duration};

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;
/// How long to wait for another process (a backup, a shell) that holds the write lock.
const BUSY: Duration = Duration::from_secs(5);

/// The connection that writes; makes the file if it is missing.
///
/// `synchronous` is FULL: in WAL mode a weaker setting loses the last commits when the power fails, and with group
/// commit it would gain little.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
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

/// A connection that only reads. Needs the file.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|e| cannot_open(path, e))?;
    set_up(&connection, "PRAGMA cache_size = -2048").map_err(|e| cannot_open(path, e))?;
    Ok(connection)
}

fn set_up(connection: &Connection, pragmas: &str) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan does not depend on what is bound: else a statement with `LIMIT ?` is compiled again at each call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("db")).unwrap();
        connection.execute_batch("CREATE TABLE t (a TEXT PRIMARY KEY) STRICT, WITHOUT ROWID").unwrap();
        let mut statement = connection.prepare("SELECT a FROM t WHERE a > ?1 ORDER BY a LIMIT ?2").unwrap();
        for limit in 1..10_i64 {
            let mut rows = statement.query(("x", limit)).unwrap();
            assert!(rows.next().unwrap().is_none());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
