//! Changes of an account's identities. Each is worked out from what was read after the account's revision, and written
//! only if that revision still stands; else it is worked out again. So a check and the write that relies on it are one.

use crate::{ControlPlane, error::ApiError};
use muster_iam_api::errors::CONCURRENT_MODIFICATION_EXCEPTION;
use muster_ids::AccountId;
use muster_store::{Batch, StoreError, account};
use std::future::Future;

/// Tries before the caller hears that too many change the account at once.
const TRIES: usize = 100;

impl ControlPlane {
    /// Writes what `plan` says and answers what it answers. `plan` may run several times; it checks, reads and writes
    /// nothing itself. An empty batch changes nothing.
    ///
    /// # Errors
    /// The plan's, or the store's.
    pub(super) async fn change_identities<T, F>(
        &self,
        account: &AccountId,
        plan: impl Fn() -> F + Send + Sync,
    ) -> Result<T, ApiError>
    where
        T: Send,
        F: Future<Output = Result<(Batch, T), ApiError>> + Send,
    {
        for _ in 0..TRIES {
            let Some(found) = account::find(&self.db, account).await? else {
                return Err(ApiError::internal("the caller's account has no row"));
            };
            let (changes, answer) = plan().await?;
            if changes.is_empty() {
                return Ok(answer);
            }
            let mut batch = account::touch_iam_at(account, found.iam_revision);
            batch.append(changes);
            match self.db.write(batch).await {
                Ok(_) => return Ok(answer),
                Err(StoreError::Conflict { statement: 0 }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let text = "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.";
        Err(ApiError::new(&CONCURRENT_MODIFICATION_EXCEPTION, text))
    }
}
