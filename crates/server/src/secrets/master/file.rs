//! The master key in a file: 32 bytes, for this user alone. `master.key` is the key; `master.key.next` is there while the
//! key changes. Which of both counts, the database says by its fingerprint. Not for: when it changes.

use super::super::{
    data_key::{DataKey, KEY_LENGTH, SealError, hmac_sha256},
    file,
    random::random_bytes,
};
use super::MasterKeyError;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// What begins the ids of keys in files.
pub(in super::super) const PREFIX: &str = "file:";
/// What a wrapped data key is sealed for, by a master key in the place of a data key.
const PURPOSE: &str = "data-key";

/// A key from a file.
pub(in super::super) struct MasterFile {
    key: DataKey,
}

impl MasterFile {
    /// A new key; in no file yet.
    pub(in super::super) fn random() -> Self {
        Self::new(Zeroizing::new(random_bytes()))
    }

    pub(in super::super) fn new(key: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { key: DataKey::new(key) }
    }

    /// `file:` and 32 digits that tell keys apart and nothing else.
    pub(in super::super) fn id(&self) -> String {
        let print = hmac_sha256(self.key.bytes(), b"muster/master-key/fingerprint");
        let print = print.first_chunk::<16>().map(hex::encode).unwrap_or_default();
        format!("{PREFIX}{print}")
    }

    pub(in super::super) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        self.key.bytes()
    }

    pub(super) fn wrap(&self, payload: &[u8]) -> Vec<u8> {
        self.key.seal(0, PURPOSE, payload)
    }

    pub(super) fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (_, rest) = super::super::data_key::number(wrapped)?;
        self.key.unseal(PURPOSE, rest)
    }
}

/// The files of a data folder.
#[derive(Debug, Clone)]
pub(in super::super) struct MasterFiles {
    current: PathBuf,
    next: PathBuf,
}

impl MasterFiles {
    pub(in super::super) fn of(data_dir: &Path) -> Self {
        Self { current: data_dir.join("master.key"), next: data_dir.join("master.key.next") }
    }

    /// Where the key is.
    pub(in super::super) fn path(&self) -> &Path {
        &self.current
    }

    /// `master.key`.
    pub(in super::super) fn current(&self) -> Result<Option<MasterFile>, MasterKeyError> {
        read(&self.current)
    }

    /// `master.key.next`. One that is not whole is none: it was never used.
    pub(in super::super) fn next(&self) -> Result<Option<MasterFile>, MasterKeyError> {
        match read(&self.next) {
            Err(MasterKeyError::Length { .. }) => Ok(None),
            other => other,
        }
    }

    /// Makes `master.key`.
    pub(in super::super) fn write_current(&self, key: &MasterFile) -> Result<(), MasterKeyError> {
        file::write_private(&self.current, key.bytes()).map_err(failed(&self.current))
    }

    /// Makes `master.key.next`.
    pub(in super::super) fn write_next(&self, key: &MasterFile) -> Result<(), MasterKeyError> {
        file::write_private(&self.next, key.bytes()).map_err(failed(&self.next))
    }

    /// `master.key.next` becomes `master.key`.
    pub(in super::super) fn promote(&self) -> Result<(), MasterKeyError> {
        fs::rename(&self.next, &self.current)
            .and_then(|()| file::sync_folder(self.current.parent().unwrap_or(Path::new("."))))
            .map_err(failed(&self.current))
    }

    /// Removes `master.key.next`, if it is there.
    pub(in super::super) fn drop_next(&self) -> Result<(), MasterKeyError> {
        match fs::remove_file(&self.next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&self.next)(error)),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<Option<MasterFile>, MasterKeyError> {
    let Some(content) = file::read_private(path).map_err(failed(path))? else { return Ok(None) };
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    if content.len() != KEY_LENGTH {
        return Err(MasterKeyError::Length { path: path.to_owned(), length: content.len() });
    }
    key.copy_from_slice(&content);
    Ok(Some(MasterFile::new(key)))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> MasterKeyError {
    let path = path.to_owned();
    move |source| MasterKeyError::File { path: path.clone(), source }
}
