//! Subscriptions to topics. Not for: tokens, which are sealed texts and not kept.

use super::Attributes;
use crate::{Batch, Db, Expect, Query, Row, StoreError, Value, delivery, params};
use muster_ids::{AccountId, Tenant};

/// A row of `subscription`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// A UUID, the last part of its ARN.
    pub id: String,
    /// Account and region of the topic.
    pub tenant: Tenant,
    /// The topic's name.
    pub topic: String,
    /// The account that subscribed.
    pub owner: AccountId,
    /// Who subscribed.
    pub principal_arn: String,
    /// `http`, `https`, `file`.
    pub protocol: String,
    /// A URL, or a path.
    pub endpoint: String,
    /// Until when it waits to be confirmed; none once it was.
    pub expires_ms: Option<i64>,
    /// Whether it was confirmed by a signed call.
    pub authenticated: bool,
    /// Whether only a signed call may end it.
    pub authenticate_on_unsubscribe: bool,
    /// Those that were set.
    pub attributes: Attributes,
    /// Changes with the attributes.
    pub version: i64,
    /// When it was made.
    pub created_ms: i64,
}

impl Subscription {
    /// Where its deliveries stand.
    pub fn lane(&self) -> String {
        delivery::subscription_lane(&self.id)
    }
}

const SELECT: &str = "SELECT subscription_id, account_id, region, topic, owner_account_id, principal_arn, protocol, \
    endpoint, expires_ms, authenticated, authenticate_on_unsubscribe, attributes, version, created_ms \
    FROM subscription";

fn from_row(row: &Row) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        id: row.text(0)?.to_owned(),
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        topic: row.text(3)?.to_owned(),
        owner: row.parse(4)?,
        principal_arn: row.text(5)?.to_owned(),
        protocol: row.text(6)?.to_owned(),
        endpoint: row.text(7)?.to_owned(),
        expires_ms: row.opt_int(8)?,
        authenticated: row.bool(9)?,
        authenticate_on_unsubscribe: row.bool(10)?,
        attributes: row.json(11)?,
        version: row.int(12)?,
        created_ms: row.int(13)?,
    })
}

/// Adds a subscription. A conflict in statement 0 means that the topic is gone, in statement 1 that it has `limit`
/// subscriptions; a duplicate that the endpoint is subscribed already.
///
/// # Errors
/// [`StoreError::Corrupt`] if the attributes cannot be written as JSON, which does not happen.
pub fn insert(subscription: &Subscription, limit: usize) -> Result<Batch, StoreError> {
    let Subscription { tenant, topic, .. } = subscription;
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let mut batch = super::topic::require(tenant, topic);
    batch.push(
        "SELECT 1 WHERE (SELECT count(*) FROM subscription WHERE account_id = ?1 AND region = ?2 AND topic = ?3) < ?4",
        params![account, region, &**topic, i64::try_from(limit).unwrap_or(i64::MAX)],
        Expect::Exactly(1),
    );
    batch.push(
        "INSERT INTO subscription (subscription_id, account_id, region, topic, owner_account_id, principal_arn, \
         protocol, endpoint, expires_ms, authenticated, authenticate_on_unsubscribe, attributes, version, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13)",
        params![
            &*subscription.id,
            account,
            region,
            &**topic,
            subscription.owner.as_str(),
            &*subscription.principal_arn,
            &*subscription.protocol,
            &*subscription.endpoint,
            subscription.expires_ms,
            subscription.authenticated,
            subscription.authenticate_on_unsubscribe,
            Value::json(&subscription.attributes)?,
            subscription.created_ms,
        ],
        Expect::Exactly(1),
    );
    Ok(batch)
}

/// Confirms a subscription that waits. A conflict means that it is gone, was confirmed, or has waited too long.
pub fn confirm(id: &str, authenticated: bool, authenticate_on_unsubscribe: bool, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE subscription SET expires_ms = NULL, authenticated = ?2, authenticate_on_unsubscribe = ?3 \
         WHERE subscription_id = ?1 AND expires_ms > ?4",
        params![id, authenticated, authenticate_on_unsubscribe, now_ms],
        Expect::Exactly(1),
    )
}

/// Replaces the attributes of the version that the row was read in. A conflict means that another came in between.
///
/// # Errors
/// As [`insert`].
pub fn set_attributes(subscription: &Subscription) -> Result<Batch, StoreError> {
    Ok(Batch::of(
        "UPDATE subscription SET attributes = ?2, version = version + 1 WHERE subscription_id = ?1 AND version = ?3",
        params![&*subscription.id, Value::json(&subscription.attributes)?, subscription.version],
        Expect::Exactly(1),
    ))
}

/// Ends a subscription and what it is owed. A conflict means that it is gone.
pub fn delete(subscription: &Subscription) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM subscription WHERE subscription_id = ?1",
        params![&*subscription.id],
        Expect::Exactly(1),
    );
    batch.push(
        "UPDATE topic SET subscriptions_deleted = subscriptions_deleted + 1 \
         WHERE account_id = ?1 AND region = ?2 AND name = ?3",
        params![
            subscription.tenant.account.as_str(),
            subscription.tenant.region.as_str(),
            &*subscription.topic
        ],
        Expect::Any,
    );
    batch.append(delivery::forget_lane(&subscription.lane()));
    batch
}

/// Forgets subscriptions that nobody confirmed in time.
pub fn expire(now_ms: i64) -> Batch {
    Batch::of("DELETE FROM subscription WHERE expires_ms <= ?1", params![now_ms], Expect::Any)
}

/// The subscription of this id, in whichever tenant.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &str) -> Result<Option<Subscription>, StoreError> {
    let rows = Query::new(SELECT).and("subscription_id = ?", id).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// The subscription of an account's endpoint to a topic.
///
/// # Errors
/// The store's.
pub async fn of_endpoint(
    db: &Db,
    tenant: &Tenant,
    topic: &str,
    protocol: &str,
    endpoint: &str,
    owner: &AccountId,
) -> Result<Option<Subscription>, StoreError> {
    let rows = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
        .and("topic = ?", topic)
        .and("protocol = ?", protocol)
        .and("endpoint = ?", endpoint)
        .and("owner_account_id = ?", owner.as_str())
        .read(db)
        .await?;
    rows.first().map(from_row).transpose()
}

/// Subscriptions of a topic by id, at most `limit` after one.
///
/// # Errors
/// The store's.
pub async fn of_topic(
    db: &Db,
    tenant: &Tenant,
    topic: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Subscription>, StoreError> {
    let mut query = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str())
        .and("topic = ?", topic);
    if let Some(after) = after {
        query = query.and("subscription_id > ?", after);
    }
    query.order_by("subscription_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}

/// Subscriptions that an account made in a region, by id, at most `limit` after one.
///
/// # Errors
/// The store's.
pub async fn of_owner(
    db: &Db,
    owner: &Tenant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Subscription>, StoreError> {
    let mut query = Query::new(SELECT)
        .and("owner_account_id = ?", owner.account.as_str())
        .and("region = ?", owner.region.as_str());
    if let Some(after) = after {
        query = query.and("subscription_id > ?", after);
    }
    query.order_by("subscription_id").limit(limit).scan(db).await?.iter().map(from_row).collect()
}
