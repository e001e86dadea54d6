//! The decision for one call: every requirement against the caller's policies.

use super::{Authority, Requirement, denial, keys};
use crate::{
    ControlPlane,
    context::{Principal, RequestContext},
    error::ApiError,
};
use muster_ids::Tenant;
use muster_policy::{Caller, CallerKind, Context, Decision, Policies, Reason, Request, evaluate};
use muster_store::{
    iam,
    tag::{self, Tag},
};
use std::{collections::BTreeMap, mem};

/// What begins the kinds of identities, which belong to no region.
const OF_IDENTITIES: &str = "iam-";

impl ControlPlane {
    /// Whether the caller may all of this; the first requirement that fails is the answer.
    ///
    /// # Errors
    /// A denial in AWS's words, or the store's.
    pub(crate) async fn authorise(
        &self,
        context: &RequestContext,
        requirements: &[Requirement],
    ) -> Result<(), ApiError> {
        match self.judge(context, requirements).await? {
            None => Ok(()),
            Some((requirement, reason)) => {
                let Requirement { action, resource, .. } = requirement;
                Err(denial(context, action, resource, &reason.text(action)))
            }
        }
    }

    /// Whether the caller's policies forbid this in so many words, for what is allowed without a policy.
    ///
    /// # Errors
    /// A denial in AWS's words, or the store's.
    pub(crate) async fn unless_denied(
        &self,
        context: &RequestContext,
        requirement: Requirement,
    ) -> Result<(), ApiError> {
        let requirements = [requirement];
        match self.judge(context, &requirements).await? {
            Some((Requirement { action, resource, .. }, reason @ Reason::ExplicitDeny(_))) => {
                Err(denial(context, action, resource, &reason.text(action)))
            }
            _ => Ok(()),
        }
    }

    /// The first requirement that is not met, and why.
    async fn judge<'r>(
        &self,
        context: &RequestContext,
        requirements: &'r [Requirement],
    ) -> Result<Option<(&'r Requirement, Reason)>, ApiError> {
        context.note_decision(requirements);
        if requirements.iter().all(|requirement| is_own_root(context, requirement)) {
            return Ok(None);
        }
        let tags = self.resource_tags(context, requirements).await?;
        let arn = context.principal.arn();
        let role_arn = context.principal.role_arn();
        let caller = Caller {
            account: context.principal.account().map_or("", |account| account.as_str()),
            arn: &arn,
            role_arn: role_arn.as_deref(),
            kind: kind(&context.principal),
        };
        let mut common = keys::of_call(context);
        let last = requirements.len().saturating_sub(1);
        for (index, requirement) in requirements.iter().enumerate() {
            let base = if index == last { mem::take(&mut common) } else { common.clone() };
            let tags = requirement.tags_of.as_ref().and_then(|of| tags.get(&(of.kind, of.id.as_str())));
            let keys = keys::of_requirement(base, requirement, tags.map_or(&[], Vec::as_slice));
            if let Decision::Denied(reason) = decide(&context.authority, &caller, requirement, &keys) {
                return Ok(Some((requirement, reason)));
            }
        }
        Ok(None)
    }

    /// Tags of the resources, by their kind and id, if a policy asks for any: they cost a read.
    async fn resource_tags<'r>(
        &self,
        context: &RequestContext,
        requirements: &'r [Requirement],
    ) -> Result<BTreeMap<(&'static str, &'r str), Vec<Tag>>, ApiError> {
        let mut found = BTreeMap::new();
        let mut by_place: BTreeMap<(Tenant, &'static str), Vec<&'r str>> = BTreeMap::new();
        for requirement in requirements {
            let Some(of) = &requirement.tags_of else { continue };
            if wants_tags(&context.authority, requirement) {
                let account = &requirement.resource_account;
                let tenant = match of.kind.starts_with(OF_IDENTITIES) {
                    true => iam::tag_tenant(account),
                    false => Tenant::new(account.clone(), context.tenant.region.clone()),
                };
                by_place.entry((tenant, of.kind)).or_default().push(&of.id);
            }
        }
        for ((tenant, kind), ids) in by_place {
            for (id, tags) in tag::of_resources(&self.db, &tenant, kind, &ids).await? {
                if let Some(id) = ids.iter().find(|known| **known == id) {
                    found.insert((kind, *id), tags);
                }
            }
        }
        Ok(found)
    }
}

fn wants_tags(authority: &Authority, requirement: &Requirement) -> bool {
    keys::RESOURCE_TAGS.iter().any(|prefix| {
        authority.mentions(prefix)
            || requirement.policy.as_ref().is_some_and(|policy| policy.mentions(prefix))
    })
}

/// What needs no policy and no evaluation.
fn is_own_root(context: &RequestContext, requirement: &Requirement) -> bool {
    match &context.principal {
        Principal::Root { account, .. } => {
            *account == requirement.resource_account
                && requirement.policy.is_none()
                && !requirement.policy_decides
        }
        _ => false,
    }
}

fn kind(principal: &Principal) -> CallerKind {
    match principal {
        Principal::Root { .. } => CallerKind::Root,
        Principal::User(_) => CallerKind::User,
        Principal::Role(_) | Principal::Node { .. } => CallerKind::RoleSession,
        Principal::Anonymous => CallerKind::Anonymous,
    }
}

/// One requirement against the policies.
pub(super) fn decide(
    authority: &Authority,
    caller: &Caller<'_>,
    requirement: &Requirement,
    keys: &Context<'_>,
) -> Decision {
    let request = Request {
        caller,
        action: &requirement.action,
        resource: &requirement.resource,
        resource_account: requirement.resource_account.as_str(),
        context: keys,
    };
    let policies = Policies {
        identity: &authority.identity,
        boundary: authority.boundary.as_deref(),
        session: authority.session.as_deref(),
        resource: requirement.policy.as_deref(),
        resource_decides: requirement.policy_decides,
    };
    evaluate(&request, &policies)
}
