//! Targets of events: where a tenant's events go, and which of them. Not for: what a pattern means.

use crate::{Batch, Db, Expect, Query, Row, StoreError, delivery, params};
use muster_ids::Tenant;

/// A row of `event_target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTarget {
    /// Account and region.
    pub tenant: Tenant,
    /// Unique in the tenant.
    pub name: String,
    /// A URL, or a topic's ARN.
    pub destination: String,
    /// An event pattern as JSON; none for all events.
    pub pattern: Option<String>,
    /// The key of signatures, sealed.
    pub secret_sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_ms: i64,
}

const SELECT: &str =
    "SELECT account_id, region, name, destination, pattern, secret_sealed, created_ms FROM event_target";

fn from_row(row: &Row) -> Result<EventTarget, StoreError> {
    Ok(EventTarget {
        tenant: Tenant::new(row.parse(0)?, row.parse(1)?),
        name: row.text(2)?.to_owned(),
        destination: row.text(3)?.to_owned(),
        pattern: row.opt_text(4)?.map(str::to_owned),
        secret_sealed: row.opt_blob(5)?.map(<[u8]>::to_vec),
        created_ms: row.int(6)?,
    })
}

/// Adds a target or replaces the one of its name; what the old one is owed goes to the new destination. A conflict
/// means that it would be one beyond `limit`.
pub fn put(target: &EventTarget, limit: usize) -> Batch {
    let EventTarget { tenant, name, destination, pattern, secret_sealed, created_ms } = target;
    let mut batch = Batch::of(
        "SELECT 1 WHERE (SELECT count(*) FROM event_target WHERE account_id = ?1 AND region = ?2 AND name <> ?3) < ?4",
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            &**name,
            i64::try_from(limit).unwrap_or(i64::MAX)
        ],
        Expect::Exactly(1),
    );
    batch.push(
        "INSERT INTO event_target (account_id, region, name, destination, pattern, secret_sealed, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account_id, region, name) DO UPDATE \
         SET destination = excluded.destination, pattern = excluded.pattern, secret_sealed = excluded.secret_sealed",
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            &**name,
            &**destination,
            pattern.as_deref(),
            secret_sealed.as_deref(),
            *created_ms,
        ],
        Expect::Exactly(1),
    );
    batch.append(delivery::redirect_lane(&delivery::webhook_lane(tenant, name), destination));
    batch
}

/// Removes a target and what it is owed. A conflict means that there is no such one.
pub fn delete(tenant: &Tenant, name: &str) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM event_target WHERE account_id = ?1 AND region = ?2 AND name = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), name],
        Expect::Exactly(1),
    );
    batch.append(delivery::forget_lane(&delivery::webhook_lane(tenant, name)));
    batch
}

/// The target of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, name: &str) -> Result<Option<EventTarget>, StoreError> {
    let rows = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
        .and("name = ?", name)
        .read(db)
        .await?;
    rows.first().map(from_row).transpose()
}

/// The tenant's targets by name, at most `limit` of them after a name.
///
/// # Errors
/// The store's.
pub async fn page(
    db: &Db,
    tenant: &Tenant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<EventTarget>, StoreError> {
    let mut query = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str());
    if let Some(after) = after {
        query = query.and("name > ?", after);
    }
    query.order_by("name").limit(limit).read(db).await?.iter().map(from_row).collect()
}
