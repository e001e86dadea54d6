//! The migrations of the schema, and the rules by which an engine applies them when a database is opened.
//!
//! How to add one: write `migrations/sqlite/NNNN_name.sql` and `migrations/postgres/NNNN_name.sql` with the next
//! number, and add a line to [`MIGRATIONS`]. An applied migration never changes again (its checksum is kept).
//!
//! Rules for the files:
//! - Types `TEXT`, `BIGINT`, `BYTEA`; times are epoch milliseconds, booleans 0 and 1, JSON is text. A primary key is also
//!   `NOT NULL`, which SQLite would not add. Often both files are the same text.
//! - Both leave the same schema: `Db::schema_dump` gives the same text on both engines (a test compares).
//! - Texts compare by bytes. On PostgreSQL `TEXT` in CREATE TABLE and ALTER TABLE becomes `TEXT COLLATE "C"` while it is
//!   applied (write it in capitals); paging and prefix ranges depend on it.
//! - SQLite runs a migration in one transaction. PostgreSQL runs each statement by itself, because not every server can
//!   change a schema in a transaction. So there every statement must do no harm when it runs again: `IF NOT
//!   EXISTS`, `ON CONFLICT DO NOTHING` (a test runs them twice).
//! - No sequences, triggers, stored procedures, deferred constraints (they would fail at the commit that many batches
//!   share), and no casts in indexes.

use super::StoreError;
use sha2::{Digest, Sha256};

/// One step of the schema. Its number is its place in the list, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// The name of its file without `.sql`, such as `0001_identity`.
    pub(crate) name: &'static str,
    /// The text for SQLite.
    pub(crate) sqlite: &'static str,
    /// The text for PostgreSQL.
    pub(crate) postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal,)*) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        },)*]
    };
}

/// The schema of Muster, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = migrations![
    "0001_identity",
    "0002_command",
    "0003_iam",
    "0004_key",
    "0005_parameter",
    "0006_event",
    "0007_audit",
];

/// A migration found in `schema_version`.
#[derive(Debug, Clone)]
pub(super) struct Applied {
    pub(super) number: i64,
    pub(super) checksum: String,
}

/// A migration that the database lacks.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) checksum: String,
}

/// What is left to apply, in order, given what `schema_version` holds; or why the database is not ours to open.
pub(super) fn pending(
    known: &[Migration],
    text: impl Fn(&Migration) -> &'static str,
    mut applied: Vec<Applied>,
) -> Result<Vec<Pending>, StoreError> {
    applied.sort_by_key(|a| a.number);
    let newest = applied.last().map_or(0, |a| a.number);
    let last_known = i64::try_from(known.len()).unwrap_or(i64::MAX);
    if newest > last_known {
        return Err(StoreError::NewerSchema { found: newest, known: last_known });
    }
    let mut applied = applied.into_iter();
    let mut left = Vec::new();
    for (number, migration) in (1..).zip(known) {
        let sql = text(migration);
        let checksum = checksum(sql);
        match applied.next() {
            None => left.push(Pending { number, name: migration.name, sql, checksum }),
            Some(found) if found.number != number => {
                return Err(StoreError::Corrupt(format!(
                    "migration {number} is missing from schema_version"
                )));
            }
            Some(found) if found.checksum != checksum => {
                return Err(StoreError::ChangedMigration { number, name: migration.name.to_owned() });
            }
            Some(_) => {}
        }
    }
    Ok(left)
}

/// A migration whose SQL the engine refused.
pub(super) fn failed(step: &Pending, cause: &StoreError) -> StoreError {
    StoreError::Unavailable(format!("migration {} cannot be applied: {cause}", step.name))
}

/// SHA-256 of the text, whatever its line ends, so that a checkout on another system gives the same.
fn checksum(sql: &str) -> String {
    hex::encode(Sha256::digest(sql.replace("\r\n", "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration { name: "0001_a", sqlite: "a", postgres: "A" },
        Migration { name: "0002_b", sqlite: "b\n", postgres: "B" },
    ];

    fn applied(list: &[(i64, &str)]) -> Vec<Applied> {
        list.iter().map(|(number, text)| Applied { number: *number, checksum: checksum(text) }).collect()
    }

    fn plan(list: &[(i64, &str)]) -> Result<Vec<i64>, StoreError> {
        pending(KNOWN, |m| m.sqlite, applied(list)).map(|p| p.iter().map(|p| p.number).collect())
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        assert_eq!(plan(&[]), Ok(vec![1, 2]));
        assert_eq!(plan(&[(1, "a")]), Ok(vec![2]));
        assert_eq!(plan(&[(2, "b\r\n"), (1, "a")]), Ok(vec![]));
    }

    #[test]
    fn a_database_that_is_not_ours_is_refused() {
        assert_eq!(
            plan(&[(1, "a"), (2, "b\n"), (3, "c")]),
            Err(StoreError::NewerSchema { found: 3, known: 2 })
        );
        assert_eq!(plan(&[(1, "x")]), Err(StoreError::ChangedMigration { number: 1, name: "0001_a".into() }));
        assert!(matches!(plan(&[(2, "b\n")]), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn names_carry_their_numbers() {
        for (number, migration) in (1..).zip(MIGRATIONS) {
            assert!(migration.name.starts_with(&format!("{number:04}_")), "{}", migration.name);
        }
    }
}
