//! An event to a webhook.

use super::{Failure, Outcome};
use crate::{
    ControlPlane,
    domain::event::{
        envelope::envelope,
        retry::{Backoff, RetryPolicy},
        webhook,
    },
};
use muster_store::{
    StoreError,
    delivery::{Claimed, webhook_lane},
    event::{Content, Waiting},
    event_target,
};

/// What secrets of targets are sealed for.
pub(crate) const SECRET_PURPOSE: &str = "event-target";
const USER_AGENT: &str = concat!("Muster/", env!("CARGO_PKG_VERSION"));
/// Retries that follow at once.
const AT_ONCE: u32 = 3;

impl ControlPlane {
    pub(super) async fn call_webhook(
        &self,
        lane: &str,
        delivery: &Claimed,
        event: &Waiting,
    ) -> Result<Outcome, StoreError> {
        let name = lane.strip_prefix(&webhook_lane(&delivery.tenant, "")).unwrap_or_default();
        let Some(target) = event_target::find(&self.db, &delivery.tenant, name).await? else {
            return Ok(Outcome::Dropped);
        };
        let content: Content =
            serde_json::from_str(&event.content).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let body = envelope(&event.id, &event.tenant, event.time_ms, &content).to_string();
        let mut headers = vec![
            ("x-muster-event-id", event.id.clone()),
            ("x-muster-delivery-attempt", delivery.attempts.to_string()),
        ];
        if let Some(sealed) = &target.secret_sealed {
            let Ok(secret) = self.secrets.open_sealed(SECRET_PURPOSE, sealed) else {
                return Ok(self.failed("the target's secret cannot be opened; put it again", false, 0, body));
            };
            headers.push((
                webhook::SIGNATURE,
                webhook::signature(&secret, self.clock.now_ms(), body.as_bytes()),
            ));
        }
        let sent =
            self.post(&target.destination, USER_AGENT, "application/json", headers, body.clone()).await;
        Ok(match sent {
            Ok(()) => Outcome::Delivered,
            Err(refusal) => self.failed(&refusal.error, refusal.transient, refusal.wait_ms, body),
        })
    }

    fn failed(&self, error: &str, transient: bool, wait_ms: i64, message: String) -> Outcome {
        let settings = &self.config.notifications;
        let policy = RetryPolicy {
            no_delay: AT_ONCE,
            min_delay: 0,
            growing: settings.webhook_retries,
            max_delay: 0,
            min_ms: settings.webhook_backoff_ms,
            max_ms: settings.webhook_backoff_max_ms,
            backoff: Backoff::Exponential,
        };
        let longest_ms = i64::try_from(settings.webhook_age_ms).unwrap_or(i64::MAX);
        Outcome::Failed(Failure { error: error.to_owned(), transient, wait_ms, policy, longest_ms, message })
    }
}
