//! What a failure of PostgreSQL means for a batch.

use crate::engine::StoreError;
use std::{
    error::Error,
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};
use tokio_postgres::error::SqlState;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Why a batch did not go through.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing happened, and another attempt may go through.
    Again(StoreError),
    /// Another attempt would not help, or might do the work twice.
    Final(StoreError),
}

/// What it means when the connection breaks before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing was kept: a read, or a transaction before its COMMIT.
    DidNotHappen,
    /// Nobody knows: a COMMIT was on its way.
    MayHaveHappened,
}

impl Failure {
    /// The meaning of an error that the statement at `index` met.
    pub(super) fn of(index: usize, error: &tokio_postgres::Error, lost: Lost) -> Failure {
        let statement = index;
        let Some(db) = error.as_db_error() else {
            // `Display` of the driver's error leaves the cause out.
            let cause = error.source().map(|s| format!(": {s}")).unwrap_or_default();
            let unavailable = StoreError::Unavailable(format!("{error}{cause}"));
            // With the closed connection gone, the pool opens another.
            return if lost == Lost::DidNotHappen && error.is_closed() {
                Failure::Again(unavailable)
            } else {
                Failure::Final(unavailable)
            };
        };
        // Not its detail: that holds values.
        let reason = format!("{} ({})", db.message(), db.code().code());
        match *db.code() {
            SqlState::UNIQUE_VIOLATION => {
                let constraint = db.constraint().unwrap_or_default().to_owned();
                Failure::Final(StoreError::Duplicate { statement, constraint })
            }
            SqlState::FOREIGN_KEY_VIOLATION => Failure::Final(StoreError::Conflict { statement }),
            // The server promises that these did not happen.
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                Failure::Again(StoreError::Unavailable(format!("too many writers at once: {reason}")))
            }
            // A statement prepared before a migration: "cached plan must not change result type".
            SqlState::FEATURE_NOT_SUPPORTED if db.message().contains("cached plan") => {
                Failure::Again(StoreError::Rejected { statement, reason })
            }
            SqlState::INVALID_SQL_STATEMENT_NAME => {
                Failure::Again(StoreError::Rejected { statement, reason })
            }
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN if lost == Lost::DidNotHappen => {
                Failure::Again(StoreError::Unavailable(reason))
            }
            SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => {
                Failure::Final(StoreError::Corrupt(reason))
            }
            ref code if lies_in_the_statement(code) => {
                Failure::Final(StoreError::Rejected { statement, reason })
            }
            _ => Failure::Final(StoreError::Unavailable(reason)),
        }
    }

    /// The error to tell when no further attempt is made.
    pub(super) fn into_store(self) -> StoreError {
        match self {
            Failure::Again(error) | Failure::Final(error) => error,
        }
    }
}

/// By the class of the SQLSTATE: data, constraint, transaction state, syntax, feature, cardinality.
fn lies_in_the_statement(code: &SqlState) -> bool {
    let insufficient_rights = *code == SqlState::INSUFFICIENT_PRIVILEGE;
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "0A" | "21" | "22" | "23" | "25" | "42" | "54") && !insufficient_rights
}

/// Waits before the next attempt: a random time, longer with each.
pub(super) async fn back_off(attempt: u32) {
    let most = Duration::from_millis(4).saturating_mul(1 << attempt.min(16)).min(LONGEST_PAUSE);
    let share = (random() % 1000) as u32;
    tokio::time::sleep(most * share / 1000).await;
}

/// A number that differs between processes and between calls; not for secrets.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
