//! Access keys: what a signature names and the secret it was made with, sealed. Not for: unsealing, or the
//! temporary credentials of nodes, which are never stored.

use crate::{Batch, Db, Expect, Query, Row, StoreError, account, params};
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
    /// Name of the user that it acts for; the account's root if there is none.
    pub user: Option<String>,
    /// The secret under the installation's key.
    pub secret_sealed: Vec<u8>,
    /// Whether it may sign.
    pub status: Status,
    /// When it was made.
    pub created_ms: i64,
    /// Its last signature that was good.
    pub last_used: Option<LastUse>,
}

/// When and for what a key was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub time_ms: i64,
    /// In which region.
    pub region: String,
    /// For which service.
    pub service: String,
}

/// What a signature is checked against, with the state of the account: all that authentication reads of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The account.
    pub account: AccountId,
    /// Name of the user; the root if there is none.
    pub user: Option<String>,
    /// The secret under the installation's key.
    pub secret_sealed: Vec<u8>,
    /// Whether the key may sign.
    pub status: Status,
    /// Whether the account's callers may call.
    pub account_status: account::Status,
    /// The revision of the account's identities.
    pub iam_revision: i64,
}

const SELECT: &str = "SELECT access_key_id, account_id, user_name, secret_sealed, status, created_ms, last_used_ms, \
    last_used_region, last_used_service FROM access_key";

fn from_row(row: &Row) -> Result<AccessKey, StoreError> {
    let last_used = match row.opt_int(6)? {
        None => None,
        Some(time_ms) => {
            Some(LastUse { time_ms, region: row.text(7)?.to_owned(), service: row.text(8)?.to_owned() })
        }
    };
    Ok(AccessKey {
        access_key_id: row.text(0)?.to_owned(),
        account: row.parse(1)?,
        user: row.opt_text(2)?.map(str::to_owned),
        secret_sealed: row.blob(3)?.to_vec(),
        status: Status::read(row.text(4)?)?,
        created_ms: row.int(5)?,
        last_used,
    })
}

/// Adds a key, never used. [`StoreError::Duplicate`] if its id is taken.
pub fn insert(key: &AccessKey) -> Batch {
    Batch::of(
        "INSERT INTO access_key (access_key_id, account_id, user_name, secret_sealed, status, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            &*key.access_key_id,
            key.account.as_str(),
            key.user.as_deref(),
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

/// One of all keys there are, always the same while none is added or deleted.
///
/// # Errors
/// The store's.
pub async fn any(db: &Db) -> Result<Option<AccessKey>, StoreError> {
    let rows = Query::new(SELECT).order_by("access_key_id").limit(1).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// What to check a signature by this key against; one look-up by two keys.
///
/// # Errors
/// The store's.
pub async fn find_signer(db: &Db, access_key_id: &str) -> Result<Option<Signer>, StoreError> {
    let sql = "SELECT k.account_id, k.user_name, k.secret_sealed, k.status, a.status, a.iam_revision \
               FROM access_key k JOIN account a ON a.account_id = k.account_id WHERE k.access_key_id = ?1";
    let rows = db.read(sql, params![access_key_id]).await?;
    let signer = |row: &Row| {
        Ok(Signer {
            account: row.parse(0)?,
            user: row.opt_text(1)?.map(str::to_owned),
            secret_sealed: row.blob(2)?.to_vec(),
            status: Status::read(row.text(3)?)?,
            account_status: account::Status::read(row.text(4)?)?,
            iam_revision: row.int(5)?,
        })
    };
    rows.first().map(signer).transpose()
}

/// The keys of a user, or of the root, the oldest first.
///
/// # Errors
/// The store's.
pub async fn of_user(db: &Db, account: &AccountId, user: Option<&str>) -> Result<Vec<AccessKey>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account);
    let query = match user {
        Some(user) => query.and("user_name = ?", user),
        None => query.and_all("user_name IS NULL", params![]),
    };
    let rows = query.order_by("created_ms, access_key_id").read(db).await?;
    rows.iter().map(from_row).collect()
}

/// Notes the last use of keys; a later one stays.
pub fn used<'a>(uses: impl IntoIterator<Item = (&'a str, &'a LastUse)>) -> Batch {
    let mut batch = Batch::new();
    for (access_key_id, LastUse { time_ms, region, service }) in uses {
        batch.push(
            "UPDATE access_key SET last_used_ms = ?2, last_used_region = ?3, last_used_service = ?4 \
             WHERE access_key_id = ?1 AND (last_used_ms IS NULL OR last_used_ms < ?2)",
            params![access_key_id, *time_ms, region, service],
            Expect::Any,
        );
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;

    fn account() -> AccountId {
        AccountId::parse("123456789012").unwrap()
    }

    fn key(id: &str, user: Option<&str>, created_ms: i64) -> AccessKey {
        AccessKey {
            access_key_id: id.to_owned(),
            account: account(),
            user: user.map(str::to_owned),
            secret_sealed: vec![0, 255, 7],
            status: Status::Active,
            created_ms,
            last_used: None,
        }
    }

    #[tokio::test]
    async fn a_key_is_kept_until_it_is_deleted() {
        on_each_engine(|db| async move {
            let (older, newer) = (key("AKIAB", None, 1), key("AKIAA", None, 2));
            let (of_ann, of_bob) = (key("AKIAC", Some("ann"), 3), key("AKIAD", Some("bob"), 3));
            for key in [&newer, &older, &of_ann, &of_bob] {
                db.write(insert(key)).await.unwrap();
            }
            assert!(matches!(db.write(insert(&older)).await, Err(StoreError::Duplicate { .. })));
            assert_eq!(find(&db, "AKIAB").await.unwrap(), Some(older.clone()));
            assert_eq!(find(&db, "akiab").await.unwrap(), None);
            assert_eq!(any(&db).await.unwrap(), Some(newer.clone()));
            assert_eq!(of_user(&db, &account(), None).await.unwrap(), [older, newer]);
            assert_eq!(of_user(&db, &account(), Some("ann")).await.unwrap(), [of_ann]);

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

    #[tokio::test]
    async fn a_signer_is_a_key_of_an_account() {
        on_each_engine(|db| async move {
            db.write(insert(&key("AKIAA", Some("ann"), 1))).await.unwrap();
            // No account, no signature.
            assert_eq!(find_signer(&db, "AKIAA").await.unwrap(), None);
            assert_eq!(account::without_row(&db).await.unwrap(), [account()]);
            db.write(account::insert(&account(), "", 1)).await.unwrap();
            assert_eq!(account::without_row(&db).await.unwrap(), []);
            db.write(account::touch_iam(&account())).await.unwrap();
            db.write(account::update(&account(), "", account::Status::Suspended)).await.unwrap();
            let signer = Signer {
                account: account(),
                user: Some("ann".to_owned()),
                secret_sealed: vec![0, 255, 7],
                status: Status::Active,
                account_status: account::Status::Suspended,
                iam_revision: 2,
            };
            assert_eq!(find_signer(&db, "AKIAA").await.unwrap(), Some(signer));
            assert_eq!(find_signer(&db, "AKIAB").await.unwrap(), None);
        })
        .await;
    }

    #[tokio::test]
    async fn the_last_use_of_a_key_only_moves_on() {
        on_each_engine(|db| async move {
            let last = |time_ms, service: &str| LastUse {
                time_ms,
                region: "r".to_owned(),
                service: service.to_owned(),
            };
            for id in ["AKIAA", "AKIAB"] {
                db.write(insert(&key(id, None, 1))).await.unwrap();
            }
            let (first, second) = (last(5, "ssm"), last(9, "sts"));
            db.write(used([("AKIAA", &second), ("absent", &second), ("AKIAB", &first)])).await.unwrap();
            db.write(used([("AKIAA", &first)])).await.unwrap();
            let keys = of_user(&db, &account(), None).await.unwrap();
            let uses: Vec<_> = keys.into_iter().map(|key| key.last_used).collect();
            assert_eq!(uses, [Some(second), Some(first)]);
        })
        .await;
    }
}
