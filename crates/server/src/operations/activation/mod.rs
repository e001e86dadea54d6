//! Hybrid activations: made, listed, deleted by operators. Registering under one is in `registration`.

mod create_activation;
mod delete_activation;
mod describe_activations;

use crate::{context::RequestContext, dispatch::Router, domain, error::ApiError};
use muster_ssm_api::{CreateActivation, DeleteActivation, DescribeActivations};

/// Whom the role of a node must trust, and whom it is passed to.
pub(super) const SERVICE_PRINCIPAL: &str = "ssm.amazonaws.com";

pub(crate) fn register(router: Router) -> Router {
    router.on::<CreateActivation>().on::<DeleteActivation>().on::<DescribeActivations>()
}

/// Checks a role that nodes shall get. Whatever is not the name of a role cannot be one that exists, hence AWS's
/// words for that.
pub(super) fn check_role(context: &RequestContext, role: &str) -> Result<(), ApiError> {
    if domain::activation::is_role(role) {
        return Ok(());
    }
    let account = &context.tenant.account;
    let message = format!(
        "Nonexistent role or missing ssm service principal in trust policy: arn:aws:iam::{account}:role/{role}"
    );
    Err(ApiError::validation(message))
}

#[cfg(test)]
mod tests;
