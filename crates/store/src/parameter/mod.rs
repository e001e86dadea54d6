//! Parameters, their versions and their labels. Not for: names (a path comes here in its one canonical form, with a
//! leading slash), encryption (a SecureString's value is ciphertext here), or which changes are allowed.
//!
//! `parameter` holds the latest version whole, so a read is one row. Every kept version stands in `parameter_version`,
//! the latest too. Writers of values alone do not disturb each other: the row counts its versions by itself. What
//! a writer decides by (type, tier, key, labels, …) is guarded by `revision`; see [`overwrite`].

mod due;
mod label;
mod select;
mod share;
#[cfg(test)]
mod tests;
mod write;

pub use due::{due, next_due, note_policies};
pub use label::{labels_of, set_labels, unset_labels};
pub use select::{Column, Condition, page, page_labelled};
pub use share::{
    ResourcePolicy, delete_resource_policy, page_shared, put_resource_policy, resource_policies,
};
pub use write::{Change, DueChange, create, delete, overwrite, require};

use crate::{Db, Row, StoreError, params};
use muster_ids::Tenant;
use std::fmt;

/// Resource type in the table of tags; the id is the path.
pub const TAG_KIND: &str = "Parameter";

/// A parameter's value as it is stored: UTF-8, or a SecureString's ciphertext. Shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredValue(Vec<u8>);

impl StoredValue {
    /// The bytes; every call is a place to review.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for StoredValue {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for StoredValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoredValue({} bytes)", self.0.len())
    }
}

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// `Standard` or `Advanced`.
    pub tier: String,
    /// `text`, `aws:ec2:image`, …
    pub data_type: String,
    /// The key as its writer named it; of a SecureString alone.
    pub key_id: Option<String>,
    /// What values must match.
    pub allowed_pattern: Option<String>,
    /// The policies, as JSON.
    pub policies: Option<String>,
    /// The writer's words.
    pub description: Option<String>,
    /// The value.
    pub value: StoredValue,
}

/// One version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Counts from 1.
    pub number: i64,
    /// The parameter's name as its maker wrote it, perhaps without the leading slash.
    pub name: String,
    /// What it says.
    pub body: Body,
    /// When it was written.
    pub modified_ms: i64,
    /// ARN of who wrote it.
    pub modified_by: String,
}

/// A parameter: its latest version, and what guards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name with a leading slash.
    pub path: String,
    /// Counts changes of what writers decide by.
    pub revision: i64,
    /// The latest version.
    pub latest: Version,
}

/// Columns of a version, in both tables; the tables' names are `p` and `v`.
const BODY: &str = "version, name, type, tier, data_type, key_id, allowed_pattern, policies, description, value, \
                    modified_ms, modified_by";

fn version(row: &Row, at: usize) -> Result<Version, StoreError> {
    let text = |column: usize| row.text(at + column).map(str::to_owned);
    let opt_text = |column: usize| row.opt_text(at + column).map(|text| text.map(str::to_owned));
    Ok(Version {
        number: row.int(at)?,
        name: text(1)?,
        body: Body {
            kind: text(2)?,
            tier: text(3)?,
            data_type: text(4)?,
            key_id: opt_text(5)?,
            allowed_pattern: opt_text(6)?,
            policies: opt_text(7)?,
            description: opt_text(8)?,
            value: StoredValue(row.blob(at + 9)?.to_vec()),
        },
        modified_ms: row.int(at + 10)?,
        modified_by: text(11)?,
    })
}

fn parameter(row: &Row) -> Result<Parameter, StoreError> {
    Ok(Parameter { path: row.text(0)?.to_owned(), revision: row.int(1)?, latest: version(row, 2)? })
}

/// The path before the last slash; empty at the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A parameter by its path.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, path: &str) -> Result<Option<Parameter>, StoreError> {
    let sql = "SELECT path, revision, version, name, type, tier, data_type, key_id, allowed_pattern, policies, \
               description, value, modified_ms, modified_by \
               FROM parameter WHERE account_id = ?1 AND region = ?2 AND path = ?3";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), path]).await?;
    rows.first().map(parameter).transpose()
}

/// One kept version.
///
/// # Errors
/// The store's.
pub async fn find_version(
    db: &Db,
    tenant: &Tenant,
    path: &str,
    number: i64,
) -> Result<Option<Version>, StoreError> {
    let sql = "SELECT version, name, type, tier, data_type, key_id, allowed_pattern, policies, description, value, \
               modified_ms, modified_by \
               FROM parameter_version WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND version = ?4";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), path, number]).await?;
    rows.first().map(|row| version(row, 0)).transpose()
}

/// The version that a label stands on.
///
/// # Errors
/// The store's.
pub async fn find_labelled(
    db: &Db,
    tenant: &Tenant,
    path: &str,
    label: &str,
) -> Result<Option<Version>, StoreError> {
    let sql = "SELECT version, name, type, tier, data_type, key_id, allowed_pattern, policies, description, value, \
               modified_ms, modified_by \
               FROM parameter_version WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND version = \
               (SELECT version FROM parameter_label WHERE account_id = ?1 AND region = ?2 AND path = ?3 \
                AND label = ?4)";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), path, label]).await?;
    rows.first().map(|row| version(row, 0)).transpose()
}

/// The kept versions after `after`, the oldest first.
///
/// # Errors
/// The store's.
pub async fn versions(
    db: &Db,
    tenant: &Tenant,
    path: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Version>, StoreError> {
    let sql = "SELECT version, name, type, tier, data_type, key_id, allowed_pattern, policies, description, value, \
               modified_ms, modified_by \
               FROM parameter_version WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND version > ?4 \
               ORDER BY version LIMIT ?5";
    let params = params![tenant.account.as_str(), tenant.region.as_str(), path, after, limit];
    let rows = db.read(sql, params).await?;
    rows.iter().map(|row| version(row, 0)).collect()
}

/// How many parameters of a tier the tenant has.
///
/// # Errors
/// The store's.
pub async fn usage(db: &Db, tenant: &Tenant, tier: &str) -> Result<i64, StoreError> {
    let sql = "SELECT parameters FROM parameter_usage WHERE account_id = ?1 AND region = ?2 AND tier = ?3";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), tier]).await?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}
