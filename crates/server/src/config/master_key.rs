//! Where the master key is: `[master_key]` in the file, `MUSTER_MASTER_KEY_…` in the environment. No flags: what belongs
//! to it is secret, or stands beside what is. Not for: using it.

use super::ConfigError;
use muster_service_model::Sensitive;
use serde::Deserialize;
use std::path::PathBuf;

/// Where the key is that wraps the installation's data keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MasterKey {
    /// `DATA_DIR/master.key`, made at the first start.
    #[default]
    File,
    /// A key of AWS KMS, or of what speaks its API.
    Kms(KmsMasterKey),
    /// A key of the Transit engine of HashiCorp Vault or OpenBao.
    Vault(VaultMasterKey),
}

/// A key of AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsMasterKey {
    /// Id, ARN or alias.
    pub key_id: String,
    /// `https://kms.REGION.amazonaws.com` unless set.
    pub endpoint: String,
    /// Which region requests are signed for.
    pub region: String,
    /// Who asks.
    pub credentials: KmsCredentials,
}

/// Where the credentials for a KMS are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsCredentials {
    /// In the environment of the process.
    Given {
        /// Public half.
        access_key_id: String,
        /// The secret.
        secret_access_key: Sensitive,
        /// Of temporary credentials.
        session_token: Option<Sensitive>,
    },
    /// The profile `default` of a file in the format of AWS's shared credentials; read at each use.
    File(PathBuf),
}

/// A key of Vault Transit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultMasterKey {
    /// The key's name.
    pub key_name: String,
    /// `https://vault.example:8200`
    pub endpoint: String,
    /// Where the engine is mounted: `transit` unless set.
    pub mount: String,
    /// `X-Vault-Namespace`.
    pub namespace: Option<String>,
    /// Who asks.
    pub token: VaultToken,
}

/// Where the token for a Vault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultToken {
    /// In the environment of the process.
    Given(Sensitive),
    /// In a file, which Vault's agent may replace; read at each use.
    File(PathBuf),
}

/// The layer of settings about the master key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MasterKeySettings {
    /// `file`, `kms` or `vault`.
    pub provider: Option<String>,
    /// Of KMS: id, ARN or alias. Of Vault: the key's name.
    pub key_id: Option<String>,
    /// URL of the provider.
    pub endpoint: Option<String>,
    /// Region of KMS.
    pub region: Option<String>,
    /// Mount of Vault's engine.
    pub mount: Option<String>,
    /// Namespace of Vault.
    pub namespace: Option<String>,
    /// File with Vault's token.
    pub token_file: Option<PathBuf>,
    /// File with the credentials for KMS.
    pub credentials_file: Option<PathBuf>,
    /// Where the master key was before, while it moves.
    pub previous: Option<Box<MasterKeySettings>>,
    /// Vault's token; in the environment alone.
    #[serde(skip)]
    pub token: Option<Sensitive>,
    /// Credentials for KMS: id, secret, token; in the environment alone.
    #[serde(skip)]
    pub credentials: Option<(String, Sensitive, Option<Sensitive>)>,
}

impl MasterKeySettings {
    /// The layer of the environment; the variables that Vault's and AWS's own tools read serve where ours are absent.
    pub(super) fn from_environment(text: &impl Fn(&str) -> Option<String>) -> Self {
        let own = |name: &str| text(&format!("MUSTER_MASTER_KEY_{name}"));
        let secret = |name: &str| own(name).map(Sensitive::new);
        let own_credentials = own("ACCESS_KEY_ID").zip(secret("SECRET_ACCESS_KEY"));
        let standard = || text("AWS_ACCESS_KEY_ID").zip(text("AWS_SECRET_ACCESS_KEY").map(Sensitive::new));
        let credentials = match own_credentials {
            Some((id, secret_key)) => Some((id, secret_key, secret("SESSION_TOKEN"))),
            None => standard().map(|(id, key)| (id, key, text("AWS_SESSION_TOKEN").map(Sensitive::new))),
        };
        Self {
            provider: own("PROVIDER"),
            key_id: own("KEY_ID"),
            endpoint: own("ENDPOINT"),
            region: own("REGION"),
            mount: own("MOUNT"),
            namespace: own("NAMESPACE"),
            token_file: own("TOKEN_FILE").map(PathBuf::from),
            credentials_file: own("CREDENTIALS_FILE").map(PathBuf::from),
            previous: None,
            token: secret("TOKEN").or_else(|| text("VAULT_TOKEN").map(Sensitive::new)),
            credentials,
        }
    }

    /// This layer over another.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            provider: self.provider.or(lower.provider),
            key_id: self.key_id.or(lower.key_id),
            endpoint: self.endpoint.or(lower.endpoint),
            region: self.region.or(lower.region),
            mount: self.mount.or(lower.mount),
            namespace: self.namespace.or(lower.namespace),
            token_file: self.token_file.or(lower.token_file),
            credentials_file: self.credentials_file.or(lower.credentials_file),
            previous: self.previous.or(lower.previous),
            token: self.token.or(lower.token),
            credentials: self.credentials.or(lower.credentials),
        }
    }

    /// Where the master key is, and where it was before.
    ///
    /// # Errors
    /// What is missing or too much, by its name in the file.
    pub(super) fn resolve(self) -> Result<(MasterKey, Option<MasterKey>), ConfigError> {
        let previous = self.previous.clone().map(|previous| {
            // Secrets of the environment serve both.
            let previous = Self {
                token: self.token.clone(),
                credentials: self.credentials.clone(),
                previous: None,
                ..*previous
            };
            previous.one("master_key.previous")
        });
        Ok((self.one("master_key")?, previous.transpose()?))
    }

    fn one(self, table: &str) -> Result<MasterKey, ConfigError> {
        let missing = |name: &str| ConfigError::Invalid(format!("{table}.{name} is missing"));
        let wrong = |text: &str| Err(ConfigError::Invalid(format!("{table}.{text}")));
        let url = |url: String| match url.parse::<http::Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none() => {
                Ok(url.trim_end_matches('/').to_owned())
            }
            _ => Err(ConfigError::Invalid(format!("{table}.endpoint {url:?} is not http(s)://HOST[:PORT]"))),
        };
        match self.provider.as_deref() {
            None | Some("file") if self.key_id.is_some() => {
                wrong("key_id needs provider = \"kms\" or \"vault\"")
            }
            None | Some("file") => Ok(MasterKey::File),
            Some("kms") => {
                let region = self.region.ok_or_else(|| missing("region"))?;
                let standard = || format!("https://kms.{region}.amazonaws.com");
                let credentials = match (self.credentials_file, self.credentials) {
                    (Some(file), _) => KmsCredentials::File(file),
                    (None, Some((access_key_id, secret_access_key, session_token))) => {
                        KmsCredentials::Given { access_key_id, secret_access_key, session_token }
                    }
                    (None, None) => {
                        return wrong(
                            "credentials_file is missing, and so are MUSTER_MASTER_KEY_ACCESS_KEY_ID \
                                      and MUSTER_MASTER_KEY_SECRET_ACCESS_KEY",
                        );
                    }
                };
                Ok(MasterKey::Kms(KmsMasterKey {
                    key_id: self.key_id.ok_or_else(|| missing("key_id"))?,
                    endpoint: url(self.endpoint.unwrap_or_else(standard))?,
                    region,
                    credentials,
                }))
            }
            Some("vault") => {
                let token = match (self.token_file, self.token) {
                    (Some(file), _) => VaultToken::File(file),
                    (None, Some(token)) => VaultToken::Given(token),
                    (None, None) => {
                        return wrong("token_file is missing, and so is MUSTER_MASTER_KEY_TOKEN");
                    }
                };
                let path = |name: &str, value: String| {
                    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
                    if value.is_empty() || !value.bytes().all(plain) || value.contains("..") {
                        let text = format!("{table}.{name} {value:?} is not a path of Vault");
                        return Err(ConfigError::Invalid(text));
                    }
                    Ok(value.trim_matches('/').to_owned())
                };
                Ok(MasterKey::Vault(VaultMasterKey {
                    key_name: path("key_id", self.key_id.ok_or_else(|| missing("key_id"))?)?,
                    endpoint: url(self.endpoint.ok_or_else(|| missing("endpoint"))?)?,
                    mount: path("mount", self.mount.unwrap_or_else(|| "transit".to_owned()))?,
                    namespace: self.namespace,
                    token,
                }))
            }
            Some(_) => wrong("provider must be \"file\", \"kms\" or \"vault\""),
        }
    }
}
