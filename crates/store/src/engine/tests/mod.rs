//! The suite that both engines pass: what `engine` promises, checked on a schema of its own.

mod batches;
mod faults;
mod migrations;
mod model;
mod reads;

use super::{Batch, Db, Expect, Migration, Row, StoreError, Value};
use crate::{
    params,
    testing::{TestDatabase, on_each_engine_with},
};

const TEXT: &str = "
    CREATE TABLE IF NOT EXISTS item (
        tenant TEXT NOT NULL,
        name TEXT NOT NULL,
        number BIGINT,
        bytes BYTEA,
        note TEXT DEFAULT 'none',
        PRIMARY KEY (tenant, name)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS item_by_number ON item (tenant, number)
        WHERE number IS NOT NULL;
    CREATE TABLE IF NOT EXISTS part (
        tenant TEXT NOT NULL,
        item TEXT NOT NULL,
        code TEXT NOT NULL UNIQUE,
        weight BIGINT NOT NULL CHECK (weight >= 0),
        FOREIGN KEY (tenant, item) REFERENCES item (tenant, name)
    );
    CREATE INDEX IF NOT EXISTS part_by_weight ON part (weight DESC, code);
";

/// The schema of this suite.
const SCHEMA: &[Migration] = &[Migration { name: "0001_test", sqlite: TEXT, postgres: TEXT }];

async fn on_each<F, R>(body: F)
where
    F: Fn(Db) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    on_each_engine_with(SCHEMA, body).await;
}

const INSERT: &str = "INSERT INTO item (tenant, name, number) VALUES (?1, ?2, ?3)";

fn insert(name: &str, number: Option<i64>) -> Batch {
    Batch::of(INSERT, params!["t", name, number], Expect::Exactly(1))
}

/// The names in the table, in order.
async fn names(db: &Db) -> Vec<String> {
    let rows = db.read("SELECT name FROM item ORDER BY tenant, name", vec![]).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

async fn one(db: &Db, sql: &'static str, params: Vec<Value>) -> Row {
    let mut rows = db.read(sql, params).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}
