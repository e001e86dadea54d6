//! Groups, and who belongs to them. Not for: their policies.

use super::{Page, key, user::User};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// A row of `iam_group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its account.
    pub account: AccountId,
    /// Its name, as it was given.
    pub name: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// `AGPA…`.
    pub id: String,
    /// When it was made.
    pub created_ms: i64,
}

const SELECT: &str = "SELECT account_id, name, path, group_id, created_ms FROM iam_group";

fn from_row(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        account: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        id: row.text(3)?.to_owned(),
        created_ms: row.int(4)?,
    })
}

/// Adds a group. [`StoreError::Duplicate`] if its name is taken.
pub fn insert(group: &Group) -> Batch {
    Batch::of(
        "INSERT INTO iam_group (account_id, group_key, name, path, group_id, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![&group.account, key(&group.name), &group.name, &group.path, &group.id, group.created_ms],
        Expect::Exactly(1),
    )
}

/// Gives a group a new name and path, and takes its members and policies along. [`StoreError::Duplicate`] if the name
/// is another group's.
pub fn rename(account: &AccountId, name: &str, new_name: &str, new_path: &str) -> Batch {
    let mut batch = Batch::of(
        "UPDATE iam_group SET group_key = ?3, name = ?4, path = ?5 WHERE account_id = ?1 AND group_key = ?2",
        params![account, key(name), key(new_name), new_name, new_path],
        Expect::Exactly(1),
    );
    for sql in [
        "UPDATE iam_membership SET group_key = ?3 WHERE account_id = ?1 AND group_key = ?2",
        "UPDATE iam_inline_policy SET entity_key = ?3 \
         WHERE account_id = ?1 AND entity_kind = 'group' AND entity_key = ?2",
        "UPDATE iam_attachment SET entity_key = ?3 \
         WHERE account_id = ?1 AND entity_kind = 'group' AND entity_key = ?2",
    ] {
        batch.push(sql, params![account, key(name), key(new_name)], Expect::Any);
    }
    batch
}

/// Removes a group; nothing of it may be left.
pub fn delete(account: &AccountId, name: &str) -> Batch {
    Batch::of(
        "DELETE FROM iam_group WHERE account_id = ?1 AND group_key = ?2",
        params![account, key(name)],
        Expect::Exactly(1),
    )
}

/// Adds a user to a group; once more does no harm.
pub fn add_user(account: &AccountId, group: &str, user: &str) -> Batch {
    Batch::of(
        "INSERT INTO iam_membership (account_id, group_key, user_key) VALUES (?1, ?2, ?3) \
         ON CONFLICT (account_id, group_key, user_key) DO NOTHING",
        params![account, key(group), key(user)],
        Expect::Any,
    )
}

/// Takes a user out of a group, if it is in it.
pub fn remove_user(account: &AccountId, group: &str, user: &str) -> Batch {
    Batch::of(
        "DELETE FROM iam_membership WHERE account_id = ?1 AND group_key = ?2 AND user_key = ?3",
        params![account, key(group), key(user)],
        Expect::Any,
    )
}

/// The group of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, account: &AccountId, name: &str) -> Result<Option<Group>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account).and("group_key = ?", key(name));
    query.read(db).await?.first().map(from_row).transpose()
}

/// A page of an account's groups.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, account: &AccountId, page: Page<'_>) -> Result<Vec<Group>, StoreError> {
    let query = super::page(SELECT, "group_key > ?", "group_key", account, page);
    query.scan(db).await?.iter().map(from_row).collect()
}

/// A page of the groups that a user is in.
///
/// # Errors
/// The store's.
pub async fn of_user(
    db: &Db,
    account: &AccountId,
    user: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Group>, StoreError> {
    let sql = "SELECT g.account_id, g.name, g.path, g.group_id, g.created_ms \
               FROM iam_membership m JOIN iam_group g \
               ON g.account_id = m.account_id AND g.group_key = m.group_key \
               WHERE m.account_id = ?1 AND m.user_key = ?2 AND m.group_key > ?3 ORDER BY m.group_key LIMIT ?4";
    let rows = db.read(sql, params![account, key(user), after.map(key).unwrap_or_default(), limit]).await?;
    rows.iter().map(from_row).collect()
}

/// A page of the users in a group.
///
/// # Errors
/// The store's.
pub async fn users(
    db: &Db,
    account: &AccountId,
    group: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<User>, StoreError> {
    let sql = "SELECT u.account_id, u.name, u.path, u.user_id, u.created_ms, u.boundary_arn \
               FROM iam_membership m JOIN iam_user u \
               ON u.account_id = m.account_id AND u.user_key = m.user_key \
               WHERE m.account_id = ?1 AND m.group_key = ?2 AND m.user_key > ?3 ORDER BY m.user_key LIMIT ?4";
    let rows = db.scan(sql, params![account, key(group), after.map(key).unwrap_or_default(), limit]).await?;
    rows.iter().map(super::user::from_row).collect()
}
