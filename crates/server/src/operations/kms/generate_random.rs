//! `GenerateRandom`: up to 1,024 random bytes.

use super::{data_key::random, source::no_recipient, support::anything};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    GenerateRandom, GenerateRandomRequest, GenerateRandomResponse,
    errors::CUSTOM_KEY_STORE_NOT_FOUND_EXCEPTION,
};
use muster_service_model::Blob;

impl Handle<GenerateRandom> for ControlPlane {
    const ACCESS: Access<GenerateRandomRequest> = Access::Policy(|context, _| anything(context));

    async fn handle(
        &self,
        _context: &RequestContext,
        input: GenerateRandomRequest,
    ) -> Result<GenerateRandomResponse, ApiError> {
        no_recipient(input.recipient.is_some())?;
        if let Some(store) = input.custom_key_store_id {
            let text = format!("Custom key store {store} does not exist");
            return Err(ApiError::new(&CUSTOM_KEY_STORE_NOT_FOUND_EXCEPTION, text));
        }
        let Some(length) = input.number_of_bytes else {
            return Err(ApiError::validation("NumberOfBytes is required."));
        };
        let bytes = random(usize::try_from(length).unwrap_or_default());
        Ok(GenerateRandomResponse { plaintext: Some(Blob(bytes.to_vec())), ciphertext_for_recipient: None })
    }
}
