//! Instance profiles: the name under which a role is given to machines. Not for: what the role may.

mod add_role_to_instance_profile;
mod create_instance_profile;
mod delete_instance_profile;
mod get_instance_profile;
mod list_instance_profile_tags;
mod list_instance_profiles;
mod list_instance_profiles_for_role;
mod remove_role_from_instance_profile;
mod tag_instance_profile;
mod untag_instance_profile;

use super::{role as roles, tags};
use crate::{
    ControlPlane, account::identity_arn, authority::Requirement, context::RequestContext, dispatch::Router,
    error::ApiError,
};
use muster_iam_api::{
    AddRoleToInstanceProfile, CreateInstanceProfile, DeleteInstanceProfile, GetInstanceProfile,
    InstanceProfile as Shown, ListInstanceProfileTags, ListInstanceProfiles, ListInstanceProfilesForRole,
    RemoveRoleFromInstanceProfile, TagInstanceProfile, UntagInstanceProfile,
    errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_service_model::Timestamp;
use muster_store::iam::{
    TAGGED_INSTANCE_PROFILE,
    instance_profile::{self, InstanceProfile},
    key,
    role::{self, Role},
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AddRoleToInstanceProfile>()
        .on::<CreateInstanceProfile>()
        .on::<DeleteInstanceProfile>()
        .on::<GetInstanceProfile>()
        .on::<ListInstanceProfileTags>()
        .on::<ListInstanceProfiles>()
        .on::<ListInstanceProfilesForRole>()
        .on::<RemoveRoleFromInstanceProfile>()
        .on::<TagInstanceProfile>()
        .on::<UntagInstanceProfile>()
}

/// What machines get the role for.
const PASSED_TO: &str = "ec2.amazonaws.com";

fn arn(profile: &InstanceProfile) -> String {
    identity_arn(&profile.account, "instance-profile", &profile.path, &profile.name)
}

fn not_found(name: &str) -> ApiError {
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, format!("Instance Profile {name} cannot be found."))
}

/// The permission to give a role to machines.
fn pass_role(context: &RequestContext, role: &Role) -> Requirement {
    Requirement::of(context, "iam:PassRole", roles::arn(role)).key("iam:PassedToService", PASSED_TO)
}

/// No further condition keys.
fn plain(requirement: Requirement) -> Requirement {
    requirement
}

impl ControlPlane {
    /// The profile of this name, if the caller may do to it what the call says; `add` adds condition keys.
    async fn profile_for(
        &self,
        context: &RequestContext,
        name: &str,
        add: impl FnOnce(Requirement) -> Requirement + Send,
    ) -> Result<InstanceProfile, ApiError> {
        let account = &context.tenant.account;
        let found = instance_profile::find(&self.db, account, name).await?;
        let arn = found.as_ref().map_or_else(|| identity_arn(account, "instance-profile", "/", name), arn);
        let requirement = Requirement::on(context, arn).tagged(TAGGED_INSTANCE_PROFILE, key(name));
        self.authorise(context, &[add(requirement)]).await?;
        found.ok_or_else(|| not_found(name))
    }

    /// A profile with its role, as lists show it.
    pub(super) async fn profile_listed(&self, profile: InstanceProfile) -> Result<Shown, ApiError> {
        let mut shown_roles = Vec::new();
        if let Some(name) = &profile.role_key
            && let Some(role) = role::find(&self.db, &profile.account, name).await?
        {
            let mut role = self.role_listed(role).await?;
            role.max_session_duration = None;
            role.description = None;
            shown_roles.push(role);
        }
        Ok(Shown {
            arn: arn(&profile),
            path: profile.path,
            instance_profile_name: profile.name,
            instance_profile_id: profile.id,
            create_date: Timestamp::from_millis(profile.created_ms),
            roles: shown_roles,
            tags: None,
        })
    }

    /// A profile with its role and its tags.
    async fn profile_whole(&self, profile: InstanceProfile) -> Result<Shown, ApiError> {
        let tags = tags::of(self, &profile.account, TAGGED_INSTANCE_PROFILE, &profile.name).await?;
        Ok(Shown { tags: tags::shown(tags), ..self.profile_listed(profile).await? })
    }
}

#[cfg(test)]
mod tests;
