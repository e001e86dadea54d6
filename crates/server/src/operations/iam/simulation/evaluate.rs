//! The results of a simulation: one for each action, with what was decided on each resource. Not for: the rules, which
//! `muster_policy` has.

use super::{Sourced, question::Question};
use crate::{
    ControlPlane, context::RequestContext, domain::paging::PageSize, error::ApiError, operations::iam::marker,
};
use muster_iam_api::{
    EvaluationResult, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail,
    PolicyEvaluationDecisionType as Decision, PolicySourceType, Position as ShownPosition,
    ResourceSpecificResult, SimulatePolicyResponse, Statement,
};
use muster_policy::{
    Caller, Context, Explanation, Policies, Policy, Position, Request, Source, Verdict, explain,
};
use std::{collections::BTreeMap, sync::Arc};

/// Characters of policies that one call may have compared with questions; more actions go to the next page.
const BUDGET: usize = 200_000_000;

/// The policies that a simulation asks.
#[derive(Debug)]
pub(super) struct Simulated {
    pub(super) identity: Vec<Sourced>,
    pub(super) boundary: Option<Sourced>,
}

/// Answers a page of the question.
///
/// # Errors
/// A wrong marker.
pub(super) async fn answer(
    control_plane: &ControlPlane,
    context: &RequestContext,
    (marker, max_items): (Option<&str>, Option<i32>),
    simulated: &Simulated,
    question: &Question,
) -> Result<SimulatePolicyResponse, ApiError> {
    let first: usize = marker::position(control_plane, context, marker)?.unwrap_or(0);
    let rows = usize::try_from(marker::size(max_items).rows().saturating_sub(1)).unwrap_or(1);
    let rows = rows.min(affordable(simulated, question));
    let bench = Bench::new(simulated, question);
    let mut results = Vec::new();
    for (place, action) in question.actions.iter().enumerate().skip(first).take(rows) {
        results.push((place + 1, bench.result(action)));
        // A long simulation leaves room for other calls.
        tokio::task::yield_now().await;
    }
    if first.saturating_add(results.len()) < question.actions.len() {
        // One more than the page, which `cut` takes as the sign that another follows.
        results.push((0, EvaluationResult::default()));
    }
    let size = PageSize::new(i32::try_from(rows).ok(), rows);
    let marker = marker::cut(control_plane, context, size, &mut results, |(next, _)| *next);
    Ok(SimulatePolicyResponse {
        evaluation_results: Some(results.into_iter().map(|(_, result)| result).collect()),
        is_truncated: Some(marker.is_some()),
        marker,
    })
}

/// How many actions one call may ask about.
fn affordable(simulated: &Simulated, question: &Question) -> usize {
    let all = simulated.identity.iter().chain(&simulated.boundary).chain(&question.resource_policy);
    let all = all.chain(question.organisation.iter().flatten());
    let length: usize = all.map(|sourced| sourced.length).sum();
    let of_action = length.saturating_mul(question.resources.len().max(1)).max(1);
    (BUDGET / of_action).max(1)
}

/// All that stays the same from action to action.
struct Bench<'a> {
    simulated: &'a Simulated,
    question: &'a Question,
    identity: Vec<Arc<Policy>>,
    organisation: Vec<Vec<Arc<Policy>>>,
    context: Context<'a>,
}

/// What was decided about one action on one resource.
struct Answer {
    decision: Decision,
    statements: Vec<Statement>,
    missing: Vec<String>,
    boundary: Option<PermissionsBoundaryDecisionDetail>,
    organisation: Option<OrganizationsDecisionDetail>,
    details: BTreeMap<String, Decision>,
}

impl<'a> Bench<'a> {
    fn new(simulated: &'a Simulated, question: &'a Question) -> Self {
        let policies = |list: &[Sourced]| list.iter().map(|sourced| Arc::clone(&sourced.policy)).collect();
        Self {
            simulated,
            question,
            identity: policies(&simulated.identity),
            organisation: question.organisation.iter().map(|level| policies(level)).collect(),
            context: question.context(),
        }
    }

    fn result(&self, action: &str) -> EvaluationResult {
        let resources = &self.question.resources;
        let (name, answers) = match resources.as_slice() {
            [] => ("*", vec![("*", self.ask(action, "*"))]),
            [one] => (one.as_str(), vec![(one.as_str(), self.ask(action, one))]),
            all => {
                ("*", all.iter().map(|resource| (resource.as_str(), self.ask(action, resource))).collect())
            }
        };
        let mut missing: Vec<String> =
            answers.iter().flat_map(|(_, answer)| answer.missing.clone()).collect();
        missing.sort_unstable();
        missing.dedup();
        let mut statements: Vec<Statement> = Vec::new();
        for statement in answers.iter().flat_map(|(_, answer)| &answer.statements) {
            if !statements.contains(statement) {
                statements.push(statement.clone());
            }
        }
        let boundary =
            answers.iter().filter_map(|(_, answer)| answer.boundary.clone()).reduce(|one, other| {
                let allowed =
                    |detail: &PermissionsBoundaryDecisionDetail| detail.allowed_by_permissions_boundary;
                PermissionsBoundaryDecisionDetail {
                    allowed_by_permissions_boundary: Some(
                        allowed(&one) == Some(true) && allowed(&other) == Some(true),
                    ),
                }
            });
        EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: Some(name.to_owned()),
            eval_decision: together(answers.iter().map(|(_, answer)| answer.decision)),
            matched_statements: Some(statements),
            missing_context_values: Some(missing),
            organizations_decision_detail: answers
                .first()
                .and_then(|(_, answer)| answer.organisation.clone()),
            permissions_boundary_decision_detail: boundary,
            eval_decision_details: answers.first().map(|(_, answer)| answer.details.clone()),
            resource_specific_results: (!resources.is_empty())
                .then(|| answers.into_iter().map(|(resource, answer)| specific(resource, answer)).collect()),
        }
    }

    fn ask(&self, action: &str, resource: &str) -> Answer {
        let asker = &self.question.asker;
        let caller = Caller {
            account: &asker.account,
            arn: &asker.arn,
            role_arn: asker.role_arn.as_deref(),
            kind: asker.kind,
        };
        let request = Request {
            caller: &caller,
            action,
            resource,
            resource_account: &self.question.owner,
            context: &self.context,
        };
        let policies = Policies {
            identity: &self.identity,
            boundary: self.simulated.boundary.as_ref().map(|sourced| &*sourced.policy),
            session: None,
            resource: self.question.resource_policy.as_ref().map(|sourced| &*sourced.policy),
            resource_decides: false,
        };
        let found = explain(&request, &policies);
        let mut decision = decision(found.decision.into());
        let organisation = self.organisation_allows(&request);
        match organisation {
            Some(Verdict::ExplicitDeny) => decision = Decision::ExplicitDeny,
            Some(Verdict::ImplicitDeny) if decision == Decision::Allowed => decision = Decision::ImplicitDeny,
            _ => {}
        }
        Answer {
            decision,
            statements: found.matched.iter().map(|matched| self.statement(matched)).collect(),
            missing: found.missing_context.clone(),
            boundary: found.boundary.map(|verdict| PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(verdict == Verdict::Allowed),
            }),
            organisation: organisation.map(|verdict| OrganizationsDecisionDetail {
                allowed_by_organizations: Some(verdict == Verdict::Allowed),
            }),
            details: self.details(&found),
        }
    }

    /// What the organisation says: every level must allow. None if the question has no levels.
    fn organisation_allows(&self, request: &Request<'_>) -> Option<Verdict> {
        let levels = self
            .organisation
            .iter()
            .map(|level| explain(request, &Policies { identity: level, ..Policies::default() }).identity);
        levels.reduce(|one, other| match (one, other) {
            (Verdict::ExplicitDeny, _) | (_, Verdict::ExplicitDeny) => Verdict::ExplicitDeny,
            (Verdict::Allowed, Verdict::Allowed) => Verdict::Allowed,
            _ => Verdict::ImplicitDeny,
        })
    }

    /// What each kind of policy says, where two accounts have a say.
    fn details(&self, found: &Explanation) -> BTreeMap<String, Decision> {
        let mut details = BTreeMap::new();
        if self.question.owner != self.question.asker.account {
            details.insert("IAM Policy".to_owned(), decision(found.identity));
            if let Some(verdict) = found.resource {
                details.insert("Resource Policy".to_owned(), decision(verdict));
            }
        }
        details
    }

    fn statement(&self, matched: &muster_policy::Matched) -> Statement {
        let (sourced, kind) = match matched.source {
            Source::PermissionsBoundary => (self.simulated.boundary.as_ref(), PolicySourceType::IamPolicy),
            Source::ResourceBased | Source::RoleTrust => {
                (self.question.resource_policy.as_ref(), PolicySourceType::ResourcePolicy)
            }
            Source::IdentityBased | Source::Session => {
                (self.simulated.identity.get(matched.policy), PolicySourceType::IamPolicy)
            }
        };
        Statement {
            source_policy_id: sourced.map(|sourced| sourced.id.clone()),
            source_policy_type: Some(kind),
            start_position: Some(position(matched.start)),
            end_position: Some(position(matched.end)),
        }
    }
}

fn specific(resource: &str, answer: Answer) -> ResourceSpecificResult {
    ResourceSpecificResult {
        eval_resource_name: resource.to_owned(),
        eval_resource_decision: answer.decision,
        matched_statements: Some(answer.statements),
        missing_context_values: Some(answer.missing),
        eval_decision_details: Some(answer.details).filter(|details| !details.is_empty()),
        permissions_boundary_decision_detail: answer.boundary,
    }
}

/// The decision about all resources of a call: all must be allowed.
fn together(decisions: impl Iterator<Item = Decision>) -> Decision {
    decisions.fold(Decision::Allowed, |all, one| match (all, one) {
        (Decision::ExplicitDeny, _) | (_, Decision::ExplicitDeny) => Decision::ExplicitDeny,
        (Decision::ImplicitDeny, _) | (_, Decision::ImplicitDeny) => Decision::ImplicitDeny,
        _ => Decision::Allowed,
    })
}

const fn decision(verdict: Verdict) -> Decision {
    match verdict {
        Verdict::Allowed => Decision::Allowed,
        Verdict::ExplicitDeny => Decision::ExplicitDeny,
        Verdict::ImplicitDeny => Decision::ImplicitDeny,
    }
}

fn position(place: Position) -> ShownPosition {
    ShownPosition { line: i32::try_from(place.line).ok(), column: i32::try_from(place.column).ok() }
}
