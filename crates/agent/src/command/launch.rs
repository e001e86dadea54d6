//! Starts worker processes (this program once more, with one folder to work on), and notices how they get on.

use crate::command::active::State;
use crate::command::folder::CommandFolder;
use crate::command::manager::{Manager, ToManager};
use crate::command::reboot::Reboot;
use std::io;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// The program that runs now, even when its file was replaced by an upgrade meanwhile.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// First argument of a worker.
pub(crate) const WORKER: &str = "worker";

/// Workers of one command that may die without doing anything before it is given up.
const FUTILE_STARTS: u32 = 3;

/// Starts the worker of a command. It leaves our session by itself, and so outlives us.
fn start_worker(folder: &CommandFolder) -> io::Result<Child> {
    Command::new(THIS_PROGRAM)
        .arg0("muster-agent")
        .arg(WORKER)
        .arg("--dir")
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

impl Manager {
    /// Starts workers while there is room for them.
    pub(super) fn launch_waiting(&mut self) {
        while self.reboot.is_none()
            && self.active.values().filter(|active| active.state == State::Running).count()
                < self.around.settings.command_workers
        {
            let Some(command_id) = self.queue.pop_front() else { return };
            self.launch(&command_id);
        }
    }

    /// Starts the worker of a command.
    pub(super) fn launch(&mut self, command_id: &str) {
        let Some(active) = self.active.get_mut(command_id) else { return };
        let job_id = active.job.job_id.clone();
        let first = active.events.is_empty();
        match start_worker(&active.folder) {
            Ok(mut child) => {
                active.state = State::Running;
                active.events_at_start = active.events.len();
                let (to_self, command_id) = (self.to_self.clone(), command_id.to_owned());
                tokio::task::spawn_local(async move {
                    let _ = child.wait().await;
                    let _ = to_self.send(ToManager::WorkerExited(command_id));
                });
                if first {
                    self.send_progress(&job_id, false);
                }
            }
            Err(error) => self.fail(command_id, &format!("No worker process could be started: {error}")),
        }
    }

    /// Reads what a worker wrote.
    pub(super) fn look_at(&mut self, command_id: &str) {
        let Some(active) = self.active.get_mut(command_id) else { return };
        if let Err(error) = active.read_events() {
            tracing::error!("the events of command {command_id} cannot be read: {error}");
        }
        self.report(command_id);
        self.launch_waiting();
    }

    /// A worker is gone: what it left undone is done by another.
    pub(super) fn on_worker_exit(&mut self, command_id: &str) {
        self.look_at(command_id);
        let Some(active) = self.active.get_mut(command_id) else { return };
        active.foreign = false;
        if active.state == State::Running {
            if active.reboot_from() == Some(&self.boot) {
                active.state = State::Rebooting;
                self.reboot.get_or_insert_with(Reboot::new);
            } else {
                let futile = active.events.len() == active.events_at_start;
                active.futile_starts = if futile { active.futile_starts + 1 } else { 0 };
                if active.futile_starts >= FUTILE_STARTS {
                    self.fail(command_id, "The worker process ends before it can do anything.");
                } else {
                    tracing::warn!("the worker of command {command_id} died; another goes on");
                    active.state = State::Queued;
                    self.queue.push_front(command_id.to_owned());
                }
            }
        }
        self.launch_waiting();
    }
}
