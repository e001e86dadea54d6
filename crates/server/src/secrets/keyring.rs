//! From the database and the master key to the data keys: at the first start, at every later one, and when the master key
//! moves from one place to another. Not for: changing the master key (`rotation`), or sealing.

use super::{
    Secrets,
    data_key::{DataKey, KEY_LENGTH},
    master::{External, MasterFile, MasterFiles, MasterKeyError, Wrapper},
    ring::Ring,
};
use crate::config::Config;
use muster_outbound::Client;
use muster_store::{
    Batch, Db, StoreError,
    data_key::{self as rows, Wrapping},
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Something sealed that a database made before there were data keys holds, with its purpose: it tells whether a master
/// key is the right one.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is sealed for.
    pub purpose: String,
    /// The sealed value.
    pub sealed: Vec<u8>,
}

/// How the master key is reached.
pub(super) struct Keeper {
    pub(super) files: MasterFiles,
    /// None if the file is configured.
    pub(super) external: Option<External>,
    previous: Option<External>,
    /// One change at a time.
    pub(super) changing: tokio::sync::Mutex<()>,
}

/// What the database says.
pub(super) struct State {
    pub(super) master: rows::MasterKey,
    pub(super) keys: Vec<rows::DataKey>,
    pub(super) wrappings: Vec<Wrapping>,
}

impl State {
    pub(super) async fn read(db: &Db) -> Result<Option<Self>, MasterKeyError> {
        // The master key first: wrappings by a newer one than it names do no harm, missing ones would.
        let Some(master) = rows::master(db).await? else { return Ok(None) };
        let (keys, wrappings) = (rows::list(db).await?, rows::wrappings(db).await?);
        Ok(Some(Self { master, keys, wrappings }))
    }

    /// The wrapping of each of the data keys by the first of the master keys that has them all.
    fn wrapped_by(&self, suits: impl Fn(&str) -> bool) -> Option<Vec<(rows::DataKey, &Wrapping)>> {
        let mut ids: Vec<&str> = self.wrappings.iter().map(|one| one.master_key_id.as_str()).collect();
        // The installation's own before those that are on their way out.
        ids.sort_by_key(|id| *id != self.master.id);
        let all = |id: &str| {
            let of =
                |number| self.wrappings.iter().find(|one| one.number == number && one.master_key_id == id);
            self.keys.iter().map(|key| Some((*key, of(key.number)?))).collect::<Option<Vec<_>>>()
        };
        ids.into_iter().filter(|id| suits(id)).find_map(all)
    }
}

impl Secrets {
    /// Opens the data keys of a database under the configured master key; makes both at the first start. `sample` comes
    /// from a database that has secrets but no data keys: its `master.key` itself becomes the first data key, so that
    /// all it sealed stays open.
    ///
    /// # Errors
    /// [`MasterKeyError`], which says what to do.
    pub async fn open(
        config: &Config,
        client: &Client,
        db: &Db,
        sample: Option<&Sample>,
        now_ms: i64,
    ) -> Result<Self, MasterKeyError> {
        let previous = config.previous_master_key.as_ref();
        let keeper = Keeper {
            files: MasterFiles::of(&config.data_dir),
            external: External::new(&config.master_key, client),
            previous: previous.and_then(|previous| External::new(previous, client)),
            changing: tokio::sync::Mutex::new(()),
        };
        loop {
            let ring = match State::read(db).await? {
                Some(state) => keeper.unlock(db, &state, now_ms).await?,
                None => match keeper.found(db, sample, now_ms).await {
                    // Another replica was first: its keys are as good, if we have its master key.
                    Err(MasterKeyError::Store(StoreError::Duplicate { .. })) => continue,
                    other => other?,
                },
            };
            return Ok(Self::with(ring, Some(keeper)));
        }
    }
}

impl Keeper {
    /// Puts the first master key and data key down.
    async fn found(&self, db: &Db, sample: Option<&Sample>, now_ms: i64) -> Result<Ring, MasterKeyError> {
        let file = self.files.current()?;
        let first = match (sample, &file) {
            (None, _) => DataKey::random(),
            (Some(sample), Some(file)) => self.legacy(file, sample)?,
            (Some(_), None) => return Err(self.other()),
        };
        let file = match (file, &self.external) {
            (None, None) => {
                let made = MasterFile::random();
                self.files.write_current(&made)?;
                Some(made)
            }
            (file, _) => file,
        };
        let wrapping = self.wrapper(file.as_ref())?.wrap(now_ms, 0, &first).await?;
        let master = rows::MasterKey { id: wrapping.master_key_id, hand_over: None, created_ms: now_ms };
        let row = rows::DataKey { number: 0, created_ms: now_ms, active_ms: now_ms };
        db.write(rows::found(&master, row, &wrapping.wrapped)).await?;
        Ring::new(vec![(row, Arc::new(first))], now_ms).ok_or(MasterKeyError::Damaged)
    }

    /// The master key of an older database in the place of its first data key.
    fn legacy(&self, file: &MasterFile, sample: &Sample) -> Result<DataKey, MasterKeyError> {
        let key = DataKey::new(Zeroizing::new(*file.bytes()));
        Ring::of_one(key).unseal(&sample.purpose, &sample.sealed).map_err(|_| self.other())?;
        Ok(DataKey::new(Zeroizing::new(*file.bytes())))
    }

    /// Unwraps the data keys that the database has, by what is configured, or by where the keys were before; in that case
    /// they move.
    async fn unlock(&self, db: &Db, state: &State, now_ms: i64) -> Result<Ring, MasterKeyError> {
        if let Some(external) = &self.external
            && let Some(ring) = unlock_external(external, state, now_ms).await?
        {
            return Ok(ring);
        }
        if let Some((file, ring)) = self.unlock_file(state, now_ms).await? {
            if self.external.is_some() {
                self.adopt(db, state, &ring, None, now_ms).await?;
            } else {
                self.settle(db, state, &file, &ring).await?;
            }
            return Ok(ring);
        }
        if let Some(previous) = &self.previous
            && let Some(ring) = unlock_external(previous, state, now_ms).await?
        {
            let file = match (&self.external, self.files.current()?) {
                (None, None) => {
                    let made = MasterFile::random();
                    self.files.write_current(&made)?;
                    Some(made)
                }
                (_, file) => file,
            };
            self.adopt(db, state, &ring, file.as_ref(), now_ms).await?;
            return Ok(ring);
        }
        if self.external.is_none() && state.master.id.starts_with(FILE) {
            return Err(self.other());
        }
        Err(MasterKeyError::Elsewhere { master_key_id: state.master.id.clone() })
    }

    async fn unlock_file(
        &self,
        state: &State,
        now_ms: i64,
    ) -> Result<Option<(MasterFile, Ring)>, MasterKeyError> {
        let mut files: Vec<MasterFile> =
            [self.files.current()?, self.files.next()?].into_iter().flatten().collect();
        files.sort_by_key(|file| file.id() != state.master.id);
        for file in files {
            if let Some(wrapped) = state.wrapped_by(|id| id == file.id()) {
                let ring = unwrap_all(&Wrapper::File(&file), wrapped, now_ms).await?;
                return Ok(Some((file, ring)));
            }
        }
        Ok(None)
    }

    /// Brings the files of this folder to the installation's master key: a change that a crash cut off is finished or
    /// forgotten, and one that another replica made is taken over.
    pub(super) async fn settle(
        &self,
        db: &Db,
        state: &State,
        current: &MasterFile,
        ring: &Ring,
    ) -> Result<(), MasterKeyError> {
        let wanted = &state.master.id;
        let has = |file: Option<MasterFile>| file.is_some_and(|file| file.id() == *wanted);
        if has(self.files.next()?) {
            self.files.promote()?;
        } else if has(self.files.current()?) {
            self.files.drop_next()?;
        } else if let Some(new) = handed_over(state, ring) {
            self.files.write_next(&new)?;
            self.files.promote()?;
        } else {
            tracing::warn!(
                master_key = wanted,
                here = current.id(),
                "the master key of this database is another now: put its file here before the next start"
            );
            return Ok(());
        }
        let left_over = |one: &Wrapping| one.master_key_id != *wanted && one.master_key_id.starts_with(FILE);
        if state.wrappings.iter().any(left_over) {
            match db.write(rows::forget_other_masters(wanted)).await {
                // It changed again meanwhile.
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Wraps all data keys by what is configured now. What wrapped them before still does until the next rotation, for the
    /// replicas that are configured as before.
    async fn adopt(
        &self,
        db: &Db,
        state: &State,
        ring: &Ring,
        file: Option<&MasterFile>,
        now_ms: i64,
    ) -> Result<(), MasterKeyError> {
        let wrapper = self.wrapper(file)?;
        let (id, batch) = wrap_all(&wrapper, ring, now_ms).await?;
        let to = rows::MasterKey { id, hand_over: None, created_ms: now_ms };
        let mut all = rows::change_master(&state.master.id, &to);
        all.append(batch);
        match db.write(all).await {
            Ok(_) => {
                tracing::info!(from = state.master.id, to = to.id, "the data keys have another master key");
                Ok(())
            }
            // Another replica did.
            Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn wrapper<'a>(&'a self, file: Option<&'a MasterFile>) -> Result<Wrapper<'a>, MasterKeyError> {
        match (&self.external, file) {
            (Some(external), _) => Ok(Wrapper::External(external)),
            (None, Some(file)) => Ok(Wrapper::File(file)),
            (None, None) => Err(self.other()),
        }
    }

    pub(super) fn other(&self) -> MasterKeyError {
        MasterKeyError::Other { path: self.files.path().to_owned() }
    }
}

/// What begins the ids of master keys in files.
pub(super) const FILE: &str = "file:";
/// What a new master key is sealed for, on its way to other replicas.
pub(super) const HAND_OVER: &str = "master-key";

fn handed_over(state: &State, ring: &Ring) -> Option<MasterFile> {
    let opened = ring.unseal(HAND_OVER, state.master.hand_over.as_deref()?).ok()?;
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    if opened.len() != KEY_LENGTH {
        return None;
    }
    key.copy_from_slice(&opened);
    Some(MasterFile::new(key)).filter(|file| file.id() == state.master.id)
}

/// Unwraps by an external master key; `None` if it wrapped nothing here.
pub(super) async fn unlock_external(
    external: &External,
    state: &State,
    now_ms: i64,
) -> Result<Option<Ring>, MasterKeyError> {
    match state.wrapped_by(|id| external.reaches(id)) {
        Some(wrapped) => unwrap_all(&Wrapper::External(external), wrapped, now_ms).await.map(Some),
        None => Ok(None),
    }
}

async fn unwrap_all(
    wrapper: &Wrapper<'_>,
    wrapped: Vec<(rows::DataKey, &Wrapping)>,
    now_ms: i64,
) -> Result<Ring, MasterKeyError> {
    let mut keys = Vec::new();
    for (row, wrapping) in wrapped {
        keys.push((row, Arc::new(wrapper.unwrap(now_ms, wrapping).await?)));
    }
    Ring::new(keys, now_ms).ok_or(MasterKeyError::Damaged)
}

/// The id of the master key, and what writes its wrappings down.
pub(super) async fn wrap_all(
    wrapper: &Wrapper<'_>,
    ring: &Ring,
    now_ms: i64,
) -> Result<(String, Batch), MasterKeyError> {
    let mut batch = Batch::new();
    let mut id = String::new();
    for (number, key) in ring.keys() {
        let wrapping = wrapper.wrap(now_ms, number, key).await?;
        batch.append(rows::wrap(&wrapping));
        id = wrapping.master_key_id;
    }
    Ok((id, batch))
}
