//! Moves commands on: releases waiting invocations as others end, ends the waiting ones after too many errors, and
//! notes the outcome when the last invocation has ended.
//!
//! Runs for the commands that changed; sweeps all that are open at the start and now and then, so that a lost
//! notice costs time and nothing else.

use crate::{
    ControlPlane,
    domain::command::{State, assess},
};
use muster_background::{Outcome, Run, Task};
use muster_bus::Notice;
use muster_ids::CommandId;
use muster_store::{Batch, StoreError, command, invocation};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Changes that come in a burst are looked at together.
const GATHER: Duration = Duration::from_millis(10);
/// Runs between two sweeps over everything that is open.
const SWEEP_EVERY: u32 = 12;

#[derive(Debug, Default)]
struct Pending {
    changed: BTreeSet<CommandId>,
    runs_until_sweep: u32,
}

#[derive(Debug)]
pub(crate) struct CommandProgress {
    control_plane: Arc<ControlPlane>,
    pending: Mutex<Pending>,
}

impl CommandProgress {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane, pending: Mutex::default() }
    }

    /// Look at this command in the next run.
    pub(crate) fn mark(&self, command: CommandId) {
        self.lock().changed.insert(command);
    }

    /// Look at every open command in the next run.
    pub(crate) fn mark_all(&self) {
        self.lock().runs_until_sweep = 0;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to look at: the changed commands, or every open one when the time for a sweep has come.
    async fn take(&self) -> Result<BTreeSet<CommandId>, StoreError> {
        let (mut commands, sweep) = {
            let mut pending = self.lock();
            let commands = std::mem::take(&mut pending.changed);
            let sweep = commands.is_empty() || pending.runs_until_sweep == 0;
            pending.runs_until_sweep = if sweep { SWEEP_EVERY } else { pending.runs_until_sweep - 1 };
            (commands, sweep)
        };
        if sweep {
            commands.extend(command::unfinished(&self.control_plane.db).await?);
        }
        Ok(commands)
    }

    async fn advance(&self, id: &CommandId) -> Result<bool, StoreError> {
        let ControlPlane { db, bus, clock, .. } = &*self.control_plane;
        let Some(row) = command::find_any(db, id).await?.filter(|row| row.finished_ms.is_none()) else {
            return Ok(false);
        };
        let counts = invocation::count_by_state(db, id).await?;
        let progress =
            assess(&counts, row.max_concurrency, row.max_errors, row.cancel_requested_ms.is_some());
        if progress.terminate {
            let State { status, details } = State::TERMINATED;
            db.write(invocation::terminate_waiting(id, status, details, clock.now_ms())).await?;
            bus.publish(Notice::CommandChanged(id.clone()));
            return Ok(true);
        }
        if progress.release > 0 {
            let nodes = invocation::waiting(db, id, progress.release).await?;
            let mut batch = Batch::new();
            for node in &nodes {
                batch.append(invocation::release(id, node));
            }
            db.write(batch).await?;
            bus.publish(Notice::NodesHaveWork(nodes.into()));
        }
        if progress.finished {
            db.write(command::finish(id, &progress.outcome(), clock.now_ms())).await?;
        }
        Ok(progress.finished || progress.release > 0)
    }
}

impl Task for CommandProgress {
    fn name(&self) -> &'static str {
        "command_progress"
    }

    fn description(&self) -> &'static str {
        "Releases waiting invocations, stops commands after too many errors, notes how commands ended."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            tokio::time::sleep(GATHER).await;
            let commands = self.take().await.map_err(|error| error.to_string())?;
            let (looked_at, mut moved) = (commands.len(), 0u64);
            for id in commands {
                moved += u64::from(self.advance(&id).await.map_err(|error| error.to_string())?);
            }
            Ok(Outcome { detail: json!({ "looked_at": looked_at, "moved": moved }), next_within: None })
        })
    }
}
