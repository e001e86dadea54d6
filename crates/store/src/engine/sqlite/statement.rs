//! Running one statement, and saying in the store's words why it failed.

use crate::engine::{Row, StoreError, Value};
use rusqlite::{
    Connection, ErrorCode, ToSql, ffi,
    types::{ToSqlOutput, ValueRef},
};

/// Runs a statement without parameters and rows.
pub(super) fn command(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// Runs one statement; gives its rows, and how many it touched.
pub(super) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value],
) -> Result<(Vec<Row>, u64), Failure> {
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
pub(super) enum Failure {
    /// Already in the store's words.
    Store(StoreError),
    /// In SQLite's words.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl Failure {
    /// Whether the reason lies in the batch, so that the rest of its group can go on.
    pub(super) fn is_of_batch(&self) -> bool {
        let Failure::Sqlite(error) = self else { return true };
        match error.sqlite_error_code() {
            // `Unknown` is SQLITE_ERROR: wrong SQL.
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
            | Some(ErrorCode::ParameterOutOfRange | ErrorCode::ApiMisuse | ErrorCode::Unknown) => true,
            Some(_) => false,
            None => true,
        }
    }

    /// In the store's words, for the statement at this index of its batch.
    pub(super) fn into_store(self, statement: usize) -> StoreError {
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
