//! Groups: who is in them and which policies their members have through them.

mod add_user_to_group;
mod attach_group_policy;
mod create_group;
mod delete_group;
mod delete_group_policy;
mod detach_group_policy;
mod get_group;
mod get_group_policy;
mod list_attached_group_policies;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod put_group_policy;
mod remove_user_from_group;
mod update_group;

use crate::{
    ControlPlane, account::identity_arn, authority::Requirement, context::RequestContext, dispatch::Router,
    error::ApiError,
};
use muster_iam_api::{
    AddUserToGroup, AttachGroupPolicy, CreateGroup, DeleteGroup, DeleteGroupPolicy, DetachGroupPolicy,
    GetGroup, GetGroupPolicy, Group as Shown, ListAttachedGroupPolicies, ListGroupPolicies, ListGroups,
    ListGroupsForUser, PutGroupPolicy, RemoveUserFromGroup, UpdateGroup,
    errors::{ENTITY_ALREADY_EXISTS_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION},
};
use muster_service_model::Timestamp;
use muster_store::iam::group::{self, Group};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AddUserToGroup>()
        .on::<AttachGroupPolicy>()
        .on::<CreateGroup>()
        .on::<DeleteGroup>()
        .on::<DeleteGroupPolicy>()
        .on::<DetachGroupPolicy>()
        .on::<GetGroup>()
        .on::<GetGroupPolicy>()
        .on::<ListAttachedGroupPolicies>()
        .on::<ListGroupPolicies>()
        .on::<ListGroups>()
        .on::<ListGroupsForUser>()
        .on::<PutGroupPolicy>()
        .on::<RemoveUserFromGroup>()
        .on::<UpdateGroup>()
}

/// A group's ARN.
pub(super) fn arn(group: &Group) -> String {
    identity_arn(&group.account, "group", &group.path, &group.name)
}

fn not_found(name: &str) -> ApiError {
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, format!("The group with name {name} cannot be found."))
}

fn already_exists(name: &str) -> ApiError {
    ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, format!("Group with name {name} already exists."))
}

/// A group in the API's form.
fn shown(group: Group) -> Shown {
    Shown {
        arn: arn(&group),
        path: group.path,
        group_name: group.name,
        group_id: group.id,
        create_date: Timestamp::from_millis(group.created_ms),
    }
}

impl ControlPlane {
    /// The group of this name, if the caller may do to it what the call says; `add` adds condition keys.
    ///
    /// # Errors
    /// A denial, which comes first; no such group; the store's.
    pub(super) async fn group_for(
        &self,
        context: &RequestContext,
        name: &str,
        add: impl FnOnce(Requirement, &Group) -> Requirement + Send,
    ) -> Result<Group, ApiError> {
        let account = &context.tenant.account;
        let found = group::find(&self.db, account, name).await?;
        let Some(group) = found else {
            let requirement = Requirement::on(context, identity_arn(account, "group", "/", name));
            self.authorise(context, &[requirement]).await?;
            return Err(not_found(name));
        };
        let requirement = Requirement::on(context, arn(&group));
        self.authorise(context, &[add(requirement, &group)]).await?;
        Ok(group)
    }
}

/// No further condition keys.
fn plain(requirement: Requirement, _: &Group) -> Requirement {
    requirement
}

#[cfg(test)]
mod tests;
