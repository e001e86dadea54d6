//! SecureStrings: encrypted and decrypted for the caller, bound to the parameter by its ARN. Errors of the key come back
//! in Systems Manager's words with those of KMS in them. Not for: who may, which the keys decide.

use crate::{
    ControlPlane,
    context::RequestContext,
    domain::parameter::Tier,
    error::{ACCESS_DENIED, ApiError},
};
use muster_ssm_api::errors::INVALID_KEY_ID;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The name in the encryption context, as AWS has it.
const PARAMETER_ARN: &str = "PARAMETER_ARN";

/// The ciphertext of a value, for the parameter with this ARN. An advanced parameter takes `kms:GenerateDataKey`, as in
/// AWS.
///
/// # Errors
/// `InvalidKeyId` and denials.
pub(super) async fn encrypt(
    control_plane: &ControlPlane,
    context: &RequestContext,
    arn: &str,
    key: &str,
    tier: Tier,
    value: &[u8],
) -> Result<Vec<u8>, ApiError> {
    let bound = bound_to(arn);
    let encrypted = match tier {
        Tier::Standard => control_plane.encrypt_for(context, key, &bound, value).await,
        Tier::Advanced => control_plane.encrypt_with_data_key_for(context, key, &bound, value).await,
    };
    encrypted.map(|encrypted| encrypted.ciphertext).map_err(|error| of_kms(context, error))
}

/// The value in a ciphertext that was made for the parameter with this ARN.
///
/// # Errors
/// `InvalidKeyId` and denials.
pub(super) async fn decrypt(
    control_plane: &ControlPlane,
    context: &RequestContext,
    arn: &str,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let decrypted = control_plane.decrypt_for(context, ciphertext, &bound_to(arn)).await;
    decrypted.map_err(|error| of_kms(context, error))
}

fn bound_to(arn: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(PARAMETER_ARN.to_owned(), arn.to_owned())])
}

/// An error of KMS as Systems Manager passes it on.
fn of_kms(context: &RequestContext, error: ApiError) -> ApiError {
    if error.schema.fault {
        return error;
    }
    let code = error.schema.code;
    let schema = if code == ACCESS_DENIED.code { &ACCESS_DENIED } else { &INVALID_KEY_ID };
    let text = format!(
        "{} (Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
        error.message, context.request_id
    );
    ApiError { cause: error.cause, ..ApiError::new(schema, text) }
}
