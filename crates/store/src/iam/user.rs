//! Users. Not for: their keys (`access_key`), or their policies.

use super::{Page, TAGGED_USER, key};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// A row of `iam_user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its account.
    pub account: AccountId,
    /// Its name, as it was given.
    pub name: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// `AIDA…`.
    pub id: String,
    /// When it was made.
    pub created_ms: i64,
    /// ARN of the policy that is its permissions boundary.
    pub boundary: Option<String>,
}

const SELECT: &str = "SELECT account_id, name, path, user_id, created_ms, boundary_arn FROM iam_user";

pub(super) fn from_row(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        account: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        id: row.text(3)?.to_owned(),
        created_ms: row.int(4)?,
        boundary: row.opt_text(5)?.map(str::to_owned),
    })
}

/// Adds a user. [`StoreError::Duplicate`] if its name is taken.
pub fn insert(user: &User) -> Batch {
    Batch::of(
        "INSERT INTO iam_user (account_id, user_key, name, path, user_id, created_ms, boundary_arn) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            &user.account,
            key(&user.name),
            &user.name,
            &user.path,
            &user.id,
            user.created_ms,
            user.boundary.as_deref()
        ],
        Expect::Exactly(1),
    )
}

/// Gives a user a new name and path, and takes along all that names it: keys, groups, policies, tags.
/// [`StoreError::Duplicate`] if the name is another user's.
pub fn rename(account: &AccountId, name: &str, new_name: &str, new_path: &str) -> Batch {
    let mut batch = Batch::of(
        "UPDATE iam_user SET user_key = ?3, name = ?4, path = ?5 WHERE account_id = ?1 AND user_key = ?2",
        params![account, key(name), key(new_name), new_name, new_path],
        Expect::Exactly(1),
    );
    batch.push(
        "UPDATE access_key SET user_name = ?3 WHERE account_id = ?1 AND user_name = ?2",
        params![account, name, new_name],
        Expect::Any,
    );
    for sql in [
        "UPDATE iam_membership SET user_key = ?3 WHERE account_id = ?1 AND user_key = ?2",
        "UPDATE iam_inline_policy SET entity_key = ?3 \
         WHERE account_id = ?1 AND entity_kind = 'user' AND entity_key = ?2",
        "UPDATE iam_attachment SET entity_key = ?3 \
         WHERE account_id = ?1 AND entity_kind = 'user' AND entity_key = ?2",
    ] {
        batch.push(sql, params![account, key(name), key(new_name)], Expect::Any);
    }
    batch.push(
        "UPDATE tag SET resource_id = ?3 \
         WHERE account_id = ?1 AND region = ?4 AND resource_type = ?5 AND resource_id = ?2",
        params![account, key(name), key(new_name), super::GLOBAL, TAGGED_USER],
        Expect::Any,
    );
    batch
}

/// Sets or removes the permissions boundary.
pub fn set_boundary(account: &AccountId, name: &str, policy_arn: Option<&str>) -> Batch {
    Batch::of(
        "UPDATE iam_user SET boundary_arn = ?3 WHERE account_id = ?1 AND user_key = ?2",
        params![account, key(name), policy_arn],
        Expect::Exactly(1),
    )
}

/// Removes a user and its tags; nothing else of it may be left.
pub fn delete(account: &AccountId, name: &str) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM iam_user WHERE account_id = ?1 AND user_key = ?2",
        params![account, key(name)],
        Expect::Exactly(1),
    );
    let tenant = super::tag_tenant(account);
    batch.append(crate::tag::remove_all(super::tagged(&tenant, TAGGED_USER, &key(name))));
    batch
}

/// The user of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, account: &AccountId, name: &str) -> Result<Option<User>, StoreError> {
    let rows =
        Query::new(SELECT).and("account_id = ?", account).and("user_key = ?", key(name)).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// The user of this unique id, of whatever account.
///
/// # Errors
/// The store's.
pub async fn find_by_id(db: &Db, id: &str) -> Result<Option<User>, StoreError> {
    let rows = Query::new(SELECT).and("user_id = ?", id).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// A page of an account's users.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, account: &AccountId, page: Page<'_>) -> Result<Vec<User>, StoreError> {
    let query = super::page(SELECT, "user_key > ?", "user_key", account, page);
    query.scan(db).await?.iter().map(from_row).collect()
}
