//! `DeleteAlias`: a name less; the key stays.

use super::alias_name::check;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    keys::no_alias,
};
use muster_kms_api::{DeleteAlias, DeleteAliasOutput, DeleteAliasRequest};
use muster_store::{StoreError, kms::alias};

impl Handle<DeleteAlias> for ControlPlane {
    const ACCESS: Access<DeleteAliasRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteAliasRequest,
    ) -> Result<DeleteAliasOutput, ApiError> {
        let (tenant, name) = (&context.tenant, &input.alias_name);
        check(name)?;
        let known = alias::find(&self.db, tenant, name).await?;
        let keys: Vec<&str> = known.as_ref().map(|alias| alias.key.as_str()).into_iter().collect();
        self.permit_alias(context, name, &keys).await?;
        match self.db.write(alias::delete(tenant, name)).await {
            Ok(_) => Ok(DeleteAliasOutput {}),
            Err(StoreError::Conflict { .. }) => Err(no_alias(tenant, name)),
            Err(error) => Err(error.into()),
        }
    }
}
