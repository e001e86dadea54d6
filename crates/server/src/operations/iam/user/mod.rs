//! Users: what they are and which policies they have. Not for: their keys (`access_key`), or their groups (`group`).

mod attach_user_policy;
mod create_user;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod detach_user_policy;
mod get_user;
mod get_user_policy;
mod list_attached_user_policies;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod put_user_permissions_boundary;
mod put_user_policy;
mod tag_user;
mod untag_user;
mod update_user;

use super::{boundary, tags};
use crate::{
    ControlPlane, account::identity_arn, authority::Requirement, context::RequestContext, dispatch::Router,
    error::ApiError,
};
use muster_iam_api::{
    AttachUserPolicy, CreateUser, DeleteUser, DeleteUserPermissionsBoundary, DeleteUserPolicy,
    DetachUserPolicy, GetUser, GetUserPolicy, ListAttachedUserPolicies, ListUserPolicies, ListUserTags,
    ListUsers, PutUserPermissionsBoundary, PutUserPolicy, TagUser, UntagUser, UpdateUser, User as Shown,
    errors::{ENTITY_ALREADY_EXISTS_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION},
};
use muster_service_model::Timestamp;
use muster_store::{
    account,
    iam::{
        TAGGED_USER, key,
        user::{self, User},
    },
    tag::Tag,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AttachUserPolicy>()
        .on::<CreateUser>()
        .on::<DeleteUser>()
        .on::<DeleteUserPermissionsBoundary>()
        .on::<DeleteUserPolicy>()
        .on::<DetachUserPolicy>()
        .on::<GetUser>()
        .on::<GetUserPolicy>()
        .on::<ListAttachedUserPolicies>()
        .on::<ListUserPolicies>()
        .on::<ListUserTags>()
        .on::<ListUsers>()
        .on::<PutUserPermissionsBoundary>()
        .on::<PutUserPolicy>()
        .on::<TagUser>()
        .on::<UntagUser>()
        .on::<UpdateUser>()
}

/// A user's ARN.
pub(super) fn arn(user: &User) -> String {
    identity_arn(&user.account, "user", &user.path, &user.name)
}

/// There is no such user.
pub(super) fn not_found(name: &str) -> ApiError {
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, format!("The user with name {name} cannot be found."))
}

fn already_exists(name: &str) -> ApiError {
    ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, format!("User with name {name} already exists."))
}

/// A user as lists show it.
pub(super) fn listed(user: User) -> Shown {
    Shown {
        arn: arn(&user),
        path: user.path,
        user_name: user.name,
        user_id: user.id,
        create_date: Timestamp::from_millis(user.created_ms),
        ..Shown::default()
    }
}

/// A user with all that is known of it.
pub(super) fn whole(mut user: User, tags: Vec<Tag>) -> Shown {
    let boundary = boundary::shown(user.boundary.take());
    Shown { permissions_boundary: boundary, tags: tags::shown(tags), ..listed(user) }
}

/// The root as a user: it has neither name nor path.
async fn listed_root(control_plane: &ControlPlane, context: &RequestContext) -> Result<Shown, ApiError> {
    let account = &context.tenant.account;
    let created_ms = account::find(&control_plane.db, account).await?.map_or(0, |account| account.created_ms);
    Ok(Shown {
        user_id: account.to_string(),
        arn: context.principal.arn(),
        create_date: Timestamp::from_millis(created_ms),
        ..Shown::default()
    })
}

impl ControlPlane {
    /// The user of this name, if the caller may do to it what the call says; `add` adds condition keys.
    ///
    /// # Errors
    /// A denial, which comes first; no such user; the store's.
    pub(super) async fn user_for(
        &self,
        context: &RequestContext,
        name: &str,
        add: impl FnOnce(Requirement, &User) -> Requirement + Send,
    ) -> Result<User, ApiError> {
        let account = &context.tenant.account;
        let Some(user) = user::find(&self.db, account, name).await? else {
            let requirement = Requirement::on(context, identity_arn(account, "user", "/", name));
            self.authorise(context, &[requirement]).await?;
            return Err(not_found(name));
        };
        let requirement = Requirement::on(context, arn(&user)).tagged(TAGGED_USER, key(&user.name));
        self.authorise(context, &[add(requirement, &user)]).await?;
        Ok(user)
    }
}

/// The user's own boundary as a condition key.
fn with_boundary(requirement: Requirement, user: &User) -> Requirement {
    boundary::key(requirement, user.boundary.as_deref())
}

/// No further condition keys.
pub(super) fn plain(requirement: Requirement, _: &User) -> Requirement {
    requirement
}

#[cfg(test)]
mod tests;
