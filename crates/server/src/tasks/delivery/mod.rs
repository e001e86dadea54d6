//! Sends what is owed, lane by lane: a lane is one recipient, has a worker of its own while something is due in it, and
//! a recipient that does not answer slows its own lane alone. Workers claim deliveries before they send them, so several
//! replicas share a lane, and a claim runs out when its replica dies. Not for: what is sent (`notify`).

use crate::{
    ControlPlane,
    notify::{Failure, Outcome as Sent},
};
use muster_background::{Outcome, Run, Task};
use muster_bus::Notice;
use muster_store::{
    Batch, StoreError,
    delivery::{self, Claimed},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// A claim outlasts an attempt by this much.
const CLAIM_RESERVE_MS: i64 = 45_000;
/// Failures in a row that a lane may have without a pause.
const FAILURES_WITHOUT_PAUSE: u32 = 3;
const FIRST_PAUSE_MS: i64 = 100;
const LONGEST_PAUSE_MS: i64 = 10_000;

#[derive(Debug)]
pub(crate) struct Delivery {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    control_plane: Arc<ControlPlane>,
    lanes: Mutex<HashMap<String, Lane>>,
    attempts: Semaphore,
}

/// What is remembered of a lane that is at work or has failed.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    busy: bool,
    /// Failures since the last success.
    failures: u32,
    /// Until when it rests.
    rests_until_ms: i64,
}

impl Lane {
    fn succeeded(&mut self) {
        *self = Self { busy: self.busy, ..Self::default() };
    }

    fn failed(&mut self, now_ms: i64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures > FAILURES_WITHOUT_PAUSE {
            let doublings = (self.failures - FAILURES_WITHOUT_PAUSE - 1).min(16);
            self.rests_until_ms = now_ms + (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
        }
    }
}

impl Delivery {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        let attempts = Semaphore::new(control_plane.config.notifications.concurrency);
        Self { shared: Arc::new(Shared { control_plane, lanes: Mutex::default(), attempts }) }
    }
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on a lane until nothing is due in it, or it must rest.
    async fn work(self: Arc<Self>, name: String) {
        loop {
            match self.step(&name).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(lane = name, %error, "deliveries wait for the store");
                    break;
                }
            }
        }
        {
            let mut lanes = self.lanes();
            if lanes.get(&name).is_some_and(|lane| lane.failures == 0) {
                lanes.remove(&name);
            } else if let Some(lane) = lanes.get_mut(&name) {
                lane.busy = false;
            }
        }
        // The task looks when the lane's next delivery is due.
        self.control_plane.bus.publish(Notice::DeliveriesWaiting);
    }

    /// Claims and attempts some; whether there may be more to do now.
    async fn step(self: &Arc<Self>, name: &str) -> Result<bool, StoreError> {
        let ControlPlane { db, clock, config, replica, .. } = &*self.control_plane;
        let lane = self.lanes().get(name).copied().unwrap_or_default();
        let now_ms = clock.now_ms();
        if lane.rests_until_ms > now_ms {
            return Ok(false);
        }
        // One at a time while it is not known to answer.
        let at_a_time = if lane.failures == 0 { config.notifications.destination_concurrency } else { 1 };
        let timeout_ms = i64::try_from(config.outbound.timeout_ms).unwrap_or(i64::MAX / 4);
        let until_ms = now_ms + timeout_ms + CLAIM_RESERVE_MS;
        let limit = i64::try_from(at_a_time).unwrap_or(i64::MAX);
        let rows = db.write(delivery::claim(name, replica, now_ms, until_ms, limit)).await?;
        let claimed: Vec<Claimed> =
            rows.into_iter().flatten().map(|row| delivery::claimed(&row)).collect::<Result<_, _>>()?;
        if claimed.is_empty() {
            return Ok(false);
        }
        let attempts = claimed.iter().map(|delivery| self.attempt(name, delivery));
        for outcome in futures_util::future::join_all(attempts).await {
            outcome?;
        }
        Ok(true)
    }

    async fn attempt(&self, name: &str, claimed: &Claimed) -> Result<(), StoreError> {
        let sent = match self.attempts.acquire().await {
            Ok(_permit) => self.control_plane.attempt_delivery(name, claimed).await?,
            Err(_) => return Ok(()),
        };
        let now_ms = self.control_plane.clock.now_ms();
        let batch = match sent {
            Sent::Delivered => {
                self.lanes().entry(name.to_owned()).or_default().succeeded();
                delivery::end(claimed)
            }
            Sent::Dropped => delivery::end(claimed),
            Sent::Failed(failure) => {
                self.lanes().entry(name.to_owned()).or_default().failed(now_ms);
                settle(claimed, &failure, now_ms)
            }
        };
        self.control_plane.db.write(batch).await.map(|_| ())
    }
}

/// What becomes of a delivery after a failed attempt.
fn settle(claimed: &Claimed, failure: &Failure, now_ms: i64) -> Batch {
    let chance = f64::from(u16::from_be_bytes(crate::secrets::random_bytes())) / f64::from(u16::MAX);
    let wait_ms = failure.policy.wait_ms(claimed.attempts, chance).filter(|_| failure.transient);
    let due_ms = wait_ms.map(|wait_ms| now_ms.saturating_add(wait_ms.max(failure.wait_ms)));
    let last_ms = claimed.created_ms.saturating_add(failure.longest_ms);
    match due_ms.filter(|due_ms| *due_ms <= last_ms) {
        Some(due_ms) => delivery::retry(claimed, due_ms),
        None => {
            tracing::warn!(
                delivery = claimed.id,
                tenant = %claimed.tenant,
                attempts = claimed.attempts,
                error = failure.error,
                "a delivery is given up"
            );
            delivery::give_up(claimed, &failure.error, &failure.message, now_ms)
        }
    }
}

impl Task for Delivery {
    fn name(&self) -> &'static str {
        "delivery"
    }

    fn description(&self) -> &'static str {
        "Sends events to webhooks and messages to subscribers."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let ControlPlane { db, clock, .. } = &*self.shared.control_plane;
            let found = delivery::lanes(db).await.map_err(|error| error.to_string())?;
            let now_ms = clock.now_ms();
            let (mut next_ms, mut begun) = (i64::MAX, Vec::new());
            {
                let mut lanes = self.shared.lanes();
                // A lane without deliveries need not be remembered.
                let owed: std::collections::HashSet<&str> =
                    found.iter().map(|lane| lane.name.as_str()).collect();
                lanes.retain(|name, lane| lane.busy || owed.contains(name.as_str()));
                for delivery::Lane { name, due_ms } in &found {
                    let lane = lanes.get(name).copied().unwrap_or_default();
                    let due_ms = lane.rests_until_ms.max(*due_ms);
                    if lane.busy {
                        // Its worker tells when it ends.
                    } else if due_ms <= now_ms {
                        lanes.insert(name.clone(), Lane { busy: true, ..lane });
                        begun.push(name.clone());
                    } else {
                        next_ms = next_ms.min(due_ms);
                    }
                }
            }
            let detail = json!({ "lanes": found.len(), "begun": begun.len() });
            for name in begun {
                tokio::spawn(Arc::clone(&self.shared).work(name));
            }
            let wait = u64::try_from(next_ms.saturating_sub(now_ms)).unwrap_or(0);
            Ok(Outcome { detail, next_within: Some(Duration::from_millis(wait)) })
        })
    }
}

#[cfg(test)]
mod tests;
