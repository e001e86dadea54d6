//! Reads what other replicas changed about the data keys and the master key, and lets a new data key seal once every
//! replica has it.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[derive(Debug)]
pub(crate) struct MasterKey {
    control_plane: Arc<ControlPlane>,
}

impl MasterKey {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for MasterKey {
    fn name(&self) -> &'static str {
        "master_key"
    }

    fn description(&self) -> &'static str {
        "Reads what other replicas changed about the data keys and the master key."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let ControlPlane { db, clock, secrets, .. } = &*self.control_plane;
            secrets.refresh(db, clock.now_ms()).await.map_err(|error| error.to_string())?;
            Ok(Outcome { detail: json!({}), next_within: None })
        })
    }
}
