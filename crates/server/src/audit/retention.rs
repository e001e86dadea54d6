//! What is older than the trail is kept goes: files first, then their rows. A row without its file is no problem to
//! `verify` once it is due to go; a file without its row would be one. Not for: when it happens.

use super::{Audit, DAY_MS, sealing::SealError};
use crate::ControlPlane;
use muster_store::{
    StoreError,
    audit::{self, AuditChain},
};

/// Files of one account that are removed in one run.
const BATCH: i64 = 500;

impl Audit {
    /// Removes old files: how many, and whether there are more.
    ///
    /// # Errors
    /// The blob store's or the database's. What is removed by then stays so.
    pub(crate) async fn forget_old(control_plane: &ControlPlane) -> Result<(usize, bool), SealError> {
        let ControlPlane { db, blobs, clock, audit: this, .. } = control_plane;
        let (mut removed, mut more) = (0, false);
        let Some(before_ms) = this.due_ms(clock.now_ms()) else { return Ok((0, false)) };
        for account in audit::accounts(db).await? {
            let Some(before) = audit::chain(db, &account).await? else { continue };
            // Of a chain that was altered nothing is removed: it is to be looked at first.
            if !this.chain.is_proven(&before) {
                tracing::error!(%account, "the audit chain was altered; its old files stay");
                continue;
            }
            let files = audit::following(db, &account, before.first_sequence, BATCH).await?;
            let old: Vec<_> = files.iter().take_while(|file| file.last_ms < before_ms).collect();
            let Some(last) = old.last() else { continue };
            for file in &old {
                blobs.delete(&file.key).await?;
            }
            let after = this.chain.proven(AuditChain {
                first_sequence: last.sequence + 1,
                anchor: last.hash.clone(),
                removed_events: before.removed_events + old.iter().map(|file| file.events).sum::<i64>(),
                ..before.clone()
            });
            match db.write(audit::forget(&before, &after)).await {
                // A file was added meanwhile, or another replica did the same: the next run sees to the rest.
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            removed += old.len();
            more |= i64::try_from(old.len()).is_ok_and(|count| count == BATCH);
        }
        Ok((removed, more))
    }

    /// Files that ended before this time are due to be removed, if ever.
    pub(super) fn due_ms(&self, now_ms: i64) -> Option<i64> {
        let days = i64::from(self.config.retention_days);
        (days > 0).then(|| now_ms - days * DAY_MS)
    }
}
