//! The data folder: what lies where, with which modes.
//!
//! Everything the agent keeps is below one folder that only its user may enter.

use crate::platform;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Where the agent of this user keeps its data when nothing else is said.
pub(crate) fn default_data_dir(variable: impl Fn(&str) -> Option<String>, root: bool) -> PathBuf {
    if root {
        return PathBuf::from("/var/lib/muster-agent");
    }
    let set = |name| variable(name).filter(|value| value.starts_with('/'));
    match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(state), _) => Path::new(&state).join("muster-agent"),
        (None, Some(home)) => Path::new(&home).join(".local/state/muster-agent"),
        (None, None) => PathBuf::from("/tmp/muster-agent"),
    }
}

/// The data folder of one agent.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The folder asked for, or the default one; made absolute, not created.
    pub(crate) fn choose(wanted: Option<PathBuf>) -> io::Result<Self> {
        let chosen =
            wanted.unwrap_or_else(|| default_data_dir(|name| std::env::var(name).ok(), platform::is_root()));
        Ok(Self { root: std::path::absolute(chosen)? })
    }

    /// A data folder at a path.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Creates the folder and those below it, mode 0700.
    pub(crate) fn create(&self) -> io::Result<()> {
        for folder in [self.root.clone(), self.active(), self.finished(), self.ledger()] {
            create_private_folder(&folder)?;
        }
        Ok(())
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Who this node is: id, server, private key.
    pub(crate) fn registration(&self) -> PathBuf {
        self.root.join("registration.json")
    }

    /// The key that a rotation is about to bring into use.
    pub(crate) fn next_key(&self) -> PathBuf {
        self.root.join("next-key.json")
    }

    /// Settings of the operator.
    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("agent.json")
    }

    /// Locked as long as an agent runs on this folder.
    pub(crate) fn agent_lock(&self) -> PathBuf {
        self.root.join("agent.lock")
    }

    /// FIFO through which workers wake the agent.
    pub(crate) fn poke(&self) -> PathBuf {
        self.root.join("agent.poke")
    }

    /// What the running agent last said of itself.
    pub(crate) fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// The log file.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("agent.log")
    }

    /// Folders of commands that are not finished, or whose replies the server has not acknowledged.
    pub(crate) fn active(&self) -> PathBuf {
        self.root.join("commands/active")
    }

    /// Folders of commands of which the server knows all, kept for the operator of this machine.
    pub(crate) fn finished(&self) -> PathBuf {
        self.root.join("commands/finished")
    }

    /// One small file for each command whose folder was deleted.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.root.join("commands/ledger")
    }
}

/// Creates a folder and its parents, mode 0700.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Options of a file that only this user may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Replaces a small file as a whole and durably: after a crash the old or the new content is there.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = private_file().write(true).create(true).truncate(true).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// Makes the entry of `path` in its folder durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_folder_follows_user_and_environment() {
        let environment = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
        };
        let folder = |pairs, root| default_data_dir(environment(pairs), root).display().to_string();
        assert_eq!(folder(&[("HOME", "/root")], true), "/var/lib/muster-agent");
        assert_eq!(folder(&[("HOME", "/home/a")], false), "/home/a/.local/state/muster-agent");
        assert_eq!(folder(&[("HOME", "/home/a"), ("XDG_STATE_HOME", "/s")], false), "/s/muster-agent");
        assert_eq!(
            folder(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")], false),
            "/h/.local/state/muster-agent"
        );
    }

    #[test]
    fn replaces_files_privately() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace_file(&path, b"1").unwrap();
        replace_file(&path, b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
