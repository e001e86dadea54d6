//! Refusals as API errors: the one place that knows their codes.

use crate::{
    domain::parameter::{ParameterError, filter::FilterError, policy::PolicyError},
    error::{ACCESS_DENIED, ApiError, VALIDATION},
};
use muster_ssm_api::errors::{
    HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION, INCOMPATIBLE_POLICY_EXCEPTION,
    INVALID_ALLOWED_PATTERN_EXCEPTION, INVALID_FILTER_KEY, INVALID_FILTER_OPTION, INVALID_FILTER_VALUE,
    INVALID_POLICY_ATTRIBUTE_EXCEPTION, INVALID_POLICY_TYPE_EXCEPTION, PARAMETER_ALREADY_EXISTS,
    PARAMETER_LIMIT_EXCEEDED, PARAMETER_MAX_VERSION_LIMIT_EXCEEDED, PARAMETER_NOT_FOUND,
    PARAMETER_PATTERN_MISMATCH_EXCEPTION, PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED,
    PARAMETER_VERSION_NOT_FOUND, POLICIES_LIMIT_EXCEEDED_EXCEPTION, TOO_MANY_UPDATES,
};

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        let schema = match error {
            ParameterError::Reserved(_) => &ACCESS_DENIED,
            ParameterError::TooDeep(_) => &HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION,
            ParameterError::AlreadyExists => &PARAMETER_ALREADY_EXISTS,
            ParameterError::TierFull { .. } => &PARAMETER_LIMIT_EXCEEDED,
            ParameterError::OldestIsLabelled { .. } => &PARAMETER_MAX_VERSION_LIMIT_EXCEEDED,
            ParameterError::BadPattern => &INVALID_ALLOWED_PATTERN_EXCEPTION,
            ParameterError::PatternMismatch(_) => &PARAMETER_PATTERN_MISMATCH_EXCEPTION,
            ParameterError::NoVersion { .. } => &PARAMETER_VERSION_NOT_FOUND,
            ParameterError::NotFound => &PARAMETER_NOT_FOUND,
            ParameterError::TooManyLabels(_) => &PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED,
            ParameterError::ReservedPrefix
            | ParameterError::IllFormedName
            | ParameterError::NotQualified
            | ParameterError::EndsWithSlash
            | ParameterError::NameTooLong(_)
            | ParameterError::IllFormedPath
            | ParameterError::Nested
            | ParameterError::StandardTooLarge(_)
            | ParameterError::AdvancedTooLarge(_)
            | ParameterError::Empty
            | ParameterError::Downgrade(_)
            | ParameterError::PoliciesNeedAdvanced
            | ParameterError::DataTypeNeedsAdvanced(_)
            | ParameterError::UnknownDataType(_)
            | ParameterError::DataTypeOfKind { .. }
            | ParameterError::DataTypeStays { .. }
            | ParameterError::NotOfDataType(_)
            | ParameterError::EmptyItem
            | ParameterError::KeyWithoutSecureString
            | ParameterError::TypeRequired
            | ParameterError::TagsWithOverwrite => &VALIDATION,
        };
        Self::new(schema, error.to_string())
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        let schema = match error {
            FilterError::Path(error) => return error.into(),
            FilterError::Key { .. } | FilterError::Duplicate(_) => &INVALID_FILTER_KEY,
            FilterError::Option { .. } | FilterError::Value { .. } => &INVALID_FILTER_OPTION,
            FilterError::NoValues(_) => &INVALID_FILTER_VALUE,
            FilterError::ReservedPath => &VALIDATION,
        };
        Self::new(schema, error.to_string())
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        let schema = match error {
            PolicyError::Input(_) => &VALIDATION,
            PolicyError::Type(_) => &INVALID_POLICY_TYPE_EXCEPTION,
            PolicyError::Version(_)
            | PolicyError::Unknown(_)
            | PolicyError::Timestamp
            | PolicyError::Unit
            | PolicyError::NotPositive(_)
            | PolicyError::NotInRange(_) => &INVALID_POLICY_ATTRIBUTE_EXCEPTION,
            PolicyError::TwoExpirations | PolicyError::NothingExpires => &INCOMPATIBLE_POLICY_EXCEPTION,
            PolicyError::TooMany(_) => &POLICIES_LIMIT_EXCEEDED_EXCEPTION,
        };
        Self::new(schema, error.to_string())
    }
}

/// Others changed the parameter again and again while this call tried to.
pub(super) fn too_many_updates() -> ApiError {
    let text = "There are concurrent updates for this parameter. Wait a few moments and try again.";
    ApiError::new(&TOO_MANY_UPDATES, text)
}
