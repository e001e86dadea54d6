//! Tokens that confirm a subscription, or restore one that was ended: sealed texts, of which no table is kept.

use crate::secrets::Secrets;
use muster_ids::{AccountId, Tenant};
use muster_store::sns::{Attributes, subscription::Subscription};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "sns-confirmation";

/// How long a subscription waits for its confirmation: two days, as at AWS.
pub(crate) const CONFIRM_WITHIN_MS: i64 = 2 * 24 * 3_600_000;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// The subscription.
    pub(crate) id: String,
    /// Of a subscription that was ended: what it takes to make it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restored: Option<Restored>,
    /// Until when it holds.
    pub(crate) expires_ms: i64,
}

/// A subscription that was ended. Its attributes are not kept but for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restored {
    id: String,
    tenant: Tenant,
    topic: String,
    owner: AccountId,
    principal_arn: String,
    protocol: String,
    endpoint: String,
    raw: Option<String>,
}

const RAW: &str = "RawMessageDelivery";

impl Restored {
    /// What to remember of a subscription.
    pub(crate) fn of(row: &Subscription) -> Self {
        Self {
            id: row.id.clone(),
            tenant: row.tenant.clone(),
            topic: row.topic.clone(),
            owner: row.owner.clone(),
            principal_arn: row.principal_arn.clone(),
            protocol: row.protocol.clone(),
            endpoint: row.endpoint.clone(),
            raw: row.attributes.get(RAW).cloned(),
        }
    }

    /// The subscription, confirmed.
    pub(crate) fn subscription(self, now_ms: i64) -> Subscription {
        let attributes: Attributes = self.raw.map(|raw| (RAW.to_owned(), raw)).into_iter().collect();
        Subscription {
            id: self.id,
            tenant: self.tenant,
            topic: self.topic,
            owner: self.owner,
            principal_arn: self.principal_arn,
            protocol: self.protocol,
            endpoint: self.endpoint,
            expires_ms: None,
            authenticated: false,
            authenticate_on_unsubscribe: false,
            attributes,
            version: 1,
            created_ms: now_ms,
        }
    }
}

impl Confirmation {
    /// For a subscription that waits.
    pub(crate) fn of(row: &Subscription) -> Self {
        Self { id: row.id.clone(), restored: None, expires_ms: row.expires_ms.unwrap_or_default() }
    }

    /// For a subscription that was ended.
    pub(crate) fn again(restored: Restored, expires_ms: i64) -> Self {
        Self { id: restored.id.clone(), restored: Some(restored), expires_ms }
    }

    /// The token.
    pub(crate) fn seal(&self, secrets: &Secrets) -> String {
        hex::encode(secrets.seal(PURPOSE, &serde_json::to_vec(self).unwrap_or_default()))
    }

    /// What a token says; `None` if it is not ours.
    pub(crate) fn open(secrets: &Secrets, token: &str) -> Option<Self> {
        let content = secrets.open_sealed(PURPOSE, &hex::decode(token).ok()?).ok()?;
        serde_json::from_slice(&content).ok()
    }
}
