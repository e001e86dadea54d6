//! The Security Token Service: whom a signature speaks for, and temporary credentials.
//!
//! Sessions are stateless: the token says whom it speaks for, and what that may is asked at each call (`http/auth`).
//! Not built: federation by SAML and OpenID Connect, second factors.

mod assume_role;
mod get_access_key_info;
mod get_caller_identity;
mod get_session_token;
#[cfg(test)]
mod tests;

use crate::{
    dispatch::Router,
    error::{ACCESS_DENIED, ApiError},
    secrets::SessionCredentials,
};
use muster_service_model::Timestamp;
use muster_sts_api::{AssumeRole, Credentials, GetAccessKeyInfo, GetCallerIdentity, GetSessionToken};

pub(crate) fn register(router: Router) -> Router {
    router.on::<AssumeRole>().on::<GetAccessKeyInfo>().on::<GetCallerIdentity>().on::<GetSessionToken>()
}

fn credentials(made: SessionCredentials) -> Credentials {
    Credentials {
        access_key_id: made.access_key_id,
        secret_access_key: made.secret_access_key,
        session_token: made.session_token.expose().to_owned(),
        expiration: Timestamp::from_millis(made.expires_ms),
    }
}

/// Nobody has a second factor here, so none is right.
fn no_second_factor(serial_number: Option<&str>, token_code: Option<&str>) -> Result<(), ApiError> {
    if serial_number.is_none() && token_code.is_none() {
        return Ok(());
    }
    let text = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    Err(ApiError::new(&ACCESS_DENIED, text))
}
