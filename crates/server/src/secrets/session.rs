//! Temporary credentials. The session token is what the session may say of itself, sealed; the secret follows from the
//! token. So every replica can check every token, and none keeps it. Not for: whether the node, role or key behind it
//! still exists and what it may, which the caller asks the store.

use super::{Secrets, TokenError, random::random_session_key_id};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use muster_ids::{AccountId, ManagedNodeId, Tenant};
use muster_service_model::Sensitive;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};

/// First byte of a content that is JSON as it stands.
const PLAIN: u8 = 0;
/// First byte of a content that is deflated JSON.
const DEFLATED: u8 = 1;
/// Shorter contents are not worth inflating at each call.
const DEFLATE_FROM: usize = 768;
/// Longest content, bytes of JSON: we made it, so this only bounds a mistake of ours.
const LONGEST: u64 = 1 << 20;

/// Whom a session token speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claims {
    /// A managed node.
    #[serde(rename = "n")]
    Node(NodeClaims),
    /// Whoever a long-term access key speaks for: a user, or the root.
    #[serde(rename = "k")]
    Key(KeyClaims),
    /// A role.
    #[serde(rename = "r")]
    Role(Box<RoleClaims>),
}

/// A managed node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClaims {
    /// Account and region that the node is registered in.
    #[serde(rename = "t")]
    pub tenant: Tenant,
    /// The node.
    #[serde(rename = "n")]
    pub node: ManagedNodeId,
    /// Name or path of its IAM role when the token was made.
    #[serde(rename = "r")]
    pub role: String,
}

/// What `GetSessionToken` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyClaims {
    /// The key's account.
    #[serde(rename = "a")]
    pub account: AccountId,
    /// The key. The session is good as long as it is.
    #[serde(rename = "k")]
    pub access_key_id: String,
}

/// What `AssumeRole` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleClaims {
    /// The role's account.
    #[serde(rename = "a")]
    pub account: AccountId,
    /// The role's name.
    #[serde(rename = "r")]
    pub role: String,
    /// The role's unique id: another role of the same name is not this one.
    #[serde(rename = "i")]
    pub role_id: String,
    /// The session's name.
    #[serde(rename = "n")]
    pub session: String,
    /// Who is behind it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The session policy.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Managed policies that are session policies too.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Session tags, those taken over from the session before included.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// Keys of the tags that a session takes over which is made with this one.
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    pub transitive: Vec<String>,
}

impl Claims {
    /// Whose account the session is of.
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Node(node) => &node.tenant.account,
            Self::Key(key) => &key.account,
            Self::Role(role) => &role.account,
        }
    }
}

/// Temporary credentials, to be handed out once.
#[derive(Debug, Clone)]
pub struct SessionCredentials {
    /// `ASIA` and 16 characters.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Sensitive,
    /// The sealed claims.
    pub session_token: Sensitive,
    /// When they end, milliseconds since the epoch.
    pub expires_ms: i64,
}

/// What a session token that is ours says.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whom it speaks for.
    pub claims: Claims,
    /// The secret that its signatures are made with.
    pub secret_access_key: Sensitive,
    /// When it was made, milliseconds since the epoch.
    pub issued_ms: i64,
    /// When it ends, milliseconds since the epoch.
    pub expires_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(rename = "c")]
    claims: Claims,
    #[serde(rename = "i")]
    issued_ms: i64,
    #[serde(rename = "e")]
    expires_ms: i64,
}

impl Secrets {
    /// Makes credentials that last for `lifetime_ms`.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if the claims cannot be written down, which no claims are known to cause.
    pub fn issue_session(
        &self,
        claims: Claims,
        now_ms: i64,
        lifetime_ms: i64,
    ) -> Result<SessionCredentials, TokenError> {
        let access_key_id = random_session_key_id(claims.account());
        let expires_ms = now_ms.saturating_add(lifetime_ms);
        let json = serde_json::to_vec(&Content { claims, issued_ms: now_ms, expires_ms })
            .map_err(|_| TokenError::Invalid)?;
        let sealed = self.seal(&purpose(&access_key_id), &packed(&json));
        let token = URL_SAFE_NO_PAD.encode(sealed);
        let secret_access_key = self.session_secret(&token);
        Ok(SessionCredentials { access_key_id, secret_access_key, session_token: token.into(), expires_ms })
    }

    /// Opens a session token that came with this access key id. Whether its time is over is the caller's to check.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if we did not make it for this id.
    pub fn read_session(&self, token: &str, access_key_id: &str) -> Result<Session, TokenError> {
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Invalid)?;
        let content = self.open_sealed(&purpose(access_key_id), &sealed).map_err(|_| TokenError::Invalid)?;
        let json = unpacked(&content).ok_or(TokenError::Invalid)?;
        let Content { claims, issued_ms, expires_ms } =
            serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)?;
        Ok(Session { claims, secret_access_key: self.session_secret(token), issued_ms, expires_ms })
    }

    /// 30 bytes in base64: 40 characters, like AWS's.
    fn session_secret(&self, token: &str) -> Sensitive {
        let digest = zeroize::Zeroizing::new(self.digest("session-secret", token.as_bytes()));
        Sensitive::new(STANDARD.encode(digest.first_chunk::<30>().map_or(&[][..], |bytes| bytes)))
    }
}

/// The id is bound into the token: it opens beside no other.
fn purpose(access_key_id: &str) -> String {
    format!("session/{access_key_id}")
}

/// As short as it gets: tokens are sent with every call.
fn packed(json: &[u8]) -> Vec<u8> {
    if json.len() >= DEFLATE_FROM {
        let mut deflated = vec![DEFLATED];
        deflated.extend_from_slice(&deflate(json));
        if deflated.len() < json.len() {
            return deflated;
        }
    }
    let mut plain = vec![PLAIN];
    plain.extend_from_slice(json);
    plain
}

fn unpacked(content: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let mut json = zeroize::Zeroizing::new(Vec::new());
    match content.split_first()? {
        (&PLAIN, plain) => json.extend_from_slice(plain),
        (&DEFLATED, deflated) => {
            DeflateDecoder::new(deflated).take(LONGEST).read_to_end(&mut json).ok()?;
        }
        _ => return None,
    }
    Some(json)
}

/// Deflates, without a header. Writing to memory does not fail; if it did, what is left would not open.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    match encoder.write_all(content) {
        Ok(()) => encoder.finish().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
