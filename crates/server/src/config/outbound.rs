//! Calls out of the server, and notifications: `[outbound]` and `[notifications]` in the file. Not for: what is
//! called, which users set.

use muster_outbound::{Network, Options, default_denied_networks};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

const MINUTE_MS: u64 = 60_000;

/// Rules of all calls to other servers: webhooks, subscribers, external key services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Networks that no call may reach: `["169.254.0.0/16"]`. Link-local ones by default.
    pub denied_networks: Vec<Network>,
    /// Certificate authorities that are trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// For the name, TCP and TLS together, milliseconds.
    pub connect_timeout_ms: u64,
    /// For a whole exchange, milliseconds.
    pub timeout_ms: u64,
    /// Largest answer that is read, bytes.
    pub response_bytes: usize,
    /// Whether `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment hold.
    pub proxy_from_environment: bool,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            denied_networks: default_denied_networks(),
            ca_file: None,
            connect_timeout_ms: 5_000,
            timeout_ms: 15_000,
            response_bytes: 1 << 20,
            proxy_from_environment: true,
        }
    }
}

impl Outbound {
    /// As the client takes them.
    pub(crate) fn options(&self) -> Options {
        Options {
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
            total_timeout: Duration::from_millis(self.timeout_ms),
            max_response_bytes: self.response_bytes,
            ca_file: self.ca_file.clone(),
            denied_networks: self.denied_networks.clone(),
            proxy_from_environment: self.proxy_from_environment,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let least = [
            ("connect_timeout_ms", self.connect_timeout_ms, 10),
            ("timeout_ms", self.timeout_ms, 10),
            ("response_bytes", self.response_bytes as u64, 1024),
        ];
        match least.into_iter().find(|(_, value, least)| value < least) {
            Some((name, _, least)) => Err(format!("outbound.{name} must be {least} or more")),
            None => Ok(()),
        }
    }
}

/// Delivery of events and messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// Retries of an event at a webhook after the first three, which follow at once.
    pub webhook_retries: u32,
    /// The first wait between two of them, milliseconds; it doubles up to the longest.
    pub webhook_backoff_ms: u64,
    /// The longest wait, milliseconds.
    pub webhook_backoff_max_ms: u64,
    /// An event that no webhook took for so long is given up, whatever the retries, milliseconds: 24 hours.
    pub webhook_age_ms: u64,
    /// Deliveries at a time to one destination.
    pub destination_concurrency: usize,
    /// Deliveries at a time in all.
    pub concurrency: usize,
    /// How long failed deliveries are kept, milliseconds: 14 days.
    pub failed_retention_ms: u64,
    /// Event targets of one account and region.
    pub event_targets: usize,
    /// Topics of one account and region.
    pub topics: usize,
    /// Subscriptions of one topic.
    pub subscriptions_per_topic: usize,
    /// Largest message of a topic, with its attributes, bytes: 256 KiB.
    pub message_bytes: usize,
    /// For development: a folder in which subscriptions of the protocol `file` may write. Absent, there is no such
    /// protocol.
    pub file_sink_dir: Option<PathBuf>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            webhook_retries: 60,
            webhook_backoff_ms: 1_000,
            webhook_backoff_max_ms: 10 * MINUTE_MS,
            webhook_age_ms: 24 * 60 * MINUTE_MS,
            destination_concurrency: 8,
            concurrency: 512,
            failed_retention_ms: 14 * 24 * 60 * MINUTE_MS,
            event_targets: 100,
            topics: 100_000,
            subscriptions_per_topic: 12_500_000,
            message_bytes: 256 << 10,
            file_sink_dir: None,
        }
    }
}

impl Notifications {
    pub(super) fn check(&self) -> Result<(), String> {
        let least = [
            ("webhook_backoff_ms", self.webhook_backoff_ms, 1),
            ("webhook_backoff_max_ms", self.webhook_backoff_max_ms, self.webhook_backoff_ms),
            ("destination_concurrency", self.destination_concurrency as u64, 1),
            ("concurrency", self.concurrency as u64, 1),
            ("message_bytes", self.message_bytes as u64, 1024),
        ];
        match least.into_iter().find(|(_, value, least)| value < least) {
            Some((name, _, least)) => Err(format!("notifications.{name} must be {least} or more")),
            None => Ok(()),
        }
    }
}
