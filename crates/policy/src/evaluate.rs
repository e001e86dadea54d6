//! The decision: first what each set of policies says, then how they count together. Not for: details for people.

use crate::{
    Caller, CallerKind, Decision, Effect, Kind, Policies, Policy, Reason, Request, Source, Statement,
    json::lower, principal::Grant,
};
use std::{borrow::Cow, sync::Arc};

/// Decides. A deny anywhere wins. In the account that owns the resource the caller's own policies or the resource's may allow;
/// across accounts both must. Boundary and session policies limit what the caller's own policies allow, and what the
/// resource's policy allows to its role; not what it allows to the very user or session.
#[must_use]
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let asked = Asked::new(request, policies);
    let says = Says {
        identity: many(&asked, policies.identity),
        boundary: policies.boundary.map(|policy| one(&asked, policy)),
        session: policies.session.map(|policies| many(&asked, policies)),
        resource: policies.resource.map(|policy| one(&asked, policy)),
    };
    decide(request, policies, &says)
}

/// A request, made ready for many comparisons.
pub(crate) struct Asked<'r, 'a> {
    request: &'r Request<'a>,
    action: Cow<'a, str>,
    /// Whether the caller has a permissions boundary.
    bounded: bool,
}

impl<'r, 'a> Asked<'r, 'a> {
    pub(crate) fn new(request: &'r Request<'a>, policies: &Policies<'_>) -> Self {
        Self { request, action: lower(request.action), bounded: policies.boundary.is_some() }
    }

    pub(crate) fn action_covered(&self, statement: &Statement) -> bool {
        statement.covers_action(&self.action)
    }

    /// What a statement is for the request; [`Grant::None`] if it is about something else.
    pub(crate) fn covered(&self, statement: &Statement) -> Grant {
        let Request { caller, resource, context, .. } = *self.request;
        if !self.action_covered(statement) || !statement.covers_resource(resource, context) {
            return Grant::None;
        }
        let grant = statement.covers_caller(caller, self.bounded);
        if grant == Grant::None || !statement.conditions_hold(context) { Grant::None } else { grant }
    }
}

/// What a set of policies says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saying {
    Denies,
    /// Or not, if [`Grant::None`].
    Allows(Grant),
}

impl Saying {
    fn allows(self) -> bool {
        matches!(self, Self::Allows(grant) if grant != Grant::None)
    }
}

/// What all of them say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Says {
    pub(crate) identity: Saying,
    pub(crate) boundary: Option<Saying>,
    pub(crate) session: Option<Saying>,
    pub(crate) resource: Option<Saying>,
}

pub(crate) fn many(asked: &Asked<'_, '_>, policies: &[Arc<Policy>]) -> Saying {
    let mut most = Grant::None;
    for policy in policies {
        match one(asked, policy) {
            Saying::Denies => return Saying::Denies,
            Saying::Allows(grant) => most = most.max(grant),
        }
    }
    Saying::Allows(most)
}

pub(crate) fn one(asked: &Asked<'_, '_>, policy: &Policy) -> Saying {
    let mut most = Grant::None;
    for statement in policy.statements() {
        // What is allowed already cannot be more so.
        if statement.effect() == Effect::Allow && most == Grant::Full {
            continue;
        }
        let grant = asked.covered(statement);
        match statement.effect() {
            Effect::Deny if grant != Grant::None => return Saying::Denies,
            Effect::Deny => {}
            Effect::Allow => most = most.max(grant),
        }
    }
    Saying::Allows(most)
}

pub(crate) fn decide(request: &Request<'_>, policies: &Policies<'_>, says: &Says) -> Decision {
    let resource_source = resource_source(policies);
    let denies = |saying: Option<Saying>| saying == Some(Saying::Denies);
    for (saying, source) in [
        (Some(says.identity), Source::IdentityBased),
        (says.boundary, Source::PermissionsBoundary),
        (says.session, Source::Session),
        (says.resource, resource_source),
    ] {
        if denies(saying) {
            return Decision::Denied(Reason::ExplicitDeny(source));
        }
    }
    let grant = match says.resource {
        Some(Saying::Allows(grant)) => grant,
        _ => Grant::None,
    };
    let none = |source| Decision::Denied(Reason::NoneAllows(source));
    let caller = request.caller;
    let owner = Owner::of(caller, request.resource_account);
    // Those who have no policies of their own, and resources that decide themselves.
    let resource_alone = matches!(caller.kind, CallerKind::Service | CallerKind::Anonymous);
    if (resource_alone || policies.resource_decides) && grant == Grant::None {
        return none(resource_source);
    }
    if resource_alone {
        return Decision::Allowed;
    }
    // Across accounts the caller's account must allow as well, so no grant counts as direct.
    let direct = if owner == Owner::Other { Grant::None } else { grant };
    if direct == Grant::Full {
        return Decision::Allowed;
    }
    if direct != Grant::Role && caller.kind != CallerKind::Root && !says.identity.allows() {
        return none(Source::IdentityBased);
    }
    if says.boundary.is_some_and(|saying| !saying.allows()) {
        return none(Source::PermissionsBoundary);
    }
    if says.session.is_some_and(|saying| !saying.allows()) {
        return none(Source::Session);
    }
    if owner == Owner::Other && grant == Grant::None {
        return none(resource_source);
    }
    Decision::Allowed
}

/// The name of the resource's policy, also if there is none.
pub(crate) fn resource_source(policies: &Policies<'_>) -> Source {
    match policies.resource.map(Policy::kind) {
        Some(Kind::Trust) => Source::RoleTrust,
        _ => Source::ResourceBased,
    }
}

/// Whose a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The caller's account, or none.
    Same,
    Other,
}

impl Owner {
    fn of(caller: &Caller<'_>, account: &str) -> Self {
        if account.is_empty() || account == caller.account { Self::Same } else { Self::Other }
    }
}
