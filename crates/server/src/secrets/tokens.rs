//! Tokens that come back from clients: pages of a list, the opening of a control channel. Sealed, so that they
//! cannot be read or forged, and bound to what they were made for.

use super::{Secrets, TokenError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_ids::{ManagedNodeId, Tenant};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A node opens its control channel at once after it was given the token.
const CHANNEL_TOKEN_LIFETIME_MS: i64 = 5 * 60_000;

#[derive(Serialize, Deserialize)]
struct ChannelToken {
    node: ManagedNodeId,
    expires_ms: i64,
}

impl Secrets {
    /// The `NextToken` of a list: where the next page begins, for this operation and tenant alone.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if the position cannot be written as JSON.
    pub fn page_token<T: Serialize>(
        &self,
        operation: &str,
        tenant: &Tenant,
        position: &T,
    ) -> Result<String, TokenError> {
        self.token(&page_purpose(operation, tenant), position)
    }

    /// The position that [`page_token`](Self::page_token) took down.
    ///
    /// # Errors
    /// [`TokenError::Invalid`]: forged, altered, or of another operation or tenant.
    pub fn read_page_token<T: DeserializeOwned>(
        &self,
        operation: &str,
        tenant: &Tenant,
        token: &str,
    ) -> Result<T, TokenError> {
        self.read_token(&page_purpose(operation, tenant), token)
    }

    /// What a node shows first on its control channel; good for five minutes.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if it cannot be written, which no node is known to cause.
    pub fn channel_token(&self, node: &ManagedNodeId, now_ms: i64) -> Result<String, TokenError> {
        let expires_ms = now_ms.saturating_add(CHANNEL_TOKEN_LIFETIME_MS);
        self.token("control-channel", &ChannelToken { node: node.clone(), expires_ms })
    }

    /// Checks the token that a node showed on its channel.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] for another node's or a forged one, [`TokenError::Expired`] for an old one.
    pub fn check_channel_token(
        &self,
        token: &str,
        node: &ManagedNodeId,
        now_ms: i64,
    ) -> Result<(), TokenError> {
        let content: ChannelToken = self.read_token("control-channel", token)?;
        if content.node != *node {
            Err(TokenError::Invalid)
        } else if now_ms >= content.expires_ms {
            Err(TokenError::Expired)
        } else {
            Ok(())
        }
    }

    fn token<T: Serialize>(&self, purpose: &str, content: &T) -> Result<String, TokenError> {
        let content = serde_json::to_vec(content).map_err(|_| TokenError::Invalid)?;
        Ok(URL_SAFE_NO_PAD.encode(self.seal(purpose, &content)))
    }

    fn read_token<T: DeserializeOwned>(&self, purpose: &str, token: &str) -> Result<T, TokenError> {
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Invalid)?;
        let content = self.open_sealed(purpose, &sealed).map_err(|_| TokenError::Invalid)?;
        serde_json::from_slice(&content).map_err(|_| TokenError::Invalid)
    }
}

fn page_purpose(operation: &str, tenant: &Tenant) -> String {
    format!("page/{operation}/{tenant}")
}
