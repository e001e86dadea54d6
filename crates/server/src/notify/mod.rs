//! One attempt to deliver: what is sent to a webhook or a subscriber, and what came of it. Not for: when an attempt is
//! made (`tasks/delivery`), or who gets what (`tasks/event_spread`).

mod call;
mod confirmation;
mod sign;
mod subscriber;
mod webhook;

pub(crate) use confirmation::{CONFIRM_WITHIN_MS, Confirmation, Restored};
pub(crate) use sign::MessageSigner;
pub(crate) use webhook::SECRET_PURPOSE;

use crate::{ControlPlane, domain::event::retry::RetryPolicy};
use muster_store::{
    StoreError,
    delivery::{Claimed, Kind},
    event,
};

/// What came of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It arrived.
    Delivered,
    /// Nobody wants it any more.
    Dropped,
    /// It did not arrive.
    Failed(Failure),
}

/// Why it did not arrive, and what holds for its recipient.
#[derive(Debug)]
pub(crate) struct Failure {
    /// For the record of what was given up.
    pub(crate) error: String,
    /// Whether trying again can help.
    pub(crate) transient: bool,
    /// The least wait that the recipient asked for, milliseconds.
    pub(crate) wait_ms: i64,
    /// When to try again.
    pub(crate) policy: RetryPolicy,
    /// From when on it is given up whatever the policy, milliseconds after it was made.
    pub(crate) longest_ms: i64,
    /// What should have arrived.
    pub(crate) message: String,
}

impl ControlPlane {
    /// Makes one attempt.
    ///
    /// # Errors
    /// The store's: then nothing is known, and the claim runs out.
    pub(crate) async fn attempt_delivery(
        &self,
        lane: &str,
        delivery: &Claimed,
    ) -> Result<Outcome, StoreError> {
        let Some(event) = event::find(&self.db, &delivery.event_id).await? else {
            return Ok(Outcome::Dropped);
        };
        match delivery.kind {
            Kind::Event => self.call_webhook(lane, delivery, &event).await,
            _ => self.call_subscriber(lane, delivery, &event).await,
        }
    }
}
