//! Managed policies of an account, and their versions. Not for: AWS's own, or where a policy is attached.

use super::{Page, TAGGED_POLICY, key};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::AccountId;

/// A row of `iam_policy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its account.
    pub account: AccountId,
    /// Its name, as it was given.
    pub name: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// Its ARN, with the path.
    pub arn: String,
    /// The operator's words.
    pub description: Option<String>,
    /// When it was made.
    pub created_ms: i64,
    /// When its newest version was made.
    pub updated_ms: i64,
    /// The version in force.
    pub default_version: i64,
    /// The highest number given so far; numbers are never used again.
    pub newest_version: i64,
}

/// A row of `iam_policy_version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 1, 2, …; the API says `v1`.
    pub version: i64,
    /// The policy document, as it was given.
    pub document: String,
    /// When it was made.
    pub created_ms: i64,
}

const SELECT: &str = "SELECT account_id, name, path, policy_id, arn, description, created_ms, updated_ms, \
    default_version, newest_version FROM iam_policy";

fn from_row(row: &Row) -> Result<Policy, StoreError> {
    Ok(Policy {
        account: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        id: row.text(3)?.to_owned(),
        arn: row.text(4)?.to_owned(),
        description: row.opt_text(5)?.map(str::to_owned),
        created_ms: row.int(6)?,
        updated_ms: row.int(7)?,
        default_version: row.int(8)?,
        newest_version: row.int(9)?,
    })
}

/// Adds a policy with its first version; the version's number is the policy's default. [`StoreError::Duplicate`] if the
/// name is taken.
pub fn insert(policy: &Policy, document: &str) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO iam_policy (account_id, policy_key, name, path, policy_id, arn, description, created_ms, \
         updated_ms, default_version, newest_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            &policy.account,
            key(&policy.name),
            &policy.name,
            &policy.path,
            &policy.id,
            &policy.arn,
            policy.description.as_deref(),
            policy.created_ms,
            policy.updated_ms,
            policy.default_version,
            policy.newest_version
        ],
        Expect::Exactly(1),
    );
    batch.append(insert_version(policy, policy.default_version, document, policy.created_ms));
    batch
}

fn insert_version(policy: &Policy, version: i64, document: &str, created_ms: i64) -> Batch {
    Batch::of(
        "INSERT INTO iam_policy_version (account_id, policy_key, version, document, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![&policy.account, key(&policy.name), version, document, created_ms],
        Expect::Exactly(1),
    )
}

/// Adds the version after the newest one, and puts it in force if `default`.
pub fn add_version(policy: &Policy, document: &str, default: bool, now_ms: i64) -> Batch {
    let version = policy.newest_version.saturating_add(1);
    let in_force = if default { version } else { policy.default_version };
    let mut batch = Batch::of(
        "UPDATE iam_policy SET newest_version = ?3, default_version = ?4, updated_ms = ?5 \
         WHERE account_id = ?1 AND policy_key = ?2",
        params![&policy.account, key(&policy.name), version, in_force, now_ms],
        Expect::Exactly(1),
    );
    batch.append(insert_version(policy, version, document, now_ms));
    batch
}

/// Puts a version in force.
pub fn set_default_version(policy: &Policy, version: i64) -> Batch {
    Batch::of(
        "UPDATE iam_policy SET default_version = ?3 WHERE account_id = ?1 AND policy_key = ?2",
        params![&policy.account, key(&policy.name), version],
        Expect::Exactly(1),
    )
}

/// Removes a version that is not in force.
pub fn delete_version(policy: &Policy, version: i64) -> Batch {
    Batch::of(
        "DELETE FROM iam_policy_version WHERE account_id = ?1 AND policy_key = ?2 AND version = ?3",
        params![&policy.account, key(&policy.name), version],
        Expect::Exactly(1),
    )
}

/// Removes a policy, its versions and its tags; it must not be attached.
pub fn delete(policy: &Policy) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM iam_policy WHERE account_id = ?1 AND policy_key = ?2",
        params![&policy.account, key(&policy.name)],
        Expect::Exactly(1),
    );
    batch.push(
        "DELETE FROM iam_policy_version WHERE account_id = ?1 AND policy_key = ?2",
        params![&policy.account, key(&policy.name)],
        Expect::Any,
    );
    let tenant = super::tag_tenant(&policy.account);
    batch.append(crate::tag::remove_all(super::tagged(&tenant, TAGGED_POLICY, &key(&policy.name))));
    batch
}

/// The policy of this name, whatever its path.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, account: &AccountId, name: &str) -> Result<Option<Policy>, StoreError> {
    let query = Query::new(SELECT).and("account_id = ?", account).and("policy_key = ?", key(name));
    query.read(db).await?.first().map(from_row).transpose()
}

/// The policy of exactly this ARN.
///
/// # Errors
/// The store's.
pub async fn find_by_arn(db: &Db, arn: &str) -> Result<Option<Policy>, StoreError> {
    Query::new(SELECT).and("arn = ?", arn).read(db).await?.first().map(from_row).transpose()
}

/// A page of an account's policies.
///
/// # Errors
/// The store's.
pub async fn list(db: &Db, account: &AccountId, page: Page<'_>) -> Result<Vec<Policy>, StoreError> {
    let query = super::page(SELECT, "policy_key > ?", "policy_key", account, page);
    query.scan(db).await?.iter().map(from_row).collect()
}

/// A policy's versions, the newest first.
///
/// # Errors
/// The store's.
pub async fn versions(db: &Db, policy: &Policy) -> Result<Vec<Version>, StoreError> {
    let sql = "SELECT version, document, created_ms FROM iam_policy_version \
               WHERE account_id = ?1 AND policy_key = ?2 ORDER BY version DESC";
    let rows = db.read(sql, params![&policy.account, key(&policy.name)]).await?;
    rows.iter().map(version_from_row).collect()
}

/// One version.
///
/// # Errors
/// The store's.
pub async fn version(db: &Db, policy: &Policy, version: i64) -> Result<Option<Version>, StoreError> {
    let sql = "SELECT version, document, created_ms FROM iam_policy_version \
               WHERE account_id = ?1 AND policy_key = ?2 AND version = ?3";
    let rows = db.read(sql, params![&policy.account, key(&policy.name), version]).await?;
    rows.first().map(version_from_row).transpose()
}

fn version_from_row(row: &Row) -> Result<Version, StoreError> {
    Ok(Version { version: row.int(0)?, document: row.text(1)?.to_owned(), created_ms: row.int(2)? })
}

/// The documents in force of these policies, by ARN; policies that are not there have none.
///
/// # Errors
/// The store's.
pub async fn documents(
    db: &Db,
    account: &AccountId,
    arns: &[String],
) -> Result<Vec<(String, String)>, StoreError> {
    let select = "SELECT p.arn, v.document FROM iam_policy p JOIN iam_policy_version v \
                  ON v.account_id = p.account_id AND v.policy_key = p.policy_key AND v.version = p.default_version";
    let query = Query::new(select).and("p.account_id = ?", account).and_in("p.arn", arns);
    let rows = query.order_by("p.arn").read(db).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}
