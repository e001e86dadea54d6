//! What the running agent says of itself, in a small file for `muster-agent status` and `diagnostics`.

use crate::paths::{DataDir, private_file};
use crate::version;
use muster_protocol::iso_millis;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::PathBuf;

/// Content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentStatus {
    /// Process id of the agent.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) version: String,
    /// Whether the control channel is open.
    pub(crate) connected: bool,
    /// Since when, ISO 8601.
    pub(crate) since: String,
    /// Why it is not open.
    #[serde(default)]
    pub(crate) reason: String,
}

/// Writes the file.
#[derive(Debug, Clone)]
pub(crate) struct StatusFile {
    path: PathBuf,
}

impl StatusFile {
    /// The file of a data folder.
    pub(crate) fn new(data: &DataDir) -> Self {
        Self { path: data.status() }
    }

    /// The channel is open.
    pub(crate) fn connected(&self, now_ms: i64) {
        self.write(true, now_ms, "");
    }

    /// The channel is not open.
    pub(crate) fn disconnected(&self, now_ms: i64, reason: &str) {
        self.write(false, now_ms, reason);
    }

    fn write(&self, connected: bool, now_ms: i64, reason: &str) {
        let status = AgentStatus {
            pid: std::process::id(),
            version: version::OWN.to_owned(),
            connected,
            since: iso_millis(now_ms),
            reason: reason.to_owned(),
        };
        // Only for onlookers: replaced at once, but neither synced nor missed.
        let temporary = self.path.with_extension("new");
        let written = serde_json::to_vec(&status)
            .map_err(std::io::Error::other)
            .and_then(|bytes| {
                let mut file = private_file().write(true).create(true).truncate(true).open(&temporary)?;
                file.write_all(&bytes)
            })
            .and_then(|()| std::fs::rename(&temporary, &self.path));
        if let Err(error) = written {
            tracing::debug!("{}: {error}", self.path.display());
        }
    }

    /// What the agent wrote last.
    pub(crate) fn read(&self) -> Option<AgentStatus> {
        serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()
    }
}
