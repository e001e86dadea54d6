//! Which policies a key takes. Not for: what they allow.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    error::{ACCESS_DENIED, ApiError},
    keys::general,
};
use muster_kms_api::errors::{
    LIMIT_EXCEEDED_EXCEPTION, MALFORMED_POLICY_DOCUMENT_EXCEPTION, NOT_FOUND_EXCEPTION,
};
use muster_policy::{Kind, Policy};
use std::sync::Arc;

/// The one policy that a key has.
pub(super) const POLICY_NAME: &str = "default";

/// That a caller means the one policy.
///
/// # Errors
/// `NotFoundException`.
pub(super) fn check_name(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some(POLICY_NAME) => Ok(()),
        Some(_) => Err(ApiError::new(&NOT_FOUND_EXCEPTION, "No such policy exists")),
    }
}

impl ControlPlane {
    /// That a document is a policy, and lets its author change it again, unless `bypass`.
    ///
    /// # Errors
    /// `MalformedPolicyDocumentException`, `LimitExceededException`.
    pub(super) async fn check_key_policy(
        &self,
        context: &RequestContext,
        arn: &str,
        document: &str,
        bypass: bool,
    ) -> Result<(), ApiError> {
        let limit = self.config.limits.kms_policy_bytes;
        if document.len() > limit {
            let text = format!("Key policy size must not exceed {limit} bytes.");
            return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
        }
        let malformed = |text: String| ApiError::new(&MALFORMED_POLICY_DOCUMENT_EXCEPTION, text);
        let policy = Policy::parse(document, Kind::Resource).map_err(|error| malformed(error.to_string()))?;
        self.check_principals(&policy, || {
            malformed("Policy contains a statement with one or more invalid principals.".to_owned())
        })
        .await?;
        if bypass {
            return Ok(());
        }
        let again =
            Requirement::of(context, "kms:PutKeyPolicy", arn).with_policy(Arc::new(policy)).policy_decides();
        match self.authorise(context, &[general(context, again)]).await {
            Err(error) if error.schema.code == ACCESS_DENIED.code => Err(malformed(
                "The new key policy will not allow you to update the key policy in the future.".to_owned(),
            )),
            other => other,
        }
    }

    /// That whom a policy names exists.
    ///
    /// # Errors
    /// What `wrong` makes, or the store's.
    pub(super) async fn check_principals(
        &self,
        policy: &Policy,
        wrong: impl FnOnce() -> ApiError,
    ) -> Result<(), ApiError> {
        match self.bind_principals(policy).await {
            Err(error) if error.schema.status == 400 => Err(wrong()),
            other => other.map(drop),
        }
    }
}
