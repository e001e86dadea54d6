//! Temporary credentials of a node. The session token is the node's claims, sealed; the secret follows from the
//! access key id. So every replica can check every token, and none keeps it. Not for: whether the node still
//! exists, which the caller asks the store.

use super::{Secrets, TokenError, random_access_key_id};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use muster_ids::{ManagedNodeId, Tenant};
use muster_service_model::Sensitive;
use serde::{Deserialize, Serialize};

/// What a session token says.
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

/// Temporary credentials, to be handed to the node once.
#[derive(Debug, Clone)]
pub struct NodeCredentials {
    /// `ASIA` and 16 characters.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Sensitive,
    /// The sealed claims.
    pub session_token: Sensitive,
    /// When they end, milliseconds since the epoch.
    pub expires_ms: i64,
}

/// What a valid session token gives.
#[derive(Debug, Clone)]
pub struct NodeSession {
    /// Whom it speaks for.
    pub claims: NodeClaims,
    /// The secret that its signatures are made with.
    pub secret_access_key: Sensitive,
    /// When it ends, milliseconds since the epoch.
    pub expires_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(flatten)]
    claims: NodeClaims,
    #[serde(rename = "e")]
    expires_ms: i64,
}

impl Secrets {
    /// Makes credentials that last for `lifetime_ms`.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if the claims cannot be written down, which no claims are known to cause.
    pub fn issue_node_credentials(
        &self,
        claims: &NodeClaims,
        now_ms: i64,
        lifetime_ms: i64,
    ) -> Result<NodeCredentials, TokenError> {
        let access_key_id = random_access_key_id("ASIA");
        let expires_ms = now_ms.saturating_add(lifetime_ms);
        let content = serde_json::to_vec(&Content { claims: claims.clone(), expires_ms })
            .map_err(|_| TokenError::Invalid)?;
        let sealed = self.seal(&session_purpose(&access_key_id), &content);
        Ok(NodeCredentials {
            secret_access_key: self.node_secret(&access_key_id),
            access_key_id,
            session_token: URL_SAFE_NO_PAD.encode(sealed).into(),
            expires_ms,
        })
    }

    /// Opens a session token that came with this access key id.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if we did not make it for this id, [`TokenError::Expired`] if its time is over.
    pub fn read_session_token(
        &self,
        token: &str,
        access_key_id: &str,
        now_ms: i64,
    ) -> Result<NodeSession, TokenError> {
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Invalid)?;
        let content =
            self.open_sealed(&session_purpose(access_key_id), &sealed).map_err(|_| TokenError::Invalid)?;
        let Content { claims, expires_ms } =
            serde_json::from_slice(&content).map_err(|_| TokenError::Invalid)?;
        if now_ms >= expires_ms {
            return Err(TokenError::Expired);
        }
        Ok(NodeSession { claims, secret_access_key: self.node_secret(access_key_id), expires_ms })
    }

    /// 30 bytes in base64: 40 characters, like AWS's.
    fn node_secret(&self, access_key_id: &str) -> Sensitive {
        let digest = zeroize::Zeroizing::new(self.digest("node-secret", access_key_id.as_bytes()));
        Sensitive::new(STANDARD.encode(digest.first_chunk::<30>().map_or(&[][..], |bytes| bytes)))
    }
}

/// The id is bound into the token: it opens beside no other.
fn session_purpose(access_key_id: &str) -> String {
    format!("session/{access_key_id}")
}
