//! How the audit trail is kept, as settings. Not for: the trail itself.

use muster_ids::Region;
use serde::Deserialize;

/// When a record is on the disk itself, and not only with the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditSync {
    /// Within a second. A process that is killed loses nothing; a power cut may lose the last second.
    #[default]
    Interval,
    /// Before the call is answered.
    Always,
}

/// The audit trail. `[audit]` in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Events are kept for so many days; 0 keeps them for ever.
    pub retention_days: u32,
    /// Events are sealed into a file after so many seconds.
    pub seal_seconds: u32,
    /// Events are sealed sooner once they are so many bytes.
    pub segment_bytes: u64,
    /// Most that may wait to be sealed, bytes. What comes beyond is lost, and counted.
    pub journal_bytes: u64,
    /// When records are on the disk.
    pub sync: AuditSync,
    /// Whether calls that change something are refused while they cannot be recorded.
    pub required: bool,
    /// Calls that are not recorded when they succeed: `service:Operation` or `service:*`.
    pub exclude: Vec<String>,
    /// Most calls of strangers that are recorded in a minute: calls whose signature is missing or wrong.
    pub strangers_per_minute: u32,
    /// The region of what belongs to none: calls of strangers, and of IAM, which is the same in all regions.
    pub home_region: String,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            retention_days: 90,
            seal_seconds: 60,
            segment_bytes: 8 << 20,
            journal_bytes: 4 << 30,
            sync: AuditSync::default(),
            required: false,
            // A poll that every official agent makes all the time, and that AWS does not record either.
            exclude: vec!["ec2messages:GetMessages".to_owned()],
            strangers_per_minute: 600,
            home_region: "us-east-1".to_owned(),
        }
    }
}

impl AuditConfig {
    /// The first value that cannot work.
    pub(super) fn check(&self) -> Result<(), String> {
        let at_least = |name: &str, value: u64, least: u64| {
            (value >= least).then_some(()).ok_or_else(|| format!("audit.{name} must be {least} or more"))
        };
        at_least("seal_seconds", self.seal_seconds.into(), 1)?;
        at_least("segment_bytes", self.segment_bytes, 64 << 10)?;
        at_least("journal_bytes", self.journal_bytes, 1 << 20)?;
        if Region::parse(&self.home_region).is_err() {
            return Err("audit.home_region must be a region's name".to_owned());
        }
        match self.exclude.iter().find(|entry| !entry.contains(':')) {
            Some(entry) => Err(format!("audit.exclude: {entry:?} is not service:Operation")),
            None => Ok(()),
        }
    }
}
