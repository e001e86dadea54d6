//! Applying migrations, and reading back the schema they left.

use super::statement::{Failure, query};
use crate::engine::{
    Migration, Row, StoreError, Value, migrate,
    schema::{self, ForeignKey, Index, Table},
};
use rusqlite::Connection;

/// Each migration is one transaction, its row in `schema_version` included.
pub(super) fn apply_migrations(connection: &Connection, known: &[Migration]) -> Result<(), StoreError> {
    let fail = |e: rusqlite::Error| Failure::Sqlite(e).into_store(0);
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT",
        )
        .map_err(fail)?;
    let mut applied = Vec::new();
    for row in
        query(connection, "SELECT number, checksum FROM schema_version", &[]).map_err(|e| e.into_store(0))?.0
    {
        applied.push(migrate::Applied { number: row.int(0)?, checksum: row.text(1)?.to_owned() });
    }
    for step in migrate::pending(known, |m| m.sqlite, applied)? {
        let transaction = connection.unchecked_transaction().map_err(fail)?;
        transaction
            .execute_batch(step.sql)
            .and_then(|()| {
                transaction.execute(
                    "INSERT INTO schema_version (number, name, checksum, applied_ms) \
                     VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
                    (step.number, step.name, &step.checksum),
                )
            })
            .and_then(|_| transaction.commit())
            .map_err(|e| migrate::failed(&step, &fail(e)))?;
        tracing::info!(migration = step.name, "schema migrated");
    }
    Ok(())
}

/// The schema in the common form. `read` runs a query.
pub(super) fn dump(
    read: impl Fn(&str, &[Value]) -> Result<Vec<Row>, StoreError>,
) -> Result<String, StoreError> {
    let names = read(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        &[],
    )?;
    let tables = names.iter().map(|row| table(&read, row.text(0)?)).collect::<Result<_, _>>()?;
    Ok(schema::render(tables))
}

fn table(
    read: &impl Fn(&str, &[Value]) -> Result<Vec<Row>, StoreError>,
    name: &str,
) -> Result<Table, StoreError> {
    let named = [Value::from(name)];
    let mut table = Table { name: name.to_owned(), ..Table::default() };
    let mut key = Vec::new();
    for row in read(
        "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?1) ORDER BY cid",
        &named,
    )? {
        let column = row.text(0)?;
        table.columns.push(schema::column(column, row.text(1)?, row.bool(2)?, row.opt_text(3)?));
        if row.int(4)? > 0 {
            key.push((row.int(4)?, column.to_owned()));
        }
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, column)| column).collect();
    let indexes = "SELECT l.name, l.\"unique\", l.origin, s.sql FROM pragma_index_list(?1) l \
                   LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name WHERE l.origin <> 'pk'";
    for row in read(indexes, &named)? {
        let index = row.text(0)?;
        let parts = read(
            "SELECT name, \"desc\" FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno",
            &[Value::from(index)],
        )?;
        let columns = parts.iter().map(|p| Ok(schema::index_column(p.opt_text(0)?, p.bool(1)?)));
        // Only the text that made the index tells its condition.
        let made_by = row.opt_text(3)?.map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "));
        let condition = made_by.as_deref().and_then(|sql| sql.split_once(" WHERE "));
        table.indexes.push(Index {
            name: (row.text(2)? == "c").then(|| index.to_owned()),
            unique: row.bool(1)?,
            columns: columns.collect::<Result<_, StoreError>>()?,
            condition: condition.map(|(_, condition)| condition.to_owned()),
        });
    }
    let references = "SELECT group_concat(\"from\", ', ' ORDER BY seq), \"table\" FROM pragma_foreign_key_list(?1) GROUP BY id";
    for row in read(references, &named)? {
        table
            .foreign_keys
            .push(ForeignKey { columns: row.text(0)?.to_owned(), table: row.text(1)?.to_owned() });
    }
    Ok(table)
}
