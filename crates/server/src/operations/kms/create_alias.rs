//! `CreateAlias`: another name for a key.

use super::alias_name::check;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    CreateAlias, CreateAliasOutput, CreateAliasRequest,
    errors::{ALREADY_EXISTS_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION},
};
use muster_store::{
    StoreError,
    kms::{
        alias::{self, Alias},
        key,
    },
};

impl Handle<CreateAlias> for ControlPlane {
    const ACCESS: Access<CreateAliasRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateAliasRequest,
    ) -> Result<CreateAliasOutput, ApiError> {
        let name = &input.alias_name;
        check(name)?;
        let found = self.permit_alias(context, name, &[&input.target_key_id]).await?.remove(0);
        found.kept()?;
        let of_key = alias::of_key(&self.db, &found.key.id).await?.len();
        if of_key >= self.config.limits.kms_aliases_per_key {
            let text = format!("Key {} has reached its limit of aliases.", found.arn());
            return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
        }
        let mut batch = key::hold(&found.key.id);
        batch.append(alias::insert(&Alias {
            tenant: context.tenant.clone(),
            name: name.clone(),
            key: found.key.id.clone(),
            created_ms: context.now_ms,
            updated_ms: context.now_ms,
        }));
        match self.db.write(batch).await {
            Ok(_) => Ok(CreateAliasOutput {}),
            Err(StoreError::Duplicate { .. }) => {
                let arn = crate::arn::of("kms", &context.tenant, name);
                let text = format!("An alias with the name {arn} already exists");
                Err(ApiError::new(&ALREADY_EXISTS_EXCEPTION, text))
            }
            Err(StoreError::Conflict { .. }) => Err(found.pending_deletion()),
            Err(error) => Err(error.into()),
        }
    }
}
