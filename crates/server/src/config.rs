//! Settings: defaults, file, environment, flags, in this order; validated once at the start.

use muster_ids::AccountId;
use std::{net::SocketAddr, path::PathBuf};

/// How the one port speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    Off,
    /// A certificate chain and its key, PEM.
    Files {
        /// The chain.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A certificate from a CA of our own, both kept in the data folder.
    SelfSigned,
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything that lasts is here, but for an external database or blob store.
    pub data_dir: PathBuf,
    /// Where the port is.
    pub listen: SocketAddr,
    /// How it speaks.
    pub tls: Tls,
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: String,
    /// Where outputs go: `file:///PATH`.
    pub blob_url: String,
    /// How clients reach this server, if not by `listen`.
    pub public_url: Option<String>,
    /// The account that the root credentials belong to.
    pub account_id: AccountId,
    /// AWS's limits, liftable.
    pub limits: Limits,
}

/// AWS's limits, with AWS's values as defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest body of an API call, bytes.
    pub request_body_bytes: usize,
    /// Longest life of an activation, milliseconds: 30 days.
    pub activation_lifetime_ms: i64,
    /// Life of an activation without an expiration date, milliseconds: 24 hours.
    pub activation_default_lifetime_ms: i64,
    /// Tags on one resource.
    pub tags_per_resource: usize,
    /// Life of a node's temporary credentials, milliseconds: one hour.
    pub node_credentials_lifetime_ms: i64,
    /// A node is Online for so long after its last sign of life, milliseconds: 5 minutes.
    pub ping_timeout_ms: i64,
    /// Characters of a step's stdout in the API.
    pub stdout_characters: usize,
    /// Characters of a step's stderr in the API.
    pub stderr_characters: usize,
    /// Largest full output of one stream of a step, bytes.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const HOUR_MS: i64 = 3_600_000;
        Self {
            request_body_bytes: 2 << 20,
            activation_lifetime_ms: 30 * 24 * HOUR_MS,
            activation_default_lifetime_ms: 24 * HOUR_MS,
            tags_per_resource: 50,
            node_credentials_lifetime_ms: HOUR_MS,
            ping_timeout_ms: 5 * 60_000,
            stdout_characters: 24_000,
            stderr_characters: 8_000,
            output_bytes: 1 << 30,
        }
    }
}
