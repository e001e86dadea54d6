//! A description of the schema in one form for both engines, so that a golden file, and a comparison of the engines,
//! show what a migration really did.

/// Tables that keep the books of the migrations.
const BOOKS: [&str; 2] = ["schema_version", "schema_lock"];

/// A table as an engine reports it.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) name: String,
    /// Rendered by [`column`].
    pub(super) columns: Vec<String>,
    pub(super) primary_key: Vec<String>,
    pub(super) indexes: Vec<Index>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

/// An index, or a unique constraint if it has no name.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) name: Option<String>,
    pub(super) unique: bool,
    /// Rendered by [`index_column`].
    pub(super) columns: Vec<String>,
    /// Of a partial index.
    pub(super) condition: Option<String>,
}

/// A reference to another table.
#[derive(Debug)]
pub(super) struct ForeignKey {
    pub(super) columns: String,
    pub(super) table: String,
}

/// One line about a column.
pub(super) fn column(name: &str, kind: &str, not_null: bool, default: Option<&str>) -> String {
    let kind = kind.to_ascii_lowercase();
    let kind = match kind.as_str() {
        "integer" | "int" | "int8" => "bigint",
        "blob" => "bytea",
        other => other,
    };
    let mut line = format!("{name} {kind}");
    if not_null {
        line.push_str(" not null");
    }
    if let Some(default) = default {
        line.push_str(" default ");
        line.push_str(&plain(default));
    }
    line
}

/// A column of an index; `None` stands for an expression.
pub(super) fn index_column(name: Option<&str>, descending: bool) -> String {
    format!("{}{}", name.unwrap_or("<expression>"), if descending { " desc" } else { "" })
}

/// The whole schema: tables by name, their columns in order, indexes by name.
pub(super) fn render(mut tables: Vec<Table>) -> String {
    tables.retain(|t| !BOOKS.contains(&t.name.as_str()));
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables.into_iter().map(render_table).collect::<Vec<_>>().join("\n")
}

fn render_table(table: Table) -> String {
    let mut lines = table.columns;
    if !table.primary_key.is_empty() {
        lines.push(format!("primary key ({})", table.primary_key.join(", ")));
    }
    let mut rest: Vec<String> = table.indexes.into_iter().map(render_index).collect();
    rest.extend(
        table.foreign_keys.into_iter().map(|k| format!("foreign key ({}) to {}", k.columns, k.table)),
    );
    rest.sort();
    lines.extend(rest);
    format!("table {}\n{}", table.name, lines.iter().map(|line| format!("  {line}\n")).collect::<String>())
}

fn render_index(index: Index) -> String {
    let columns = index.columns.join(", ");
    let condition = index.condition.map(|c| format!(" where {}", plain(&c))).unwrap_or_default();
    match (index.name, index.unique) {
        (Some(name), true) => format!("unique index {name} ({columns}){condition}"),
        (Some(name), false) => format!("index {name} ({columns}){condition}"),
        (None, _) => format!("unique ({columns}){condition}"),
    }
}

/// An expression without what the engines write differently: parentheses, casts, case and white space.
fn plain(expression: &str) -> String {
    let text = expression.to_ascii_lowercase().replace("::text", "").replace("::bigint", "");
    text.replace(['(', ')', '\'', ';'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_words_come_out_alike() {
        assert_eq!(column("n", "INTEGER", true, Some("0")), column("n", "bigint", true, Some("'0'::bigint")));
        assert_eq!(column("b", "BLOB", false, None), "b bytea");
        assert_eq!(plain("a = 1 AND b IS NULL"), plain("((a = 1) AND (b IS NULL))"));
        assert_eq!(plain("state = 'Pending'"), plain("(state = 'Pending'::text)"));
    }
}
