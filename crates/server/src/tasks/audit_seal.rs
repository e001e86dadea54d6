//! Seals the journal of the audit trail: events become files in the blob store within about a minute.

use crate::{ControlPlane, audit::Audit};
use muster_background::{Outcome, Run, Task};
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[derive(Debug)]
pub(crate) struct AuditSeal {
    control_plane: Arc<ControlPlane>,
}

impl AuditSeal {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for AuditSeal {
    fn name(&self) -> &'static str {
        "audit_seal"
    }

    fn description(&self) -> &'static str {
        "Seals recorded calls into files of the audit trail."
    }

    fn period(&self) -> Duration {
        // Segments end by age or size; this is how soon that is seen.
        Duration::from_secs(5)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let ControlPlane { clock, config, audit, .. } = &*self.control_plane;
            let age_ms = i64::from(config.audit.seal_seconds) * 1000;
            let sealed = Audit::seal(&self.control_plane, clock.now_ms() - age_ms).await;
            let sealed = sealed.map_err(|error| error.to_string())?;
            let left = audit.backlog();
            let detail = json!({
                "segments": sealed.segments, "files": sealed.files, "events": sealed.events,
                "unsealedSegments": left.segments, "unsealedBytes": left.bytes,
            });
            Ok(Outcome { detail, next_within: None })
        })
    }
}
