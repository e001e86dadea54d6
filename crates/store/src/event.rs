//! Events of the service and messages of topics, from the change that causes them until their last delivery ended.
//!
//! An event is written by the batch of the change itself, so that neither is without the other. The statement writes
//! nothing if no target in the tenant listens; then it costs one look into an index. After the write, the caller publishes
//! `Notice::EventsWaiting` (without it the events wait for a sweep). Not for: which target wants which event.

use crate::{Batch, Db, Expect, Row, StoreError, delivery::NewDelivery, params};
use muster_ids::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Something that happened, as EventBridge words it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Unique.
    pub id: Uuid,
    /// Where it happened.
    pub tenant: Tenant,
    /// When, milliseconds since the epoch.
    pub time_ms: i64,
    /// `aws.ssm`, …
    pub source: &'static str,
    /// `Parameter Store Change`, …
    pub detail_type: String,
    /// ARNs.
    pub resources: Vec<String>,
    /// What the type of event defines; an object.
    pub detail: Value,
}

/// What is kept of an event beside its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// `aws.ssm`, …
    pub source: String,
    /// `Parameter Store Change`, …
    pub detail_type: String,
    /// ARNs.
    pub resources: Vec<String>,
    /// What the type of event defines.
    pub detail: Value,
}

/// An event whose deliveries are still to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// Account and region.
    pub tenant: Tenant,
    /// The topic whose message it is; none for an event of the service.
    pub topic: Option<String>,
    /// When, milliseconds since the epoch.
    pub time_ms: i64,
    /// A [`Content`], or the topic's form of a message, as JSON.
    pub content: String,
}

/// Adds an event for the targets of its tenant. The answer has a row if anybody listens.
///
/// Append it to the batch of the change.
pub fn insert(event: &Event) -> Batch {
    let content = serde_json::json!({
        "source": event.source,
        "detail_type": event.detail_type,
        "resources": event.resources,
        "detail": event.detail,
    });
    Batch::of(
        "INSERT INTO event (event_id, account_id, region, topic, time_ms, content, spread_ms) \
         SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(NULL AS TEXT), CAST(?4 AS BIGINT), \
                CAST(?5 AS TEXT), CAST(NULL AS BIGINT) \
         WHERE EXISTS (SELECT 1 FROM event_target WHERE account_id = ?2 AND region = ?3) RETURNING event_id",
        params![
            event.id.to_string(),
            event.tenant.account.as_str(),
            event.tenant.region.as_str(),
            event.time_ms,
            content.to_string(),
        ],
        Expect::Any,
    )
}

/// Adds a message of a topic, unless nobody is subscribed to it or the message is there already. The answer has a row
/// if it was added.
pub fn publish(message: &Waiting) -> Batch {
    Batch::of(
        "INSERT INTO event (event_id, account_id, region, topic, time_ms, content, spread_ms) \
         SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS BIGINT), \
                CAST(?6 AS TEXT), CAST(NULL AS BIGINT) \
         WHERE EXISTS (SELECT 1 FROM subscription WHERE account_id = ?2 AND region = ?3 AND topic = ?4) \
         ON CONFLICT (event_id) DO NOTHING RETURNING event_id",
        params![
            &*message.id,
            message.tenant.account.as_str(),
            message.tenant.region.as_str(),
            message.topic.as_deref(),
            message.time_ms,
            &*message.content,
        ],
        Expect::Any,
    )
}

/// Adds a message of a topic that goes to one recipient alone, with its delivery.
pub fn insert_for(message: &Waiting, delivery: &NewDelivery<'_>) -> Batch {
    let mut batch = Batch::of(
        "INSERT INTO event (event_id, account_id, region, topic, time_ms, content, spread_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5)",
        params![
            &*message.id,
            message.tenant.account.as_str(),
            message.tenant.region.as_str(),
            message.topic.as_deref(),
            message.time_ms,
            &*message.content,
        ],
        Expect::Exactly(1),
    );
    batch.append(crate::delivery::insert(&message.tenant, &message.id, message.time_ms, delivery));
    batch
}

/// The oldest events whose deliveries are to be made.
///
/// # Errors
/// The store's.
pub async fn waiting(db: &Db, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let sql = "SELECT event_id, account_id, region, topic, time_ms, content FROM event \
               WHERE spread_ms IS NULL ORDER BY time_ms, event_id LIMIT ?1";
    db.read(sql, params![limit]).await?.iter().map(from_row).collect()
}

/// An event by its id, spread or not.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &str) -> Result<Option<Waiting>, StoreError> {
    let sql = "SELECT event_id, account_id, region, topic, time_ms, content FROM event WHERE event_id = ?1";
    db.read(sql, params![id]).await?.first().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        id: row.text(0)?.to_owned(),
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        topic: row.opt_text(3)?.map(str::to_owned),
        time_ms: row.int(4)?,
        content: row.text(5)?.to_owned(),
    })
}

/// Takes an event off the waiting list; append its deliveries. A conflict means that another replica was faster. With
/// `recipients` false nobody gets it, and it goes.
pub fn spread(event: &Waiting, recipients: bool, now_ms: i64) -> Batch {
    if recipients {
        Batch::of(
            "UPDATE event SET spread_ms = ?2 WHERE event_id = ?1 AND spread_ms IS NULL",
            params![&*event.id, now_ms],
            Expect::Exactly(1),
        )
    } else {
        Batch::of(
            "DELETE FROM event WHERE event_id = ?1 AND spread_ms IS NULL",
            params![&*event.id],
            Expect::Exactly(1),
        )
    }
}

/// Forgets an event that has no delivery left.
pub(crate) fn forget(id: &str) -> Batch {
    Batch::of(
        "DELETE FROM event WHERE event_id = ?1 AND spread_ms IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE event_id = ?1)",
        params![id],
        Expect::Any,
    )
}

/// Forgets events without deliveries that were spread before a time: those whose recipients went, or whose last
/// deliveries ended at the same moment.
pub fn sweep(before_ms: i64) -> Batch {
    Batch::of(
        "DELETE FROM event WHERE spread_ms < ?1 \
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = event.event_id)",
        params![before_ms],
        Expect::Any,
    )
}
