//! A small builder for reads whose filters are known only at run time.
//!
//! It numbers the parameters; it does not know SQL. All text is `&'static str`, so what a caller got from outside can only
//! ever be a parameter.

use super::{Db, Row, StoreError, Value};

/// A SELECT in the making:
///
/// ```
/// # use muster_store::{Query, params};
/// let (sql, params) = Query::new("SELECT id FROM command")
///     .and("account = ?", "123456789012")
///     .and_in("status", ["Pending", "InProgress"])
///     .and_all("(requested_ms, id) < (?, ?)", params![1700, "x"])
///     .order_by("requested_ms DESC, id DESC")
///     .limit(50)
///     .into_parts();
/// assert_eq!(
///     sql,
///     "SELECT id FROM command WHERE account = ?1 AND status IN (?2, ?3) AND (requested_ms, id) < (?4, ?5) \
///      ORDER BY requested_ms DESC, id DESC LIMIT ?6"
/// );
/// assert_eq!(params.len(), 6);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is read"]
pub struct Query {
    sql: String,
    params: Vec<Value>,
    filtered: bool,
}

impl Query {
    /// Begins with `SELECT … FROM …`, without a WHERE clause. It may hold joins, but no parameters.
    pub fn new(select: &'static str) -> Query {
        Query { sql: select.to_owned(), params: Vec::new(), filtered: false }
    }

    /// Adds a condition with one parameter, written `?`.
    pub fn and(self, condition: &'static str, value: impl Into<Value>) -> Query {
        self.and_all(condition, vec![value.into()])
    }

    /// Adds a condition with any number of parameters, each written `?`, in order.
    pub fn and_all(mut self, condition: &'static str, values: Vec<Value>) -> Query {
        self.begin_condition();
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            match part.strip_suffix('?') {
                None => self.sql.push_str(part),
                Some(text) => {
                    self.sql.push_str(text);
                    // A missing value leaves its number without a parameter, which the engine refuses.
                    match values.next() {
                        Some(value) => self.push_parameter(value),
                        None => self.sql.push('?'),
                    }
                }
            }
        }
        self.params.extend(values);
        self
    }

    /// Adds `column IN (…)`; nothing matches an empty list.
    ///
    /// The list is filled up to a power of two by repeating its last value, so that lists of all lengths share a few
    /// prepared statements.
    pub fn and_in<V: Into<Value>>(
        mut self,
        column: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Query {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.begin_condition();
        let Some(last) = values.last().cloned() else {
            self.sql.push_str("1 = 0");
            return self;
        };
        values.resize(values.len().next_power_of_two(), last);
        self.sql.push_str(column);
        for (i, value) in values.into_iter().enumerate() {
            self.sql.push_str(if i == 0 { " IN (" } else { ", " });
            self.push_parameter(value);
        }
        self.sql.push(')');
        self
    }

    /// Adds `column` begins with `prefix`, as a range that an index serves. An empty prefix adds nothing.
    pub fn and_prefix(self, column: &'static str, prefix: &str) -> Query {
        if prefix.is_empty() {
            return self;
        }
        let from = self.compare(column, " >= ", prefix.into());
        match prefix_end(prefix) {
            Some(end) => from.compare(column, " < ", end.into()),
            None => from,
        }
    }

    /// Adds ORDER BY. Comes after all conditions.
    pub fn order_by(mut self, columns: &'static str) -> Query {
        self.sql.push_str(" ORDER BY ");
        self.sql.push_str(columns);
        self
    }

    /// Adds LIMIT. Comes last.
    pub fn limit(mut self, rows: i64) -> Query {
        self.sql.push_str(" LIMIT ");
        self.push_parameter(rows.into());
        self
    }

    /// The SQL text and its parameters.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.sql, self.params)
    }

    /// Runs it as [`Db::read`]: few rows through an index.
    pub async fn read(self, db: &Db) -> Result<Vec<Row>, StoreError> {
        db.read(self.sql, self.params).await
    }

    /// Runs it as [`Db::scan`]: any number of rows.
    pub async fn scan(self, db: &Db) -> Result<Vec<Row>, StoreError> {
        db.scan(self.sql, self.params).await
    }

    fn compare(mut self, column: &'static str, operator: &'static str, value: Value) -> Query {
        self.begin_condition();
        self.sql.push_str(column);
        self.sql.push_str(operator);
        self.push_parameter(value);
        self
    }

    fn begin_condition(&mut self) {
        self.sql.push_str(if self.filtered { " AND " } else { " WHERE " });
        self.filtered = true;
    }

    fn push_parameter(&mut self, value: Value) {
        self.params.push(value);
        self.sql.push('?');
        self.sql.push_str(&self.params.len().to_string());
    }
}

/// The first text after all that begin with `prefix`, in byte order; `None` if there is none.
pub fn prefix_end(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Byte order of UTF-8 is the order of characters; the surrogates between U+D7FF and U+E000 are no characters.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_numbered_in_order() {
        let (sql, params) = Query::new("SELECT a FROM t")
            .and_in("a", Vec::<i64>::new())
            .and_in("b", [1, 2, 3])
            .and_prefix("c", "/x/")
            .and_prefix("d", "")
            .limit(5)
            .into_parts();
        assert_eq!(
            sql,
            "SELECT a FROM t WHERE 1 = 0 AND b IN (?1, ?2, ?3, ?4) AND c >= ?5 AND c < ?6 LIMIT ?7"
        );
        assert_eq!(params, crate::params![1, 2, 3, 3, "/x/", "/x0", 5]);
    }

    #[test]
    fn a_query_without_filters_has_no_where() {
        let (sql, params) = Query::new("SELECT a FROM t").order_by("a").into_parts();
        assert_eq!((sql.as_str(), params.len()), ("SELECT a FROM t ORDER BY a", 0));
    }

    proptest! {
        #[test]
        fn a_prefix_is_the_same_as_its_range(prefix in any::<String>(), text in any::<String>(), joined in any::<bool>()) {
            let text = if joined { format!("{prefix}{text}") } else { text };
            let in_range = text >= prefix && prefix_end(&prefix).is_none_or(|end| text < end);
            prop_assert_eq!(in_range, text.starts_with(&prefix));
        }
    }
}
