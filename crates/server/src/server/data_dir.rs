//! The data folder: made, private, and this process's alone while it runs. Not for: what the files in it mean.

use super::StartError;
use crate::secrets::{read_private, write_private};
use muster_ids::ReplicaId;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The folder, locked. The system lifts the lock when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    _lock: Flock<File>,
}

impl DataDir {
    pub(super) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |path: &Path, source| StartError::DataDir { path: path.to_owned(), source };
        // Outputs of commands and sealed secrets are in it: nobody else's business.
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| failed(path, source))?;
        let lock = path.join("server.lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(|source| failed(&lock, source))?;
        let held = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            Errno::EWOULDBLOCK => StartError::Locked { path: path.to_owned() },
            errno => failed(&lock, io::Error::from(errno)),
        })?;
        Ok(Self { path: path.to_owned(), _lock: held })
    }

    /// This folder's replica: made once, so that a server knows its own traces after a crash.
    pub(super) fn replica(&self) -> Result<ReplicaId, StartError> {
        let path = self.path.join("replica");
        let failed = |source| StartError::DataDir { path: path.clone(), source };
        if let Some(content) = read_private(&path).map_err(failed)? {
            let text = std::str::from_utf8(&content).unwrap_or_default();
            return ReplicaId::parse(text.trim())
                .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error.to_string())));
        }
        let replica = ReplicaId::random();
        write_private(&path, format!("{replica}\n").as_bytes()).map_err(failed)?;
        Ok(replica)
    }
}
