//! Deliveries: one event for one recipient, from the moment it is owed until it arrived or was given up.
//!
//! Deliveries of one recipient share a lane; work goes lane by lane, so that nobody waits for another's endpoint. A
//! claim moves the due time beyond what an attempt can take: if the replica dies, the delivery is due again then. So
//! everything arrives at least once. Not for: when to try again, or what is sent.

use crate::{Batch, Db, Expect, Query, Row, StoreError, event, params};
use muster_ids::{ReplicaId, Tenant};
use sha2::{Digest as _, Sha256};

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event to a webhook.
    Event,
    /// A message to a subscriber.
    Notification,
    /// The request to confirm a subscription.
    SubscriptionConfirmation,
    /// The word that a subscription was ended.
    UnsubscribeConfirmation,
}

impl Kind {
    /// As it is stored, and as messages call themselves.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "Event",
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Event, Self::Notification, Self::SubscriptionConfirmation, Self::UnsubscribeConfirmation]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| "unknown kind of delivery".to_owned())
    }
}

/// A delivery to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewDelivery<'a> {
    /// What is sent.
    pub kind: Kind,
    /// Whose it is: see [`webhook_lane`] and [`subscription_lane`].
    pub lane: &'a str,
    /// Where it goes: a URL, or a path.
    pub destination: &'a str,
}

/// A delivery that this replica has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// Account and region.
    pub tenant: Tenant,
    /// What is sent.
    pub kind: Kind,
    /// Where it goes.
    pub destination: String,
    /// Which event.
    pub event_id: String,
    /// When it was made, milliseconds since the epoch.
    pub created_ms: i64,
    /// Attempts, this one included.
    pub attempts: i64,
    /// Until when the claim holds.
    claimed_until_ms: i64,
}

/// A lane with deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// When its first delivery is due, or its first claim ends.
    pub due_ms: i64,
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its id.
    pub id: String,
    /// Where it should have gone.
    pub destination: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong the last time.
    pub error: String,
    /// What should have been sent.
    pub message: String,
    /// When it was given up.
    pub failed_ms: i64,
}

/// The lane of an event target.
pub fn webhook_lane(tenant: &Tenant, target: &str) -> String {
    format!("webhook/{tenant}/{target}")
}

/// The lane of a subscription.
pub fn subscription_lane(subscription_id: &str) -> String {
    format!("subscription/{subscription_id}")
}

/// Adds a delivery of an event, due at once. Adding it twice adds it once.
pub fn insert(tenant: &Tenant, event_id: &str, now_ms: i64, delivery: &NewDelivery<'_>) -> Batch {
    let NewDelivery { kind, lane, destination } = *delivery;
    // From event and recipient, so that work that is done again makes no second one.
    let digest = Sha256::digest(format!("{event_id}\n{lane}\n{}", kind.as_str()));
    let id = hex::encode(digest.get(..16).unwrap_or_default());
    Batch::of(
        "INSERT INTO delivery (delivery_id, account_id, region, lane, kind, destination, event_id, created_ms, \
         due_ms, attempts, claimed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0, NULL) \
         ON CONFLICT (delivery_id) DO NOTHING",
        params![
            id,
            tenant.account.as_str(),
            tenant.region.as_str(),
            lane,
            kind.as_str(),
            destination,
            event_id,
            now_ms
        ],
        Expect::Any,
    )
}

/// Every lane that has deliveries, with the time of its first. Costs one look into an index per lane, however many
/// deliveries stand in it.
///
/// # Errors
/// The store's.
pub async fn lanes(db: &Db) -> Result<Vec<Lane>, StoreError> {
    let sql = "WITH RECURSIVE lane_of (name) AS ( \
                 SELECT min(lane) FROM delivery \
                 UNION ALL \
                 SELECT (SELECT min(delivery.lane) FROM delivery WHERE delivery.lane > lane_of.name) \
                 FROM lane_of WHERE lane_of.name IS NOT NULL) \
               SELECT name, (SELECT min(due_ms) FROM delivery WHERE delivery.lane = lane_of.name) \
               FROM lane_of WHERE name IS NOT NULL";
    let rows = db.scan(sql, params![]).await?;
    let mut lanes = Vec::with_capacity(rows.len());
    for row in &rows {
        // A lane that was emptied between the two looks has no time.
        if let Some(due_ms) = row.opt_int(1)? {
            lanes.push(Lane { name: row.text(0)?.to_owned(), due_ms });
        }
    }
    Ok(lanes)
}

/// Claims the first deliveries of a lane that are due, at most `limit`, until a time; gives those back that it got.
pub fn claim(lane: &str, replica: &ReplicaId, now_ms: i64, until_ms: i64, limit: i64) -> Batch {
    Batch::of(
        "UPDATE delivery SET due_ms = ?4, attempts = attempts + 1, claimed_by = ?3 \
         WHERE delivery_id IN (SELECT delivery_id FROM delivery WHERE lane = ?1 AND due_ms <= ?2 \
                               ORDER BY due_ms, delivery_id LIMIT ?5) AND due_ms <= ?2 \
         RETURNING delivery_id, account_id, region, kind, destination, event_id, created_ms, attempts, due_ms",
        params![lane, now_ms, replica.as_str(), until_ms, limit],
        Expect::Any,
    )
}

/// A row that [`claim`] returned.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn claimed(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        id: row.text(0)?.to_owned(),
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        kind: row.parse(3)?,
        destination: row.text(4)?.to_owned(),
        event_id: row.text(5)?.to_owned(),
        created_ms: row.int(6)?,
        attempts: row.int(7)?,
        claimed_until_ms: row.int(8)?,
    })
}

/// The delivery arrived, or is owed no more.
pub fn end(delivery: &Claimed) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM delivery WHERE delivery_id = ?1 AND due_ms = ?2 AND attempts = ?3",
        params![&*delivery.id, delivery.claimed_until_ms, delivery.attempts],
        Expect::Any,
    );
    batch.append(event::forget(&delivery.event_id));
    batch
}

/// The attempt failed; the next one is due at a time. Does nothing if the claim was over.
pub fn retry(delivery: &Claimed, due_ms: i64) -> Batch {
    Batch::of(
        "UPDATE delivery SET due_ms = ?4, claimed_by = NULL \
         WHERE delivery_id = ?1 AND due_ms = ?2 AND attempts = ?3",
        params![&*delivery.id, delivery.claimed_until_ms, delivery.attempts, due_ms],
        Expect::Any,
    )
}

/// Gives the delivery up and keeps a record of it.
pub fn give_up(delivery: &Claimed, error: &str, message: &str, now_ms: i64) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO failed_delivery (delivery_id, account_id, region, destination, attempts, error, message, \
         failed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (delivery_id) DO NOTHING",
        params![
            &*delivery.id,
            delivery.tenant.account.as_str(),
            delivery.tenant.region.as_str(),
            &*delivery.destination,
            delivery.attempts,
            error,
            message,
            now_ms,
        ],
        Expect::Any,
    );
    batch.append(end(delivery));
    batch
}

/// Makes the deliveries due that this replica had claimed in its last life.
pub fn release(replica: &ReplicaId, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE delivery SET due_ms = ?2, claimed_by = NULL WHERE claimed_by = ?1",
        params![replica.as_str(), now_ms],
        Expect::Any,
    )
}

/// Forgets what a recipient is owed, when it goes.
pub fn forget_lane(lane: &str) -> Batch {
    Batch::of("DELETE FROM delivery WHERE lane = ?1", params![lane], Expect::Any)
}

/// Sends what a recipient is owed to another place from now on.
pub fn redirect_lane(lane: &str, destination: &str) -> Batch {
    Batch::of("UPDATE delivery SET destination = ?2 WHERE lane = ?1", params![lane, destination], Expect::Any)
}

/// The tenant's deliveries that were given up, the newest first, at most `limit` after the given time and id.
///
/// # Errors
/// The store's.
pub async fn failed(
    db: &Db,
    tenant: &Tenant,
    after: Option<(i64, &str)>,
    limit: i64,
) -> Result<Vec<Failed>, StoreError> {
    let mut query = Query::new(
        "SELECT delivery_id, destination, attempts, error, message, failed_ms FROM failed_delivery",
    )
    .and("account_id = ?", tenant.account.as_str())
    .and("region = ?", tenant.region.as_str());
    if let Some((failed_ms, id)) = after {
        query = query.and_all("(failed_ms, delivery_id) < (?, ?)", params![failed_ms, id]);
    }
    let rows = query.order_by("failed_ms DESC, delivery_id DESC").limit(limit).scan(db).await?;
    let failed = |row: &Row| {
        Ok(Failed {
            id: row.text(0)?.to_owned(),
            destination: row.text(1)?.to_owned(),
            attempts: row.int(2)?,
            error: row.text(3)?.to_owned(),
            message: row.text(4)?.to_owned(),
            failed_ms: row.int(5)?,
        })
    };
    rows.iter().map(failed).collect()
}

/// Forgets deliveries that were given up before a time.
pub fn forget_failed(before_ms: i64) -> Batch {
    Batch::of("DELETE FROM failed_delivery WHERE failed_ms < ?1", params![before_ms], Expect::Any)
}

#[cfg(test)]
mod tests;
