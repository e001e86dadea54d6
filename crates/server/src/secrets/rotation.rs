//! Changing the master key while everything runs, and noticing that another replica did. Nothing that is sealed changes:
//! only the data keys are wrapped anew, and a further one is made, which seals from five minutes later on, when
//! every replica has read it. Not for: the first start.
//!
//! In a file, the new key is written beside the old one, the data keys are wrapped by both, then the new file
//! takes the old one's name, and the old wrappings go. Whenever the server is killed, one of the files opens the
//! data keys, and the next start finishes what was begun. Elsewhere the provider changes its own key; rotating here
//! wraps by its newest.

use super::{
    Secrets,
    data_key::DataKey,
    keyring::{FILE, HAND_OVER, Keeper, State, wrap_all},
    master::{MasterFile, MasterKeyError, Wrapper},
    ring::Ring,
};
use muster_store::{Batch, Db, StoreError, data_key as rows};
use std::sync::Arc;

/// A new data key seals so long after it was made. Replicas look for new ones every minute.
const SETTLING_MS: i64 = 5 * 60_000;

/// What there is to tell of the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MasterKeyInfo {
    /// Which.
    pub(crate) id: String,
    /// Since when.
    pub(crate) created_ms: i64,
    /// How many data keys it wraps.
    pub(crate) data_keys: usize,
}

/// A moment in a change of the master key after which a crash must do no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// `master.key.next` is there.
    Written,
    /// The data keys are wrapped by both.
    Wrapped,
    /// `master.key` is the new key.
    Renamed,
}

impl Secrets {
    /// The installation's master key.
    ///
    /// # Errors
    /// [`MasterKeyError`].
    pub(crate) async fn master_key(&self, db: &Db) -> Result<MasterKeyInfo, MasterKeyError> {
        let state = State::read(db).await?.ok_or(MasterKeyError::None)?;
        Ok(MasterKeyInfo {
            id: state.master.id,
            created_ms: state.master.created_ms,
            data_keys: state.keys.len(),
        })
    }

    /// Changes the master key, and makes a further data key. The id of the one before.
    ///
    /// # Errors
    /// [`MasterKeyError`]; the installation has the old or the new key then, and all that is sealed opens.
    pub(crate) async fn rotate_master_key(&self, db: &Db, now_ms: i64) -> Result<String, MasterKeyError> {
        self.rotate_with(db, now_ms, |_| Ok(())).await
    }

    /// As above; `at` is called at each step, and may end it there as a crash would.
    pub(super) async fn rotate_with(
        &self,
        db: &Db,
        now_ms: i64,
        at: impl Fn(Step) -> Result<(), MasterKeyError> + Send + Sync,
    ) -> Result<String, MasterKeyError> {
        let keeper = self.keeper.as_ref().ok_or(MasterKeyError::None)?;
        let _one_at_a_time = keeper.changing.lock().await;
        self.catch_up(keeper, db, now_ms).await?;
        let state = State::read(db).await?.ok_or(MasterKeyError::None)?;
        let (row, key) = self.further_key(now_ms);
        let ring = self.ring().as_ref().clone().with(row, Arc::clone(&key));
        match &keeper.external {
            Some(external) => {
                let (id, wrappings) = wrap_all(&Wrapper::External(external), &ring, now_ms).await?;
                at(Step::Written)?;
                let to = rows::MasterKey { id, hand_over: None, created_ms: now_ms };
                change(db, &state.master.id, &to, row, wrappings).await?;
                at(Step::Wrapped)?;
                forget(db, &to.id).await?;
            }
            None => rotate_file(keeper, db, &state, &ring, row, now_ms, &at).await?,
        }
        self.set_ring(ring.at(now_ms));
        Ok(state.master.id)
    }

    /// Reads what other replicas changed: data keys, and the master key. For the task that runs every minute.
    ///
    /// # Errors
    /// [`MasterKeyError`]; the keys at hand stay.
    pub(crate) async fn refresh(&self, db: &Db, now_ms: i64) -> Result<(), MasterKeyError> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let _one_at_a_time = keeper.changing.lock().await;
        self.catch_up(keeper, db, now_ms).await
    }

    async fn catch_up(&self, keeper: &Keeper, db: &Db, now_ms: i64) -> Result<(), MasterKeyError> {
        let state = State::read(db).await?.ok_or(MasterKeyError::None)?;
        let mut ring = self.ring().as_ref().clone();
        if keeper.external.is_none()
            && state.master.id.starts_with(FILE)
            && let Some(file) = keeper.files.current()?.or(keeper.files.next()?)
        {
            keeper.settle(db, &state, &file, &ring).await?;
        }
        let file = keeper.files.current()?;
        for row in &state.keys {
            if ring.has(row.number) {
                continue;
            }
            let reaches = |id: &str| match (&keeper.external, &file) {
                (Some(external), _) => external.reaches(id),
                (None, Some(file)) => file.id() == id,
                (None, None) => false,
            };
            let wrapping =
                state.wrappings.iter().find(|one| one.number == row.number && reaches(&one.master_key_id));
            let Some(wrapping) = wrapping else {
                return Err(MasterKeyError::Elsewhere { master_key_id: state.master.id.clone() });
            };
            let key = match (&keeper.external, &file) {
                (Some(external), _) => Wrapper::External(external).unwrap(now_ms, wrapping).await?,
                (None, Some(file)) => Wrapper::File(file).unwrap(now_ms, wrapping).await?,
                (None, None) => return Err(keeper.other()),
            };
            ring = ring.with(*row, Arc::new(key));
        }
        self.set_ring(ring.at(now_ms));
        Ok(())
    }

    fn further_key(&self, now_ms: i64) -> (rows::DataKey, Arc<DataKey>) {
        let row = rows::DataKey {
            number: self.ring().next_number(),
            created_ms: now_ms,
            active_ms: now_ms.saturating_add(SETTLING_MS),
        };
        (row, Arc::new(DataKey::random()))
    }
}

async fn rotate_file(
    keeper: &Keeper,
    db: &Db,
    state: &State,
    ring: &Ring,
    row: rows::DataKey,
    now_ms: i64,
    at: &(impl Fn(Step) -> Result<(), MasterKeyError> + Send + Sync),
) -> Result<(), MasterKeyError> {
    let here = keeper.files.current()?.is_some_and(|file| file.id() == state.master.id);
    if !here {
        return Err(keeper.other());
    }
    let next = MasterFile::random();
    keeper.files.write_next(&next)?;
    at(Step::Written)?;
    let (id, wrappings) = wrap_all(&Wrapper::File(&next), ring, now_ms).await?;
    let hand_over = Some(ring.seal(HAND_OVER, next.bytes()));
    let to = rows::MasterKey { id, hand_over, created_ms: now_ms };
    match change(db, &state.master.id, &to, row, wrappings).await {
        // Whether other failures were written down is not known: the file stays until that is.
        Err(MasterKeyError::Conflict) => {
            keeper.files.drop_next()?;
            return Err(MasterKeyError::Conflict);
        }
        other => other?,
    }
    at(Step::Wrapped)?;
    keeper.files.promote()?;
    at(Step::Renamed)?;
    forget(db, &to.id).await
}

/// Writes the change down: all of it or nothing, and only if no other replica changed it.
async fn change(
    db: &Db,
    from: &str,
    to: &rows::MasterKey,
    row: rows::DataKey,
    wrappings: Batch,
) -> Result<(), MasterKeyError> {
    let mut batch = rows::change_master(from, to);
    batch.append(rows::insert(row));
    batch.append(wrappings);
    match db.write(batch).await {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict { .. } | StoreError::Duplicate { .. }) => Err(MasterKeyError::Conflict),
        Err(error) => Err(error.into()),
    }
}

async fn forget(db: &Db, current: &str) -> Result<(), MasterKeyError> {
    match db.write(rows::forget_other_masters(current)).await {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(MasterKeyError::Conflict),
        Err(error) => Err(error.into()),
    }
}
