//! The policy simulator: what policies would say to calls, without making them. Not for: deciding about calls.

mod evaluate;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod question;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod source;

use crate::{dispatch::Router, error::ApiError};
use muster_iam_api::{
    GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy, SimulateCustomPolicy,
    SimulatePrincipalPolicy, errors::INVALID_INPUT_EXCEPTION,
};
use muster_policy::{Kind, Policy};
use std::sync::Arc;

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<GetContextKeysForCustomPolicy>()
        .on::<GetContextKeysForPrincipalPolicy>()
        .on::<SimulateCustomPolicy>()
        .on::<SimulatePrincipalPolicy>()
}

/// A policy of a simulation, and what results call it.
#[derive(Debug, Clone)]
struct Sourced {
    id: String,
    policy: Arc<Policy>,
    /// Length of the document: how much work it can make.
    length: usize,
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new(&INVALID_INPUT_EXCEPTION, text)
}

/// Policies that the caller gives as text; `list` is the name of the parameter, which results call them by.
fn given(documents: Option<&[String]>, list: &str, kind: Kind) -> Result<Vec<Sourced>, ApiError> {
    let read = |(number, document): (usize, &String)| {
        let policy = Policy::parse(document, kind).map_err(|error| invalid(error.to_string()))?;
        Ok(Sourced { id: format!("{list}.{number}"), policy: Arc::new(policy), length: document.len() })
    };
    (1..).zip(documents.unwrap_or_default()).map(read).collect()
}

/// The boundary that a call gives, of which there is one at most.
fn one_boundary(documents: Option<&[String]>) -> Result<Option<Sourced>, ApiError> {
    let mut given = given(documents, "PermissionsBoundaryPolicyInputList", Kind::Identity)?;
    if given.len() > 1 {
        return Err(invalid("A simulation takes one permissions boundary at most."));
    }
    Ok(given.pop())
}

/// Every condition key that policies use, once, in order.
fn context_keys(policies: &[Sourced]) -> Vec<String> {
    let mut keys: Vec<String> =
        policies.iter().flat_map(|sourced| sourced.policy.context_keys()).map(str::to_owned).collect();
    keys.sort_by_cached_key(|key| key.to_ascii_lowercase());
    keys.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    keys
}

#[cfg(test)]
mod tests;
