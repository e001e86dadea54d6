//! `CreateAccount`: an account with its default role, and the access key of its root.

use super::view;
use crate::{
    ControlPlane, account,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    secrets::{access_key_purpose, random_access_key_id, random_digits, random_secret_access_key},
};
use muster_admin_api::{
    CreateAccount, CreateAccountRequest, CreateAccountResponse, RootAccessKey, errors::CONFLICT_EXCEPTION,
};
use muster_ids::AccountId;
use muster_service_model::Sensitive;
use muster_store::{
    StoreError,
    access_key::{self, AccessKey, Status},
    account as rows,
};

/// Ids that are tried when none is asked for.
const TRIES: usize = 8;

impl Handle<CreateAccount> for ControlPlane {
    const ACCESS: Access<CreateAccountRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateAccountRequest,
    ) -> Result<CreateAccountResponse, ApiError> {
        self.authorise_installation(context).await?;
        let wanted = input.account_id.as_deref().map(AccountId::parse).transpose();
        let wanted = wanted.map_err(|error| ApiError::validation(error.to_string()))?;
        for _ in 0..TRIES {
            let id = match &wanted {
                Some(id) => id.clone(),
                None => AccountId::parse(&random_digits(12)).map_err(ApiError::internal)?,
            };
            match self.make(&id, &input.name, context.now_ms).await {
                Err(StoreError::Duplicate { .. }) if wanted.is_none() => {}
                Err(StoreError::Duplicate { .. }) => break,
                made => return Ok(made?),
            }
        }
        let id = input.account_id.unwrap_or_default();
        Err(ApiError::new(&CONFLICT_EXCEPTION, format!("There is an account {id} already.")))
    }
}

impl ControlPlane {
    async fn make(
        &self,
        id: &AccountId,
        name: &str,
        now_ms: i64,
    ) -> Result<CreateAccountResponse, StoreError> {
        let access_key_id = random_access_key_id("AKIA");
        let secret = Sensitive::new(random_secret_access_key());
        let purpose = access_key_purpose(&access_key_id);
        let mut batch = account::create(id, name, now_ms);
        batch.append(access_key::insert(&AccessKey {
            secret_sealed: self.secrets.seal(&purpose, secret.expose().as_bytes()),
            access_key_id: access_key_id.clone(),
            account: id.clone(),
            user: None,
            status: Status::Active,
            created_ms: now_ms,
            last_used: None,
        }));
        self.db.write(batch).await?;
        let account = rows::Account {
            id: id.clone(),
            name: name.to_owned(),
            status: rows::Status::Active,
            created_ms: now_ms,
            iam_revision: 1,
            alias: None,
        };
        Ok(CreateAccountResponse {
            account: view::account(account),
            root_access_key: RootAccessKey { access_key_id, secret_access_key: secret },
        })
    }
}
