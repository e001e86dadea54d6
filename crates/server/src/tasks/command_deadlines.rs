//! Ends invocations whose time is up: not delivered within the delivery time-out, or not answered by the node until
//! the command expires. AWS calls both a delivery time-out; only a node itself reports an execution time-out.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_bus::Notice;
use muster_ids::CommandId;
use muster_store::invocation;
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

#[derive(Debug)]
pub(crate) struct CommandDeadlines {
    control_plane: Arc<ControlPlane>,
}

impl CommandDeadlines {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for CommandDeadlines {
    fn name(&self) -> &'static str {
        "command_deadlines"
    }

    fn description(&self) -> &'static str {
        "Ends invocations whose delivery or execution time is up."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let ControlPlane { db, bus, clock, .. } = &*self.control_plane;
            let rows =
                db.write(invocation::expire(clock.now_ms())).await.map_err(|error| error.to_string())?;
            let ended = rows.into_iter().flatten().map(|row| row.parse::<CommandId>(0));
            let ended: Vec<_> = ended.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
            let count = ended.len();
            for command in ended.into_iter().collect::<BTreeSet<_>>() {
                bus.publish(Notice::CommandChanged(command));
            }
            Ok(Outcome { detail: json!({ "ended": count }), next_within: None })
        })
    }
}
