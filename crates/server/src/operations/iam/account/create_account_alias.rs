//! `CreateAccountAlias`: a name for the account, in place of the one that it had. No two accounts have the same.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    CreateAccountAlias, CreateAccountAliasOutput, CreateAccountAliasRequest,
    errors::ENTITY_ALREADY_EXISTS_EXCEPTION,
};
use muster_store::{StoreError, account};

impl Handle<CreateAccountAlias> for ControlPlane {
    const ACCESS: Access<CreateAccountAliasRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateAccountAliasRequest,
    ) -> Result<CreateAccountAliasOutput, ApiError> {
        let alias = input.account_alias.as_str();
        match self.db.write(account::set_alias(&context.tenant.account, Some(alias))).await {
            Ok(_) => Ok(CreateAccountAliasOutput {}),
            Err(StoreError::Duplicate { .. }) => {
                let text = format!("The account alias {alias} already exists.");
                Err(ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, text))
            }
            Err(error) => Err(error.into()),
        }
    }
}
