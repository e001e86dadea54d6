//! Accounts, and the revision of their identities. Not for: what an account is born with, which the server knows.
//!
//! `iam_revision` counts the changes of an account's identities. Authentication reads it with the key, so what was
//! loaded under an older one is known to be stale at once, on every replica. It also orders the changes: each begins
//! with [`touch_iam`] or [`touch_iam_at`], which holds the account's row, so those of one account happen one by one.

use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// Whether an account's callers may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// They may.
    Active,
    /// Everything is kept, and nobody may call.
    Suspended,
}

impl Status {
    /// The word in the table and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Suspended => "Suspended",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "Active" => Ok(Self::Active),
            "Suspended" => Ok(Self::Suspended),
            _ => Err(StoreError::Corrupt("account.status holds an unknown word".to_owned())),
        }
    }
}

/// A row of `account`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its twelve digits.
    pub id: AccountId,
    /// The operator's name for it.
    pub name: String,
    /// Whether its callers may call.
    pub status: Status,
    /// When it was made.
    pub created_ms: i64,
    /// How often its identities have changed.
    pub iam_revision: i64,
    /// Its alias, unique in the installation.
    pub alias: Option<String>,
}

const SELECT: &str = "SELECT account_id, name, status, created_ms, iam_revision, alias FROM account";

fn from_row(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        status: Status::read(row.text(2)?)?,
        created_ms: row.int(3)?,
        iam_revision: row.int(4)?,
        alias: row.opt_text(5)?.map(str::to_owned),
    })
}

/// Adds an active account without identities. [`StoreError::Duplicate`] if its id is taken.
pub fn insert(id: &AccountId, name: &str, created_ms: i64) -> Batch {
    Batch::of(
        "INSERT INTO account (account_id, name, status, created_ms, iam_revision) VALUES (?1, ?2, ?3, ?4, 1)",
        params![id, name, Status::Active.as_str(), created_ms],
        Expect::Exactly(1),
    )
}

/// Begins a change of the account's identities. A conflict means that there is no such account.
pub fn touch_iam(account: &AccountId) -> Batch {
    Batch::of(
        "UPDATE account SET iam_revision = iam_revision + 1 WHERE account_id = ?1",
        params![account],
        Expect::Exactly(1),
    )
}

/// Begins a change that was worked out at this revision. A conflict (of statement 0) means that another change came
/// between, or that there is no such account; so whatever was read after the revision still holds when the batch runs.
pub fn touch_iam_at(account: &AccountId, revision: i64) -> Batch {
    Batch::of(
        "UPDATE account SET iam_revision = iam_revision + 1 WHERE account_id = ?1 AND iam_revision = ?2",
        params![account, revision],
        Expect::Exactly(1),
    )
}

/// Sets name and status. A conflict means that there is no such account.
pub fn update(id: &AccountId, name: &str, status: Status) -> Batch {
    Batch::of(
        "UPDATE account SET name = ?2, status = ?3 WHERE account_id = ?1",
        params![id, name, status.as_str()],
        Expect::Exactly(1),
    )
}

/// Sets or removes the alias. [`StoreError::Duplicate`] if another account has it.
pub fn set_alias(id: &AccountId, alias: Option<&str>) -> Batch {
    Batch::of("UPDATE account SET alias = ?2 WHERE account_id = ?1", params![id, alias], Expect::Exactly(1))
}

/// Removes an account's row and its default role, as if it had never been made: what a database from before there were
/// accounts looks like.
#[cfg(any(test, feature = "testing"))]
pub fn forget(id: &AccountId) -> Batch {
    let mut batch = Batch::of("DELETE FROM account WHERE account_id = ?1", params![id], Expect::Exactly(1));
    for sql in
        ["DELETE FROM iam_role WHERE account_id = ?1", "DELETE FROM iam_attachment WHERE account_id = ?1"]
    {
        batch.push(sql, params![id], Expect::Any);
    }
    batch
}

/// Removes an alias. A conflict means that the account has another one, or none.
pub fn remove_alias(id: &AccountId, alias: &str) -> Batch {
    Batch::of(
        "UPDATE account SET alias = NULL WHERE account_id = ?1 AND alias = ?2",
        params![id, alias],
        Expect::Exactly(1),
    )
}

/// The account of this id.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &AccountId) -> Result<Option<Account>, StoreError> {
    let rows = Query::new(SELECT).and("account_id = ?", id).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// Accounts by their ids, after `after`.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, after: Option<&AccountId>, limit: i64) -> Result<Vec<Account>, StoreError> {
    let after = after.map_or("", AccountId::as_str);
    let query = Query::new(SELECT).and("account_id > ?", after).order_by("account_id").limit(limit);
    query.scan(db).await?.iter().map(from_row).collect()
}

/// Accounts that have access keys and no row: of databases from before there were accounts.
///
/// # Errors
/// The store's.
pub async fn without_row(db: &Db) -> Result<Vec<AccountId>, StoreError> {
    let sql = "SELECT DISTINCT account_id FROM access_key \
               WHERE account_id NOT IN (SELECT account_id FROM account) ORDER BY account_id";
    db.scan(sql, params![]).await?.iter().map(|row| row.parse(0)).collect()
}

/// How many of each kind an account has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: i64,
    /// Groups.
    pub groups: i64,
    /// Roles.
    pub roles: i64,
    /// Policies of its own.
    pub policies: i64,
    /// Their versions.
    pub policy_versions: i64,
    /// Instance profiles.
    pub instance_profiles: i64,
    /// Keys of the root.
    pub root_keys: i64,
}

/// Counts the account's identities.
///
/// # Errors
/// The store's.
pub async fn count(db: &Db, id: &AccountId) -> Result<Counts, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM iam_user WHERE account_id = ?1), \
               (SELECT count(*) FROM iam_group WHERE account_id = ?1), \
               (SELECT count(*) FROM iam_role WHERE account_id = ?1), \
               (SELECT count(*) FROM iam_policy WHERE account_id = ?1), \
               (SELECT count(*) FROM iam_policy_version WHERE account_id = ?1), \
               (SELECT count(*) FROM iam_instance_profile WHERE account_id = ?1), \
               (SELECT count(*) FROM access_key WHERE account_id = ?1 AND user_name IS NULL)";
    let rows = db.scan(sql, params![id]).await?;
    let Some(row) = rows.first() else { return Ok(Counts::default()) };
    Ok(Counts {
        users: row.int(0)?,
        groups: row.int(1)?,
        roles: row.int(2)?,
        policies: row.int(3)?,
        policy_versions: row.int(4)?,
        instance_profiles: row.int(5)?,
        root_keys: row.int(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;

    #[tokio::test]
    async fn accounts_are_kept_and_their_revision_rises() {
        on_each_engine(|db| async move {
            let id = |text| AccountId::parse(text).unwrap();
            let (one, two) = (id("111111111111"), id("222222222222"));
            for account in [&two, &one] {
                db.write(insert(account, "n", 5)).await.unwrap();
            }
            assert!(matches!(db.write(insert(&one, "m", 6)).await, Err(StoreError::Duplicate { .. })));
            let found = find(&db, &one).await.unwrap().unwrap();
            assert_eq!((found.iam_revision, found.status, &*found.name), (1, Status::Active, "n"));

            db.write(touch_iam(&one)).await.unwrap();
            db.write(touch_iam_at(&one, 2)).await.unwrap();
            assert_eq!(db.write(touch_iam_at(&one, 2)).await, Err(StoreError::Conflict { statement: 0 }));
            db.write(update(&one, "m", Status::Suspended)).await.unwrap();
            db.write(set_alias(&one, Some("a"))).await.unwrap();
            assert!(matches!(db.write(set_alias(&two, Some("a"))).await, Err(StoreError::Duplicate { .. })));
            let expected = Account {
                id: one.clone(),
                name: "m".to_owned(),
                status: Status::Suspended,
                created_ms: 5,
                iam_revision: 3,
                alias: Some("a".to_owned()),
            };
            assert_eq!(find(&db, &one).await.unwrap(), Some(expected));
            let wrong = db.write(remove_alias(&one, "b")).await;
            assert_eq!(wrong, Err(StoreError::Conflict { statement: 0 }));
            db.write(remove_alias(&one, "a")).await.unwrap();
            db.write(set_alias(&two, Some("a"))).await.unwrap();
            let ids = |list: Vec<Account>| {
                list.into_iter().map(|account| account.id.to_string()).collect::<Vec<_>>()
            };
            assert_eq!(ids(list(&db, None, 1).await.unwrap()), ["111111111111"]);
            assert_eq!(ids(list(&db, Some(&one), 9).await.unwrap()), ["222222222222"]);
            assert_eq!(count(&db, &one).await.unwrap(), Counts::default());
            let nobody = id("333333333333");
            assert_eq!(db.write(touch_iam(&nobody)).await, Err(StoreError::Conflict { statement: 0 }));
        })
        .await;
    }
}
