//! Grants: one principal may do some operations with one key. Not for: whether a grant covers a call.

use crate::{Batch, Db, Expect, Query, Row, StoreError, Value, params};
use muster_ids::{AccountId, KeyId, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row of `kms_grant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The key.
    pub key: KeyId,
    /// 64 hexadecimal digits.
    pub id: String,
    /// The giver's word for it.
    pub name: Option<String>,
    /// ARN of who may.
    pub grantee: String,
    /// ARN of who may end it.
    pub retiring: Option<String>,
    /// Whose principal gave it.
    pub issuing_account: AccountId,
    /// `Decrypt`, `Encrypt`, …
    pub operations: Vec<String>,
    /// What must hold for the encryption context.
    pub constraints: Option<Constraints>,
    /// When it was given.
    pub created_ms: i64,
}

/// What must hold for the encryption context of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraints {
    /// It has at least these.
    pub subset: Option<BTreeMap<String, String>>,
    /// It is exactly this.
    pub equals: Option<BTreeMap<String, String>>,
}

const SELECT: &str = "SELECT key_id, grant_id, name, grantee, retiring, issuing_account, operations, constraints, \
    created_ms FROM kms_grant";

fn from_row(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        key: row.parse(0)?,
        id: row.text(1)?.to_owned(),
        name: row.opt_text(2)?.map(str::to_owned),
        grantee: row.text(3)?.to_owned(),
        retiring: row.opt_text(4)?.map(str::to_owned),
        issuing_account: row.parse(5)?,
        operations: row.json(6)?,
        constraints: row.opt_json(7)?,
        created_ms: row.int(8)?,
    })
}

/// Adds a grant. A conflict means that the key is gone, or about to be deleted.
///
/// # Errors
/// [`StoreError::Corrupt`] if it cannot be written as JSON, which does not happen.
pub fn insert(grant: &Grant) -> Result<Batch, StoreError> {
    let mut batch = Batch::of(
        "UPDATE kms_key SET has_grants = 1 WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![grant.key.as_str()],
        Expect::Exactly(1),
    );
    batch.push(
        "INSERT INTO kms_grant (key_id, grant_id, name, grantee, retiring, issuing_account, operations, \
         constraints, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            grant.key.as_str(),
            &*grant.id,
            grant.name.as_deref(),
            &*grant.grantee,
            grant.retiring.as_deref(),
            grant.issuing_account.as_str(),
            Value::json(&grant.operations)?,
            grant.constraints.as_ref().map(Value::json).transpose()?.unwrap_or(Value::Null),
            grant.created_ms,
        ],
        Expect::Exactly(1),
    );
    Ok(batch)
}

/// Ends a grant. A conflict means that there is no such one.
pub fn delete(key: &KeyId, id: &str) -> Batch {
    Batch::of(
        "DELETE FROM kms_grant WHERE key_id = ?1 AND grant_id = ?2",
        params![key.as_str(), id],
        Expect::Exactly(1),
    )
}

/// One grant.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, key: &KeyId, id: &str) -> Result<Option<Grant>, StoreError> {
    let query = Query::new(SELECT).and("key_id = ?", key.as_str()).and("grant_id = ?", id);
    query.read(db).await?.first().map(from_row).transpose()
}

/// The grants on a key for any of these principals.
///
/// # Errors
/// The store's.
pub async fn of_grantees(db: &Db, key: &KeyId, grantees: &[&str]) -> Result<Vec<Grant>, StoreError> {
    let query =
        Query::new(SELECT).and("key_id = ?", key.as_str()).and_in("grantee", grantees.iter().copied());
    query.read(db).await?.iter().map(from_row).collect()
}

/// Grants on a key by id, from the one behind `after`; of one grantee, or all.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    key: &KeyId,
    grantee: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Grant>, StoreError> {
    let mut query = Query::new(SELECT).and("key_id = ?", key.as_str()).and("grant_id > ?", after);
    if let Some(grantee) = grantee {
        query = query.and("grantee = ?", grantee);
    }
    query.order_by("grant_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}

/// Grants on a tenant's keys that a principal may end, by id, from the one behind `after`.
///
/// # Errors
/// The store's.
pub async fn retirable(
    db: &Db,
    tenant: &Tenant,
    principal: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Grant>, StoreError> {
    let query = Query::new(SELECT).and("retiring = ?", principal).and("grant_id > ?", after).and_all(
        "key_id IN (SELECT key_id FROM kms_key WHERE account_id = ? AND region = ?)",
        params![tenant.account.as_str(), tenant.region.as_str()],
    );
    query.order_by("grant_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}
