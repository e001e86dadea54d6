//! `Principal` and `NotPrincipal`: whom a policy of a resource is about, and how directly. Not for: whether they exist.

use crate::{
    Caller, CallerKind, Effect, Kind, PolicyError,
    json::{object, string, strings},
    validate::Page,
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
    pub(crate) fn read(value: &RawValue, negated: bool, page: Page<'_>) -> Result<Self, PolicyError> {
        let mut list = Vec::new();
        if let Some(name) = string(value) {
            list.push(match (&*name, page.kind) {
                ("*", _) => Principal::Everybody,
                (_, Kind::Trust) => return Err(PolicyError::fixed("Principal must be a JSON object.")),
                _ => return Err(invalid("AWS", &name)),
            });
        } else {
            for (kind, values) in object(value.get()).ok_or_else(|| page.syntax(value))? {
                if !matches!(&*kind, "AWS" | "Service" | "Federated" | "CanonicalUser") {
                    return Err(page.syntax(values));
                }
                for name in strings(values).ok_or_else(|| page.syntax(values))? {
                    list.push(Principal::read(&kind, &name).ok_or_else(|| invalid(&kind, &name))?);
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

    /// `NotPrincipal` names whom the statement is not about. An allow leaves out all of whom it names one level. A deny spares
    /// those of whom it names every level: the account and the user, or the account and the role, and the session if it names
    /// sessions of the role at all. It spares nobody with a boundary.
    pub(crate) fn covers(&self, caller: &Caller<'_>, effect: Effect, bounded: bool) -> Grant {
        if !self.negated {
            return self.list.iter().map(|principal| principal.grant(caller)).max().unwrap_or(Grant::None);
        }
        let named = |wanted: Grant| self.list.iter().any(|principal| principal.grant(caller) == wanted);
        let spared = match (effect, caller.kind) {
            (Effect::Allow, _) => self.list.iter().any(|principal| principal.grant(caller) != Grant::None),
            (Effect::Deny, _) if bounded => false,
            (Effect::Deny, CallerKind::RoleSession) => {
                named(Grant::Delegated)
                    && named(Grant::Role)
                    && (named(Grant::Full)
                        || !self.list.iter().any(|principal| principal.is_session_beside(caller)))
            }
            (Effect::Deny, CallerKind::User) => named(Grant::Delegated) && named(Grant::Full),
            (Effect::Deny, CallerKind::Root) => named(Grant::Delegated),
            (Effect::Deny, CallerKind::Service | CallerKind::Anonymous) => named(Grant::Full),
        };
        if spared { Grant::None } else { Grant::Full }
    }
}

impl Principal {
    /// `None` if there is no such principal.
    fn read(kind: &str, value: &str) -> Option<Self> {
        let plain = !value.is_empty() && !value.contains(['*', '?']);
        match kind {
            "AWS" if value == "*" => Some(Self::Everybody),
            "AWS" if is_account(value) => Some(Self::Account(value.into())),
            "AWS" if plain => {
                let parts: Vec<&str> = value.splitn(6, ':').collect();
                match parts.as_slice() {
                    ["arn", _, "iam", "", account, "root"] if is_account(account) => {
                        Some(Self::Account((*account).into()))
                    }
                    ["arn", _, service, "", account, name] if is_account(account) => {
                        let kinds: &[&str] = match *service {
                            "iam" => &["user", "role"],
                            "sts" => &["assumed-role", "federated-user"],
                            _ => &[],
                        };
                        let (kind, _) = name.split_once('/')?;
                        kinds.contains(&kind).then(|| Self::Arn(value.into()))
                    }
                    _ => None,
                }
            }
            "Service" if plain && value.contains('.') => Some(Self::Service(value.into())),
            "Federated" if plain => Some(Self::Federated(value.into())),
            "CanonicalUser" if plain => Some(Self::CanonicalUser(value.into())),
            _ => None,
        }
    }

    /// Whether it is a session of the caller's role.
    fn is_session_beside(&self, caller: &Caller<'_>) -> bool {
        fn role(session: &str) -> Option<&str> {
            session.rsplit_once('/').map(|(role, _)| role)
        }
        matches!(self, Self::Arn(arn) if arn.contains(":assumed-role/") && role(arn) == role(caller.arn))
    }

    fn grant(&self, caller: &Caller<'_>) -> Grant {
        let known = matches!(caller.kind, CallerKind::Root | CallerKind::User | CallerKind::RoleSession);
        match self {
            Self::Everybody => Grant::Full,
            Self::Account(account) if known && **account == *caller.account => Grant::Delegated,
            // First the role: in a simulation it is the caller itself.
            Self::Arn(arn) if known && caller.role_arn == Some(arn) => Grant::Role,
            Self::Arn(arn) if known && **arn == *caller.arn => Grant::Full,
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
