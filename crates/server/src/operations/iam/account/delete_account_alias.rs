//! `DeleteAccountAlias`: the account has no name any more.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeleteAccountAlias, DeleteAccountAliasOutput, DeleteAccountAliasRequest, errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_store::{StoreError, account};

impl Handle<DeleteAccountAlias> for ControlPlane {
    const ACCESS: Access<DeleteAccountAliasRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteAccountAliasRequest,
    ) -> Result<DeleteAccountAliasOutput, ApiError> {
        let alias = input.account_alias.as_str();
        match self.db.write(account::remove_alias(&context.tenant.account, alias)).await {
            Ok(_) => Ok(DeleteAccountAliasOutput {}),
            Err(StoreError::Conflict { .. }) => {
                let text = format!("The account alias with name {alias} cannot be found.");
                Err(ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text))
            }
            Err(error) => Err(error.into()),
        }
    }
}
