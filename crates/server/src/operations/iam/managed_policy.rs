//! Managed policies by ARN: those of the account, and those that AWS manages.

use crate::{
    ControlPlane,
    authority::denial,
    context::RequestContext,
    domain::iam::{
        managed::{self, ManagedPolicy},
        policy_arn::{self, PolicyArnError},
    },
    error::ApiError,
};
use muster_iam_api::errors::{INVALID_INPUT_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION};
use muster_ids::AccountId;
use muster_store::iam::policy;

/// A managed policy.
#[derive(Debug)]
pub(super) enum Found {
    /// One of the account.
    Own(policy::Policy),
    /// One that AWS manages.
    Aws(&'static ManagedPolicy),
}

/// Checks that an ARN could be a policy's.
///
/// # Errors
/// AWS's for another text or another ARN.
pub(super) fn check_arn(arn: &str) -> Result<(), ApiError> {
    policy_arn::check(arn).map_err(|error| match error {
        PolicyArnError::NoArn => ApiError::validation("Invalid ARN:  Could not be parsed!"),
        PolicyArnError::NoPolicy => {
            ApiError::new(&INVALID_INPUT_EXCEPTION, format!("ARN {arn} is not valid."))
        }
    })
}

/// The policy of this ARN, as an account sees it.
///
/// # Errors
/// As [`check_arn`], or the store's.
pub(super) async fn find(
    control_plane: &ControlPlane,
    account: &AccountId,
    arn: &str,
) -> Result<Option<Found>, ApiError> {
    check_arn(arn)?;
    if let Some(policy) = managed::find(arn) {
        return Ok(Some(Found::Aws(policy)));
    }
    let policy = policy::find_by_arn(&control_plane.db, arn).await?;
    Ok(policy.filter(|policy| policy.account == *account).map(Found::Own))
}

/// The account's own policy of this ARN, to be changed.
///
/// # Errors
/// A denial for AWS's policies, which nobody changes; none of this ARN; the store's.
pub(super) async fn find_own(
    control_plane: &ControlPlane,
    context: &RequestContext,
    arn: &str,
) -> Result<policy::Policy, ApiError> {
    if managed::is_arn(arn) {
        let action = format!("iam:{}", context.operation.name);
        let reason = format!("because no resource-based policy allows the {action} action");
        return Err(denial(context, &action, arn, &reason));
    }
    match find(control_plane, &context.tenant.account, arn).await? {
        Some(Found::Own(policy)) => Ok(policy),
        _ => Err(not_found(arn)),
    }
}

/// Checks that a policy exists which identities may have.
///
/// # Errors
/// AWS's for one that does not, or may not be attached.
pub(super) async fn check_attachable(
    control_plane: &ControlPlane,
    account: &AccountId,
    arn: &str,
) -> Result<(), ApiError> {
    match find(control_plane, account, arn).await? {
        Some(Found::Own(_)) => Ok(()),
        Some(Found::Aws(policy)) if policy.is_attachable() => Ok(()),
        _ => {
            let text = format!("Policy {arn} does not exist or is not attachable.");
            Err(ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text))
        }
    }
}

/// There is no such policy.
pub(super) fn not_found(arn: &str) -> ApiError {
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, format!("Policy {arn} was not found."))
}
