//! Forgets what nobody needs any more: deliveries that were given up long ago, events without deliveries, subscriptions
//! that nobody confirmed.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_store::{delivery, event, sns::subscription};
use std::{sync::Arc, time::Duration};

/// An event keeps its row for this long after it was spread, whatever became of its deliveries.
const SPREAD_MS: i64 = 60_000;

#[derive(Debug)]
pub(crate) struct EventRetention {
    control_plane: Arc<ControlPlane>,
}

impl EventRetention {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for EventRetention {
    fn name(&self) -> &'static str {
        "event_retention"
    }

    fn description(&self) -> &'static str {
        "Forgets old failed deliveries, events without deliveries, and subscriptions that nobody confirmed."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(600)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let ControlPlane { db, clock, config, .. } = &*self.control_plane;
            let now_ms = clock.now_ms();
            let kept_ms = i64::try_from(config.notifications.failed_retention_ms).unwrap_or(i64::MAX);
            let mut batch = delivery::forget_failed(now_ms.saturating_sub(kept_ms));
            batch.append(event::sweep(now_ms.saturating_sub(SPREAD_MS)));
            batch.append(subscription::expire(now_ms));
            db.write(batch).await.map_err(|error| error.to_string())?;
            Ok(Outcome::default())
        })
    }
}
