//! What the tables share: a short way to write a case. Not for: cases.

use muster_policy::{
    Caller, CallerKind, Context, Decision, Kind, Policies, Policy, Request, Verdict, evaluate, explain,
};
use std::sync::Arc;

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const OTHER: &str = "222222222222";
pub(crate) const ANN: &str = "arn:aws:iam::111111111111:user/ann";

pub(crate) fn ann() -> Caller<'static> {
    Caller { account: ACCOUNT, arn: ANN, role_arn: None, kind: CallerKind::User }
}

/// Parses what must be a policy.
#[track_caller]
pub(crate) fn policy(text: &str, kind: Kind) -> Arc<Policy> {
    match Policy::parse(text, kind) {
        Ok(policy) => Arc::new(policy),
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// A policy of the new version with these statements, each without its braces.
#[track_caller]
pub(crate) fn identity(statements: &[&str]) -> Arc<Policy> {
    policy(&document(statements), Kind::Identity)
}

pub(crate) fn document(statements: &[&str]) -> String {
    let statements: Vec<String> = statements.iter().map(|statement| format!("{{{statement}}}")).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// `key=value`, `key=[value|value]` and `key=[]`, separated by `; `.
pub(crate) fn context(text: &str) -> Context<'_> {
    let mut context = Context::new();
    for entry in text.split("; ").filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once('=').unwrap_or_else(|| panic!("no value in {entry}"));
        match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            Some("") => context.set_many(key, Vec::<String>::new()),
            Some(list) => context.set_many(key, list.split('|')),
            None => context.set(key, value),
        }
    }
    context
}

/// Decides, and sees that the explanation agrees.
#[track_caller]
pub(crate) fn decide(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let decision = evaluate(request, policies);
    let explanation = explain(request, policies);
    assert_eq!(explanation.decision, decision);
    assert_eq!(
        explanation.matched.is_empty(),
        Verdict::from(decision) == Verdict::ImplicitDeny || is_root(request, &explanation.matched)
    );
    decision
}

fn is_root(request: &Request<'_>, matched: &[muster_policy::Matched]) -> bool {
    request.caller.kind == CallerKind::Root && matched.is_empty()
}

/// Whether a user may, under one policy of their own, in their own account.
#[track_caller]
pub(crate) fn may(policy: &Arc<Policy>, action: &str, resource: &str, context_text: &str) -> bool {
    let (caller, context) = (ann(), context(context_text));
    let request = Request { caller: &caller, action, resource, resource_account: ACCOUNT, context: &context };
    let identity = [Arc::clone(policy)];
    decide(&request, &Policies { identity: &identity, ..Policies::default() }).is_allowed()
}

/// What a case expects.
pub(crate) const YES: bool = true;
pub(crate) const NO: bool = false;
