//! What every call carries: who calls, for which tenant, when, from where.

use muster_ids::{AccountId, ManagedNodeId, Region, Tenant};
use muster_service_model::OperationSchema;
use std::net::IpAddr;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The root of an account.
    Root {
        /// The account.
        account: AccountId,
        /// The key it signed with.
        access_key_id: String,
    },
    /// A managed node, with its temporary credentials or its registered key. It may act for itself alone.
    Node {
        /// Account and region it is registered in.
        tenant: Tenant,
        /// The node.
        node: ManagedNodeId,
        /// Name or path of its IAM role, as its activation gave it.
        role: String,
    },
    /// Nobody: an unsigned call.
    Anonymous,
}

impl Principal {
    /// The caller's ARN, as `GetCallerIdentity` and denials print it.
    pub fn arn(&self) -> String {
        match self {
            Self::Root { account, .. } => format!("arn:aws:iam::{account}:root"),
            Self::Node { tenant, node, role } => {
                let role = role.rsplit('/').next().unwrap_or(role);
                format!("arn:aws:sts::{}:assumed-role/{role}/{node}", tenant.account)
            }
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// How the caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing was signed.
    None,
    /// SigV4 with a secret key.
    SecretKey,
    /// The asymmetric signature of a node's registered key.
    NodeKey,
}

/// One call.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Given back as `x-amzn-RequestId`.
    pub request_id: String,
    /// Who calls.
    pub principal: Principal,
    /// How that was proved.
    pub proof: Proof,
    /// The account and region the call is about: the principal's account, the signature's region. An anonymous
    /// call has the server's default account and the region `unknown`, and must not use it.
    pub tenant: Tenant,
    /// When the call was taken in, milliseconds since the epoch.
    pub now_ms: i64,
    /// The peer's address.
    pub source_ip: IpAddr,
    /// The client's own word for itself.
    pub user_agent: String,
    /// The operation.
    pub operation: &'static OperationSchema,
}

impl RequestContext {
    /// The region of the call.
    pub fn region(&self) -> &Region {
        &self.tenant.region
    }
}
