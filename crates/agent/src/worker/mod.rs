//! The worker: a process of its own for each running command. It outlives the agent, and the next one finds what it wrote.
//!
//! No runtime, no sockets, no TLS: it starts in a millisecond and holds little memory. All it knows is in the command's
//! folder; all it has to say it writes there.

mod plan;
mod runner;

pub(crate) use plan::Plan;

use crate::command::folder::CommandFolder;
use crate::platform;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the command of a folder to its end. `arguments`: what follows `worker` on the command line.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    platform::become_session_leader();
    let folder: Option<PathBuf> = arguments.skip_while(|word| word != "--dir").nth(1).map(PathBuf::from);
    let Some(folder) = folder else {
        tracing::error!("a worker needs --dir FOLDER; it is started by the agent, not by hand");
        return ExitCode::from(2);
    };
    match run(&CommandFolder::at(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &CommandFolder) -> io::Result<()> {
    // Whoever has the lock looks at what was done already, so it does no harm if two workers are started.
    let lock = folder.lock()?;
    let job = folder.read_job()?;
    let log = folder.open_events(&lock)?;
    runner::Runner::new(folder, &job, log).run()
}
