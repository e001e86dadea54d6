//! The key that a ciphertext needs. Not for: decrypting.

use crate::{
    ControlPlane, context::RequestContext, domain::kms::ciphertext::Parsed, error::ApiError, keys::Found,
};
use muster_kms_api::{
    DryRunModifierType,
    errors::{INCORRECT_KEY_EXCEPTION, INVALID_CIPHERTEXT_EXCEPTION, UNSUPPORTED_OPERATION_EXCEPTION},
};

/// A key and the ciphertext that it is needed for.
pub(super) struct Source<'a> {
    pub(super) found: Found,
    /// None in a dry run that is about no ciphertext.
    pub(super) parsed: Option<Parsed<'a>>,
}

impl ControlPlane {
    /// The key that the ciphertext names; if the caller names one too, it must be the same.
    pub(super) async fn source_key<'a>(
        &self,
        context: &RequestContext,
        action: &str,
        name: Option<&str>,
        blob: &'a [u8],
        modifiers: Option<Vec<DryRunModifierType>>,
    ) -> Result<Source<'a>, ApiError> {
        let named = match name {
            Some(name) => Some(self.find_key(context, action, name).await?),
            None => None,
        };
        let without = modifiers.is_some_and(|list| list.contains(&DryRunModifierType::IgnoreCiphertext));
        if blob.is_empty() {
            return match named {
                Some(found) if without => Ok(Source { found, parsed: None }),
                _ => Err(ApiError::validation(
                    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member \
                     must not be null",
                )),
            };
        }
        let parsed = Parsed::read(blob).map_err(|_| ApiError::new(&INVALID_CIPHERTEXT_EXCEPTION, ""))?;
        let found = match named {
            Some(named) if named.key.id == parsed.key => named,
            Some(_) => {
                let text =
                    "The key ID in the request does not identify a CMK that can perform this operation.";
                return Err(ApiError::new(&INCORRECT_KEY_EXCEPTION, text));
            }
            None => self.find_key_of(context, action, &parsed).await?,
        };
        Ok(Source { found, parsed: Some(parsed) })
    }
}

/// That nobody asks for an answer to an enclave.
pub(super) fn no_recipient(recipient: bool) -> Result<(), ApiError> {
    if recipient {
        let text = "Recipient is not supported by this version of Muster.";
        return Err(ApiError::new(&UNSUPPORTED_OPERATION_EXCEPTION, text));
    }
    Ok(())
}
