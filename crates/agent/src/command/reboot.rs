//! Restarts the machine when a step asked for it, once what the server should know has been said.

use crate::command::active::State;
use crate::command::manager::{Manager, ToManager};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

/// How long to wait for other commands to end and for replies to be heard.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a restart may take before it is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(600);

/// A restart that is wanted. While there is one, no new command begins.
#[derive(Debug)]
pub(super) struct Reboot {
    wanted_since: Instant,
    requested_at: Option<Instant>,
}

impl Reboot {
    pub(super) fn new() -> Self {
        Self { wanted_since: Instant::now(), requested_at: None }
    }
}

impl Manager {
    /// Asks for the restart when its time has come.
    pub(super) fn reboot_if_due(&mut self) {
        let waiting = self.active.values().any(|active| active.state == State::Rebooting);
        let Some(reboot) = &mut self.reboot else { return };
        if !waiting {
            // Its command was cancelled.
            self.reboot = None;
            self.launch_waiting();
            return;
        }
        let now = Instant::now();
        let quiet = self.active.values().all(|active| {
            active.state != State::Running
                && active.unacknowledged.is_empty()
                && active.reported == active.events.len()
        });
        let due = match reboot.requested_at {
            None => quiet || now >= reboot.wanted_since + PATIENCE,
            Some(requested_at) => now >= requested_at + ASK_AGAIN,
        };
        let Some((program, arguments)) = self.around.settings.reboot_command.split_first().filter(|_| due)
        else {
            return;
        };
        reboot.requested_at = Some(now);
        tracing::warn!("a command asks for a restart of this machine: running {program}");
        let mut command = Command::new(program);
        command.args(arguments).stdin(std::process::Stdio::null());
        let (to_self, program) = (self.to_self.clone(), program.clone());
        tokio::task::spawn_local(async move {
            let problem = match command.status().await {
                Ok(status) if status.success() => return,
                Ok(status) => format!("{program}: {status}"),
                Err(error) => format!("{program}: {error}"),
            };
            let _ = to_self.send(ToManager::RebootFailed(problem));
        });
    }

    /// Ends the commands that wait for a restart which this machine will not do.
    pub(super) fn give_up_reboot(&mut self, reason: &str) {
        self.reboot = None;
        let waiting: Vec<String> = self
            .active
            .iter()
            .filter(|(_, active)| active.state == State::Rebooting)
            .map(|(command_id, _)| command_id.clone())
            .collect();
        for command_id in waiting {
            self.fail(&command_id, &format!("The machine could not be restarted: {reason}"));
        }
        self.launch_waiting();
    }
}
