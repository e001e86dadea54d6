//! The data folder of `muster up`: `server/` and `node/` belong to the two programs, the rest is ours.

use crate::{Failure, account, ini};
use muster_protocol::signing::sigv4::Credentials;
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process,
};

/// A data folder that nobody else uses as long as this exists.
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: Flock<File>,
}

/// What the folder knows of the last start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LastTime {
    pub(super) port: u16,
    pub(super) region: String,
}

const LOCK: &str = "up.lock";

impl DataFolder {
    /// Opens or makes it.
    pub(super) fn open(wanted: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| {
            Failure::other(format!("cannot use the data folder {}: {error}", wanted.display()))
        };
        let path = std::path::absolute(wanted).map_err(cannot)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(cannot)?;
        let foreign = fs::read_dir(&path).map_err(cannot)?.flatten().next().is_some()
            && !path.join(LOCK).exists()
            && !path.join("server").is_dir();
        if foreign {
            return Err(Failure::usage(format!(
                "{} is not empty and is no data folder of Muster; name another with --data-dir",
                path.display()
            )));
        }
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path.join(LOCK));
        let mut lock = match Flock::lock(file.map_err(cannot)?, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => return Err(in_use(&path)),
            Err((_, error)) => return Err(cannot(error.into())),
        };
        let written = lock.set_len(0).and_then(|()| write!(*lock, "{}", process::id()));
        written.map_err(cannot)?;
        Ok(Self { path, _lock: lock })
    }

    /// The folder; absolute.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The server's part.
    pub(super) fn server(&self) -> PathBuf {
        self.path.join("server")
    }

    /// The agent's part.
    pub(super) fn node(&self) -> PathBuf {
        self.path.join("node")
    }

    /// Where a program's output goes.
    pub(super) fn log(&self, program: &str) -> PathBuf {
        self.path.join(format!("{program}.log"))
    }

    /// The root credentials that the server made.
    pub(super) fn credentials(&self) -> PathBuf {
        self.path.join(account::CREDENTIALS_FILE)
    }

    /// The same, read.
    pub(super) fn read_credentials(&self) -> Option<Credentials> {
        account::credentials_in(&self.credentials())
    }

    /// Port and region of the last start.
    pub(super) fn last_time(&self) -> Option<LastTime> {
        last_time(&fs::read_to_string(self.path.join(account::CONFIG_FILE)).ok()?)
    }

    /// Keeps address and region, as AWS's tools read them.
    pub(super) fn remember(&self, endpoint: &str, region: &str) -> Result<(), Failure> {
        let file = self.path.join(account::CONFIG_FILE);
        let text = format!("[default]\nendpoint_url = {endpoint}\nregion = {region}\n");
        fs::write(&file, text)
            .map_err(|error| Failure::other(format!("cannot write {}: {error}", file.display())))
    }
}

fn last_time(text: &str) -> Option<LastTime> {
    let settings = ini::profile(text, "default")?;
    let port = settings.get("endpoint_url")?.rsplit(':').next()?.parse().ok()?;
    Some(LastTime { port, region: settings.get("region")?.clone() })
}

fn in_use(path: &Path) -> Failure {
    let holder = fs::read_to_string(path.join(LOCK)).unwrap_or_default();
    let config = fs::read_to_string(path.join(account::CONFIG_FILE)).unwrap_or_default();
    let endpoint =
        ini::profile(&config, "default").and_then(|settings| settings.get("endpoint_url").cloned());
    let at = endpoint.map(|endpoint| format!(", at {endpoint}")).unwrap_or_default();
    Failure::other(format!(
        "Muster is already up with the data folder {} (process {holder}{at}); stop it, or name another folder with \
         --data-dir",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_start_is_remembered() {
        let text = "[default]\nendpoint_url = http://127.0.0.1:8766\nregion = eu-west-1\n";
        assert_eq!(last_time(text), Some(LastTime { port: 8766, region: "eu-west-1".to_owned() }));
        assert_eq!(last_time("[default]\nregion = x\n"), None);
    }
}
