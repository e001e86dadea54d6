//! Making, overwriting and deleting. Batches touch the row of the parameter first and the counter of its tier last,
//! so that those of one parameter never wait for each other in a circle.

use super::{Body, TAG_KIND, parent, share};
use crate::{Batch, Expect, Value, params, tag};
use muster_ids::Tenant;

/// What an overwrite does with the time of the next policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueChange {
    /// It stays.
    Keep,
    /// It becomes this, or none.
    Set(Option<i64>),
}

/// A new version of a parameter that exists.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Its path.
    pub path: &'a str,
    /// The revision that the writer decided by.
    pub revision: i64,
    /// The version that the writer saw.
    pub seen: i64,
    /// The tier that the writer saw.
    pub seen_tier: &'a str,
    /// Whether anything changes that writers decide by.
    pub decisive: bool,
    /// What the new version says; without a description the old one stays.
    pub body: &'a Body,
    /// The next policy.
    pub due: DueChange,
    /// Now.
    pub modified_ms: i64,
    /// Who writes.
    pub modified_by: &'a str,
    /// Versions to keep.
    pub keep: i64,
    /// Parameters that the tenant may have in the new tier.
    pub tier_limit: i64,
}

/// Adds a parameter with version 1. A duplicate means that it exists; a conflict in the last statement, that the
/// tenant has `tier_limit` parameters of the tier already.
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub fn create(
    tenant: &Tenant,
    path: &str,
    name: &str,
    revision: i64,
    body: &Body,
    due_ms: Option<i64>,
    modified_ms: i64,
    modified_by: &str,
    tier_limit: i64,
) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO parameter (account_id, region, path, parent, name, type, tier, data_type, key_id, \
         allowed_pattern, policies, description, value, version, modified_ms, modified_by, revision, due_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, ?14, ?15, ?16, ?17)",
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            path,
            parent(path),
            name,
            &*body.kind,
            &*body.tier,
            &*body.data_type,
            body.key_id.as_deref(),
            body.allowed_pattern.as_deref(),
            body.policies.as_deref(),
            body.description.as_deref(),
            body.value.bytes(),
            modified_ms,
            modified_by,
            revision,
            due_ms,
        ],
        Expect::Exactly(1),
    );
    keep_version(&mut batch, tenant, path);
    count_one_more(&mut batch, tenant, &body.tier, tier_limit);
    batch
}

/// Adds a version; the first row of the first statement holds its number. A conflict in the first statement means
/// that the parameter is gone, was changed in what the writer decided by, or that the version that would have to go
/// carries a label: read it again. A conflict in the last means that the new tier is full.
///
/// As long as all versions fit, nothing is removed and no label can be in the way; `seen` says so, and is checked.
pub fn overwrite(tenant: &Tenant, change: &Change<'_>) -> Batch {
    const SET: &str = "UPDATE parameter SET type = ?5, tier = ?6, data_type = ?7, key_id = ?8, allowed_pattern = ?9, \
        policies = ?10, description = COALESCE(CAST(?11 AS TEXT), description), value = ?12, version = version + 1, \
        modified_ms = ?13, modified_by = ?14, revision = revision + ?15, \
        due_ms = CASE WHEN CAST(?16 AS BIGINT) = 1 THEN CAST(?17 AS BIGINT) ELSE due_ms END \
        WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND revision = ?4";
    // All kept versions fit; nothing can be in the way of one more.
    const ROOM: &str = " AND version < ?18 RETURNING version";
    // The version that falls out must not be labelled.
    const FULL: &str = " AND NOT EXISTS (SELECT 1 FROM parameter_label l WHERE l.account_id = ?1 AND l.region = ?2 \
        AND l.path = ?3 AND l.version <= parameter.version + 1 - ?18) RETURNING version";

    let Change { path, body, .. } = *change;
    let (due_changes, due_ms) = match change.due {
        DueChange::Keep => (false, None),
        DueChange::Set(due_ms) => (true, due_ms),
    };
    let room = change.seen < change.keep;
    let sql = format!("{SET}{}", if room { ROOM } else { FULL });
    let mut batch = Batch::of(
        sql,
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            path,
            change.revision,
            &*body.kind,
            &*body.tier,
            &*body.data_type,
            body.key_id.as_deref(),
            body.allowed_pattern.as_deref(),
            body.policies.as_deref(),
            body.description.as_deref(),
            body.value.bytes(),
            change.modified_ms,
            change.modified_by,
            i64::from(change.decisive),
            due_changes,
            due_ms,
            change.keep,
        ],
        Expect::Exactly(1),
    );
    keep_version(&mut batch, tenant, path);
    if !room {
        batch.push(
            "DELETE FROM parameter_version WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND version <= \
             (SELECT version FROM parameter WHERE account_id = ?1 AND region = ?2 AND path = ?3) - ?4",
            params![tenant.account.as_str(), tenant.region.as_str(), path, change.keep],
            Expect::Any,
        );
    }
    if change.seen_tier != body.tier {
        count_one_less(&mut batch, tenant, change.seen_tier);
        count_one_more(&mut batch, tenant, &body.tier, change.tier_limit);
    }
    batch
}

/// Copies the latest version into the table of versions.
fn keep_version(batch: &mut Batch, tenant: &Tenant, path: &str) {
    batch.push(
        "INSERT INTO parameter_version (account_id, region, path, version, name, type, tier, data_type, key_id, \
         allowed_pattern, policies, description, value, modified_ms, modified_by) \
         SELECT account_id, region, path, version, name, type, tier, data_type, key_id, allowed_pattern, policies, \
         description, value, modified_ms, modified_by \
         FROM parameter WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), path],
        Expect::Exactly(1),
    );
}

fn count_one_more(batch: &mut Batch, tenant: &Tenant, tier: &str, limit: i64) {
    batch.push(
        "INSERT INTO parameter_usage (account_id, region, tier, parameters) \
         SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), 1 WHERE CAST(?4 AS BIGINT) > 0 \
         ON CONFLICT (account_id, region, tier) DO UPDATE SET parameters = parameter_usage.parameters + 1 \
         WHERE parameter_usage.parameters < ?4",
        params![tenant.account.as_str(), tenant.region.as_str(), tier, limit],
        Expect::Exactly(1),
    );
}

fn count_one_less(batch: &mut Batch, tenant: &Tenant, tier: &str) {
    batch.push(
        "UPDATE parameter_usage SET parameters = parameters - 1 WHERE account_id = ?1 AND region = ?2 AND tier = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), tier],
        Expect::Any,
    );
}

/// Removes a parameter with its versions, labels, tags and resource policies. A conflict means that it is gone, or was changed in its
/// tier or anything else that writers decide by: read it again.
pub fn delete(tenant: &Tenant, path: &str, revision: i64, tier: &str) -> Batch {
    let of_it = || params![tenant.account.as_str(), tenant.region.as_str(), path];
    let mut with_revision: Vec<Value> = of_it();
    with_revision.push(revision.into());
    let mut batch = Batch::of(
        "DELETE FROM parameter WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND revision = ?4",
        with_revision,
        Expect::Exactly(1),
    );
    batch.push(
        "DELETE FROM parameter_version WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        of_it(),
        Expect::Any,
    );
    batch.push(
        "DELETE FROM parameter_label WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        of_it(),
        Expect::Any,
    );
    batch.append(tag::remove_all(tag::Resource { tenant, kind: TAG_KIND, id: path }));
    batch.append(share::remove_all(tenant, path));
    count_one_less(&mut batch, tenant, tier);
    batch
}

/// A statement that fails if the tenant has no such parameter, and else keeps it until the batch ends.
pub fn require(tenant: &Tenant, path: &str) -> Batch {
    Batch::of(
        "UPDATE parameter SET revision = revision WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), path],
        Expect::Exactly(1),
    )
}
