//! `UpdateAccount`: another name, suspension and its end.

use super::view;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{
    AccountStatus, UpdateAccount, UpdateAccountRequest, UpdateAccountResponse,
    errors::{CONFLICT_EXCEPTION, NOT_FOUND_EXCEPTION},
};
use muster_ids::AccountId;
use muster_store::{StoreError, account};

impl Handle<UpdateAccount> for ControlPlane {
    const ACCESS: Access<UpdateAccountRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateAccountRequest,
    ) -> Result<UpdateAccountResponse, ApiError> {
        self.authorise_installation(context).await?;
        let unknown =
            || ApiError::new(&NOT_FOUND_EXCEPTION, format!("There is no account {}.", input.account_id));
        let id = AccountId::parse(&input.account_id).map_err(|_| unknown())?;
        let mut row = account::find(&self.db, &id).await?.ok_or_else(unknown)?;
        if let Some(name) = input.name.clone() {
            row.name = name;
        }
        match input.status {
            Some(AccountStatus::Suspended) if id == self.config.account_id => {
                let text = "The account that administers the installation cannot be suspended.";
                return Err(ApiError::new(&CONFLICT_EXCEPTION, text));
            }
            Some(AccountStatus::Suspended) => row.status = account::Status::Suspended,
            Some(AccountStatus::Active) => row.status = account::Status::Active,
            None => {}
        }
        match self.db.write(account::update(&id, &row.name, row.status)).await {
            Err(StoreError::Conflict { .. }) => return Err(unknown()),
            written => written?,
        };
        Ok(UpdateAccountResponse { account: view::account(row) })
    }
}
