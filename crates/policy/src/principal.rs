//! `Principal` and `NotPrincipal`: whom a policy of a resource is about, and how directly. Not for: whether they exist.

use crate::{
    Caller, CallerKind, Effect, Kind, PolicyError,
    json::{object, string, strings},
    validate,
};
use serde_json::value::RawValue;

/// What a statement with a principal is for a caller, from nothing to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// It is about others.
    None,
    /// It names the caller's account: whose policies must allow too.
    Delegated,
    /// It names the caller's role: within boundary and session policies.
    Role,
    /// It names the caller itself, or everybody.
    Full,
}

#[derive(Debug)]
pub(crate) struct Principals {
    negated: bool,
    list: Box<[Principal]>,
}

#[derive(Debug)]
enum Principal {
    Everybody,
    Account(Box<str>),
    Arn(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    CanonicalUser(Box<str>),
}

/// Whom a document names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalRef<'a> {
    /// `*`
    Everybody,
    /// All of an account, by its twelve digits.
    Account(&'a str),
    /// A user, a role or a session of a role, by its ARN.
    Arn(&'a str),
    /// Such as `ec2.amazonaws.com`.
    Service(&'a str),
    /// An identity provider.
    Federated(&'a str),
    /// An account, by the id that S3 once gave it.
    CanonicalUser(&'a str),
}

impl Principals {
    pub(crate) fn read(value: &RawValue, negated: bool, kind: Kind) -> Result<Self, PolicyError> {
        let mut list = Vec::new();
        if value.get().starts_with('"') {
            if string(value)? != "*" {
                return Err(match kind {
                    Kind::Trust => PolicyError::fixed("Principal must be a JSON object."),
                    _ => invalid("AWS", &string(value)?),
                });
            }
            list.push(Principal::Everybody);
        } else {
            for (name, values) in object(value.get()).map_err(|_| validate::syntax(kind))? {
                for value in strings(values).map_err(|_| validate::syntax(kind))? {
                    list.push(Principal::read(&name, &value)?);
                }
            }
        }
        if list.is_empty() {
            return Err(PolicyError::fixed("Missing required field Principal cannot be empty!"));
        }
        Ok(Self { negated, list: list.into() })
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = PrincipalRef<'_>> {
        self.list.iter().map(|principal| match principal {
            Principal::Everybody => PrincipalRef::Everybody,
            Principal::Account(account) => PrincipalRef::Account(account),
            Principal::Arn(arn) => PrincipalRef::Arn(arn),
            Principal::Service(name) => PrincipalRef::Service(name),
            Principal::Federated(name) => PrincipalRef::Federated(name),
            Principal::CanonicalUser(id) => PrincipalRef::CanonicalUser(id),
        })
    }

    /// `NotPrincipal` names whom the statement is not about. A deny spares only those of whom it names every level, the
    /// account, the role and the session; an allow leaves out all of whom it names one.
    pub(crate) fn covers(&self, caller: &Caller<'_>, effect: Effect) -> Grant {
        if !self.negated {
            return self.list.iter().map(|principal| principal.grant(caller)).max().unwrap_or(Grant::None);
        }
        let named = |wanted: Grant| self.list.iter().any(|principal| principal.grant(caller) == wanted);
        let spared = match effect {
            Effect::Allow => self.list.iter().any(|principal| principal.grant(caller) != Grant::None),
            Effect::Deny => match caller.kind {
                CallerKind::RoleSession => {
                    named(Grant::Delegated) && named(Grant::Role) && named(Grant::Full)
                }
                CallerKind::User => named(Grant::Delegated) && named(Grant::Full),
                CallerKind::Root => named(Grant::Delegated),
                CallerKind::Service | CallerKind::Anonymous => named(Grant::Full),
            },
        };
        if spared { Grant::None } else { Grant::Full }
    }
}

impl Principal {
    fn read(kind: &str, value: &str) -> Result<Self, PolicyError> {
        let refused = || invalid(kind, value);
        match kind {
            "AWS" if value == "*" => Ok(Self::Everybody),
            "AWS" if is_account(value) => Ok(Self::Account(value.into())),
            "AWS" => {
                let parts: Vec<&str> = value.splitn(6, ':').collect();
                match parts.as_slice() {
                    ["arn", _, "iam", "", account, "root"] if is_account(account) => {
                        Ok(Self::Account((*account).into()))
                    }
                    ["arn", _, "iam" | "sts", "", account, name]
                        if is_account(account) && name.contains('/') && !value.contains(['*', '?']) =>
                    {
                        Ok(Self::Arn(value.into()))
                    }
                    _ => Err(refused()),
                }
            }
            "Service" if value.contains('.') && !value.contains(['*', '?']) => {
                Ok(Self::Service(value.into()))
            }
            "Federated" if !value.is_empty() => Ok(Self::Federated(value.into())),
            "CanonicalUser" if !value.is_empty() => Ok(Self::CanonicalUser(value.into())),
            "Service" | "Federated" | "CanonicalUser" => Err(refused()),
            _ => Err(PolicyError::made(format!("Invalid principal in policy: \"{kind}\""))),
        }
    }

    fn grant(&self, caller: &Caller<'_>) -> Grant {
        let known = matches!(caller.kind, CallerKind::Root | CallerKind::User | CallerKind::RoleSession);
        match self {
            Self::Everybody => Grant::Full,
            Self::Account(account) if known && **account == *caller.account => Grant::Delegated,
            Self::Arn(arn) if known && **arn == *caller.arn => Grant::Full,
            Self::Arn(arn) if known && caller.role_arn == Some(arn) => Grant::Role,
            Self::Service(name) if caller.kind == CallerKind::Service && **name == *caller.arn => Grant::Full,
            _ => Grant::None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn invalid(kind: &str, value: &str) -> PolicyError {
    PolicyError::made(format!("Invalid principal in policy: \"{}\":\"{value}\"", kind.to_ascii_uppercase()))
}
