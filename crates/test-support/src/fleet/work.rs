//! Jobs and running commands of a node of a fleet, and what a script says about them. Not for: the channel.

use super::{
    ledger::Entry,
    script::{Script, Stage},
};
use crate::random::Random;
use muster_protocol::{ids::CommandId, message::SendCommandContent};
use tokio::time::Instant;
use uuid::Uuid;

/// A command that runs.
pub(super) struct Running {
    pub(super) job_id: String,
    pub(super) command: CommandId,
    pub(super) due: Instant,
    pub(super) script: Option<Box<Script>>,
    pub(super) names: Vec<String>,
}

/// A job as it came.
pub(super) struct Job {
    pub(super) job_id: String,
    pub(super) message_id: Uuid,
    pub(super) created_ms: i64,
}

/// Whether the connection breaks here: by chance, and once for each command and stage.
pub(super) fn breaks(random: &mut Random, script: &Script, stage: Stage, entry: &mut Entry) -> bool {
    let share = script.cut_share(stage);
    share > 0.0 && entry.first_break(stage) && random.happens(share)
}

/// The script that a command brings along.
pub(super) fn script_of(fleet: &Script, content: &SendCommandContent) -> Option<Script> {
    let commands = content.parameters.get("commands")?;
    let first = commands.as_str().or_else(|| commands.get(0)?.as_str())?;
    fleet.changed_by(first)
}
