//! Access keys: what a signature names and the secret it was made with, sealed. Not for: unsealing, or the
//! temporary credentials of nodes, which are never stored.

use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// Whether a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// It is kept, but signs nothing.
    Inactive,
}

impl Status {
    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "Active" => Ok(Self::Active),
            "Inactive" => Ok(Self::Inactive),
            _ => Err(StoreError::Corrupt("access_key.status holds an unknown word".to_owned())),
        }
    }
}

/// A row of `access_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`, or whatever the operator chose.
    pub access_key_id: String,
    /// The account that it acts for.
    pub account: AccountId,
    /// The secret under the installation's key.
    pub secret_sealed: Vec<u8>,
    /// Whether it may sign.
    pub status: Status,
    /// When it was made.
    pub created_ms: i64,
}

const SELECT: &str = "SELECT access_key_id, account_id, secret_sealed, status, created_ms FROM access_key";

fn from_row(row: &Row) -> Result<AccessKey, StoreError> {
    Ok(AccessKey {
        access_key_id: row.text(0)?.to_owned(),
        account: row.parse(1)?,
        secret_sealed: row.blob(2)?.to_vec(),
        status: Status::read(row.text(3)?)?,
        created_ms: row.int(4)?,
    })
}

/// Adds a key. [`StoreError::Duplicate`] if its id is taken.
pub fn insert(key: &AccessKey) -> Batch {
    Batch::of(
        "INSERT INTO access_key (access_key_id, account_id, secret_sealed, status, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            &*key.access_key_id,
            key.account.as_str(),
            &*key.secret_sealed,
            key.status.as_str(),
            key.created_ms
        ],
        Expect::Exactly(1),
    )
}

/// Lets a key sign, or not. A conflict means that there is no such key.
pub fn set_status(access_key_id: &str, status: Status) -> Batch {
    Batch::of(
        "UPDATE access_key SET status = ?2 WHERE access_key_id = ?1",
        params![access_key_id, status.as_str()],
        Expect::Exactly(1),
    )
}

/// Removes a key for ever. A conflict means that there is no such key.
pub fn delete(access_key_id: &str) -> Batch {
    Batch::of("DELETE FROM access_key WHERE access_key_id = ?1", params![access_key_id], Expect::Exactly(1))
}

/// The key of this id, whatever its status.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, access_key_id: &str) -> Result<Option<AccessKey>, StoreError> {
    let rows = Query::new(SELECT).and("access_key_id = ?", access_key_id).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// All keys of an account, the oldest first.
///
/// # Errors
/// The store's.
pub async fn of_account(db: &Db, account: &AccountId) -> Result<Vec<AccessKey>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account.as_str());
    let rows = query.order_by("created_ms, access_key_id").read(db).await?;
    rows.iter().map(from_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;

    #[tokio::test]
    async fn a_key_is_kept_until_it_is_deleted() {
        on_each_engine(|db| async move {
            let account = AccountId::parse("123456789012").unwrap();
            let key = |id: &str, created_ms| AccessKey {
                access_key_id: id.to_owned(),
                account: account.clone(),
                secret_sealed: vec![0, 255, 7],
                status: Status::Active,
                created_ms,
            };
            let (older, newer) = (key("AKIAB", 1), key("AKIAA", 2));
            for key in [&newer, &older] {
                db.write(insert(key)).await.unwrap();
            }
            assert!(matches!(db.write(insert(&older)).await, Err(StoreError::Duplicate { .. })));
            assert_eq!(find(&db, "AKIAB").await.unwrap(), Some(older.clone()));
            assert_eq!(find(&db, "akiab").await.unwrap(), None);
            assert_eq!(of_account(&db, &account).await.unwrap(), [older, newer]);

            db.write(set_status("AKIAB", Status::Inactive)).await.unwrap();
            assert_eq!(find(&db, "AKIAB").await.unwrap().map(|key| key.status), Some(Status::Inactive));
            db.write(delete("AKIAB")).await.unwrap();
            assert_eq!(find(&db, "AKIAB").await.unwrap(), None);
            for batch in [delete("AKIAB"), set_status("AKIAB", Status::Active)] {
                assert_eq!(db.write(batch).await, Err(StoreError::Conflict { statement: 0 }));
            }
        })
        .await;
    }
}
