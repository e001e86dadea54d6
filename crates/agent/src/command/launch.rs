//! Starts worker processes: this program once more, with one folder to work on.

use crate::command::folder::CommandFolder;
use std::io;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// The program that runs now, even when its file was replaced by an upgrade meanwhile.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// First argument of a worker.
pub(crate) const WORKER: &str = "worker";

/// Starts the worker of a command. It leaves our session by itself, and so outlives us.
pub(super) fn start_worker(folder: &CommandFolder) -> io::Result<Child> {
    Command::new(THIS_PROGRAM)
        .arg0("muster-agent")
        .arg(WORKER)
        .arg("--dir")
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}
