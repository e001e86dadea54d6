//! Whom a call is about that names no user: whoever signed it.

use crate::{
    context::{Principal, RequestContext},
    error::ApiError,
};

/// The name of the user that is named, or that calls; `None` for the root.
///
/// # Errors
/// `ValidationError`: a session of a role is no user.
pub(super) fn named_or_caller(
    context: &RequestContext,
    name: Option<String>,
) -> Result<Option<String>, ApiError> {
    match (name, &context.principal) {
        (Some(name), _) => Ok(Some(name)),
        (None, Principal::User(user)) => Ok(Some(user.name.clone())),
        (None, Principal::Root { .. }) => Ok(None),
        (None, Principal::Role(_) | Principal::Node { .. } | Principal::Anonymous) => {
            Err(ApiError::validation("Must specify userName when calling with non-User credentials"))
        }
    }
}
