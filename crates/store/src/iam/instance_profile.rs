//! Instance profiles: a name under which a role is given to machines. Not for: the role itself.

use super::{Page, TAGGED_INSTANCE_PROFILE, key};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// A row of `iam_instance_profile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProfile {
    /// Its account.
    pub account: AccountId,
    /// Its name, as it was given.
    pub name: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// `AIPA…`.
    pub id: String,
    /// When it was made.
    pub created_ms: i64,
    /// Key of its one role.
    pub role_key: Option<String>,
}

const SELECT: &str =
    "SELECT account_id, name, path, profile_id, created_ms, role_key FROM iam_instance_profile";

fn from_row(row: &Row) -> Result<InstanceProfile, StoreError> {
    Ok(InstanceProfile {
        account: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        id: row.text(3)?.to_owned(),
        created_ms: row.int(4)?,
        role_key: row.opt_text(5)?.map(str::to_owned),
    })
}

/// Adds a profile. [`StoreError::Duplicate`] if its name is taken.
pub fn insert(profile: &InstanceProfile) -> Batch {
    Batch::of(
        "INSERT INTO iam_instance_profile (account_id, profile_key, name, path, profile_id, created_ms, role_key) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            &profile.account,
            key(&profile.name),
            &profile.name,
            &profile.path,
            &profile.id,
            profile.created_ms,
            profile.role_key.as_deref()
        ],
        Expect::Exactly(1),
    )
}

/// Puts a role in, or takes it out.
pub fn set_role(account: &AccountId, name: &str, role: Option<&str>) -> Batch {
    Batch::of(
        "UPDATE iam_instance_profile SET role_key = ?3 WHERE account_id = ?1 AND profile_key = ?2",
        params![account, key(name), role.map(key)],
        Expect::Exactly(1),
    )
}

/// Removes a profile and its tags.
pub fn delete(account: &AccountId, name: &str) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM iam_instance_profile WHERE account_id = ?1 AND profile_key = ?2",
        params![account, key(name)],
        Expect::Exactly(1),
    );
    let tenant = super::tag_tenant(account);
    batch.append(crate::tag::remove_all(super::tagged(&tenant, TAGGED_INSTANCE_PROFILE, &key(name))));
    batch
}

/// The profile of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, account: &AccountId, name: &str) -> Result<Option<InstanceProfile>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account).and("profile_key = ?", key(name));
    query.read(db).await?.first().map(from_row).transpose()
}

/// A page of an account's profiles.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, account: &AccountId, page: Page<'_>) -> Result<Vec<InstanceProfile>, StoreError> {
    let query = super::page(SELECT, "profile_key > ?", "profile_key", account, page);
    query.scan(db).await?.iter().map(from_row).collect()
}

/// The profiles that a role is in, by name.
///
/// # Errors
/// The store's.
pub async fn of_role(db: &Db, account: &AccountId, role: &str) -> Result<Vec<InstanceProfile>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account).and("role_key = ?", key(role));
    query.order_by("profile_key").read(db).await?.iter().map(from_row).collect()
}
