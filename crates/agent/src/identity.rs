//! Who this node is: its id, its server and its private key, in one private file.
//!
//! The identity is the key, not the hardware. Not for: temporary credentials, which live in memory only.

use crate::endpoint::{EndpointError, Endpoints};
use crate::paths::{DataDir, replace_file};
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::signing::rsa::NodeKey;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Text that must never be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret; every call is a place to review.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The registration as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registration {
    /// `mi-…`.
    pub(crate) instance_id: String,
    /// Region of the node.
    pub(crate) region: String,
    /// The server's address; AWS's own hosts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Certificates to trust besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A random UUID, made once; the server knows the node by it too.
    pub(crate) fingerprint: String,
    /// Base64 of PKCS#1.
    pub(crate) private_key: Secret,
    /// When the key was made, epoch milliseconds.
    pub(crate) key_created_ms: i64,
}

/// A key on its way into use.
#[derive(Debug, Serialize, Deserialize)]
struct NextKey {
    private_key: Secret,
    key_created_ms: i64,
}

/// The registration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// There is none.
    #[error("this node is not registered (no {0}); run `muster-agent register` first")]
    Missing(String),
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// File.
        path: String,
        /// Answer of the system.
        source: io::Error,
    },
    /// The file is damaged.
    #[error(
        "{path} is damaged ({reason}); restore it, or register this node again with `muster-agent register -y`"
    )]
    Damaged {
        /// File.
        path: String,
        /// What is wrong; never its content.
        reason: String,
    },
    /// The address in it is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// The node as it acts: everything of the registration in usable form.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The registration.
    pub(crate) registration: Registration,
    /// The node's id.
    pub(crate) node: ManagedNodeId,
    /// Addresses of the services.
    pub(crate) endpoints: Endpoints,
    /// The private key in use.
    pub(crate) key: NodeKey,
}

impl Registration {
    /// Reads the registration.
    pub(crate) fn load(data: &DataDir) -> Result<Self, IdentityError> {
        let path = data.registration();
        let shown = path.display().to_string();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(IdentityError::Missing(shown));
            }
            Err(source) => return Err(IdentityError::Unreadable { path: shown, source }),
        };
        // The error's text would quote the file; its place is enough.
        serde_json::from_slice(&bytes).map_err(|error| IdentityError::Damaged {
            path: shown,
            reason: format!("line {} column {}", error.line(), error.column()),
        })
    }

    /// Writes the registration durably.
    pub(crate) fn save(&self, data: &DataDir) -> io::Result<()> {
        replace_file(&data.registration(), &serde_json::to_vec_pretty(self)?)
    }
}

impl Identity {
    /// Reads the registration and its key.
    pub(crate) fn load(data: &DataDir) -> Result<Self, IdentityError> {
        let registration = Registration::load(data)?;
        let damaged = |reason: String| IdentityError::Damaged {
            path: data.registration().display().to_string(),
            reason,
        };
        let node =
            ManagedNodeId::parse(&registration.instance_id).map_err(|error| damaged(error.to_string()))?;
        let key = NodeKey::from_pkcs1_base64(registration.private_key.expose())
            .map_err(|error| damaged(error.to_string()))?;
        let endpoints = Endpoints::new(registration.endpoint.as_deref(), &registration.region)?;
        Ok(Self { registration, node, endpoints, key })
    }

    /// Takes the next key into use, durably, and forgets the old one.
    pub(crate) fn promote(&mut self, data: &DataDir, next: NextIdentity) -> io::Result<()> {
        let mut registration = self.registration.clone();
        registration.private_key = next.stored.private_key;
        registration.key_created_ms = next.stored.key_created_ms;
        registration.save(data)?;
        self.registration = registration;
        self.key = next.key;
        forget_next(data)
    }
}

/// A key that the server may or may not know yet.
pub(crate) struct NextIdentity {
    stored: NextKey,
    /// The key.
    pub(crate) key: NodeKey,
}

impl NextIdentity {
    /// Stores a new key durably, before the server hears of it.
    pub(crate) fn store(data: &DataDir, key: NodeKey, now_ms: i64) -> io::Result<Self> {
        let text = key.to_pkcs1_base64().map_err(io::Error::other)?;
        let stored = NextKey { private_key: Secret::new(text.as_str()), key_created_ms: now_ms };
        replace_file(&data.next_key(), &serde_json::to_vec_pretty(&stored)?)?;
        Ok(Self { stored, key })
    }

    /// The key that a rotation left behind when it was interrupted.
    pub(crate) fn load(data: &DataDir) -> Option<Self> {
        let stored: NextKey = serde_json::from_slice(&std::fs::read(data.next_key()).ok()?).ok()?;
        let key = NodeKey::from_pkcs1_base64(stored.private_key.expose()).ok()?;
        Some(Self { stored, key })
    }
}

/// Forgets the next key.
pub(crate) fn forget_next(data: &DataDir) -> io::Result<()> {
    remove_if_there(&data.next_key())
}

/// Removes the registration and its keys.
pub(crate) fn clear(data: &DataDir) -> io::Result<()> {
    remove_if_there(&data.registration())?;
    forget_next(data)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(key: &NodeKey) -> Registration {
        Registration {
            instance_id: "mi-0123456789abcdef0".into(),
            region: "eu-west-1".into(),
            endpoint: Some("http://127.0.0.1:8765".into()),
            ca_file: None,
            fingerprint: "f".into(),
            private_key: Secret::new(key.to_pkcs1_base64().unwrap().as_str()),
            key_created_ms: 1,
        }
    }

    #[test]
    fn kept_privately_and_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path());
        assert!(matches!(Identity::load(&data), Err(IdentityError::Missing(_))));
        let key = NodeKey::generate().unwrap();
        let registration = registration(&key);
        registration.save(&data).unwrap();
        assert_eq!(std::fs::metadata(data.registration()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Identity::load(&data).unwrap().registration, registration);
        assert!(!format!("{registration:?}").contains(registration.private_key.expose()));

        std::fs::write(data.registration(), "{\"private_key\":\"s3cret\"}").unwrap();
        let error = Identity::load(&data).unwrap_err().to_string();
        assert!(error.contains("damaged") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn rotation_survives_an_interruption() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path());
        registration(&NodeKey::generate().unwrap()).save(&data).unwrap();
        let mut identity = Identity::load(&data).unwrap();
        assert!(NextIdentity::load(&data).is_none());
        NextIdentity::store(&data, NodeKey::generate().unwrap(), 2).unwrap();
        // Here the agent dies; the next one finds both.
        let next = NextIdentity::load(&data).unwrap();
        let public = next.key.public_spki_base64().unwrap();
        identity.promote(&data, next).unwrap();
        assert!(NextIdentity::load(&data).is_none());
        assert_eq!(Identity::load(&data).unwrap().key.public_spki_base64().unwrap(), public);
    }
}
