//! What every call carries: who calls, for which tenant, when, from where.

use crate::{
    arn,
    authority::{Authority, Requirement},
};
use muster_ids::{AccountId, ManagedNodeId, Region, Tenant};
use muster_service_model::OperationSchema;
use std::{
    borrow::Cow,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// In place of the unique id of a role that is no more.
const NO_ROLE_ID: &str = "AROAAAAAAAAAAAAAAAAAA";
/// Resources that a call notes; a command may be for any number of nodes.
const MOST_NOTED: usize = 256;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The root of an account.
    Root {
        /// The account.
        account: AccountId,
        /// The key it signed with.
        access_key_id: String,
        /// Of a session, when it began, milliseconds since the epoch.
        issued_ms: Option<i64>,
    },
    /// An IAM user, with a long-term key or the session that it took from one.
    User(User),
    /// A session of an IAM role.
    Role(RoleSession),
    /// A managed node, with its temporary credentials or its registered key. It may act for itself alone.
    Node {
        /// Account and region it is registered in.
        tenant: Tenant,
        /// The node.
        node: ManagedNodeId,
        /// Name or path of its IAM role, as its activation gave it.
        role: String,
        /// The role's unique id, `AROA…`; `None` if there is no such role any more.
        role_id: Option<String>,
        /// When its credentials were made, milliseconds since the epoch; `None` for its registered key.
        issued_ms: Option<i64>,
    },
    /// Nobody: an unsigned call.
    Anonymous,
}

/// An IAM user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its unique id, `AIDA…`.
    pub id: String,
    /// Its ARN, with the path.
    pub arn: String,
    /// The key that the call is signed with.
    pub access_key_id: String,
    /// Of a session, when it began, milliseconds since the epoch.
    pub issued_ms: Option<i64>,
}

/// A session of an IAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSession {
    /// The role's account.
    pub account: AccountId,
    /// The role's name.
    pub role: String,
    /// The role's unique id, `AROA…`.
    pub role_id: String,
    /// The role's ARN, with the path.
    pub role_arn: String,
    /// The name that the caller gave to the session.
    pub session: String,
    /// The key that the call is signed with.
    pub access_key_id: String,
    /// Who is behind it, if the caller of `AssumeRole` had to say.
    pub source_identity: Option<String>,
    /// When the session began, milliseconds since the epoch.
    pub issued_ms: i64,
}

impl Principal {
    /// The caller's ARN, as `GetCallerIdentity` and denials print it.
    pub fn arn(&self) -> String {
        match self {
            Self::Root { account, .. } => format!("arn:aws:iam::{account}:root"),
            Self::User(user) => user.arn.clone(),
            Self::Role(role) => {
                format!("arn:aws:sts::{}:assumed-role/{}/{}", role.account, role.role, role.session)
            }
            Self::Node { tenant, node, role, .. } => {
                let role = role.rsplit('/').next().unwrap_or(role);
                format!("arn:aws:sts::{}:assumed-role/{role}/{node}", tenant.account)
            }
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The ARN of the role whose session it is, with its path.
    pub fn role_arn(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Role(role) => Some(Cow::Borrowed(&role.role_arn)),
            Self::Node { tenant, role, .. } => Some(Cow::Owned(arn::role(&tenant.account, role))),
            Self::Root { .. } | Self::User(_) | Self::Anonymous => None,
        }
    }

    /// The caller's unique id, as `GetCallerIdentity` and `aws:userid` print it.
    pub fn user_id(&self) -> String {
        match self {
            Self::Root { account, .. } => account.to_string(),
            Self::User(user) => user.id.clone(),
            Self::Role(role) => format!("{}:{}", role.role_id, role.session),
            Self::Node { node, role_id, .. } => {
                format!("{}:{node}", role_id.as_deref().unwrap_or(NO_ROLE_ID))
            }
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The unique id of the user or role itself, for policies that mean one and no other of its name.
    pub fn entity_id(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.id),
            Self::Role(role) => Some(&role.role_id),
            Self::Node { role_id, .. } => role_id.as_deref(),
            Self::Root { .. } | Self::Anonymous => None,
        }
    }

    /// When temporary credentials were made, milliseconds since the epoch; `None` for a caller without.
    pub const fn issued_ms(&self) -> Option<i64> {
        match self {
            Self::Root { issued_ms, .. } | Self::Node { issued_ms, .. } => *issued_ms,
            Self::User(user) => user.issued_ms,
            Self::Role(role) => Some(role.issued_ms),
            Self::Anonymous => None,
        }
    }

    /// The caller's account; nobody has none.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Root { account, .. } => Some(account),
            Self::User(user) => Some(&user.account),
            Self::Role(role) => Some(&role.account),
            Self::Node { tenant, .. } => Some(&tenant.account),
            Self::Anonymous => None,
        }
    }

    /// Whether it is an operator: anybody with an identity but a node.
    pub const fn is_operator(&self) -> bool {
        matches!(self, Self::Root { .. } | Self::User(_) | Self::Role(_))
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
    /// Whether the call came over TLS.
    pub secure: bool,
    /// The client's own word for itself.
    pub user_agent: String,
    /// The page that the client says it comes from.
    pub referer: Option<String>,
    /// The operation.
    pub operation: &'static OperationSchema,
    /// What the caller may.
    pub authority: Arc<Authority>,
    /// What was decided for this call so far.
    pub decisions: Arc<Decisions>,
}

/// What the call asked permission for: shows that a decision was made, and tells the audit which resources the call
/// is about.
#[derive(Debug, Default)]
pub struct Decisions {
    resources: Mutex<Vec<String>>,
    concerned: OnceLock<Tenant>,
}

impl Decisions {
    /// ARNs, or `*`, in the order of the decisions; empty if none was made. The first 256 if there are more.
    pub fn resources(&self) -> Vec<String> {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes whose affair an anonymous call turned out to be: its record goes there.
    pub fn concerns(&self, tenant: &Tenant) {
        // The first word stays.
        let _ = self.concerned.set(tenant.clone());
    }

    /// Whose affair an anonymous call turned out to be.
    pub fn concerned(&self) -> Option<&Tenant> {
        self.concerned.get()
    }

    /// Whether any decision was made.
    pub fn any(&self) -> bool {
        !self.resources.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl RequestContext {
    /// The region of the call.
    pub fn region(&self) -> &Region {
        &self.tenant.region
    }

    pub(crate) fn note_decision(&self, requirements: &[Requirement]) {
        let mut resources = self.decisions.resources.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_NOTED.saturating_sub(resources.len());
        resources.extend(requirements.iter().take(room).map(|requirement| requirement.resource.clone()));
    }
}
