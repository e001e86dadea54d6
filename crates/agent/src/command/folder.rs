//! The folder of one command: the accepted job, what happened, and the outputs of its steps.
//!
//! Agent and worker share nothing but these files. Who writes `events` holds the lock.

use crate::command::event::EventLog;
use crate::paths::{private_file, sync_parent};
use crate::platform;
use muster_protocol::message::SendCommandContent;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Disk space that an accepted command holds from the start, so that its fate can be recorded on a full disk.
pub(crate) const RESERVE_BYTES: u64 = 64 * 1024;

/// An accepted job, as the worker needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    /// Version of this record and of the events; a worker of a newer agent reads older ones.
    pub(crate) version: u32,
    /// `aws.ssm.<command id>.<node id>`; every reply names it.
    pub(crate) job_id: String,
    /// The command's id.
    pub(crate) command_id: String,
    /// When this node accepted it, epoch milliseconds of this machine.
    pub(crate) accepted_ms: i64,
    /// Number of steps of the document.
    pub(crate) steps: usize,
    /// What to run, with parameters and document as the server sent them.
    pub(crate) content: SendCommandContent,
    /// What the scripts may know about the node.
    pub(crate) node: NodeFacts,
    /// Most bytes kept of each output stream of a step.
    pub(crate) output_limit: u64,
    /// FIFO of the agent.
    pub(crate) agent_poke: PathBuf,
}

/// Facts that scripts find in their environment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct NodeFacts {
    /// `mi-…`.
    pub(crate) instance_id: String,
    /// The node's region.
    pub(crate) region: String,
    /// Name of the distribution.
    pub(crate) platform_name: String,
    /// Version of the distribution.
    pub(crate) platform_version: String,
}

/// The folder of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandFolder {
    path: PathBuf,
}

/// Held by whoever may write the events; released when dropped or when the process dies.
#[derive(Debug)]
pub(crate) struct FolderLock(#[allow(dead_code, reason = "the open file is the lock")] File);

impl CommandFolder {
    /// The folder at a path.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Creates the folder for a job and makes it durable: when this returns, the command will be run.
    pub(crate) fn create(path: PathBuf, job: &JobRecord) -> io::Result<Self> {
        let folder = Self { path };
        if folder.path.exists() && !folder.is_accepted() {
            // Left by an acceptance that failed and could not be cleared up.
            std::fs::remove_dir_all(&folder.path)?;
        }
        DirBuilder::new().mode(0o700).create(&folder.path)?;
        let created = folder.fill(job);
        if created.is_err() {
            let _ = std::fs::remove_dir_all(&folder.path);
        }
        created.map(|()| folder)
    }

    fn fill(&self, job: &JobRecord) -> io::Result<()> {
        let events = private_file().append(true).create(true).open(self.events())?;
        platform::reserve(&events, 0, RESERVE_BYTES)?;
        platform::make_fifo(&self.control())?;
        private_file().write(true).create(true).truncate(true).open(self.lock_file())?;
        let unfinished = self.path.join("job.json.new");
        let mut file = private_file().write(true).create_new(true).open(&unfinished)?;
        file.write_all(&serde_json::to_vec(job)?)?;
        // Named before it is synced, so that journalling file systems do all of this in one go. A crash in between may
        // leave a torn file: see `Ledger::open_commands`.
        std::fs::rename(&unfinished, self.job())?;
        file.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        sync_parent(&self.path)
    }

    /// The folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn job(&self) -> PathBuf {
        self.path.join("job.json")
    }

    /// Whether the job was written to its end.
    pub(crate) fn is_accepted(&self) -> bool {
        self.job().exists()
    }

    /// The log of what happened.
    pub(crate) fn events(&self) -> PathBuf {
        self.path.join("events")
    }

    fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// FIFO through which the agent wakes the worker.
    pub(crate) fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    fn cancel_mark(&self) -> PathBuf {
        self.path.join("cancel")
    }

    /// Message ids of acknowledged replies, one a line.
    pub(crate) fn acknowledged(&self) -> PathBuf {
        self.path.join("acknowledged")
    }

    /// Where a step keeps script and outputs. `number` counts from 0.
    pub(crate) fn step(&self, number: usize, name: &str) -> PathBuf {
        self.path.join("steps").join(format!("{:03}-{}", number + 1, safe_name(name)))
    }

    /// Where `aws:downloadContent` puts files, and where relative working directories lie.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.path.join("downloads")
    }

    /// Where the full text of one output of a step lies.
    pub(crate) fn output(&self, number: usize, name: &str, stream: &str) -> PathBuf {
        self.step(number, name).join(stream)
    }

    /// The accepted job.
    pub(crate) fn read_job(&self) -> io::Result<JobRecord> {
        Ok(serde_json::from_slice(&std::fs::read(self.job())?)?)
    }

    /// Waits for the lock.
    pub(crate) fn lock(&self) -> io::Result<FolderLock> {
        let file = self.open_lock_file()?;
        file.lock()?;
        Ok(FolderLock(file))
    }

    /// Takes the lock if no worker lives.
    pub(crate) fn try_lock(&self) -> io::Result<Option<FolderLock>> {
        let file = self.open_lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open_lock_file(&self) -> io::Result<File> {
        private_file().read(true).write(true).create(true).truncate(false).open(self.lock_file())
    }

    /// Opens the events for writing. The caller holds the lock.
    pub(crate) fn open_events(&self, _lock: &FolderLock) -> io::Result<EventLog> {
        EventLog::open(&self.events())
    }

    /// Marks the command as to be cancelled and wakes its worker, if there is one.
    pub(crate) fn request_cancel(&self) -> io::Result<()> {
        let marked = private_file().write(true).create(true).truncate(true).open(self.cancel_mark());
        platform::poke(&self.control(), b"c");
        marked.map(drop)
    }

    /// Whether the command is to be cancelled.
    pub(crate) fn cancel_requested(&self) -> bool {
        self.cancel_mark().exists()
    }
}

/// A step's name as one path component: letters, digits, `-`, `_` and `.` stay, at most 60 characters.
fn safe_name(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .take(60)
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect();
    if cleaned.is_empty() { "step".to_owned() } else { cleaned }
}

#[cfg(test)]
pub(crate) fn sample_job(folder: &Path) -> JobRecord {
    JobRecord {
        version: 1,
        job_id: "aws.ssm.11111111-2222-4333-8444-555555555555.mi-0123456789abcdef0".into(),
        command_id: "11111111-2222-4333-8444-555555555555".into(),
        accepted_ms: 1_727_786_096_789,
        steps: 1,
        content: SendCommandContent::default(),
        node: NodeFacts::default(),
        output_limit: 1 << 20,
        agent_poke: folder.join("poke"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let base = tempfile::tempdir().unwrap();
        let folder = CommandFolder::create(base.path().join("c"), &sample_job(base.path())).unwrap();
        let lock = folder.lock().unwrap();
        assert!(folder.try_lock().unwrap().is_none());
        drop(lock);
        assert!(folder.try_lock().unwrap().is_some());
    }

    #[test]
    fn cancel_is_remembered() {
        let base = tempfile::tempdir().unwrap();
        let folder = CommandFolder::create(base.path().join("c"), &sample_job(base.path())).unwrap();
        assert!(!folder.cancel_requested());
        folder.request_cancel().unwrap();
        assert!(folder.cancel_requested());
    }

    #[test]
    fn step_names_cannot_leave_the_folder() {
        let folder = CommandFolder::at(PathBuf::from("/d"));
        assert_eq!(folder.step(0, "../../etc"), Path::new("/d/steps/001-.._.._etc"));
        assert_eq!(folder.step(1, ""), Path::new("/d/steps/002-step"));
        assert_eq!(folder.step(2, "aws:run/x"), Path::new("/d/steps/003-aws_run_x"));
    }
}
