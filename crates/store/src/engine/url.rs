//! Where the database is.

use super::StoreError;
use std::{fmt, path::PathBuf, str::FromStr};

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file, made if it is missing. Its folder must exist.
    Sqlite(PathBuf),
    /// A PostgreSQL-wire server: `postgres://user:password@host/database` or `host=… user=… dbname=…`.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` (also `sqlite:///PATH`), `postgres://…`, `postgresql://…` or the keyword form `host=… dbname=…`.
    pub fn parse(text: &str) -> Result<DatabaseUrl, StoreError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(StoreError::BadUrl("sqlite: needs the path of a file".to_owned())),
                ":memory:" => Err(StoreError::BadUrl(
                    "a SQLite database in memory is not supported: name a file".to_owned(),
                )),
                path => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
            };
        }
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_url || (text.contains('=') && !text.contains("://")) {
            return Ok(DatabaseUrl::Postgres(text.to_owned()));
        }
        Err(StoreError::BadUrl(
            "expected sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE, or host=… user=… dbname=…"
                .to_owned(),
        ))
    }

    /// Whether it is a file of this machine, which one server alone may open.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, DatabaseUrl::Sqlite(_))
    }
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<DatabaseUrl, StoreError> {
        DatabaseUrl::parse(text)
    }
}

/// Leaves out the PostgreSQL address, which may hold a password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            DatabaseUrl::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let sqlite = |p: &str| Ok(DatabaseUrl::Sqlite(PathBuf::from(p)));
        let postgres = |p: &str| Ok(DatabaseUrl::Postgres(p.to_owned()));
        assert_eq!(DatabaseUrl::parse("sqlite:data/muster.db"), sqlite("data/muster.db"));
        assert_eq!(DatabaseUrl::parse("sqlite:/var/lib/muster.db"), sqlite("/var/lib/muster.db"));
        assert_eq!(DatabaseUrl::parse(" sqlite:///var/lib/muster.db\n"), sqlite("/var/lib/muster.db"));
        for text in ["postgres://u:p@h/d", "postgresql://h/d?sslmode=disable", "host=/run/pg user=u dbname=d"]
        {
            assert_eq!(DatabaseUrl::parse(text), postgres(text));
        }
        for text in ["", "sqlite:", "sqlite::memory:", "mysql://u:p@h/d", "mysql://h/d?a=b", "muster.db"] {
            assert!(matches!(DatabaseUrl::parse(text), Err(StoreError::BadUrl(_))), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["postgres://u:hunter2@h/d", "password=hunter2 host=h", "mysql://u:hunter2@h/d"] {
            assert!(!format!("{:?}", DatabaseUrl::parse(text)).contains("hunter2"));
        }
    }
}
