//! Refusals about resource policies. The codes are AWS's; most of its texts are not known.

use crate::{domain::parameter::share::ShareError, error::ApiError};
use muster_ssm_api::errors::{
    MALFORMED_RESOURCE_POLICY_DOCUMENT_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION,
    RESOURCE_POLICY_CONFLICT_EXCEPTION, RESOURCE_POLICY_INVALID_PARAMETER_EXCEPTION,
    RESOURCE_POLICY_LIMIT_EXCEEDED_EXCEPTION, RESOURCE_POLICY_NOT_FOUND_EXCEPTION,
};
use serde_json::json;

pub(super) fn invalid(parameter: &str, text: &str) -> ApiError {
    ApiError::new(&RESOURCE_POLICY_INVALID_PARAMETER_EXCEPTION, text)
        .with("ParameterNames", json!([parameter]))
}

pub(super) fn no_resource() -> ApiError {
    ApiError::new(&RESOURCE_NOT_FOUND_EXCEPTION, "The specified parameter could not be found.")
}

pub(super) fn no_policy() -> ApiError {
    let text = "No policies with the specified policy ID and hash could be found.";
    ApiError::new(&RESOURCE_POLICY_NOT_FOUND_EXCEPTION, text)
}

pub(super) fn conflict() -> ApiError {
    let text = "The hash provided in the call doesn't match the stored hash.";
    ApiError::new(&RESOURCE_POLICY_CONFLICT_EXCEPTION, text)
}

pub(super) fn limit(kind: &str, limit: usize, text: String) -> ApiError {
    ApiError::new(&RESOURCE_POLICY_LIMIT_EXCEEDED_EXCEPTION, text)
        .with("LimitType", kind)
        .with("Limit", limit)
}

impl From<ShareError> for ApiError {
    fn from(error: ShareError) -> Self {
        Self::new(&MALFORMED_RESOURCE_POLICY_DOCUMENT_EXCEPTION, error.to_string())
    }
}
