//! Keys and their policies. Not for: key material, which has a table of its own.

use super::material::{self, Material};
use crate::{Batch, Db, Expect, Query, Row, StoreError, params, tag};
use muster_ids::{KeyId, Tenant};

/// Type of a key in the table of tags.
pub const TAG_KIND: &str = "kms-key";

/// Who looks after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// The account.
    Customer,
    /// A service that made it for itself: `alias/aws/ssm`.
    Aws,
}

impl Manager {
    /// The word in the table and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Aws => "AWS",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "CUSTOMER" => Ok(Self::Customer),
            "AWS" => Ok(Self::Aws),
            _ => Err(StoreError::Corrupt("kms_key.manager holds an unknown word".to_owned())),
        }
    }
}

/// What a key can be used for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Enabled,
    /// Nothing, until it is enabled.
    Disabled,
    /// Nothing; it goes at `deletion_ms`.
    PendingDeletion,
}

impl State {
    /// The word in the table and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "Enabled" => Ok(Self::Enabled),
            "Disabled" => Ok(Self::Disabled),
            "PendingDeletion" => Ok(Self::PendingDeletion),
            _ => Err(StoreError::Corrupt("kms_key.state holds an unknown word".to_owned())),
        }
    }
}

/// A row of `kms_key`, without the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Unique over all tenants.
    pub id: KeyId,
    /// Account and region.
    pub tenant: Tenant,
    /// Who looks after it.
    pub manager: Manager,
    /// The operator's words.
    pub description: String,
    /// What it can be used for.
    pub state: State,
    /// When it was made.
    pub created_ms: i64,
    /// When it goes.
    pub deletion_ms: Option<i64>,
    /// The days between the wish and the deletion.
    pub deletion_window_days: Option<i64>,
    /// The material that encrypts.
    pub material_id: String,
    /// Days between rotations; `None` if it does not rotate by itself.
    pub rotation_period_days: Option<i64>,
    /// When it rotates next by itself.
    pub next_rotation_ms: Option<i64>,
    /// Counts the changes of the policy.
    pub policy_revision: i64,
    /// Whether it ever had a grant.
    pub has_grants: bool,
}

const SELECT: &str = "SELECT key_id, account_id, region, manager, description, state, created_ms, deletion_ms, \
    deletion_window_days, material_id, rotation_period_days, next_rotation_ms, policy_revision, has_grants \
    FROM kms_key";

fn from_row(row: &Row) -> Result<Key, StoreError> {
    Ok(Key {
        id: row.parse(0)?,
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        manager: Manager::read(row.text(3)?)?,
        description: row.text(4)?.to_owned(),
        state: State::read(row.text(5)?)?,
        created_ms: row.int(6)?,
        deletion_ms: row.opt_int(7)?,
        deletion_window_days: row.opt_int(8)?,
        material_id: row.text(9)?.to_owned(),
        rotation_period_days: row.opt_int(10)?,
        next_rotation_ms: row.opt_int(11)?,
        policy_revision: row.int(12)?,
        has_grants: row.bool(13)?,
    })
}

/// Adds a key with its policy and its first material.
pub fn insert(key: &Key, policy: &str, material: &Material) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO kms_key (key_id, account_id, region, manager, description, state, created_ms, deletion_ms, \
         deletion_window_days, material_id, rotation_period_days, next_rotation_ms, policy, policy_revision, \
         has_grants) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            key.id.as_str(),
            key.tenant.account.as_str(),
            key.tenant.region.as_str(),
            key.manager.as_str(),
            &*key.description,
            key.state.as_str(),
            key.created_ms,
            key.deletion_ms,
            key.deletion_window_days,
            &*key.material_id,
            key.rotation_period_days,
            key.next_rotation_ms,
            policy,
            key.policy_revision,
            i64::from(key.has_grants),
        ],
        Expect::Exactly(1),
    );
    batch.append(material::insert(&key.id, material));
    batch
}

/// Holds a key in place while something beside it changes. A conflict means that it is gone, or about to be deleted.
pub fn hold(id: &KeyId) -> Batch {
    Batch::of(
        "UPDATE kms_key SET state = state WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![id.as_str()],
        Expect::Exactly(1),
    )
}

/// Enables or disables a key. A conflict means that it is gone, or about to be deleted.
pub fn set_enabled(id: &KeyId, enabled: bool) -> Batch {
    let state = if enabled { State::Enabled } else { State::Disabled };
    Batch::of(
        "UPDATE kms_key SET state = ?2 WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![id.as_str(), state.as_str()],
        Expect::Exactly(1),
    )
}

/// Sets the day of deletion. A conflict means that it is gone, or has one.
pub fn schedule_deletion(id: &KeyId, deletion_ms: i64, window_days: i64) -> Batch {
    Batch::of(
        "UPDATE kms_key SET state = 'PendingDeletion', deletion_ms = ?2, deletion_window_days = ?3 \
         WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![id.as_str(), deletion_ms, window_days],
        Expect::Exactly(1),
    )
}

/// Keeps a key after all; it is disabled then. A conflict means that it is gone, or has no day of deletion.
pub fn cancel_deletion(id: &KeyId) -> Batch {
    Batch::of(
        "UPDATE kms_key SET state = 'Disabled', deletion_ms = NULL, deletion_window_days = NULL \
         WHERE key_id = ?1 AND state = 'PendingDeletion'",
        params![id.as_str()],
        Expect::Exactly(1),
    )
}

/// Removes a key whose day has come, and all that belongs to it. A conflict means that it is kept after all.
pub fn delete(key: &Key, now_ms: i64) -> Batch {
    let id = key.id.as_str();
    let mut batch = Batch::of(
        "DELETE FROM kms_key WHERE key_id = ?1 AND state = 'PendingDeletion' AND deletion_ms <= ?2",
        params![id, now_ms],
        Expect::Exactly(1),
    );
    batch.push("DELETE FROM kms_material WHERE key_id = ?1", params![id], Expect::Any);
    batch.push("DELETE FROM kms_alias WHERE key_id = ?1", params![id], Expect::Any);
    batch.push("DELETE FROM kms_grant WHERE key_id = ?1", params![id], Expect::Any);
    batch.append(tag::remove_all(tag::Resource { tenant: &key.tenant, kind: TAG_KIND, id }));
    batch
}

/// Changes the description. A conflict means that the key is gone, or about to be deleted.
pub fn set_description(id: &KeyId, description: &str) -> Batch {
    Batch::of(
        "UPDATE kms_key SET description = ?2 WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![id.as_str(), description],
        Expect::Exactly(1),
    )
}

/// Changes the policy. A conflict means that the key is gone, or about to be deleted.
pub fn set_policy(id: &KeyId, policy: &str) -> Batch {
    Batch::of(
        "UPDATE kms_key SET policy = ?2, policy_revision = policy_revision + 1 \
         WHERE key_id = ?1 AND state <> 'PendingDeletion'",
        params![id.as_str(), policy],
        Expect::Exactly(1),
    )
}

/// Turns rotation on, with its period and the next time, or off. A conflict means that the key is gone, or not enabled.
pub fn set_rotation(id: &KeyId, rotation: Option<(i64, i64)>) -> Batch {
    let (period, next_ms) = rotation.unzip();
    Batch::of(
        "UPDATE kms_key SET rotation_period_days = ?2, next_rotation_ms = ?3 \
         WHERE key_id = ?1 AND state = 'Enabled'",
        params![id.as_str(), period, next_ms],
        Expect::Exactly(1),
    )
}

/// Puts new material in front; `next_ms` is the next time by itself, if the key rotates by itself. A conflict means that
/// the key has other material by now, or is about to be deleted.
pub fn rotate(key: &Key, material: &Material, next_ms: Option<i64>) -> Batch {
    let mut batch = Batch::of(
        "UPDATE kms_key SET material_id = ?3, next_rotation_ms = ?4 \
         WHERE key_id = ?1 AND material_id = ?2 AND state <> 'PendingDeletion'",
        params![key.id.as_str(), &*key.material_id, &*material.id, next_ms],
        Expect::Exactly(1),
    );
    batch.append(material::insert(&key.id, material));
    batch
}

/// The key of this id, whoever's it is.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &KeyId) -> Result<Option<Key>, StoreError> {
    let rows = Query::new(SELECT).and("key_id = ?", id.as_str()).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// A key's policy document and its revision.
///
/// # Errors
/// The store's.
pub async fn policy(db: &Db, id: &KeyId) -> Result<Option<(String, i64)>, StoreError> {
    let rows = db
        .read("SELECT policy, policy_revision FROM kms_key WHERE key_id = ?1", params![id.as_str()])
        .await?;
    rows.first().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).transpose()
}

/// Keys of a tenant by id, from the one behind `after`.
///
/// # Errors
/// The store's.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    after: Option<&KeyId>,
    limit: i64,
) -> Result<Vec<Key>, StoreError> {
    let query = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
        .and("key_id > ?", after.map_or("", KeyId::as_str));
    query.order_by("key_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}

/// Keys whose day of deletion has come.
///
/// # Errors
/// The store's.
pub async fn due_for_deletion(db: &Db, now_ms: i64, limit: i64) -> Result<Vec<Key>, StoreError> {
    let query = Query::new(SELECT).and("deletion_ms <= ?", now_ms).order_by("deletion_ms, key_id");
    query.limit(limit).scan(db).await?.iter().map(from_row).collect()
}

/// Enabled keys whose time to rotate by themselves has come.
///
/// # Errors
/// The store's.
pub async fn due_for_rotation(db: &Db, now_ms: i64, limit: i64) -> Result<Vec<Key>, StoreError> {
    let query = Query::new(SELECT).and("next_rotation_ms <= ?", now_ms).and("state = ?", "Enabled");
    query.order_by("next_rotation_ms, key_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}
