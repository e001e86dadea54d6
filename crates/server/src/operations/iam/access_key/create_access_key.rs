//! `CreateAccessKey`: a new key. Its secret is answered this once, and kept sealed.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::quota,
    secrets::{access_key_purpose, random_access_key_id, random_secret_access_key},
};
use muster_iam_api::{
    AccessKey as Shown, CreateAccessKey, CreateAccessKeyRequest, CreateAccessKeyResponse, StatusType,
};
use muster_service_model::{Sensitive, Timestamp};
use muster_store::access_key::{self, AccessKey, Status};

impl Handle<CreateAccessKey> for ControlPlane {
    const ACCESS: Access<CreateAccessKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateAccessKeyRequest,
    ) -> Result<CreateAccessKeyResponse, ApiError> {
        let account = &context.tenant.account;
        let access_key_id = random_access_key_id("AKIA");
        let secret = Sensitive::new(random_secret_access_key());
        let sealed = self.secrets.seal(&access_key_purpose(&access_key_id), secret.expose().as_bytes());
        let owner = self
            .change_identities(account, || async {
                let owner = self.key_owner(context, input.user_name.as_deref()).await?;
                let keys = access_key::of_user(&self.db, account, owner.as_deref()).await?;
                quota::check("AccessKeysPerUser", keys.len(), self.config.limits.access_keys_per_user)?;
                let key = AccessKey {
                    access_key_id: access_key_id.clone(),
                    account: account.clone(),
                    user: owner.clone(),
                    secret_sealed: sealed.clone(),
                    status: Status::Active,
                    created_ms: context.now_ms,
                    last_used: None,
                };
                Ok((access_key::insert(&key), owner))
            })
            .await?;
        Ok(CreateAccessKeyResponse {
            access_key: Shown {
                user_name: owner.unwrap_or_default(),
                access_key_id,
                status: StatusType::Active,
                secret_access_key: secret,
                create_date: Some(Timestamp::from_millis(context.now_ms)),
            },
        })
    }
}
