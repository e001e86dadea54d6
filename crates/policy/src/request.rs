//! What is asked, by whom, under which policies, and the answer. Not for: deciding.

use crate::{Context, Policy};
use std::sync::Arc;

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Twelve digits; empty for services and anonymous callers.
    pub account: &'a str,
    /// ARN of the user, of the account's root, or of the role's session (`arn:aws:sts::…:assumed-role/ROLE/SESSION`). The name
    /// (`ec2.amazonaws.com`) for a service.
    pub arn: &'a str,
    /// ARN of the role, with its path, for a role's session.
    pub role_arn: Option<&'a str>,
    /// What it is.
    pub kind: CallerKind,
}

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    /// The account's root: may do all in its account that no resource's policy decides otherwise.
    Root,
    /// A user.
    User,
    /// A session of a role.
    RoleSession,
    /// A service; only policies of resources give it anything.
    Service,
    /// Nobody known; only policies of resources that allow everybody give it anything.
    Anonymous,
}

/// What is asked for: one action on one resource.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: &'a Caller<'a>,
    /// Such as `ssm:GetParameter`.
    pub action: &'a str,
    /// An ARN, or `*` for an action that has no resource.
    pub resource: &'a str,
    /// The account that owns the resource. Empty if no account does (documents of AWS): then the caller's own policies decide.
    pub resource_account: &'a str,
    /// Condition keys.
    pub context: &'a Context<'a>,
}

/// The policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Of the user and its groups, or of the role.
    pub identity: &'a [Arc<Policy>],
    /// The permissions boundary of the user or role.
    pub boundary: Option<&'a Policy>,
    /// The policies that a session was made with; `None` for a session made without.
    pub session: Option<&'a [Arc<Policy>]>,
    /// Of the resource.
    pub resource: Option<&'a Policy>,
    /// For KMS keys and roles to be assumed: the resource's policy must allow, if only by naming the account; even root has
    /// nothing without.
    pub resource_decides: bool,
}

/// Whether a request may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It may not.
    Denied(Reason),
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A statement denies it.
    ExplicitDeny(Source),
    /// No statement of these policies allows it.
    NoneAllows(Source),
}

/// A kind of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Attached to the caller.
    IdentityBased,
    /// The caller's permissions boundary.
    PermissionsBoundary,
    /// Given when the session was made.
    Session,
    /// Attached to the resource.
    ResourceBased,
    /// A role's trust policy.
    RoleTrust,
}

impl Decision {
    /// Whether it is [`Decision::Allowed`].
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

impl Reason {
    /// The end of AWS's message, after "User: … is not authorized to perform: … on resource: … ".
    #[must_use]
    pub fn text(self, action: &str) -> String {
        match self {
            Self::ExplicitDeny(source) => {
                let source = match source {
                    Source::IdentityBased => "an identity-based policy",
                    Source::PermissionsBoundary => "a permissions boundary",
                    Source::Session => "a session policy",
                    Source::ResourceBased => "a resource-based policy",
                    Source::RoleTrust => "the role trust policy",
                };
                format!("with an explicit deny in {source}")
            }
            Self::NoneAllows(source) => {
                let source = match source {
                    Source::IdentityBased => "identity-based policy",
                    Source::PermissionsBoundary => "permissions boundary",
                    Source::Session => "session policy",
                    Source::ResourceBased => "resource-based policy",
                    Source::RoleTrust => "role trust policy",
                };
                format!("because no {source} allows the {action} action")
            }
        }
    }
}
