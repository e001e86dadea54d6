//! Removes files of the audit trail that are older than the configuration keeps them. AWS keeps 90 days.
//!
//! The oldest files of a chain go, one after the other, and the chain remembers the hash that the oldest one kept goes
//! on from: what is left can be verified as before.

use crate::{ControlPlane, audit::Audit};
use muster_background::{Outcome, Run, Task};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const SOON: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct AuditRetention {
    control_plane: Arc<ControlPlane>,
}

impl AuditRetention {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for AuditRetention {
    fn name(&self) -> &'static str {
        "audit_retention"
    }

    fn description(&self) -> &'static str {
        "Removes files of the audit trail that are old enough."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let (removed, more) =
                Audit::forget_old(&self.control_plane).await.map_err(|error| error.to_string())?;
            Ok(Outcome { detail: json!({ "removedFiles": removed }), next_within: more.then_some(SOON) })
        })
    }
}
