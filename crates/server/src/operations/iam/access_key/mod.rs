//! Access keys of users, and of the root where a call names no user and the root makes it. Not for: temporary credentials.

mod create_access_key;
mod delete_access_key;
mod get_access_key_last_used;
mod list_access_keys;
mod update_access_key;

use super::{subject, user::plain};
use crate::{
    ControlPlane, authority::Requirement, context::RequestContext, dispatch::Router, error::ApiError,
};
use muster_iam_api::{
    CreateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed, ListAccessKeys, StatusType, UpdateAccessKey,
    errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_store::access_key::{self, AccessKey, Status};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateAccessKey>()
        .on::<DeleteAccessKey>()
        .on::<GetAccessKeyLastUsed>()
        .on::<ListAccessKeys>()
        .on::<UpdateAccessKey>()
}

fn not_found(access_key_id: &str) -> ApiError {
    let text = format!("The Access Key with id {access_key_id} cannot be found.");
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text)
}

const fn shown(status: Status) -> StatusType {
    match status {
        Status::Active => StatusType::Active,
        Status::Inactive => StatusType::Inactive,
    }
}

impl ControlPlane {
    /// Whose keys a call is about, if the caller may do to them what it says: the name of a user, or `None` for the root.
    ///
    /// # Errors
    /// A denial, which comes first; no such user; a caller that is none and names none.
    async fn key_owner(
        &self,
        context: &RequestContext,
        name: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        match subject::named_or_caller(context, name.map(str::to_owned))? {
            Some(name) => Ok(Some(self.user_for(context, &name, plain).await?.name)),
            None => {
                self.authorise(context, &[Requirement::on(context, context.principal.arn())]).await?;
                Ok(None)
            }
        }
    }

    /// A key of this owner.
    ///
    /// # Errors
    /// `NoSuchEntity`, also for a key of somebody else.
    async fn key_of(
        &self,
        context: &RequestContext,
        owner: Option<&str>,
        access_key_id: &str,
    ) -> Result<AccessKey, ApiError> {
        let keys = access_key::of_user(&self.db, &context.tenant.account, owner).await?;
        let found = keys.into_iter().find(|key| key.access_key_id == access_key_id);
        found.ok_or_else(|| not_found(access_key_id))
    }
}

#[cfg(test)]
mod tests;
