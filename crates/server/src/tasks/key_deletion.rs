//! Removes keys of KMS whose day of deletion has come, with all that is theirs.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_store::{StoreError, kms::key};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Keys removed in one run; more wait for the next, which comes soon.
const BATCH: i64 = 100;
const SOON: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct KeyDeletion {
    control_plane: Arc<ControlPlane>,
}

impl KeyDeletion {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }

    async fn delete(&self) -> Result<usize, StoreError> {
        let ControlPlane { db, clock, keys, .. } = &*self.control_plane;
        let now_ms = clock.now_ms();
        let due = key::due_for_deletion(db, now_ms, BATCH).await?;
        for key in &due {
            match db.write(key::delete(key, now_ms)).await {
                Ok(_) => keys.forget(&key.id),
                // Kept after all, or another replica was first.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }
}

impl Task for KeyDeletion {
    fn name(&self) -> &'static str {
        "key_deletion"
    }

    fn description(&self) -> &'static str {
        "Removes keys whose day of deletion has come."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let deleted = self.delete().await.map_err(|error| error.to_string())?;
            let more = i64::try_from(deleted).is_ok_and(|deleted| deleted == BATCH);
            Ok(Outcome { detail: json!({ "deleted": deleted }), next_within: more.then_some(SOON) })
        })
    }
}
