//! What the operations on the master key share: how it is told, and what the caller learns of a failure.

use crate::{ControlPlane, error::ApiError, secrets::MasterKeyError};
use muster_admin_api::{
    MasterKey, MasterKeyProvider,
    errors::{CONFLICT_EXCEPTION, MASTER_KEY_UNAVAILABLE_EXCEPTION},
};
use muster_service_model::Timestamp;

impl ControlPlane {
    /// The master key as it is told.
    pub(super) async fn describe_master(&self) -> Result<MasterKey, ApiError> {
        let info = self.secrets.master_key(&self.db).await.map_err(failed)?;
        let provider = match info.id.split_once(':') {
            Some(("kms", _)) => MasterKeyProvider::Kms,
            Some(("vault", _)) => MasterKeyProvider::VaultTransit,
            _ => MasterKeyProvider::File,
        };
        Ok(MasterKey {
            master_key_id: info.id,
            provider,
            data_keys: i64::try_from(info.data_keys).unwrap_or(i64::MAX),
            created_date: Some(Timestamp(info.created_ms)),
        })
    }
}

/// What the caller learns of a failure: the provider's part, which he can mend.
pub(super) fn failed(error: MasterKeyError) -> ApiError {
    match error {
        MasterKeyError::Conflict => ApiError::new(&CONFLICT_EXCEPTION, error.to_string()),
        MasterKeyError::Store(error) => error.into(),
        MasterKeyError::Damaged => ApiError::internal(error),
        MasterKeyError::Provider { .. }
        | MasterKeyError::File { .. }
        | MasterKeyError::Length { .. }
        | MasterKeyError::Other { .. }
        | MasterKeyError::Elsewhere { .. }
        | MasterKeyError::None => ApiError::new(&MASTER_KEY_UNAVAILABLE_EXCEPTION, error.to_string()),
    }
}
