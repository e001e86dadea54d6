//! What can go wrong in the store, the same for both engines.
//!
//! No text here holds a value that was written or read: messages name statements, columns and constraints only,
//! so that an error may be logged without leaking a secret.

/// A failure of the store.
///
/// `Conflict` and `Duplicate` are answers, not faults: the caller expected them to be possible. A write that ends in
/// `Unavailable` may or may not have happened (the commit's own answer can be lost), so it is repeated only if
/// it is written as compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A statement touched another number of rows than the batch demanded, or a row that it refers to is gone.
    /// Nothing of the batch was kept.
    #[error("statement {statement} of the batch found another state than it expects")]
    Conflict {
        /// Index of the statement in the batch, from 0.
        statement: usize,
    },
    /// A statement ran into a unique constraint. Nothing of the batch was kept.
    #[error("statement {statement} of the batch repeats a unique value ({constraint})")]
    Duplicate {
        /// Index of the statement in the batch, from 0.
        statement: usize,
        /// The constraint as the engine names it: columns on SQLite, a name on PostgreSQL. For logs only.
        constraint: String,
    },
    /// The engine refused a statement for a reason that lies in the statement or its parameters: wrong SQL, wrong
    /// number or type of parameters, a NOT NULL or CHECK constraint, a NUL character in a text.
    #[error("statement {statement} is refused: {reason}")]
    Rejected {
        /// Index of the statement in the batch, from 0; 0 for a read.
        statement: usize,
        /// The engine's words, without values.
        reason: String,
    },
    /// The database carries migrations that this program does not know.
    #[error(
        "the database was written by a newer version of Muster (schema {found}, this version knows up to \
         {known}): start that version or a later one"
    )]
    NewerSchema {
        /// The highest migration found in the database.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// The text of a migration differs from the one that was applied to the database.
    #[error(
        "migration {number} ({name}) is not the one that was applied to this database: it was made by another \
         build of Muster"
    )]
    ChangedMigration {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
    },
    /// The database address cannot be used. The text never repeats the address, which may hold a password.
    #[error("the database address cannot be used: {0}")]
    BadUrl(String),
    /// The engine cannot serve now: disk full, input/output error, connection lost, store closed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What was read is not what was written: a wrong type in a column, an unreadable id, a damaged file.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
}
