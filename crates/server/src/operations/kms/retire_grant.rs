//! `RetireGrant`: whoever has a grant, or was named to end it, does. It is named by its token, or by its key's ARN and its
//! id.

use super::{grants::no_grant, support::not_dry};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    keys::is_called,
};
use muster_kms_api::{RetireGrant, RetireGrantOutput, RetireGrantRequest};
use muster_store::{StoreError, kms::grant};

impl Handle<RetireGrant> for ControlPlane {
    const ACCESS: Access<RetireGrantRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RetireGrantRequest,
    ) -> Result<RetireGrantOutput, ApiError> {
        let (key, id) = match (input.grant_token, input.key_id, input.grant_id) {
            (Some(token), None, None) => self.read_grant_token(&token)?,
            (None, Some(key), Some(id)) => (key, id),
            _ => {
                let text = "Specify either a grant token, or a key ARN and a grant ID.";
                return Err(ApiError::validation(text));
            }
        };
        let found = self.find_key(context, "kms:RetireGrant", &key).await?;
        let grant = grant::find(&self.db, &found.key.id, &id).await?;
        let requirement = self.key_requirement(context, &found, "kms:RetireGrant", None).await?;
        let named = grant
            .as_ref()
            .and_then(|grant| grant.retiring.as_deref())
            .is_some_and(|retiring| is_called(&context.principal, retiring));
        if named {
            self.unless_denied(context, requirement).await?;
        } else {
            self.permit_all(context, &found, "kms:RetireGrant", &[requirement]).await?;
        }
        found.kept()?;
        let gone = || no_grant(&id);
        grant.ok_or_else(gone)?;
        not_dry(input.dry_run)?;
        match self.db.write(grant::delete(&found.key.id, &id)).await {
            Ok(_) => Ok(RetireGrantOutput {}),
            Err(StoreError::Conflict { .. }) => Err(gone()),
            Err(error) => Err(error.into()),
        }
    }
}
