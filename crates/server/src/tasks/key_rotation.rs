//! Gives new material to keys of KMS whose period is over. What was encrypted before still decrypts.

use crate::{ControlPlane, keys::new_material};
use muster_background::{Outcome, Run, Task};
use muster_store::{
    StoreError,
    kms::{key, material::Rotation},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Keys rotated in one run; more wait for the next, which comes soon.
const BATCH: i64 = 100;
const SOON: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 24 * 3_600_000;

#[derive(Debug)]
pub(crate) struct KeyRotation {
    control_plane: Arc<ControlPlane>,
}

impl KeyRotation {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }

    async fn rotate(&self) -> Result<usize, StoreError> {
        let ControlPlane { db, clock, secrets, .. } = &*self.control_plane;
        let now_ms = clock.now_ms();
        let due = key::due_for_rotation(db, now_ms, BATCH).await?;
        for key in &due {
            let material = new_material(secrets, &key.id, now_ms, Some(Rotation::Automatic));
            // From now, not from when it was due: a server that slept for years does not catch up.
            let next_ms = key.rotation_period_days.map(|days| now_ms.saturating_add(days * DAY_MS));
            match db.write(key::rotate(key, &material, next_ms)).await {
                // Rotated or deleted meanwhile, here or on another replica.
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }
}

impl Task for KeyRotation {
    fn name(&self) -> &'static str {
        "key_rotation"
    }

    fn description(&self) -> &'static str {
        "Gives new material to keys whose rotation period is over."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let rotated = self.rotate().await.map_err(|error| error.to_string())?;
            let more = i64::try_from(rotated).is_ok_and(|rotated| rotated == BATCH);
            Ok(Outcome { detail: json!({ "rotated": rotated }), next_within: more.then_some(SOON) })
        })
    }
}
