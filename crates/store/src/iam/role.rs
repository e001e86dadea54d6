//! Roles. Not for: their policies beside the trust policy, or sessions.

use super::{Page, TAGGED_ROLE, key};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// A row of `iam_role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its account.
    pub account: AccountId,
    /// Its name, as it was given.
    pub name: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// `AROA…`.
    pub id: String,
    /// When it was made.
    pub created_ms: i64,
    /// Who may assume it: a policy document.
    pub trust_policy: String,
    /// Which unique ids the ARNs in it stood for when it was written: a JSON object.
    pub trust_principals: String,
    /// The operator's words.
    pub description: Option<String>,
    /// Longest session, seconds.
    pub max_session_seconds: i64,
    /// ARN of the policy that is its permissions boundary.
    pub boundary: Option<String>,
    /// When a session of it last called.
    pub last_used_ms: Option<i64>,
    /// Where that was.
    pub last_used_region: Option<String>,
}

const SELECT: &str = "SELECT account_id, name, path, role_id, created_ms, trust_policy, trust_principals, \
    description, max_session_seconds, boundary_arn, last_used_ms, last_used_region FROM iam_role";

fn from_row(row: &Row) -> Result<Role, StoreError> {
    Ok(Role {
        account: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        id: row.text(3)?.to_owned(),
        created_ms: row.int(4)?,
        trust_policy: row.text(5)?.to_owned(),
        trust_principals: row.text(6)?.to_owned(),
        description: row.opt_text(7)?.map(str::to_owned),
        max_session_seconds: row.int(8)?,
        boundary: row.opt_text(9)?.map(str::to_owned),
        last_used_ms: row.opt_int(10)?,
        last_used_region: row.opt_text(11)?.map(str::to_owned),
    })
}

/// Adds a role, never used. [`StoreError::Duplicate`] if its name is taken.
pub fn insert(role: &Role) -> Batch {
    Batch::of(
        "INSERT INTO iam_role (account_id, role_key, name, path, role_id, created_ms, trust_policy, \
         trust_principals, description, max_session_seconds, boundary_arn) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            &role.account,
            key(&role.name),
            &role.name,
            &role.path,
            &role.id,
            role.created_ms,
            &role.trust_policy,
            &role.trust_principals,
            role.description.as_deref(),
            role.max_session_seconds,
            role.boundary.as_deref()
        ],
        Expect::Exactly(1),
    )
}

/// Sets the trust policy, and whom it means.
pub fn set_trust_policy(account: &AccountId, name: &str, document: &str, principals: &str) -> Batch {
    Batch::of(
        "UPDATE iam_role SET trust_policy = ?3, trust_principals = ?4 WHERE account_id = ?1 AND role_key = ?2",
        params![account, key(name), document, principals],
        Expect::Exactly(1),
    )
}

/// Sets description and longest session, both.
pub fn update(account: &AccountId, name: &str, description: Option<&str>, max_session_seconds: i64) -> Batch {
    Batch::of(
        "UPDATE iam_role SET description = ?3, max_session_seconds = ?4 WHERE account_id = ?1 AND role_key = ?2",
        params![account, key(name), description, max_session_seconds],
        Expect::Exactly(1),
    )
}

/// Sets or removes the permissions boundary.
pub fn set_boundary(account: &AccountId, name: &str, policy_arn: Option<&str>) -> Batch {
    Batch::of(
        "UPDATE iam_role SET boundary_arn = ?3 WHERE account_id = ?1 AND role_key = ?2",
        params![account, key(name), policy_arn],
        Expect::Exactly(1),
    )
}

/// Notes that a session of a role called; not a change of the identity. A later time stays.
pub fn used(role_id: &str, time_ms: i64, region: &str) -> Batch {
    Batch::of(
        "UPDATE iam_role SET last_used_ms = ?2, last_used_region = ?3 \
         WHERE role_id = ?1 AND (last_used_ms IS NULL OR last_used_ms < ?2)",
        params![role_id, time_ms, region],
        Expect::Any,
    )
}

/// Removes a role and its tags; nothing else of it may be left.
pub fn delete(account: &AccountId, name: &str) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM iam_role WHERE account_id = ?1 AND role_key = ?2",
        params![account, key(name)],
        Expect::Exactly(1),
    );
    let tenant = super::tag_tenant(account);
    batch.append(crate::tag::remove_all(super::tagged(&tenant, TAGGED_ROLE, &key(name))));
    batch
}

/// The role of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, account: &AccountId, name: &str) -> Result<Option<Role>, StoreError> {
    let rows =
        Query::new(SELECT).and("account_id = ?", account).and("role_key = ?", key(name)).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// The role of this unique id, of whatever account.
///
/// # Errors
/// The store's.
pub async fn find_by_id(db: &Db, id: &str) -> Result<Option<Role>, StoreError> {
    let rows = Query::new(SELECT).and("role_id = ?", id).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// A page of an account's roles.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, account: &AccountId, page: Page<'_>) -> Result<Vec<Role>, StoreError> {
    let query = super::page(SELECT, "role_key > ?", "role_key", account, page);
    query.scan(db).await?.iter().map(from_row).collect()
}
