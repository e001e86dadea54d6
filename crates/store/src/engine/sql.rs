//! Reading SQL just far enough to leave quotes and comments alone.
//!
//! Knows `'text'`, `"name"`, `-- …` and `/* … */`; not dollar quotes or `E'…'`, which Muster's SQL does not use.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Splits SQL into stretches, each with whether it is code (and not a quote or a comment).
fn stretches(sql: &str) -> Vec<(bool, &str)> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (opening, end): (usize, &[u8]) = match rest {
            [b'\'', ..] => (1, b"'"),
            [b'"', ..] => (1, b"\""),
            [b'-', b'-', ..] => (2, b"\n"),
            [b'/', b'*', ..] => (2, b"*/"),
            _ => {
                at += 1;
                continue;
            }
        };
        let inner = rest.get(opening..).unwrap_or_default();
        let length = inner.windows(end.len()).position(|w| w == end).map_or(inner.len(), |p| p + end.len());
        let after = at + opening + length;
        // The cuts stand beside ASCII bytes, so `get` never fails.
        found.push((true, sql.get(start..at).unwrap_or_default()));
        found.push((false, sql.get(at..after).unwrap_or_default()));
        (start, at) = (after, after);
    }
    found.push((true, sql.get(start..).unwrap_or_default()));
    found
}

/// Writes parameters as PostgreSQL does: `?1` becomes `$1`. A `?` without a number stays.
pub(super) fn dollar_parameters(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for (code, text) in stretches(sql) {
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let is_parameter = code && c == '?' && characters.peek().is_some_and(char::is_ascii_digit);
            out.push(if is_parameter { '$' } else { c });
        }
    }
    out
}

/// Splits a migration into its statements, without the semicolons. Comments stay with the statement they precede.
pub(super) fn statements(sql: &str) -> Vec<String> {
    let mut found = vec![(String::new(), false)];
    for (code, text) in stretches(sql) {
        for (i, part) in text.split(|c| code && c == ';').enumerate() {
            if i > 0 {
                found.push((String::new(), false));
            }
            if let Some((statement, has_code)) = found.last_mut() {
                statement.push_str(part);
                *has_code |= code && !part.trim().is_empty();
            }
        }
    }
    found.into_iter().filter(|(_, has_code)| *has_code).map(|(s, _)| s.trim().to_owned()).collect()
}

/// Makes the texts of a new table or column compare by bytes: `TEXT` becomes `TEXT COLLATE "C"`. Other statements
/// stay as they are.
pub(super) fn byte_ordered(statement: &str) -> String {
    let stretches = stretches(statement);
    let first_words: String = stretches.iter().filter(|(code, _)| *code).map(|(_, text)| *text).collect();
    let mut first_words = first_words.split_whitespace().map(str::to_ascii_uppercase);
    let head = (first_words.next(), first_words.next());
    if !matches!((head.0.as_deref(), head.1.as_deref()), (Some("CREATE" | "ALTER"), Some("TABLE"))) {
        return statement.to_owned();
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(statement.len() + 64);
    for (code, text) in stretches {
        let mut rest = text;
        while let Some(at) = rest.find("TEXT").filter(|_| code) {
            let (before, from) = rest.split_at(at);
            let (word, after) = from.split_at("TEXT".len());
            out.push_str(before);
            out.push_str(word);
            if !before.ends_with(is_word) && !after.starts_with(is_word) {
                out.push_str(" COLLATE \"C\"");
            }
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

/// Every SQL text seen so far with its PostgreSQL form.
#[derive(Debug, Default)]
pub(super) struct Translations(RwLock<HashMap<Cow<'static, str>, Arc<str>>>);

impl Translations {
    /// Texts kept. Composed queries have a bounded number of shapes; the limit is for what nobody foresaw.
    const KEPT: usize = 4096;

    #[allow(clippy::ptr_arg, reason = "a static text is kept without a copy")]
    pub(super) fn postgres(&self, sql: &Cow<'static, str>) -> Arc<str> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(sql.as_ref()) {
            return Arc::clone(known);
        }
        let translated: Arc<str> = dollar_parameters(sql).into();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::KEPT {
            kept.clear();
        }
        kept.insert(sql.clone(), Arc::clone(&translated));
        translated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_translated_outside_quotes_and_comments() {
        for (sql, expected) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("SELECT '?1', ?1", "SELECT '?1', $1"),
            ("SELECT 'it''s ?1', ?1", "SELECT 'it''s ?1', $1"),
            (r#"SELECT "a?1" = ?1"#, r#"SELECT "a?1" = $1"#),
            ("SELECT ?1 -- why ?2\n, ?3", "SELECT $1 -- why ?2\n, $3"),
            ("SELECT /* ?1 ' */ ?2", "SELECT /* ?1 ' */ $2"),
            ("a ? b, ?", "a ? b, ?"),
            ("SELECT 'open ?1", "SELECT 'open ?1"),
            ("é'é?1'é?1", "é'é?1'é$1"),
        ] {
            assert_eq!(dollar_parameters(sql), expected);
        }
    }

    #[test]
    fn a_migration_is_split_at_its_semicolons() {
        let text = "-- one; first\nCREATE TABLE a (x TEXT DEFAULT ';');\n\nDELETE FROM a; /* ; */\n;-- end";
        assert_eq!(statements(text), ["-- one; first\nCREATE TABLE a (x TEXT DEFAULT ';')", "DELETE FROM a"]);
        assert!(statements(" ;\n-- nothing\n").is_empty());
    }

    #[test]
    fn texts_of_tables_compare_by_bytes() {
        assert_eq!(
            byte_ordered("-- TEXT\nCREATE TABLE a (x TEXT NOT NULL, \"TEXT\" TEXT, z_TEXT BIGINT)"),
            "-- TEXT\nCREATE TABLE a (x TEXT COLLATE \"C\" NOT NULL, \"TEXT\" TEXT COLLATE \"C\", z_TEXT BIGINT)"
        );
        assert_eq!(byte_ordered("alter table a add b TEXT"), "alter table a add b TEXT COLLATE \"C\"");
        let update = "UPDATE a SET x = CAST(y AS TEXT)";
        assert_eq!(byte_ordered(update), update);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(sql in "[a?1'\"\\-/*\n;é]{0,40}") {
            let joined: String = stretches(&sql).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(joined, sql.clone());
            prop_assert_eq!(dollar_parameters(&sql).replace('$', "?"), sql);
        }
    }
}
