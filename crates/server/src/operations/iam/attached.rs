//! Managed policies attached to users, groups and roles. The callers here found the identity, and asked whether the caller
//! may; these functions run inside of a change (`change.rs`).

use super::{managed_policy, marker};
use crate::{ControlPlane, context::RequestContext, domain::iam::policy_arn, error::ApiError};
use muster_iam_api::{AttachedPolicy, errors::LIMIT_EXCEEDED_EXCEPTION};
use muster_store::{
    Batch,
    iam::{Entity, Kind, attachment},
};

/// Attaches a policy; once more changes nothing.
///
/// # Errors
/// No such policy, or as many as the identity may have are attached.
pub(super) async fn attach(
    control_plane: &ControlPlane,
    entity: Entity<'_>,
    policy_arn: &str,
) -> Result<Batch, ApiError> {
    managed_policy::check_attachable(control_plane, entity.account, policy_arn).await?;
    let attached = attachment::of_entity(&control_plane.db, entity).await?;
    if attached.iter().any(|arn| arn == policy_arn) {
        return Ok(Batch::new());
    }
    let limit = control_plane.config.limits.attached_policies;
    if attached.len() >= limit {
        let kind = match entity.kind {
            Kind::User => "User",
            Kind::Group => "Group",
            Kind::Role => "Role",
        };
        let text = format!("Cannot exceed quota for PoliciesPer{kind}: {limit}");
        return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
    }
    Ok(attachment::attach(entity, policy_arn))
}

/// Detaches a policy.
///
/// # Errors
/// It is not attached.
pub(super) async fn detach(
    control_plane: &ControlPlane,
    entity: Entity<'_>,
    policy_arn: &str,
) -> Result<Batch, ApiError> {
    managed_policy::check_arn(policy_arn)?;
    let attached = attachment::of_entity(&control_plane.db, entity).await?;
    if attached.iter().any(|arn| arn == policy_arn) {
        Ok(attachment::detach(entity, policy_arn))
    } else {
        Err(managed_policy::not_found(policy_arn))
    }
}

/// A page of the policies attached to an identity, and the marker of the next one.
///
/// # Errors
/// A wrong marker, or the store's.
pub(super) async fn page(
    control_plane: &ControlPlane,
    context: &RequestContext,
    entity: Entity<'_>,
    path_prefix: Option<&str>,
    page: (Option<&str>, Option<i32>),
) -> Result<(Vec<AttachedPolicy>, Option<String>), ApiError> {
    let prefix = path_prefix.unwrap_or("/");
    let mut arns = attachment::of_entity(&control_plane.db, entity).await?;
    arns.retain(|arn| policy_arn::path(arn).starts_with(prefix));
    let (arns, marker) = marker::page_of(control_plane, context, page, arns, Clone::clone)?;
    let view = |arn: String| AttachedPolicy {
        policy_name: Some(policy_arn::name(&arn).to_owned()),
        policy_arn: Some(arn),
    };
    Ok((arns.into_iter().map(view).collect(), marker))
}
