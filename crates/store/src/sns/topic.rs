//! Topics. Tags of a topic stand in the table of tags under [`TAGS`].

use super::Attributes;
use crate::{
    Batch, Db, Expect, Query, Row, StoreError, Value, params,
    tag::{self, Resource, Tag},
};
use muster_ids::Tenant;

/// Resource type of topics in the table of tags.
pub const TAGS: &str = "sns-topic";

/// A row of `topic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Account and region.
    pub tenant: Tenant,
    /// Unique in the tenant.
    pub name: String,
    /// Those that were set.
    pub attributes: Attributes,
    /// Changes with the attributes.
    pub version: i64,
    /// Subscriptions that were ended.
    pub subscriptions_deleted: i64,
    /// When it was made.
    pub created_ms: i64,
}

/// How many subscriptions a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Confirmed ones.
    pub confirmed: i64,
    /// Those that wait.
    pub pending: i64,
}

const SELECT: &str =
    "SELECT account_id, region, name, attributes, version, subscriptions_deleted, created_ms FROM topic";

fn from_row(row: &Row) -> Result<Topic, StoreError> {
    Ok(Topic {
        tenant: Tenant::new(row.parse(0)?, row.parse(1)?),
        name: row.text(2)?.to_owned(),
        attributes: row.json(3)?,
        version: row.int(4)?,
        subscriptions_deleted: row.int(5)?,
        created_ms: row.int(6)?,
    })
}

/// Adds a topic with its tags. A duplicate in statement 1 means that it is there; a conflict in statement 0 that it would
/// be one beyond `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`] if the attributes cannot be written as JSON, which does not happen.
pub fn insert(topic: &Topic, tags: &[Tag], limit: usize) -> Result<Batch, StoreError> {
    let (account, region) = (topic.tenant.account.as_str(), topic.tenant.region.as_str());
    let mut batch = Batch::of(
        "SELECT 1 WHERE (SELECT count(*) FROM topic WHERE account_id = ?1 AND region = ?2) < ?3",
        params![account, region, i64::try_from(limit).unwrap_or(i64::MAX)],
        Expect::Exactly(1),
    );
    batch.push(
        "INSERT INTO topic (account_id, region, name, attributes, version, subscriptions_deleted, created_ms) \
         VALUES (?1, ?2, ?3, ?4, 1, 0, ?5)",
        params![account, region, &*topic.name, Value::json(&topic.attributes)?, topic.created_ms],
        Expect::Exactly(1),
    );
    batch.append(tag::put(resource(&topic.tenant, &topic.name), tags, usize::MAX));
    Ok(batch)
}

/// A topic in the table of tags.
pub fn resource<'a>(tenant: &'a Tenant, name: &'a str) -> Resource<'a> {
    Resource { tenant, kind: TAGS, id: name }
}

/// One statement that fails if there is no such topic.
pub fn require(tenant: &Tenant, name: &str) -> Batch {
    Batch::of(
        "UPDATE topic SET version = version WHERE account_id = ?1 AND region = ?2 AND name = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), name],
        Expect::Exactly(1),
    )
}

/// Replaces the attributes of the version that the row was read in. A conflict means that another came in between.
///
/// # Errors
/// As [`insert`].
pub fn set_attributes(topic: &Topic) -> Result<Batch, StoreError> {
    Ok(Batch::of(
        "UPDATE topic SET attributes = ?4, version = version + 1 \
         WHERE account_id = ?1 AND region = ?2 AND name = ?3 AND version = ?5",
        params![
            topic.tenant.account.as_str(),
            topic.tenant.region.as_str(),
            &*topic.name,
            Value::json(&topic.attributes)?,
            topic.version
        ],
        Expect::Exactly(1),
    ))
}

/// Removes a topic with its tags, its subscriptions and what they are owed. One that is not there does not matter.
pub fn delete(tenant: &Tenant, name: &str) -> Batch {
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let mut batch = Batch::of(
        "DELETE FROM delivery WHERE lane IN (SELECT 'subscription/' || subscription_id FROM subscription \
         WHERE account_id = ?1 AND region = ?2 AND topic = ?3)",
        params![account, region, name],
        Expect::Any,
    );
    batch.push(
        "DELETE FROM subscription WHERE account_id = ?1 AND region = ?2 AND topic = ?3",
        params![account, region, name],
        Expect::Any,
    );
    batch.append(tag::remove_all(resource(tenant, name)));
    batch.push(
        "DELETE FROM topic WHERE account_id = ?1 AND region = ?2 AND name = ?3",
        params![account, region, name],
        Expect::Any,
    );
    batch
}

/// The topic of this name.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, name: &str) -> Result<Option<Topic>, StoreError> {
    let rows = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
        .and("name = ?", name)
        .read(db)
        .await?;
    rows.first().map(from_row).transpose()
}

/// Names of the tenant's topics in their order, at most `limit` of them after a name.
///
/// # Errors
/// The store's.
pub async fn names(
    db: &Db,
    tenant: &Tenant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = Query::new("SELECT name FROM topic")
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str());
    if let Some(after) = after {
        query = query.and("name > ?", after);
    }
    let rows = query.order_by("name").limit(limit).scan(db).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// How many subscriptions the topic has.
///
/// # Errors
/// The store's.
pub async fn counts(db: &Db, tenant: &Tenant, name: &str) -> Result<Counts, StoreError> {
    let sql = "SELECT count(*), count(expires_ms) FROM subscription \
               WHERE account_id = ?1 AND region = ?2 AND topic = ?3";
    let rows = db.scan(sql, params![tenant.account.as_str(), tenant.region.as_str(), name]).await?;
    let Some(row) = rows.first() else { return Ok(Counts::default()) };
    let (all, pending) = (row.int(0)?, row.int(1)?);
    Ok(Counts { confirmed: all - pending, pending })
}
