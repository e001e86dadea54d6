//! `UpdateAlias`: a name stands for another key from now on.

use super::alias_name::check;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    keys::no_alias,
};
use muster_kms_api::{UpdateAlias, UpdateAliasOutput, UpdateAliasRequest};
use muster_store::{
    StoreError,
    kms::{alias, key},
};

impl Handle<UpdateAlias> for ControlPlane {
    const ACCESS: Access<UpdateAliasRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateAliasRequest,
    ) -> Result<UpdateAliasOutput, ApiError> {
        let (tenant, name) = (&context.tenant, &input.alias_name);
        check(name)?;
        let known = alias::find(&self.db, tenant, name).await?;
        let old = known.as_ref().map(|alias| alias.key.as_str());
        let keys: Vec<&str> = std::iter::once(input.target_key_id.as_str()).chain(old).collect();
        let found = self.permit_alias(context, name, &keys).await?.remove(0);
        let gone = || no_alias(tenant, name);
        known.ok_or_else(gone)?;
        found.kept()?;
        let mut batch = key::hold(&found.key.id);
        batch.append(alias::update(tenant, name, &found.key.id, context.now_ms));
        match self.db.write(batch).await {
            Ok(_) => Ok(UpdateAliasOutput {}),
            Err(StoreError::Conflict { statement: 0 }) => Err(found.pending_deletion()),
            Err(StoreError::Conflict { .. }) => Err(gone()),
            Err(error) => Err(error.into()),
        }
    }
}
