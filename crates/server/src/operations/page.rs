//! Page tokens of list operations: sealed, so that a caller can neither read nor forge one, and good for the one
//! operation and tenant that they were made for.

use crate::{ControlPlane, context::RequestContext, error::ApiError};
use muster_ssm_api::errors::INVALID_NEXT_TOKEN;
use serde::{Serialize, de::DeserializeOwned};

/// Where the page begins that the caller wants; `None` at the beginning of the list. Some callers send an empty
/// token there.
///
/// # Errors
/// `InvalidNextToken`, without a text as in AWS.
pub(crate) fn position<T: DeserializeOwned>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    token: Option<&str>,
) -> Result<Option<T>, ApiError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let position = control_plane.secrets.read_page_token(context.operation.name, &context.tenant, token);
    position.map(Some).map_err(|_| ApiError::new(&INVALID_NEXT_TOKEN, ""))
}

/// The token of the page after `last`, the position of this page's last entry; `None` where no page follows.
pub(crate) fn next_token<T: Serialize>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    last: Option<&T>,
) -> Option<String> {
    let token =
        |position| control_plane.secrets.page_token(context.operation.name, &context.tenant, position);
    last.and_then(|position| token(position).ok())
}
