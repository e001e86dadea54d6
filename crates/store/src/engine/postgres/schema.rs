//! Reading back the schema that the migrations left.

use super::Postgres;
use crate::engine::{
    StoreError,
    schema::{self, ForeignKey, Index, Table},
};
use crate::params;

/// The schema in the common form.
pub(super) async fn dump(db: &Postgres) -> Result<String, StoreError> {
    let names = "SELECT CAST(oid AS BIGINT), CAST(relname AS TEXT) FROM pg_class \
                 WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)";
    let mut tables = Vec::new();
    for row in db.read(names.into(), Vec::new()).await? {
        tables.push(table(db, row.int(0)?, row.text(1)?).await?);
    }
    Ok(schema::render(tables))
}

async fn table(db: &Postgres, id: i64, name: &str) -> Result<Table, StoreError> {
    let mut table = Table { name: name.to_owned(), ..Table::default() };
    let columns = "SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                       pg_get_expr(d.adbin, d.adrelid), CAST(c.collname AS TEXT) \
                   FROM pg_attribute a \
                   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                   LEFT JOIN pg_collation c ON c.oid = a.attcollation \
                   WHERE CAST(a.attrelid AS BIGINT) = ?1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    for row in db.read(columns.into(), params![id]).await? {
        // A text that does not compare by bytes would sort unlike SQLite, so it shows.
        let kind = match row.opt_text(4)? {
            None | Some("C") => row.text(1)?.to_owned(),
            Some(collation) => format!("{} collate {collation}", row.text(1)?),
        };
        table.columns.push(schema::column(row.text(0)?, &kind, row.bool(2)?, row.opt_text(3)?));
    }
    let indexes = "SELECT CAST(i.indexrelid AS BIGINT), CAST(c.relname AS TEXT), i.indisunique, i.indisprimary, \
                       pg_get_expr(i.indpred, i.indrelid), \
                       EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'u') \
                   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE CAST(i.indrelid AS BIGINT) = ?1";
    for row in db.read(indexes.into(), params![id]).await? {
        let columns = index_columns(db, row.int(0)?).await?;
        if row.bool(3)? {
            table.primary_key = columns;
            continue;
        }
        table.indexes.push(Index {
            name: if row.bool(5)? { None } else { Some(row.text(1)?.to_owned()) },
            unique: row.bool(2)?,
            columns,
            condition: row.opt_text(4)?.map(str::to_owned),
        });
    }
    let references = "SELECT (SELECT string_agg(CAST(a.attname AS TEXT), ', ' ORDER BY f.place) \
                              FROM unnest(k.conkey) WITH ORDINALITY AS f (number, place) \
                              JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = f.number), \
                             CAST(t.relname AS TEXT) \
                      FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid \
                      WHERE k.contype = 'f' AND CAST(k.conrelid AS BIGINT) = ?1";
    for row in db.read(references.into(), params![id]).await? {
        table
            .foreign_keys
            .push(ForeignKey { columns: row.text(0)?.to_owned(), table: row.text(1)?.to_owned() });
    }
    Ok(table)
}

async fn index_columns(db: &Postgres, index: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT CAST(a.attname AS TEXT), (i.indoption[k.place - 1] & 1) = 1 \
               FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place) \
               LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number \
               WHERE CAST(i.indexrelid AS BIGINT) = ?1 ORDER BY k.place";
    let rows = db.read(sql.into(), params![index]).await?;
    rows.iter().map(|row| Ok(schema::index_column(row.opt_text(0)?, row.bool(1)?))).collect()
}
