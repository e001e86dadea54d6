//! Settings of a server, whole and checked: defaults, file, environment, flags, in this order.
//!
//! [`Config::load`] takes its sources as arguments, so that a test needs no process and no environment. Nothing
//! reads a setting from anywhere else after the start.

mod audit;
mod limits;
mod master_key;
mod outbound;
mod secrets_manager;
mod settings;
#[cfg(test)]
mod tests;

pub use audit::{AuditConfig, AuditSync};
pub use limits::Limits;
pub use master_key::{
    KmsCredentials, KmsMasterKey, MasterKey, MasterKeySettings, VaultMasterKey, VaultToken,
};
pub use outbound::{Notifications, Outbound};
pub use secrets_manager::{SecretsManager, SecretsManagerKey, SecretsManagerSettings};
pub use settings::{ConfigError, Settings};

use muster_ids::AccountId;
use muster_service_model::Sensitive;
use muster_store::DatabaseUrl;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// The port that stands in every document.
pub const DEFAULT_PORT: u16 = 8765;

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

/// The form of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Root credentials that an operator brings along for the first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Sensitive,
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything that lasts is here, but for an external database or blob store. Absolute.
    pub data_dir: PathBuf,
    /// Where the port is.
    pub listen: SocketAddr,
    /// How it speaks.
    pub tls: Tls,
    /// Where the database is.
    pub database: DatabaseUrl,
    /// Where outputs go: `file:///PATH`, or a path.
    pub blob_url: String,
    /// How clients reach this server, if not by `listen`: `https://host[:port]`.
    pub public_url: Option<String>,
    /// The account that the root credentials belong to.
    pub account_id: AccountId,
    /// Root credentials for the first start on an empty data folder; made if absent.
    pub root_credentials: Option<RootCredentials>,
    /// Where the key is that wraps the data keys.
    pub master_key: MasterKey,
    /// Where it was before, while it moves.
    pub previous_master_key: Option<MasterKey>,
    /// AWS's limits, liftable.
    pub limits: Limits,
    /// Calls to other servers.
    pub outbound: Outbound,
    /// Delivery of events and messages.
    pub notifications: Notifications,
    /// The audit trail.
    pub audit: AuditConfig,
    /// The Secrets Manager that parameters may refer to, if there is one.
    pub secrets_manager: Option<SecretsManager>,
    /// The form of the log lines.
    pub log_format: LogFormat,
    /// What is logged, in `RUST_LOG`'s syntax.
    pub log_filter: String,
}

impl Config {
    /// Defaults around a data folder: plain HTTP on loopback, SQLite and blobs inside the folder.
    ///
    /// # Errors
    /// A data folder without an absolute path: the working folder is gone.
    pub fn new(data_dir: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        Settings { data_dir: Some(data_dir.into()), ..Settings::default() }.resolve()
    }

    /// How clients reach this server, without a trailing slash: `http://127.0.0.1:8765`.
    pub fn base_url(&self) -> String {
        let scheme = if self.tls == Tls::Off { "http" } else { "https" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", self.listen))
    }

    /// Merges flags over the environment over the file that either names, and checks the whole. `variable` looks
    /// up an environment variable.
    ///
    /// # Errors
    /// The first thing that is wrong, with the name of the option to change.
    pub fn load(flags: Settings, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let upper = flags.over(Settings::from_environment(&variable)?);
        let merged = match &upper.config {
            Some(path) => {
                let file = Settings::from_file(path)?;
                upper.over(file)
            }
            None => upper,
        };
        merged.resolve()
    }
}

/// Loopback, where plain HTTP is nobody else's business.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT);
