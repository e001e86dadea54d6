//! `GetSessionToken`: a session of the very user or root that calls, good as long as the key it was asked for with. It
//! needs no permission and no policy can forbid it; what such a session may not call stands in the dispatcher.

use super::{credentials, no_second_factor};
use crate::{
    ControlPlane,
    context::{Principal, RequestContext, User},
    dispatch::{Access, Handle, refuse_session},
    error::ApiError,
    secrets::{Claims, KeyClaims},
};
use muster_sts_api::{GetSessionToken, GetSessionTokenRequest, GetSessionTokenResponse};

/// Seconds, of users who name none.
const DEFAULT_OF_USERS: i32 = 43_200;
/// Seconds at most, of the root.
const MOST_OF_ROOT: i32 = 3_600;

impl Handle<GetSessionToken> for ControlPlane {
    const ACCESS: Access<GetSessionTokenRequest> = Access::Caller;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetSessionTokenRequest,
    ) -> Result<GetSessionTokenResponse, ApiError> {
        let wanted = input.duration_seconds;
        let (account, access_key_id, seconds) = match &context.principal {
            Principal::Root { account, access_key_id, issued_ms: None } => {
                // Longer ones are cut, not refused.
                (account, access_key_id, wanted.unwrap_or(MOST_OF_ROOT).min(MOST_OF_ROOT))
            }
            Principal::User(User { account, access_key_id, issued_ms: None, .. }) => {
                (account, access_key_id, wanted.unwrap_or(DEFAULT_OF_USERS))
            }
            _ => return Err(refuse_session(context)),
        };
        no_second_factor(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let claims = KeyClaims { account: account.clone(), access_key_id: access_key_id.clone() };
        let made = self
            .secrets
            .issue_session(Claims::Key(claims), context.now_ms, i64::from(seconds) * 1000)
            .map_err(ApiError::internal)?;
        Ok(GetSessionTokenResponse { credentials: Some(credentials(made)), ..Default::default() })
    }
}
