//! Other names of keys. Not for: which names are allowed.

use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::{KeyId, Tenant};

/// A row of `kms_alias`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Account and region, which are the key's too.
    pub tenant: Tenant,
    /// With `alias/` in front.
    pub name: String,
    /// The key that it stands for.
    pub key: KeyId,
    /// When it was made.
    pub created_ms: i64,
    /// When it was last given a key.
    pub updated_ms: i64,
}

const SELECT: &str = "SELECT account_id, region, alias_name, key_id, created_ms, updated_ms FROM kms_alias";

fn from_row(row: &Row) -> Result<Alias, StoreError> {
    Ok(Alias {
        tenant: Tenant::new(row.parse(0)?, row.parse(1)?),
        name: row.text(2)?.to_owned(),
        key: row.parse(3)?,
        created_ms: row.int(4)?,
        updated_ms: row.int(5)?,
    })
}

/// Adds a name. [`StoreError::Duplicate`] if it is taken.
pub fn insert(alias: &Alias) -> Batch {
    Batch::of(
        "INSERT INTO kms_alias (account_id, region, alias_name, key_id, created_ms, updated_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            alias.tenant.account.as_str(),
            alias.tenant.region.as_str(),
            &*alias.name,
            alias.key.as_str(),
            alias.created_ms,
            alias.updated_ms
        ],
        Expect::Exactly(1),
    )
}

/// Lets a name stand for another key. A conflict means that there is no such name.
pub fn update(tenant: &Tenant, name: &str, key: &KeyId, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE kms_alias SET key_id = ?4, updated_ms = ?5 \
         WHERE account_id = ?1 AND region = ?2 AND alias_name = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), name, key.as_str(), now_ms],
        Expect::Exactly(1),
    )
}

/// Removes a name. A conflict means that there is no such name.
pub fn delete(tenant: &Tenant, name: &str) -> Batch {
    Batch::of(
        "DELETE FROM kms_alias WHERE account_id = ?1 AND region = ?2 AND alias_name = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), name],
        Expect::Exactly(1),
    )
}

/// The name of a tenant.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, name: &str) -> Result<Option<Alias>, StoreError> {
    let query = of_tenant(tenant).and("alias_name = ?", name);
    query.read(db).await?.first().map(from_row).transpose()
}

/// Names of a tenant in their order, from the one behind `after`; those of one key, or all.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    key: Option<&KeyId>,
    after: &str,
    limit: i64,
) -> Result<Vec<Alias>, StoreError> {
    let mut query = of_tenant(tenant).and("alias_name > ?", after);
    if let Some(key) = key {
        query = query.and("key_id = ?", key.as_str());
    }
    query.order_by("alias_name").limit(limit).scan(db).await?.iter().map(from_row).collect()
}

/// All names of a key, in their order; a key has few.
///
/// # Errors
/// The store's.
pub async fn of_key(db: &Db, key: &KeyId) -> Result<Vec<Alias>, StoreError> {
    let query = Query::new(SELECT).and("key_id = ?", key.as_str()).order_by("alias_name");
    query.read(db).await?.iter().map(from_row).collect()
}

fn of_tenant(tenant: &Tenant) -> Query {
    Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
}
