//! Managed policies: those that the account makes, with their versions, and those of AWS to be read. Not for: attaching them,
//! which the operations of users, groups and roles do.

mod create_policy;
mod create_policy_version;
mod delete_policy;
mod delete_policy_version;
mod get_policy;
mod get_policy_version;
mod list_entities_for_policy;
mod list_policies;
mod list_policy_tags;
mod list_policy_versions;
mod set_default_policy_version;
mod tag_policy;
mod untag_policy;

use super::{inline, managed_policy};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::Router,
    domain::iam::{document, managed::ManagedPolicy, policy_arn},
    error::ApiError,
};
use muster_iam_api::{
    CreatePolicy, CreatePolicyVersion, DeletePolicy, DeletePolicyVersion, GetPolicy, GetPolicyVersion,
    ListEntitiesForPolicy, ListPolicies, ListPolicyTags, ListPolicyVersions, Policy as Shown, PolicyVersion,
    SetDefaultPolicyVersion, TagPolicy, UntagPolicy,
    errors::{LIMIT_EXCEEDED_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION},
};
use muster_policy::Kind as Syntax;
use muster_service_model::Timestamp;
use muster_store::iam::{
    TAGGED_POLICY,
    attachment::Uses,
    key,
    policy::{self, Policy, Version},
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreatePolicy>()
        .on::<CreatePolicyVersion>()
        .on::<DeletePolicy>()
        .on::<DeletePolicyVersion>()
        .on::<GetPolicy>()
        .on::<GetPolicyVersion>()
        .on::<ListEntitiesForPolicy>()
        .on::<ListPolicies>()
        .on::<ListPolicyTags>()
        .on::<ListPolicyVersions>()
        .on::<SetDefaultPolicyVersion>()
        .on::<TagPolicy>()
        .on::<UntagPolicy>()
}

/// The requirement of the call's own action on the policy that it names.
fn requirement(context: &RequestContext, arn: &str) -> Requirement {
    Requirement::on(context, arn).tagged(TAGGED_POLICY, key(policy_arn::name(arn)))
}

/// Reads a document that is to be a managed policy.
///
/// # Errors
/// AWS's words for what is wrong with it, or it is too long.
fn check_document(control_plane: &ControlPlane, text: &str) -> Result<(), ApiError> {
    inline::parse(text, Syntax::Managed)?;
    let most = control_plane.config.limits.managed_policy_characters;
    if document::size(text) > most {
        let text = format!("Cannot exceed quota for PolicySize: {most}");
        return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
    }
    Ok(())
}

/// The number in a version's id, `v3`; none for the id of a version that cannot be there.
fn number(version_id: &str) -> Option<i64> {
    version_id.strip_prefix('v')?.parse().ok()
}

fn no_such_version(arn: &str, version_id: &str) -> ApiError {
    let text = format!("Policy {arn} version {version_id} does not exist or is not attachable.");
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text)
}

/// The account's policy of this ARN, if the caller may do to it what the call says, to be changed.
async fn to_change(
    control_plane: &ControlPlane,
    context: &RequestContext,
    arn: &str,
) -> Result<Policy, ApiError> {
    managed_policy::check_arn(arn)?;
    control_plane.authorise(context, &[requirement(context, arn)]).await?;
    managed_policy::find_own(control_plane, context, arn).await
}

/// The number of a version that is there.
async fn existing(control_plane: &ControlPlane, policy: &Policy, version_id: &str) -> Result<i64, ApiError> {
    let found = match number(version_id) {
        Some(number) => policy::version(&control_plane.db, policy, number).await?,
        None => None,
    };
    found.map(|found| found.version).ok_or_else(|| no_such_version(&policy.arn, version_id))
}

/// A policy of the account, as lists show it.
pub(super) fn own_listed(policy: Policy, uses: Uses) -> Shown {
    Shown {
        policy_name: Some(policy.name),
        policy_id: Some(policy.id),
        arn: Some(policy.arn),
        path: Some(policy.path),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundary).ok(),
        is_attachable: Some(true),
        create_date: Some(Timestamp::from_millis(policy.created_ms)),
        update_date: Some(Timestamp::from_millis(policy.updated_ms)),
        ..Shown::default()
    }
}

/// A policy of AWS, as lists show it.
pub(super) fn aws_listed(policy: &ManagedPolicy, uses: Uses) -> Shown {
    Shown {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id.to_owned()),
        arn: Some(policy.arn.clone()),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(policy.version.to_owned()),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundary).ok(),
        is_attachable: Some(policy.is_attachable()),
        create_date: Some(Timestamp::from_millis(policy.created_ms)),
        update_date: Some(Timestamp::from_millis(policy.updated_ms)),
        ..Shown::default()
    }
}

/// A version without its document, as lists show it.
pub(super) fn version_listed(policy: &Policy, version: &Version) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(format!("v{}", version.version)),
        is_default_version: Some(version.version == policy.default_version),
        create_date: Some(Timestamp::from_millis(version.created_ms)),
    }
}

/// The one version of a policy of AWS that there is here, without its document.
pub(super) fn aws_version_listed(policy: &ManagedPolicy) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(policy.version.to_owned()),
        is_default_version: Some(true),
        create_date: Some(Timestamp::from_millis(policy.updated_ms)),
    }
}

#[cfg(test)]
mod tests;
