//! What stands in the way of deleting an identity.

use crate::error::ApiError;
use muster_iam_api::errors::DELETE_CONFLICT_EXCEPTION;

/// Checks that nothing of this kind is left; `must` says what the caller has to do first.
///
/// # Errors
/// `DeleteConflict` in AWS's words.
pub(super) fn unless(nothing_left: bool, must: &str) -> Result<(), ApiError> {
    if nothing_left {
        return Ok(());
    }
    Err(ApiError::new(&DELETE_CONFLICT_EXCEPTION, format!("Cannot delete entity, {must}.")))
}
