//! What the operator may set: `agent.json` in the data folder. Every member has a default; unknown ones are refused.

use serde::Deserialize;
use std::io;
use std::path::Path;

/// Settings of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Commands that run at the same time.
    pub(crate) command_workers: usize,
    /// Commands that wait for a worker; more are refused, and the server sends them later.
    pub(crate) command_queue: usize,
    /// Bytes kept of each output stream of a step.
    pub(crate) output_limit_bytes: u64,
    /// How long folders of finished commands are kept.
    pub(crate) retention_hours: u32,
    /// Bytes that the folders of finished commands may take together; the oldest go first.
    pub(crate) retention_bytes: u64,
    /// Minutes between heart-beats, 1 to 60.
    pub(crate) heartbeat_minutes: u64,
    /// Program and arguments that restart the machine, when a step ends with exit code 194.
    pub(crate) reboot_command: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            command_workers: 5,
            command_queue: 100,
            output_limit_bytes: 1 << 30,
            retention_hours: 336,
            retention_bytes: 4 << 30,
            heartbeat_minutes: 5,
            reboot_command: ["/sbin/shutdown", "-r", "+1"].map(str::to_owned).to_vec(),
        }
    }
}

impl Settings {
    /// Reads the file; one that is not there means the defaults.
    pub(crate) fn load(path: &Path) -> Result<Self, SettingsError> {
        let failed = |reason: String| SettingsError { path: path.display().to_string(), reason };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error.to_string())),
        };
        let settings: Self = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        settings.check().map_err(failed)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        if self.command_workers == 0 {
            return Err("command_workers must be at least 1".to_owned());
        }
        if !(1..=60).contains(&self.heartbeat_minutes) {
            return Err("heartbeat_minutes must be 1 to 60".to_owned());
        }
        if self.reboot_command.is_empty() {
            return Err("reboot_command must name a program".to_owned());
        }
        Ok(())
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub(crate) struct SettingsError {
    path: String,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_file_means_defaults_and_mistakes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.json");
        assert_eq!(Settings::load(&path).unwrap(), Settings::default());
        std::fs::write(&path, r#"{"command_workers": 2}"#).unwrap();
        assert_eq!(Settings::load(&path).unwrap().command_workers, 2);
        for (text, expected) in [
            (r#"{"command_wrokers": 2}"#, "command_wrokers"),
            (r#"{"command_workers": 0}"#, "at least 1"),
            (r#"{"heartbeat_minutes": 61}"#, "1 to 60"),
            ("{", "EOF"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Settings::load(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("agent.json"), "{error}");
        }
    }
}
