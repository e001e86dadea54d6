//! One layer of settings, as flags, environment or file give it, and the step from the merged layers to a
//! [`Config`]. Not for: what the settings do.

use super::{
    AuditConfig, Config, DEFAULT_LISTEN, Limits, LogFormat, MasterKeySettings, Notifications, Outbound,
    RootCredentials, SecretsManagerKey, SecretsManagerSettings, Tls,
};
use muster_ids::AccountId;
use muster_service_model::Sensitive;
use muster_store::DatabaseUrl;
use serde::Deserialize;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration file {} is not valid: {reason}", path.display())]
    File {
        /// As given.
        path: PathBuf,
        /// The parser's word, with the line.
        reason: String,
    },
    /// A variable's value cannot be read.
    #[error("the environment variable {name} is not valid: {reason}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// Why not.
        reason: String,
    },
    /// Settings that cannot be, alone or together.
    #[error("{0}")]
    Invalid(String),
}

/// One layer of settings; what is absent is left to the layer below.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Folder that keeps everything: database, keys, certificates, outputs [default: ./muster-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8765]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Serve TLS with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with_all = ["tls_self_signed", "no_tls"])]
    pub tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Serve TLS with a certificate from an own CA, whose certificate is DIR/tls/ca.pem
    #[arg(long, conflicts_with = "no_tls")]
    pub tls_self_signed: bool,
    /// Serve plain HTTP even beyond loopback
    #[arg(long)]
    pub no_tls: bool,
    /// sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: SQLite inside the data folder]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<SecretText>,
    /// Message bus between replicas (not supported yet)
    #[arg(long, value_name = "URL")]
    pub nats_url: Option<SecretText>,
    /// Where full command outputs go: file:///PATH [default: inside the data folder]
    #[arg(long, value_name = "URL")]
    pub blob_url: Option<String>,
    /// How clients reach this server, if not by --listen: https://HOST[:PORT]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE.toml")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Account of the root credentials: twelve digits [default: 000000000000]
    #[arg(long, value_name = "N")]
    pub account_id: Option<String>,
    /// Form of the log lines [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged, in the syntax of RUST_LOG, which is read too [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// Where the master key is; in the file and the environment.
    #[arg(skip)]
    pub master_key: Option<MasterKeySettings>,
    /// Limits; in the file alone.
    #[arg(skip)]
    pub limits: Option<Limits>,
    /// Calls to other servers; in the file alone.
    #[arg(skip)]
    pub outbound: Option<Outbound>,
    /// Delivery of events and messages; in the file alone.
    #[arg(skip)]
    pub notifications: Option<Notifications>,
    /// The audit trail; in the file alone.
    #[arg(skip)]
    pub audit: Option<AuditConfig>,
    /// The Secrets Manager that parameters may refer to; in the file alone.
    #[arg(skip)]
    pub secrets_manager: Option<SecretsManagerSettings>,
    /// Its key; in the environment alone, or in files of its own.
    #[arg(skip)]
    #[serde(skip)]
    pub secrets_manager_key: SecretsManagerKey,
    /// Root credentials; in the environment alone, since flags and files are seen by others.
    #[arg(skip)]
    #[serde(skip)]
    pub root_credentials: Option<RootCredentials>,
}

/// A flag that may hold a password.
type SecretText = Sensitive;

impl Settings {
    /// The layer of the environment: `MUSTER_` and the flag's name. An empty variable is an absent one.
    pub(super) fn from_environment(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| text(name).map(PathBuf::from);
        let wrong = |name, reason: &str| ConfigError::Variable { name, reason: reason.to_owned() };
        let truth = |name| match text(name).as_deref() {
            None | Some("0" | "false" | "no") => Ok(false),
            Some("1" | "true" | "yes") => Ok(true),
            Some(_) => Err(wrong(name, "use true or false")),
        };
        let listen = text("MUSTER_LISTEN").map(|value| value.parse()).transpose();
        let log_format = match text("MUSTER_LOG_FORMAT").as_deref() {
            None => None,
            Some("text") => Some(LogFormat::Text),
            Some("json") => Some(LogFormat::Json),
            Some(_) => return Err(wrong("MUSTER_LOG_FORMAT", "use text or json")),
        };
        let root = (text("MUSTER_ROOT_ACCESS_KEY_ID"), text("MUSTER_ROOT_SECRET_ACCESS_KEY"));
        let root_credentials = match root {
            (None, None) => None,
            (Some(access_key_id), Some(secret)) => {
                Some(RootCredentials { access_key_id, secret_access_key: secret.into() })
            }
            (Some(_), None) => {
                return Err(wrong("MUSTER_ROOT_SECRET_ACCESS_KEY", "missing beside the key id"));
            }
            (None, Some(_)) => return Err(wrong("MUSTER_ROOT_ACCESS_KEY_ID", "missing beside the secret")),
        };
        Ok(Self {
            data_dir: path("MUSTER_DATA_DIR"),
            listen: listen.map_err(|_| wrong("MUSTER_LISTEN", "use ADDRESS:PORT, such as 127.0.0.1:8765"))?,
            tls_cert: path("MUSTER_TLS_CERT"),
            tls_key: path("MUSTER_TLS_KEY"),
            tls_self_signed: truth("MUSTER_TLS_SELF_SIGNED")?,
            no_tls: truth("MUSTER_NO_TLS")?,
            database_url: text("MUSTER_DATABASE_URL").map(Into::into),
            nats_url: text("MUSTER_NATS_URL").map(Into::into),
            blob_url: text("MUSTER_BLOB_URL"),
            public_url: text("MUSTER_PUBLIC_URL"),
            config: path("MUSTER_CONFIG"),
            account_id: text("MUSTER_ACCOUNT_ID"),
            log_format,
            log: text("MUSTER_LOG").or_else(|| text("RUST_LOG")),
            master_key: Some(MasterKeySettings::from_environment(&text)),
            limits: None,
            outbound: None,
            notifications: None,
            audit: None,
            secrets_manager: None,
            secrets_manager_key: SecretsManagerKey {
                id: text("MUSTER_SECRETS_MANAGER_ACCESS_KEY_ID"),
                secret: text("MUSTER_SECRETS_MANAGER_SECRET_ACCESS_KEY").map(Into::into),
            },
            root_credentials,
        })
    }

    /// The layer of a file.
    pub(super) fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::File { path: path.to_owned(), reason: error.to_string() })
    }

    /// This layer over another. The ways to speak TLS are one setting: the upper layer's replaces the lower's.
    pub(super) fn over(self, lower: Self) -> Self {
        let tls = if self.names_tls() { &self } else { &lower };
        let (tls_cert, tls_key) = (tls.tls_cert.clone(), tls.tls_key.clone());
        let (tls_self_signed, no_tls) = (tls.tls_self_signed, tls.no_tls);
        Self {
            data_dir: self.data_dir.or(lower.data_dir),
            listen: self.listen.or(lower.listen),
            tls_cert,
            tls_key,
            tls_self_signed,
            no_tls,
            database_url: self.database_url.or(lower.database_url),
            nats_url: self.nats_url.or(lower.nats_url),
            blob_url: self.blob_url.or(lower.blob_url),
            public_url: self.public_url.or(lower.public_url),
            config: self.config.or(lower.config),
            account_id: self.account_id.or(lower.account_id),
            log_format: self.log_format.or(lower.log_format),
            log: self.log.or(lower.log),
            master_key: match (self.master_key, lower.master_key) {
                (Some(upper), Some(lower)) => Some(upper.over(lower)),
                (upper, lower) => upper.or(lower),
            },
            limits: self.limits.or(lower.limits),
            outbound: self.outbound.or(lower.outbound),
            notifications: self.notifications.or(lower.notifications),
            audit: self.audit.or(lower.audit),
            secrets_manager: self.secrets_manager.or(lower.secrets_manager),
            secrets_manager_key: SecretsManagerKey {
                id: self.secrets_manager_key.id.or(lower.secrets_manager_key.id),
                secret: self.secrets_manager_key.secret.or(lower.secrets_manager_key.secret),
            },
            root_credentials: self.root_credentials.or(lower.root_credentials),
        }
    }

    fn names_tls(&self) -> bool {
        self.tls_cert.is_some() || self.tls_key.is_some() || self.tls_self_signed || self.no_tls
    }

    /// Fills in the defaults and checks the whole.
    pub(super) fn resolve(self) -> Result<Config, ConfigError> {
        let invalid = |text: String| Err(ConfigError::Invalid(text));
        if self.nats_url.is_some() {
            return invalid(
                "--nats-url is not supported yet: run one server, without a message bus".to_owned(),
            );
        }
        let listen = self.listen.unwrap_or(DEFAULT_LISTEN);
        let tls = self.tls()?;
        if tls == Tls::Off && !self.no_tls && !listen.ip().is_loopback() {
            return invalid(format!(
                "--listen {listen} is reachable from other machines: give --tls-self-signed, or --tls-cert and \
                 --tls-key, or accept plain HTTP with --no-tls"
            ));
        }
        let data_dir = self.data_dir.unwrap_or_else(|| PathBuf::from("muster-data"));
        let data_dir = std::path::absolute(&data_dir).map_err(|error| {
            ConfigError::Invalid(format!("--data-dir {} has no absolute path: {error}", data_dir.display()))
        })?;
        let inside = |name: &str| data_dir.join(name).to_string_lossy().into_owned();
        let database = match &self.database_url {
            Some(url) => DatabaseUrl::parse(url.expose())
                .map_err(|error| ConfigError::Invalid(format!("--database-url: {error}")))?,
            None => DatabaseUrl::Sqlite(data_dir.join("muster.db")),
        };
        let blob_url = self.blob_url.unwrap_or_else(|| inside("blobs"));
        if let Some((scheme, _)) = blob_url.split_once("://").filter(|(scheme, _)| *scheme != "file") {
            return invalid(format!("--blob-url: {scheme}:// is not supported yet; use file:///PATH"));
        }
        let public_url = self.public_url.as_deref().map(check_public_url).transpose()?;
        let account = self.account_id.as_deref().unwrap_or("000000000000");
        let Ok(account_id) = AccountId::parse(account) else {
            return invalid(format!("--account-id {account:?} is not twelve digits"));
        };
        if let Some(root) = &self.root_credentials {
            check_root(root)?;
        }
        let (master_key, previous_master_key) = self.master_key.unwrap_or_default().resolve()?;
        let limits = self.limits.unwrap_or_default();
        limits.check().map_err(ConfigError::Invalid)?;
        let outbound = self.outbound.unwrap_or_default();
        outbound.check().map_err(ConfigError::Invalid)?;
        let notifications = self.notifications.unwrap_or_default();
        notifications.check().map_err(ConfigError::Invalid)?;
        let audit = self.audit.unwrap_or_default();
        audit.check().map_err(ConfigError::Invalid)?;
        let key = self.secrets_manager_key;
        let secrets_manager = self.secrets_manager.map(|settings| settings.resolve(&key)).transpose()?;
        Ok(Config {
            data_dir,
            listen,
            tls,
            database,
            blob_url,
            public_url,
            account_id,
            root_credentials: self.root_credentials,
            master_key,
            previous_master_key,
            limits,
            outbound,
            notifications,
            audit,
            secrets_manager,
            log_format: self.log_format.unwrap_or_default(),
            log_filter: self.log.unwrap_or_else(|| "info".to_owned()),
        })
    }

    fn tls(&self) -> Result<Tls, ConfigError> {
        let several = "give one of --tls-cert with --tls-key, --tls-self-signed, --no-tls";
        match (&self.tls_cert, &self.tls_key, self.tls_self_signed, self.no_tls) {
            (None, None, false, _) => Ok(Tls::Off),
            (None, None, true, false) => Ok(Tls::SelfSigned),
            (Some(cert), Some(key), false, false) => Ok(Tls::Files { cert: cert.clone(), key: key.clone() }),
            (Some(_), None, ..) => Err(ConfigError::Invalid("--tls-cert needs --tls-key".to_owned())),
            (None, Some(_), ..) => Err(ConfigError::Invalid("--tls-key needs --tls-cert".to_owned())),
            _ => Err(ConfigError::Invalid(several.to_owned())),
        }
    }
}

fn check_public_url(url: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::Invalid(format!("--public-url {url:?} is not http(s)://HOST[:PORT]"));
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(wrong)?;
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{authority}"))
}

/// What SDKs and the signature's credential scope can carry.
fn check_root(root: &RootCredentials) -> Result<(), ConfigError> {
    let id = &root.access_key_id;
    let well_formed = (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // These prefixes mean temporary credentials and signatures of nodes.
    if !well_formed || id.starts_with("ASIA") {
        return Err(ConfigError::Variable {
            name: "MUSTER_ROOT_ACCESS_KEY_ID",
            reason: "use 16 to 128 letters and digits, not beginning with ASIA".to_owned(),
        });
    }
    let secret = root.secret_access_key.expose();
    if secret.len() < 16 || secret.len() > 256 || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::Variable {
            name: "MUSTER_ROOT_SECRET_ACCESS_KEY",
            reason: "use 16 to 256 printable ASCII characters without spaces".to_owned(),
        });
    }
    Ok(())
}
