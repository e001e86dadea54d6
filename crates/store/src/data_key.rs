//! Data keys, which everything at rest is sealed with, wrapped by the master key; and which master key that is. Not for:
//! wrapping, or where the master key is kept.

use crate::{Batch, Db, Expect, Row, StoreError, params};

/// A row of `data_key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataKey {
    /// What is sealed names the key by this number; 0 is the first.
    pub number: u32,
    /// When it was made.
    pub created_ms: i64,
    /// From when on it seals; every replica has read it by then.
    pub active_ms: i64,
}

/// A row of `data_key_wrapping`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapping {
    /// Which data key.
    pub number: u32,
    /// Which master key.
    pub master_key_id: String,
    /// The one under the other.
    pub wrapped: Vec<u8>,
}

/// The row of `master_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKey {
    /// Which one it is.
    pub id: String,
    /// The new key for replicas that still have the one before, sealed.
    pub hand_over: Option<Vec<u8>>,
    /// Since when.
    pub created_ms: i64,
}

/// Puts down the installation's first master key and data key. [`StoreError::Duplicate`] if another replica was first.
pub fn found(master: &MasterKey, key: DataKey, wrapped: &[u8]) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO master_key (slot, master_key_id, hand_over, created_ms) VALUES (1, ?1, ?2, ?3)",
        params![&*master.id, master.hand_over.as_deref(), master.created_ms],
        Expect::Exactly(1),
    );
    batch.append(insert(key));
    batch.append(wrap(&Wrapping {
        number: key.number,
        master_key_id: master.id.clone(),
        wrapped: wrapped.to_vec(),
    }));
    batch
}

/// Adds a data key. [`StoreError::Duplicate`] if its number is taken.
pub fn insert(key: DataKey) -> Batch {
    Batch::of(
        "INSERT INTO data_key (number, created_ms, active_ms) VALUES (?1, ?2, ?3)",
        params![i64::from(key.number), key.created_ms, key.active_ms],
        Expect::Exactly(1),
    )
}

/// Adds a wrapping, or replaces the one of the same master key.
pub fn wrap(wrapping: &Wrapping) -> Batch {
    Batch::of(
        "INSERT INTO data_key_wrapping (number, master_key_id, wrapped) VALUES (?1, ?2, ?3) \
         ON CONFLICT (number, master_key_id) DO UPDATE SET wrapped = excluded.wrapped",
        params![i64::from(wrapping.number), &*wrapping.master_key_id, &*wrapping.wrapped],
        Expect::Exactly(1),
    )
}

/// Makes another master key the installation's. A conflict means that it is not `from` any more.
pub fn change_master(from: &str, to: &MasterKey) -> Batch {
    Batch::of(
        "UPDATE master_key SET master_key_id = ?2, hand_over = ?3, created_ms = ?4 \
         WHERE slot = 1 AND master_key_id = ?1",
        params![from, &*to.id, to.hand_over.as_deref(), to.created_ms],
        Expect::Exactly(1),
    )
}

/// Removes the wrappings by every master key but this one, if it is the installation's.
pub fn forget_other_masters(current: &str) -> Batch {
    let mut batch = Batch::of(
        "UPDATE master_key SET master_key_id = master_key_id WHERE slot = 1 AND master_key_id = ?1",
        params![current],
        Expect::Exactly(1),
    );
    batch.push("DELETE FROM data_key_wrapping WHERE master_key_id <> ?1", params![current], Expect::Any);
    batch
}

/// The installation's master key; `None` before the first start.
///
/// # Errors
/// The store's.
pub async fn master(db: &Db) -> Result<Option<MasterKey>, StoreError> {
    let rows = db
        .read("SELECT master_key_id, hand_over, created_ms FROM master_key WHERE slot = 1", params![])
        .await?;
    let read = |row: &Row| {
        Ok(MasterKey {
            id: row.text(0)?.to_owned(),
            hand_over: row.opt_blob(1)?.map(<[u8]>::to_vec),
            created_ms: row.int(2)?,
        })
    };
    rows.first().map(read).transpose()
}

/// All data keys, by number.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db) -> Result<Vec<DataKey>, StoreError> {
    let rows =
        db.read("SELECT number, created_ms, active_ms FROM data_key ORDER BY number", params![]).await?;
    let read =
        |row: &Row| Ok(DataKey { number: number(row, 0)?, created_ms: row.int(1)?, active_ms: row.int(2)? });
    rows.iter().map(read).collect()
}

/// All wrappings, by number and master key.
///
/// # Errors
/// The store's.
pub async fn wrappings(db: &Db) -> Result<Vec<Wrapping>, StoreError> {
    let sql = "SELECT number, master_key_id, wrapped FROM data_key_wrapping ORDER BY number, master_key_id";
    let read = |row: &Row| {
        Ok(Wrapping {
            number: number(row, 0)?,
            master_key_id: row.text(1)?.to_owned(),
            wrapped: row.blob(2)?.to_vec(),
        })
    };
    db.read(sql, params![]).await?.iter().map(read).collect()
}

fn number(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?)
        .map_err(|_| StoreError::Corrupt("the number of a data key is out of range".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;

    fn master_key(id: &str, hand_over: Option<&[u8]>) -> MasterKey {
        MasterKey { id: id.to_owned(), hand_over: hand_over.map(<[u8]>::to_vec), created_ms: 1 }
    }

    #[tokio::test]
    async fn one_replica_founds_and_one_changes_the_master_key() {
        on_each_engine(|db| async move {
            assert_eq!(master(&db).await, Ok(None));
            let first = DataKey { number: 0, created_ms: 1, active_ms: 1 };
            db.write(found(&master_key("a", None), first, b"w")).await.unwrap();
            let second = db.write(found(&master_key("b", None), first, b"x")).await;
            assert!(matches!(second, Err(StoreError::Duplicate { .. })));
            assert_eq!(master(&db).await, Ok(Some(master_key("a", None))));

            let by = |id: &str, wrapped: &[u8]| Wrapping {
                number: 0,
                master_key_id: id.to_owned(),
                wrapped: wrapped.to_vec(),
            };
            let mut change = change_master("a", &master_key("b", Some(b"h")));
            change.append(wrap(&by("b", b"y")));
            db.write(change.clone()).await.unwrap();
            assert_eq!(db.write(change).await, Err(StoreError::Conflict { statement: 0 }));
            assert_eq!(wrappings(&db).await, Ok(vec![by("a", b"w"), by("b", b"y")]));
            assert_eq!(db.write(forget_other_masters("a")).await, Err(StoreError::Conflict { statement: 0 }));
            db.write(forget_other_masters("b")).await.unwrap();
            db.write(wrap(&by("b", b"z"))).await.unwrap();
            assert_eq!(wrappings(&db).await, Ok(vec![by("b", b"z")]));
            assert_eq!(master(&db).await, Ok(Some(master_key("b", Some(b"h")))));

            db.write(insert(DataKey { number: 1, created_ms: 2, active_ms: 3 })).await.unwrap();
            assert_eq!(list(&db).await.unwrap().len(), 2);
        })
        .await;
    }
}
