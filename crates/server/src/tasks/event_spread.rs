//! Makes the deliveries of events and messages: which targets want an event, which subscribers a message. Each is spread
//! by one batch that takes it off the waiting list, so that replicas do not do it twice, and a crash loses nothing. Not
//! for: sending (`delivery`).

use crate::{
    ControlPlane,
    domain::{
        event::{envelope::envelope, pattern::Pattern},
        sns::{filter::Filter, message::Message, subscription_attribute},
    },
};
use aws_lc_rs::digest::{SHA256, digest};
use muster_background::{Outcome, Run, Task};
use muster_bus::Notice;
use muster_ids::Tenant;
use muster_store::{
    Batch, StoreError,
    delivery::{self, Kind, NewDelivery, webhook_lane},
    event::{self, Content, Waiting},
    event_target::{self, EventTarget},
    sns::subscription::{self, Subscription},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Events that are looked at together.
const EVENTS: i64 = 100;
/// Rounds of one run; more wait for the next, which comes at once.
const ROUNDS: usize = 20;
/// Targets of one tenant; far more than anybody is allowed.
const MOST_TARGETS: i64 = 100_000;
/// Subscribers that are looked at together.
const SUBSCRIBERS: i64 = 1000;

#[derive(Debug)]
pub(crate) struct EventSpread {
    control_plane: Arc<ControlPlane>,
}

/// A target, and what it wants; no pattern wants everything.
struct Target {
    row: EventTarget,
    pattern: Option<Pattern>,
}

type Targets = HashMap<Tenant, Vec<Target>>;

impl EventSpread {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }

    /// One round: how many events there were.
    async fn round(&self) -> Result<usize, StoreError> {
        let waiting = event::waiting(&self.control_plane.db, EVENTS).await?;
        let targets = self.targets(&waiting).await?;
        let spread = futures_util::future::join_all(waiting.iter().map(|event| self.spread(event, &targets)));
        for outcome in spread.await {
            match outcome {
                // Another replica was faster.
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(waiting.len())
    }

    /// The targets of the tenants that the events are of.
    async fn targets(&self, waiting: &[Waiting]) -> Result<Targets, StoreError> {
        let mut targets = Targets::new();
        for event in waiting.iter().filter(|event| event.topic.is_none()) {
            if !targets.contains_key(&event.tenant) {
                let rows =
                    event_target::page(&self.control_plane.db, &event.tenant, None, MOST_TARGETS).await?;
                let compiled = rows.into_iter().filter_map(|row| {
                    match row.pattern.as_deref().map(Pattern::parse).transpose() {
                        Ok(pattern) => Some(Target { row, pattern }),
                        Err(error) => {
                            tracing::error!(target = row.name, %error, "a stored event pattern cannot be read");
                            None
                        }
                    }
                });
                targets.insert(event.tenant.clone(), compiled.collect());
            }
        }
        Ok(targets)
    }

    async fn spread(&self, event: &Waiting, targets: &Targets) -> Result<(), StoreError> {
        match &event.topic {
            None => {
                let targets = targets.get(&event.tenant).map(Vec::as_slice).unwrap_or_default();
                self.spread_event(event, targets).await
            }
            Some(topic) => self.spread_message(event, topic).await,
        }
    }

    async fn spread_event(&self, event: &Waiting, targets: &[Target]) -> Result<(), StoreError> {
        let now_ms = self.control_plane.clock.now_ms();
        let Ok(content) = serde_json::from_str::<Content>(&event.content) else {
            tracing::error!(event = event.id, "a stored event cannot be read; it is dropped");
            return self.write(event::spread(event, false, now_ms)).await;
        };
        let whole = envelope(&event.id, &event.tenant, event.time_ms, &content);
        let wanted = targets
            .iter()
            .filter(|target| target.pattern.as_ref().is_none_or(|pattern| pattern.matches(&whole)));
        let (mut deliveries, mut has_webhook) = (Batch::new(), false);
        for Target { row, .. } in wanted {
            if let Some(topic) = row.destination.strip_prefix("arn:").and_then(|arn| arn.rsplit(':').next()) {
                deliveries.append(event::publish(&as_message(event, row, topic, &whole)));
            } else {
                has_webhook = true;
                let lane = webhook_lane(&event.tenant, &row.name);
                let new = NewDelivery { kind: Kind::Event, lane: &lane, destination: &row.destination };
                deliveries.append(delivery::insert(&event.tenant, &event.id, now_ms, &new));
            }
        }
        let mut batch = event::spread(event, has_webhook, now_ms);
        batch.append(deliveries);
        self.write(batch).await
    }

    /// A message to the subscribers that want it. Those of large topics are written down piece by piece, and the
    /// message taken off the list with the last.
    async fn spread_message(&self, event: &Waiting, topic: &str) -> Result<(), StoreError> {
        let ControlPlane { db, clock, .. } = &*self.control_plane;
        let now_ms = clock.now_ms();
        let Ok(message) = serde_json::from_str::<Message>(&event.content) else {
            tracing::error!(event = event.id, "a stored message cannot be read; it is dropped");
            return self.write(event::spread(event, false, now_ms)).await;
        };
        let (mut after, mut any) = (None::<String>, false);
        loop {
            let rows =
                subscription::of_topic(db, &event.tenant, topic, after.as_deref(), SUBSCRIBERS).await?;
            let mut deliveries = Batch::new();
            for row in rows.iter().filter(|row| wants(row, &message)) {
                any = true;
                let lane = row.lane();
                let new = NewDelivery { kind: Kind::Notification, lane: &lane, destination: &row.endpoint };
                deliveries.append(delivery::insert(&event.tenant, &event.id, now_ms, &new));
            }
            let last = i64::try_from(rows.len()).is_ok_and(|rows| rows < SUBSCRIBERS);
            if last {
                let mut batch = event::spread(event, any, now_ms);
                batch.append(deliveries);
                return self.write(batch).await;
            }
            self.write(deliveries).await?;
            after = rows.last().map(|row| row.id.clone());
        }
    }

    async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.control_plane.db.write(batch).await.map(|_| ())
    }
}

/// Whether a subscriber is confirmed and its filter lets the message through.
fn wants(row: &Subscription, message: &Message) -> bool {
    if row.expires_ms.is_some() {
        return false;
    }
    match subscription_attribute::filter(&row.attributes) {
        Ok(filter) => filter.as_ref().is_none_or(|filter: &Filter| filter.matches(message)),
        Err(error) => {
            tracing::error!(subscription = row.id, %error, "a stored filter policy cannot be read");
            false
        }
    }
}

/// An event as a message of a topic. Its id follows from event and target, so that it is published once.
fn as_message(event: &Waiting, target: &EventTarget, topic: &str, whole: &Value) -> Waiting {
    let from = digest(&SHA256, format!("{}\n{}", event.id, target.name).as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(from.as_ref()).for_each(|(byte, from)| *byte = *from);
    let message = Message { text: whole.to_string(), ..Message::default() };
    Waiting {
        id: uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string(),
        tenant: event.tenant.clone(),
        topic: Some(topic.to_owned()),
        time_ms: event.time_ms,
        content: serde_json::to_string(&message).unwrap_or_default(),
    }
}

impl Task for EventSpread {
    fn name(&self) -> &'static str {
        "event_spread"
    }

    fn description(&self) -> &'static str {
        "Makes the deliveries of events and messages."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let (mut spread, mut more) = (0, true);
            for _ in 0..ROUNDS {
                let events = self.round().await.map_err(|error| error.to_string())?;
                spread += events;
                more = events > 0;
                if !more {
                    break;
                }
            }
            if spread > 0 {
                self.control_plane.bus.publish(Notice::DeliveriesWaiting);
            }
            Ok(Outcome { detail: json!({ "spread": spread }), next_within: more.then_some(Duration::ZERO) })
        })
    }
}
