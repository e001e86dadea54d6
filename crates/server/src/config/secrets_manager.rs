//! The Secrets Manager behind `/aws/reference/secretsmanager/…`: `[secrets_manager]` in the file, its key in the
//! environment or in a file. Without it such references are refused.

use super::ConfigError;
use muster_ids::AccountId;
use muster_service_model::Sensitive;
use serde::Deserialize;
use std::path::PathBuf;

/// As the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsManagerSettings {
    /// `https://HOST[:PORT]`
    pub endpoint: String,
    /// The region that calls are signed for.
    pub region: String,
    /// The id of the key that signs them; `MUSTER_SECRETS_MANAGER_ACCESS_KEY_ID` if absent.
    pub access_key_id: Option<String>,
    /// A file that holds the secret of the key; `MUSTER_SECRETS_MANAGER_SECRET_ACCESS_KEY` if absent.
    pub secret_access_key_file: Option<PathBuf>,
    /// The account that may use it; the server's own if absent. To all others it does not exist: one key reads
    /// everybody's secrets.
    pub account_id: Option<String>,
}

/// As the server uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsManager {
    /// `https://HOST[:PORT]`, without a slash at the end.
    pub endpoint: String,
    /// The region that calls are signed for.
    pub region: String,
    /// The id of the key that signs them.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Sensitive,
    /// The account that may use it; the server's own if absent.
    pub account_id: Option<AccountId>,
}

impl SecretsManager {
    /// Host and port, as the signature covers them.
    pub(crate) fn authority(&self) -> &str {
        self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, authority)| authority)
    }

    /// Whether an account may use it; `own` is the server's own.
    pub(crate) fn serves(&self, account: &AccountId, own: &AccountId) -> bool {
        self.account_id.as_ref().unwrap_or(own) == account
    }
}

/// The key in the environment.
#[derive(Debug, Clone, Default)]
pub struct SecretsManagerKey {
    /// `MUSTER_SECRETS_MANAGER_ACCESS_KEY_ID`
    pub id: Option<String>,
    /// `MUSTER_SECRETS_MANAGER_SECRET_ACCESS_KEY`
    pub secret: Option<Sensitive>,
}

impl SecretsManagerSettings {
    /// Checks the whole, and reads the key's file.
    pub(super) fn resolve(self, key: &SecretsManagerKey) -> Result<SecretsManager, ConfigError> {
        let wrong = |text: String| ConfigError::Invalid(format!("secrets_manager.{text}"));
        let endpoint = self.endpoint.trim_end_matches('/');
        let uri: http::Uri =
            endpoint.parse().map_err(|_| wrong(format!("endpoint {endpoint:?} is no URL")))?;
        let plain = uri.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none();
        if !plain {
            return Err(wrong(format!("endpoint {endpoint:?} is not http(s)://HOST[:PORT]")));
        }
        let id = self.access_key_id.or_else(|| key.id.clone());
        let access_key_id = id.ok_or_else(|| wrong("access_key_id is missing".to_owned()))?;
        let secret_access_key = match (&self.secret_access_key_file, key.secret.clone()) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    wrong(format!("secret_access_key_file {} cannot be read: {error}", path.display()))
                })?;
                Sensitive::new(text.trim())
            }
            (None, Some(secret)) => secret,
            (None, None) => {
                let text =
                    "secret_access_key_file is missing, and so is MUSTER_SECRETS_MANAGER_SECRET_ACCESS_KEY";
                return Err(wrong(text.to_owned()));
            }
        };
        let account_id = match self.account_id {
            Some(text) => Some(
                AccountId::parse(&text)
                    .map_err(|_| wrong(format!("account_id {text:?} is not twelve digits")))?,
            ),
            None => None,
        };
        let (endpoint, region) = (endpoint.to_owned(), self.region);
        Ok(SecretsManager { endpoint, region, access_key_id, secret_access_key, account_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<SecretsManager, ConfigError> {
        let key = SecretsManagerKey { id: Some("AKIAENV".to_owned()), secret: Some("env-secret".into()) };
        toml::from_str::<SecretsManagerSettings>(text).unwrap().resolve(&key)
    }

    #[test]
    fn the_key_is_in_the_environment_or_in_a_file() {
        let found = settings("endpoint = 'https://sm.example:1/'\nregion = 'r'").unwrap();
        assert_eq!((found.endpoint.as_str(), found.authority()), ("https://sm.example:1", "sm.example:1"));
        assert_eq!(
            (found.access_key_id.as_str(), found.secret_access_key.expose()),
            ("AKIAENV", "env-secret")
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "file-secret\n").unwrap();
        let text = format!(
            "endpoint = 'http://h'\nregion = 'r'\naccess_key_id = 'AKIAFILE'\nsecret_access_key_file = '{}'\n\
             account_id = '123456789012'",
            file.path().display()
        );
        let found = settings(&text).unwrap();
        assert_eq!(
            (found.access_key_id.as_str(), found.secret_access_key.expose()),
            ("AKIAFILE", "file-secret")
        );
        let [own, other] = ["123456789012", "000000000000"].map(|account| AccountId::parse(account).unwrap());
        assert!(found.serves(&own, &other) && !found.serves(&other, &other));
        assert!(!format!("{found:?}").contains("file-secret"));
    }

    #[test]
    fn refusals_name_what_to_change() {
        for (text, wanted) in [
            ("endpoint = 'sm.example'\nregion = 'r'", "secrets_manager.endpoint"),
            ("endpoint = 'https://h/path'\nregion = 'r'", "secrets_manager.endpoint"),
            ("endpoint = 'https://h'\nregion = 'r'\naccount_id = '1'", "secrets_manager.account_id"),
            (
                "endpoint = 'https://h'\nregion = 'r'\nsecret_access_key_file = '/nonexistent/x'",
                "/nonexistent/x",
            ),
        ] {
            let error = settings(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
