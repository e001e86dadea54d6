//! Puts the journal of the audit trail on the disk every second, so that a power cut loses no more than that.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use std::{sync::Arc, time::Duration};

#[derive(Debug)]
pub(crate) struct AuditSync {
    control_plane: Arc<ControlPlane>,
}

impl AuditSync {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for AuditSync {
    fn name(&self) -> &'static str {
        "audit_sync"
    }

    fn description(&self) -> &'static str {
        "Puts the journal of the audit trail on the disk."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            self.control_plane.audit.sync().await.map_err(|error| error.to_string())?;
            Ok(Outcome::default())
        })
    }
}
