//! Which aliases a caller may make, and what permissions a change of one needs. Not for: finding a key by its alias.

use super::support::{NOT_AUTHORIZED, action};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    domain::kms::reference::ALIAS,
    error::ApiError,
    keys::{Found, general},
};

/// Names of AWS's own.
const RESERVED: &str = "alias/aws/";

/// Checks a name that a caller wants to change.
///
/// # Errors
/// `ValidationException`, `NotAuthorizedException`.
pub(super) fn check(name: &str) -> Result<(), ApiError> {
    if !name.starts_with(ALIAS) || name.len() == ALIAS.len() {
        return Err(ApiError::validation("Invalid identifier"));
    }
    if name.starts_with(RESERVED) {
        return Err(ApiError::new(&NOT_AUTHORIZED, ""));
    }
    if name.contains(':') {
        return Err(ApiError::validation(format!("{name} contains invalid characters for an alias")));
    }
    Ok(())
}

impl ControlPlane {
    /// That the caller may change the alias, and each of the keys that it stands for, before or after.
    pub(super) async fn permit_alias(
        &self,
        context: &RequestContext,
        alias: &str,
        keys: &[&str],
    ) -> Result<Vec<Found>, ApiError> {
        let action = action(context);
        let on_alias = Requirement::of(context, action.clone(), arn::of("kms", &context.tenant, alias));
        self.authorise(context, &[general(context, on_alias)]).await?;
        let mut found = Vec::new();
        for name in keys {
            if name.starts_with(ALIAS) || name.contains(":alias/") {
                return Err(ApiError::validation("Aliases must refer to keys. Not aliases"));
            }
            let key = self.find_own_key(context, &action, name).await?;
            self.permit(context, &key, &action, None).await?;
            found.push(key);
        }
        Ok(found)
    }
}
