//! Writes when keys and roles were last used to the store, many at once.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_store::{Batch, access_key, iam::role};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Uses in one batch: a long batch would keep other writers waiting.
const BATCH: usize = 500;

#[derive(Debug)]
pub(crate) struct IdentityUses {
    control_plane: Arc<ControlPlane>,
}

impl IdentityUses {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for IdentityUses {
    fn name(&self) -> &'static str {
        "identity_uses"
    }

    fn description(&self) -> &'static str {
        "Writes when access keys and roles were last used to the store."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let (keys, roles) = (self.control_plane.uses.take_keys(), self.control_plane.uses.take_roles());
            // In one order, as other replicas write the same rows.
            let mut keys: Vec<_> = keys.iter().map(|(id, last)| (id.as_str(), last)).collect();
            let mut roles: Vec<_> = roles.iter().collect();
            keys.sort_by_key(|(id, _)| *id);
            roles.sort_by_key(|(id, _)| *id);
            let written = |result: Result<_, muster_store::StoreError>| {
                result.map(drop).map_err(|error| error.to_string())
            };
            for some in keys.chunks(BATCH) {
                written(self.control_plane.db.write(access_key::used(some.iter().copied())).await)?;
            }
            for some in roles.chunks(BATCH) {
                let mut batch = Batch::new();
                for (id, last) in some {
                    batch.append(role::used(id, last.time_ms, &last.region));
                }
                written(self.control_plane.db.write(batch).await)?;
            }
            let detail = json!({ "keys": keys.len(), "roles": roles.len() });
            Ok(Outcome { detail, next_within: None })
        })
    }
}
