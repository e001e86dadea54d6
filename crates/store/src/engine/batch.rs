//! A closed batch: the only way to write.
//!
//! A batch says beforehand all that it will do and what it expects to find. There is no interactive transaction,
//! so a batch can be grouped with others, run again after a serialisation failure, and never holds a lock while the
//! server thinks.

use super::{StoreError, Value};
use std::borrow::Cow;

/// How many rows a statement must touch: rows changed, or rows returned if it returns any columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expect {
    /// Any number.
    Any,
    /// Exactly this many; another number undoes the batch with [`StoreError::Conflict`].
    Exactly(u64),
}

/// One statement of a batch. The SQL is the same text for both engines, with `?1`, `?2`, … as parameters.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) sql: Cow<'static, str>,
    pub(super) params: Vec<Value>,
    pub(super) expect: Expect,
}

impl Statement {
    /// A statement with its parameters and its expectation.
    pub fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Value>, expect: Expect) -> Statement {
        Statement { sql: sql.into(), params, expect }
    }

    /// Checks the number of rows touched by this statement, which stands at `index` in its batch.
    pub(super) fn check(&self, index: usize, touched: u64) -> Result<(), StoreError> {
        match self.expect {
            Expect::Exactly(wanted) if wanted != touched => Err(StoreError::Conflict { statement: index }),
            Expect::Any | Expect::Exactly(_) => Ok(()),
        }
    }
}

/// Statements that happen all or not at all, in order.
///
/// On SQLite batches run one after the other. On PostgreSQL they run side by side at READ COMMITTED, so a batch
/// guards itself by the WHERE clauses of the rows it *writes* (`… SET state = ?2 WHERE id = ?1 AND state = ?3`,
/// [`Expect::Exactly`] 1). A SELECT in a batch sees a state, but does not hold it. Batches that write the same rows do so
/// in one order (by key): PostgreSQL resolves a deadlock only after a second.
///
/// While a batch runs, SQLite writes nothing else. Work on many rows is cut into batches of some thousand statements.
#[derive(Debug, Clone, Default)]
#[must_use = "a batch does nothing until Db::write takes it"]
pub struct Batch {
    pub(super) statements: Vec<Statement>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// A batch of one statement.
    pub fn of(sql: impl Into<Cow<'static, str>>, params: Vec<Value>, expect: Expect) -> Batch {
        Batch { statements: vec![Statement::new(sql, params, expect)] }
    }

    /// Adds a statement at the end.
    pub fn push(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
        expect: Expect,
    ) -> &mut Batch {
        self.statements.push(Statement::new(sql, params, expect));
        self
    }

    /// Adds all statements of another batch at the end. Their indexes in errors shift by [`Batch::len`] of before.
    pub fn append(&mut self, other: Batch) -> &mut Batch {
        self.statements.extend(other.statements);
        self
    }

    /// The number of statements.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The statements with their indexes.
    pub(super) fn indexed(&self) -> impl Iterator<Item = (usize, &Statement)> {
        self.statements.iter().enumerate()
    }
}

/// Bytes of all parameters of one statement; PostgreSQL's messages end at twice that.
const LARGEST: usize = 1 << 30;

/// Refuses what one of the engines cannot take: texts with NUL characters, and more than a gibibyte.
pub(super) fn check_params(index: usize, params: &[Value]) -> Result<(), StoreError> {
    let reject = |reason| Err(StoreError::Rejected { statement: index, reason });
    let mut total = 0;
    for (number, value) in (1..).zip(params) {
        total += match value {
            Value::Text(s) if s.as_bytes().contains(&0) => {
                return reject(format!("parameter {number} holds a NUL character"));
            }
            Value::Text(s) => s.len(),
            Value::Blob(b) => b.len(),
            Value::Null | Value::Int(_) => 0,
        };
    }
    if total > LARGEST { reject("the parameters are too large".to_owned()) } else { Ok(()) }
}
