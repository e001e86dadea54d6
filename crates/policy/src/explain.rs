//! Why a decision is as it is, for `SimulateCustomPolicy` and `SimulatePrincipalPolicy`. Slower than [`crate::evaluate`], and
//! of the same mind. Not for: requests.

use crate::{
    Decision, Effect, Policies, Policy, Position, Reason, Request, Source,
    evaluate::{Asked, Saying, Says, decide, many, one, resource_source},
    principal::Grant,
};
use std::{collections::BTreeMap, sync::Arc};

/// `PolicyEvaluationDecisionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `allowed`
    Allowed,
    /// `explicitDeny`
    ExplicitDeny,
    /// `implicitDeny`
    ImplicitDeny,
}

impl Verdict {
    /// As the API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }

    const fn of(saying: Saying) -> Self {
        match saying {
            Saying::Denies => Self::ExplicitDeny,
            Saying::Allows(Grant::None) => Self::ImplicitDeny,
            Saying::Allows(_) => Self::Allowed,
        }
    }
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed => Self::Allowed,
            Decision::Denied(Reason::ExplicitDeny(_)) => Self::ExplicitDeny,
            Decision::Denied(Reason::NoneAllows(_)) => Self::ImplicitDeny,
        }
    }
}

/// A decision with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What [`crate::evaluate`] answers.
    pub decision: Decision,
    /// What the caller's own policies say alone.
    pub identity: Verdict,
    /// What the boundary says alone, if there is one.
    pub boundary: Option<Verdict>,
    /// What the session's policies say alone, if it has any.
    pub session: Option<Verdict>,
    /// What the resource's policy says alone, if there is one.
    pub resource: Option<Verdict>,
    /// The statements that made the decision: those that deny, or else those that allow; none if nothing allows.
    pub matched: Vec<Matched>,
    /// Keys which statements about this action use and the request does not have; sorted without case.
    pub missing_context: Vec<String>,
}

/// A statement that made a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// The set that its policy is in.
    pub source: Source,
    /// The policy's place in that set, from 0.
    pub policy: usize,
    /// The statement's place in the policy, from 0.
    pub statement: usize,
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// Decides as [`crate::evaluate`] does, and says why.
#[must_use]
pub fn explain(request: &Request<'_>, policies: &Policies<'_>) -> Explanation {
    let asked = Asked::new(request, policies);
    let says = Says {
        identity: many(&asked, policies.identity),
        boundary: policies.boundary.map(|policy| one(&asked, policy)),
        session: policies.session.map(|policies| many(&asked, policies)),
        resource: policies.resource.map(|policy| one(&asked, policy)),
    };
    let decision = decide(request, policies, &says);
    let wanted = match decision {
        Decision::Allowed => Some(Effect::Allow),
        Decision::Denied(Reason::ExplicitDeny(_)) => Some(Effect::Deny),
        Decision::Denied(Reason::NoneAllows(_)) => None,
    };
    let (mut matched, mut missing) = (Vec::new(), BTreeMap::new());
    for (source, index, policy) in all(policies) {
        for (place, statement) in policy.statements().iter().enumerate() {
            if asked.action_covered(statement) {
                for key in statement.keys().filter(|key| key.values(request.context).is_none()) {
                    missing.entry(key.name().to_ascii_lowercase()).or_insert_with(|| key.name().to_owned());
                }
            }
            if Some(statement.effect()) == wanted && asked.covered(statement) != Grant::None {
                let (start, end) = (statement.start(), statement.end());
                matched.push(Matched { source, policy: index, statement: place, start, end });
            }
        }
    }
    Explanation {
        decision,
        identity: Verdict::of(says.identity),
        boundary: says.boundary.map(Verdict::of),
        session: says.session.map(Verdict::of),
        resource: says.resource.map(Verdict::of),
        matched,
        missing_context: missing.into_values().collect(),
    }
}

fn all<'p>(policies: &Policies<'p>) -> impl Iterator<Item = (Source, usize, &'p Policy)> {
    let list = |source, policies: &'p [Arc<Policy>]| {
        policies.iter().enumerate().map(move |(index, policy)| (source, index, &**policy))
    };
    list(Source::IdentityBased, policies.identity)
        .chain(policies.boundary.map(|policy| (Source::PermissionsBoundary, 0, policy)))
        .chain(list(Source::Session, policies.session.unwrap_or_default()))
        .chain(policies.resource.map(|policy| (resource_source(policies), 0, policy)))
}
