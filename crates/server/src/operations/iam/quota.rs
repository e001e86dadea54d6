//! Quotas of identities. Not for: sizes of documents.

use crate::error::ApiError;
use muster_iam_api::errors::LIMIT_EXCEEDED_EXCEPTION;

/// Checks that one more fits.
///
/// # Errors
/// `LimitExceeded` with AWS's name of the quota.
pub(super) fn check(name: &str, have: impl TryInto<usize>, most: usize) -> Result<(), ApiError> {
    if have.try_into().is_ok_and(|have| have < most) {
        return Ok(());
    }
    Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, format!("Cannot exceed quota for {name}: {most}")))
}
