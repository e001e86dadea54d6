//! The root credentials: given or made at the first start, found again later. `DATA_DIR/credentials` is for the
//! operator's tools; the truth is in the store, sealed. Who deletes them has none after the next start either, unless
//! the start is given some: the way back in. Not for: further keys.

use super::StartError;
use crate::{
    config::{Config, RootCredentials},
    secrets::{
        Sample, Secrets, access_key_purpose, random_access_key_id, random_secret_access_key, write_private,
    },
};
use muster_service_model::Sensitive;
use muster_store::{
    Db, StoreError,
    access_key::{self, AccessKey, Status},
    account,
};

/// A secret of the database, if it has one: it tells which master key is the right one.
pub(super) async fn sample(db: &Db) -> Result<Option<Sample>, StartError> {
    let key = access_key::any(db).await?;
    Ok(key.map(|key| Sample { purpose: access_key_purpose(&key.access_key_id), sealed: key.secret_sealed }))
}

/// Sees to it that a new account has a root key, that our master key opens it, and that the file is there. Comes before
/// the account is made: its row shows that this was done.
pub(super) async fn ensure(
    config: &Config,
    db: &Db,
    secrets: &Secrets,
    now_ms: i64,
) -> Result<(), StartError> {
    let mut keys = access_key::of_user(db, &config.account_id, None).await?;
    let mut made = false;
    let is_new = account::find(db, &config.account_id).await?.is_none();
    if keys.is_empty() && (is_new || config.root_credentials.is_some()) {
        made = true;
        match make(config, db, secrets, now_ms).await {
            // Another replica was first: its keys are as good.
            Err(StoreError::Duplicate { .. }) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        keys = access_key::of_user(db, &config.account_id, None).await?;
    } else if let Some(given) = &config.root_credentials
        && !keys.is_empty()
        && !keys.iter().any(|key| key.access_key_id == given.access_key_id)
    {
        tracing::warn!("MUSTER_ROOT_ACCESS_KEY_ID is ignored: this database has root credentials already");
    }
    let Some(key) = keys.iter().find(|key| key.status == Status::Active) else { return Ok(()) };
    let secret = secrets
        .open_sealed(&access_key_purpose(&key.access_key_id), &key.secret_sealed)
        .map_err(|_| StartError::OtherMasterKey { path: config.data_dir.join("master.key") })?;
    let path = config.data_dir.join("credentials");
    if made || !path.exists() {
        let secret = std::str::from_utf8(&secret).unwrap_or_default();
        let content = zeroize::Zeroizing::new(format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {secret}\n",
            key.access_key_id
        ));
        write_private(&path, content.as_bytes()).map_err(|source| StartError::DataDir { path, source })?;
    }
    Ok(())
}

async fn make(config: &Config, db: &Db, secrets: &Secrets, now_ms: i64) -> Result<(), StoreError> {
    let root = config.root_credentials.clone().unwrap_or_else(|| RootCredentials {
        access_key_id: random_access_key_id("AKIA"),
        secret_access_key: Sensitive::new(random_secret_access_key()),
    });
    let purpose = access_key_purpose(&root.access_key_id);
    let key = AccessKey {
        secret_sealed: secrets.seal(&purpose, root.secret_access_key.expose().as_bytes()),
        access_key_id: root.access_key_id,
        account: config.account_id.clone(),
        user: None,
        status: Status::Active,
        created_ms: now_ms,
        last_used: None,
    };
    db.write(access_key::insert(&key)).await.map(drop)
}
