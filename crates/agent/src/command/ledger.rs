//! Which commands this node has accepted: the guard against running one twice.
//!
//! A command is known while its folder is in `active` or `finished`, and after that by a small file in `ledger`.
//! Nothing is held in memory: a look at the disk is cheap, and the disk is the truth.

use crate::command::folder::{CommandFolder, JobRecord};
use crate::paths::{DataDir, private_file};
use std::io;
use std::path::{Path, PathBuf};

/// How long a command is remembered after its folder is gone: a week, far beyond any delivery time-out.
pub(crate) const REMEMBER_MS: i64 = 7 * 24 * 3600 * 1000;

/// The ledger of one data folder.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    data: DataDir,
}

/// Where a command stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// Never seen.
    No,
    /// Not finished, or not fully reported.
    Active(CommandFolder),
    /// Finished and reported; the folder is still here.
    Finished(CommandFolder),
    /// Finished and reported long ago.
    Remembered,
}

impl Ledger {
    /// The ledger of a data folder.
    pub(crate) fn new(data: DataDir) -> Self {
        Self { data }
    }

    fn active(&self, command_id: &str) -> PathBuf {
        self.data.active().join(command_id)
    }

    fn finished(&self, command_id: &str) -> PathBuf {
        self.data.finished().join(command_id)
    }

    fn remembered(&self, command_id: &str) -> PathBuf {
        self.data.ledger().join(command_id)
    }

    /// What is known of a command. The id is a checked UUID, never a path.
    pub(crate) fn look_up(&self, command_id: &str) -> Known {
        let active = CommandFolder::at(self.active(command_id));
        if active.is_accepted() {
            Known::Active(active)
        } else if self.finished(command_id).exists() {
            Known::Finished(CommandFolder::at(self.finished(command_id)))
        } else if self.remembered(command_id).exists() {
            Known::Remembered
        } else {
            Known::No
        }
    }

    /// Enters a command durably. After this returns, the job may be acknowledged, and will be run.
    pub(crate) fn accept(&self, job: &JobRecord) -> io::Result<CommandFolder> {
        CommandFolder::create(self.active(&job.command_id), job)
    }

    /// All commands that are not finished or not fully reported, oldest first. A folder whose job was not written to
    /// its end was never acknowledged: it is deleted, and the server will send the job again. One that cannot be read
    /// stays where it is, for the administrator and for the next start.
    pub(crate) fn open_commands(&self) -> io::Result<Vec<(CommandFolder, JobRecord)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.data.active())? {
            let folder = CommandFolder::at(entry?.path());
            match folder.read_job() {
                Ok(job) => found.push((folder, job)),
                Err(error) if !folder.is_accepted() || is_torn(&error) => {
                    tracing::warn!("dropping {}, which was never accepted", folder.path().display());
                    let _ = std::fs::remove_dir_all(folder.path());
                }
                Err(error) => tracing::error!("{} cannot be read: {error}", folder.path().display()),
            }
        }
        found.sort_by(|left, right| {
            (left.1.accepted_ms, &left.1.job_id).cmp(&(right.1.accepted_ms, &right.1.job_id))
        });
        Ok(found)
    }

    /// Moves a command to the finished ones. If the machine dies before this is on the disk, the replies are sent
    /// again under their ids, which is harmless.
    pub(crate) fn finish(&self, command_id: &str) -> io::Result<()> {
        std::fs::rename(self.active(command_id), self.finished(command_id))
    }

    /// Takes a finished command back to the active ones, to report it again.
    pub(crate) fn reopen(&self, command_id: &str) -> io::Result<CommandFolder> {
        std::fs::rename(self.finished(command_id), self.active(command_id))?;
        Ok(CommandFolder::at(self.active(command_id)))
    }

    /// Deletes the folder of a finished command; the command stays known.
    pub(crate) fn bury(&self, command_id: &str) -> io::Result<()> {
        // The mark first: a command must be known at every moment. An empty file takes no block.
        private_file().write(true).create(true).truncate(true).open(self.remembered(command_id))?;
        std::fs::remove_dir_all(self.finished(command_id))
    }

    /// Folder of the marks.
    pub(crate) fn marks(&self) -> PathBuf {
        self.data.ledger()
    }

    /// Folder of the finished commands.
    pub(crate) fn finished_folder(&self) -> PathBuf {
        self.data.finished()
    }
}

/// Whether a job was read and is not whole. It was synced before it was acknowledged, so it was not acknowledged.
fn is_torn(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// The command id that a folder or mark stands for.
pub(crate) fn command_id_of(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::folder::sample_job;

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let base = tempfile::tempdir().unwrap();
        let data = DataDir::at(base.path());
        data.create().unwrap();
        (base, Ledger::new(data))
    }

    #[test]
    fn a_command_is_known_from_acceptance_on() {
        let (base, ledger) = ledger();
        let job = sample_job(base.path());
        let id = job.command_id.clone();
        assert_eq!(ledger.look_up(&id), Known::No);
        ledger.accept(&job).unwrap();
        assert!(matches!(ledger.look_up(&id), Known::Active(_)));
        ledger.finish(&id).unwrap();
        assert!(matches!(ledger.look_up(&id), Known::Finished(_)));
        ledger.reopen(&id).unwrap();
        assert!(matches!(ledger.look_up(&id), Known::Active(_)));
        ledger.finish(&id).unwrap();
        ledger.bury(&id).unwrap();
        assert_eq!(ledger.look_up(&id), Known::Remembered);
        assert!(ledger.open_commands().unwrap().is_empty());
    }

    #[test]
    fn half_accepted_commands_vanish_at_start() {
        let (base, ledger) = ledger();
        let job = sample_job(base.path());
        let folder = ledger.accept(&job).unwrap();
        assert_eq!(ledger.open_commands().unwrap().len(), 1);
        std::fs::rename(folder.path().join("job.json"), folder.path().join("job.json.new")).unwrap();
        assert_eq!(ledger.look_up(&job.command_id), Known::No);
        assert!(ledger.open_commands().unwrap().is_empty());
        assert_eq!(ledger.look_up(&job.command_id), Known::No);
        for torn in ["", "{\"version\":1,\"job", "\0\0\0\0"] {
            let folder = ledger.accept(&job).unwrap();
            std::fs::write(folder.path().join("job.json"), torn).unwrap();
            assert!(ledger.open_commands().unwrap().is_empty(), "{torn:?}");
            assert_eq!(ledger.look_up(&job.command_id), Known::No);
        }
    }

    #[test]
    fn accepting_twice_fails_and_keeps_the_first() {
        let (base, ledger) = ledger();
        let job = sample_job(base.path());
        ledger.accept(&job).unwrap();
        assert!(ledger.accept(&job).is_err());
        assert!(matches!(ledger.look_up(&job.command_id), Known::Active(_)));
    }
}
