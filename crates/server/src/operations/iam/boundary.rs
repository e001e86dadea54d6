//! Permissions boundaries of users and roles: which policies may be one, and how they are shown.

use super::managed_policy::{self, Found};
use crate::{ControlPlane, authority::Requirement, error::ApiError};
use muster_iam_api::{
    AttachedPermissionsBoundary, PermissionsBoundaryAttachmentType, errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_ids::AccountId;

/// Checks that a policy exists which can be a boundary.
///
/// # Errors
/// AWS's for one that does not.
pub(super) async fn check(
    control_plane: &ControlPlane,
    account: &AccountId,
    policy_arn: &str,
) -> Result<(), ApiError> {
    match managed_policy::find(control_plane, account, policy_arn).await? {
        Some(Found::Own(_)) => Ok(()),
        Some(Found::Aws(policy)) if policy.is_attachable() => Ok(()),
        _ => {
            let text = format!("Scope ARN: {policy_arn} does not exist or is not attachable.");
            Err(ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text))
        }
    }
}

/// As the API shows it.
pub(super) fn shown(policy_arn: Option<String>) -> Option<AttachedPermissionsBoundary> {
    Some(AttachedPermissionsBoundary {
        permissions_boundary_type: Some(PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy),
        permissions_boundary_arn: Some(policy_arn?),
    })
}

/// The condition key `iam:PermissionsBoundary`: the boundary that is there, or that is to be set.
pub(super) fn key(requirement: Requirement, policy_arn: Option<&str>) -> Requirement {
    match policy_arn {
        Some(arn) => requirement.key("iam:PermissionsBoundary", arn),
        None => requirement,
    }
}
