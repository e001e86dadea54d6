//! `RevokeGrant`: whoever looks after the key ends a grant.

use super::{grants::no_grant, support::not_dry};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{RevokeGrant, RevokeGrantOutput, RevokeGrantRequest};
use muster_store::{StoreError, kms::grant};

impl Handle<RevokeGrant> for ControlPlane {
    const ACCESS: Access<RevokeGrantRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RevokeGrantRequest,
    ) -> Result<RevokeGrantOutput, ApiError> {
        let found = self.any_key(context, &input.key_id, None).await?;
        found.kept()?;
        let grant = grant::find(&self.db, &found.key.id, &input.grant_id).await?;
        let gone = || no_grant(&input.grant_id);
        grant.ok_or_else(gone)?;
        not_dry(input.dry_run)?;
        match self.db.write(grant::delete(&found.key.id, &input.grant_id)).await {
            Ok(_) => Ok(RevokeGrantOutput {}),
            Err(StoreError::Conflict { .. }) => Err(gone()),
            Err(error) => Err(error.into()),
        }
    }
}
