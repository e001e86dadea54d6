//! The programs that `muster up` started: in process groups of their own, so that Ctrl-C reaches them through us, in
//! order and with time to finish. Not for: what they are told.

use crate::Failure;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// How long a program may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// All of them, in the order of their start.
#[derive(Default)]
pub(super) struct Children {
    running: Vec<Running>,
}

struct Running {
    name: &'static str,
    log: PathBuf,
    process: Child,
}

impl Children {
    /// Starts one. Its output is added to `log`.
    pub(super) fn start(
        &mut self,
        name: &'static str,
        mut command: Command,
        log: &Path,
    ) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::other(format!("cannot start {name}: {error}"));
        let file = File::options().create(true).append(true).open(log).map_err(failed)?;
        let second = file.try_clone().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(file).stderr(second).process_group(0).kill_on_drop(true);
        let process = command.spawn().map_err(failed)?;
        self.running.push(Running { name, log: log.to_path_buf(), process });
        Ok(())
    }

    /// Waits until one ends by itself, which none should.
    pub(super) async fn first_end(&mut self) -> Failure {
        loop {
            if let Err(failure) = self.check() {
                return failure;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// An error if one has ended, with the end of its log.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        for child in &mut self.running {
            if let Ok(Some(status)) = child.process.try_wait() {
                return Err(ended(child.name, status, &child.log));
            }
        }
        Ok(())
    }

    /// Stops all, the last one first.
    pub(super) async fn stop(&mut self) {
        while let Some(mut child) = self.running.pop() {
            if let Some(id) = child.process.id().and_then(|id| i32::try_from(id).ok()) {
                // It may be gone already.
                let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            }
            if timeout(GRACE, child.process.wait()).await.is_err() {
                eprintln!("  {} does not stop; killing it", child.name);
                let _ = child.process.kill().await;
            }
        }
    }
}

fn ended(name: &str, status: ExitStatus, log: &Path) -> Failure {
    let text =
        std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(5)).map(|line| format!("\n    {line}"));
    let last: String = last.collect();
    Failure::other(format!("{name} ended ({status}). The end of {}:{last}", log.display()))
}
