//! What KMS answers about a key that is not there, not the caller's, or not usable now. Not for: denials by policy.

use crate::{
    context::RequestContext,
    domain::kms::reference::NoReference,
    error::{ACCESS_DENIED, ApiError},
};
use muster_ids::Tenant;
use muster_kms_api::errors::{INVALID_ARN_EXCEPTION, NOT_FOUND_EXCEPTION};

/// No such key in the caller's account.
pub(super) fn no_key(tenant: &Tenant, id: &str) -> ApiError {
    let arn = crate::arn::key(tenant, id);
    ApiError::new(&NOT_FOUND_EXCEPTION, format!("Key '{arn}' does not exist"))
}

/// No such alias in the caller's account.
pub(crate) fn no_alias(tenant: &Tenant, name: &str) -> ApiError {
    let arn = crate::arn::of("kms", tenant, name);
    ApiError::new(&NOT_FOUND_EXCEPTION, format!("Alias {arn} is not found."))
}

/// The text names no key at all.
pub(super) fn no_reference(reason: NoReference, text: &str) -> ApiError {
    match reason {
        NoReference::Id => ApiError::new(&NOT_FOUND_EXCEPTION, format!("Invalid keyId {text}")),
        NoReference::Arn => ApiError::new(&INVALID_ARN_EXCEPTION, format!("Invalid arn {text}")),
        NoReference::Region(region) => ApiError::new(&NOT_FOUND_EXCEPTION, format!("Invalid arn {region}")),
        NoReference::Unknown(tenant) => no_key(&tenant, text.rsplit_once("key/").map_or(text, |(_, id)| id)),
    }
}

/// A key of another account: whether it is there, and whether its policy lets the caller, is the same to the caller.
pub(super) fn not_yours(context: &RequestContext, action: &str, arn: &str) -> ApiError {
    not_authorized(context, action, &format!("on resource: {arn}"))
}

/// As [`not_yours`], where only the ciphertext says which key it is.
pub(super) fn not_yours_by_ciphertext(context: &RequestContext, action: &str) -> ApiError {
    not_authorized(context, action, "on the resource associated with this ciphertext")
}

fn not_authorized(context: &RequestContext, action: &str, what: &str) -> ApiError {
    let caller = context.principal.arn();
    let text = format!(
        "User: {caller} is not authorized to perform: {action} {what} because the resource does not exist in this \
         Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    );
    ApiError::new(&ACCESS_DENIED, text)
}
