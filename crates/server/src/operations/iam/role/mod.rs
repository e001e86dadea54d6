//! Roles: who may assume them, and what their sessions may. Not for: assuming one, which is STS's, or roles that belong to
//! a service (`service_linked_role`), which only their service changes.

mod attach_role_policy;
mod create_role;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod detach_role_policy;
mod get_role;
mod get_role_policy;
mod list_attached_role_policies;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod put_role_permissions_boundary;
mod put_role_policy;
mod tag_role;
mod untag_role;
mod update_assume_role_policy;
mod update_role;
mod update_role_description;

use super::{boundary, inline, tags};
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::Router,
    domain::iam::{document, trust::Bindings},
    error::ApiError,
};
use muster_iam_api::{
    AttachRolePolicy, CreateRole, DeleteRole, DeleteRolePermissionsBoundary, DeleteRolePolicy,
    DetachRolePolicy, GetRole, GetRolePolicy, ListAttachedRolePolicies, ListRolePolicies, ListRoleTags,
    ListRoles, PutRolePermissionsBoundary, PutRolePolicy, Role as Shown, RoleLastUsed, TagRole, UntagRole,
    UpdateAssumeRolePolicy, UpdateRole, UpdateRoleDescription,
    errors::{LIMIT_EXCEEDED_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION, UNMODIFIABLE_ENTITY_EXCEPTION},
};
use muster_policy::Kind as Syntax;
use muster_service_model::Timestamp;
use muster_store::iam::{
    TAGGED_ROLE, key,
    role::{self, Role},
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AttachRolePolicy>()
        .on::<CreateRole>()
        .on::<DeleteRole>()
        .on::<DeleteRolePermissionsBoundary>()
        .on::<DeleteRolePolicy>()
        .on::<DetachRolePolicy>()
        .on::<GetRole>()
        .on::<GetRolePolicy>()
        .on::<ListAttachedRolePolicies>()
        .on::<ListRolePolicies>()
        .on::<ListRoleTags>()
        .on::<ListRoles>()
        .on::<PutRolePermissionsBoundary>()
        .on::<PutRolePolicy>()
        .on::<TagRole>()
        .on::<UntagRole>()
        .on::<UpdateAssumeRolePolicy>()
        .on::<UpdateRole>()
        .on::<UpdateRoleDescription>()
}

/// Under this path stand the roles that belong to services.
pub(super) const SERVICE_PATH: &str = "/aws-service-role/";

/// A role's ARN.
pub(super) fn arn(role: &Role) -> String {
    identity_arn(&role.account, "role", &role.path, &role.name)
}

/// There is no such role.
pub(super) fn not_found(name: &str) -> ApiError {
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, format!("The role with name {name} cannot be found."))
}

/// Checks that the account may change the role, not its service alone.
pub(super) fn check_modifiable(role: &Role) -> Result<(), ApiError> {
    if !role.path.starts_with(SERVICE_PATH) {
        return Ok(());
    }
    let text = format!(
        "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
        role.name
    );
    Err(ApiError::new(&UNMODIFIABLE_ENTITY_EXCEPTION, text))
}

/// The requirement of the call's own action on a role, with the role's tags and without further keys.
pub(super) fn requirement(context: &RequestContext, role: &Role) -> Requirement {
    Requirement::on(context, arn(role)).tagged(TAGGED_ROLE, key(&role.name))
}

/// Whom a new trust policy means.
///
/// # Errors
/// A document that is none, is too long, or names whom there is not.
pub(super) async fn trust(control_plane: &ControlPlane, document: &str) -> Result<Bindings, ApiError> {
    let policy = inline::parse(document, Syntax::Trust)?;
    let most = control_plane.config.limits.trust_policy_characters;
    if document::size(document) > most {
        let text = format!("Cannot exceed quota for ACLSizePerRole: {most}");
        return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
    }
    control_plane.bind_principals(&policy).await
}

impl ControlPlane {
    /// The role of this name, if the caller may do to it what the call says; `add` adds condition keys.
    ///
    /// # Errors
    /// A denial, which comes first; no such role; the store's.
    pub(super) async fn role_for(
        &self,
        context: &RequestContext,
        name: &str,
        add: impl FnOnce(Requirement, &Role) -> Requirement + Send,
    ) -> Result<Role, ApiError> {
        let account = &context.tenant.account;
        let Some(role) = role::find(&self.db, account, name).await? else {
            let requirement = Requirement::on(context, identity_arn(account, "role", "/", name));
            self.authorise(context, &[requirement]).await?;
            return Err(not_found(name));
        };
        let requirement = add(requirement(context, &role), &role);
        self.authorise(context, &[requirement]).await?;
        Ok(role)
    }

    /// A role as lists show it.
    pub(super) async fn role_listed(&self, role: Role) -> Result<Shown, ApiError> {
        let bindings = Bindings::from_json(&role.trust_principals);
        let changed = self.changed_principals(&bindings).await?;
        let document = Bindings::shown(&role.trust_policy, &changed);
        Ok(Shown {
            arn: arn(&role),
            assume_role_policy_document: Some(document::encoded(&document)),
            path: role.path,
            role_name: role.name,
            role_id: role.id,
            create_date: Timestamp::from_millis(role.created_ms),
            description: role.description,
            max_session_duration: i32::try_from(role.max_session_seconds).ok(),
            ..Shown::default()
        })
    }

    /// A role with all that is known of it.
    pub(super) async fn role_whole(&self, role: Role) -> Result<Shown, ApiError> {
        let tags = tags::of(self, &role.account, TAGGED_ROLE, &role.name).await?;
        let last_used = match self.uses.of_role(&role.id) {
            Some(last) => RoleLastUsed {
                last_used_date: Some(Timestamp::from_millis(last.time_ms)),
                region: Some(last.region),
            },
            None => RoleLastUsed {
                last_used_date: role.last_used_ms.map(Timestamp::from_millis),
                region: role.last_used_region.clone(),
            },
        };
        let boundary = role.boundary.clone();
        Ok(Shown {
            permissions_boundary: boundary::shown(boundary),
            tags: tags::shown(tags),
            role_last_used: Some(last_used),
            ..self.role_listed(role).await?
        })
    }
}

/// The role's own boundary as a condition key.
fn with_boundary(requirement: Requirement, role: &Role) -> Requirement {
    boundary::key(requirement, role.boundary.as_deref())
}

/// No further condition keys.
fn plain(requirement: Requirement, _: &Role) -> Requirement {
    requirement
}

#[cfg(test)]
mod tests;
