//! The blob seam: full outputs of commands, and later documents' attachments and session logs.
//!
//! Keys are slash-separated paths that the caller makes out of validated ids. Writes are whole and durable when
//! they return; a reader never sees half an object. Not for: anything that is queried.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart, local::LocalFileSystem, path::Path,
};
use std::{ops::Range, path::PathBuf, sync::Arc};

/// A failure of the blob store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The store's address cannot be used.
    #[error("the blob store {url:?} cannot be used: {reason}")]
    Address {
        /// As configured.
        url: String,
        /// Why.
        reason: String,
    },
    /// The store answered with an error.
    #[error("the blob store failed")]
    Store(#[from] object_store::Error),
}

/// The blob store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the store at `url`: `file:///path`, or a plain path. The folder is made if it is missing.
    ///
    /// # Errors
    /// [`BlobError::Address`] for another scheme, or a folder that cannot be made.
    pub fn open(url: &str) -> Result<Self, BlobError> {
        let address = |reason: String| BlobError::Address { url: url.to_owned(), reason };
        let folder = match url.split_once("://") {
            None => PathBuf::from(url),
            Some(("file", path)) => PathBuf::from(path),
            Some((scheme, _)) => {
                return Err(address(format!("{scheme}:// is not supported yet; use file:///path")));
            }
        };
        std::fs::create_dir_all(&folder).map_err(|error| address(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| address(error.to_string()))?;
        Ok(Self { store: Arc::new(store.with_fsync(true)) })
    }

    /// Stores one object whole, in place of an older one.
    ///
    /// # Errors
    /// Whatever the store says; then the older object, if any, is still there.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), BlobError> {
        self.store.put(&Path::from(key), PutPayload::from_bytes(content)).await?;
        Ok(())
    }

    /// Begins an object of unknown length; it appears only when it is finished.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn writer(&self, key: &str) -> Result<BlobWriter, BlobError> {
        let upload = self.store.put_multipart(&Path::from(key)).await?;
        Ok(BlobWriter { upload: WriteMultipart::new(upload) })
    }

    /// The whole object, or `None`.
    ///
    /// # Errors
    /// Whatever the store says, but for an object that is not there.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, BlobError> {
        match self.store.get(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Length in bytes, or `None` if there is no such object.
    ///
    /// # Errors
    /// Whatever the store says, but for an object that is not there.
    pub async fn len(&self, key: &str) -> Result<Option<u64>, BlobError> {
        match self.store.head(&Path::from(key)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Bytes of an object.
    ///
    /// # Errors
    /// Whatever the store says; the object and the range must exist.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        Ok(self.store.get_range(&Path::from(key), range).await?)
    }

    /// Removes one object; that it is not there is no error.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.store.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object below a prefix, which ends at a slash: key, and time of its last change in milliseconds since
    /// the epoch.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, i64)>, BlobError> {
        let found: Vec<_> = self.store.list(Some(&Path::from(prefix))).try_collect().await?;
        let entry = |object: object_store::ObjectMeta| {
            (object.location.to_string(), object.last_modified.timestamp_millis())
        };
        Ok(found.into_iter().map(entry).collect())
    }

    /// Removes every object below a prefix, which ends at a slash.
    ///
    /// # Errors
    /// Whatever the store says; some objects may be gone already.
    pub async fn delete_prefix(&self, prefix: &str) -> Result<(), BlobError> {
        let found: Vec<_> = self.store.list(Some(&Path::from(prefix))).try_collect().await?;
        for object in found {
            self.store.delete(&object.location).await?;
        }
        Ok(())
    }
}

/// An object being written.
#[derive(Debug)]
pub struct BlobWriter {
    upload: WriteMultipart,
}

impl BlobWriter {
    /// Adds bytes; waits while too many parts are under way, so that a fast sender does not fill the memory.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), BlobError> {
        self.upload.wait_for_capacity(2).await?;
        self.upload.write(chunk);
        Ok(())
    }

    /// Makes the object appear.
    ///
    /// # Errors
    /// Whatever the store says; then nothing appears.
    pub async fn finish(self) -> Result<(), BlobError> {
        self.upload.finish().await?;
        Ok(())
    }

    /// Gives the object up; nothing appears.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn abort(self) -> Result<(), BlobError> {
        Ok(self.upload.abort().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("blobs").to_str().unwrap()).unwrap();
        (folder, blobs)
    }

    #[tokio::test]
    async fn an_object_is_there_whole_or_not_at_all() {
        let (_folder, blobs) = open();
        assert_eq!(blobs.get("a/b").await.unwrap(), None);
        blobs.put("a/b", Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!(blobs.get("a/b").await.unwrap().unwrap(), "hello");
        assert_eq!(blobs.get_range("a/b", 1..3).await.unwrap(), "el");

        let mut writer = blobs.writer("a/c").await.unwrap();
        writer.write(b"half").await.unwrap();
        assert_eq!(blobs.get("a/c").await.unwrap(), None);
        writer.write(b" and half").await.unwrap();
        writer.finish().await.unwrap();
        assert_eq!(blobs.get("a/c").await.unwrap().unwrap(), "half and half");
        assert_eq!(blobs.len("a/c").await.unwrap(), Some(13));
    }

    #[tokio::test]
    async fn a_prefix_goes_without_its_neighbours() {
        let (_folder, blobs) = open();
        for key in ["x/1", "x/2/3", "xy"] {
            blobs.put(key, Bytes::from_static(b"!")).await.unwrap();
        }
        let mut keys: Vec<_> = blobs.list("x/").await.unwrap().into_iter().map(|(key, _)| key).collect();
        keys.sort();
        assert_eq!(keys, ["x/1", "x/2/3"]);
        blobs.delete("x/1").await.unwrap();
        blobs.delete("x/1").await.unwrap();
        assert_eq!(blobs.get("x/1").await.unwrap(), None);
        blobs.delete_prefix("x").await.unwrap();
        assert_eq!(blobs.get("x/2/3").await.unwrap(), None);
        assert!(blobs.get("xy").await.unwrap().is_some());
    }

    #[test]
    fn an_unknown_scheme_is_a_clear_error() {
        let error = Blobs::open("ftp://host/x").unwrap_err().to_string();
        assert!(error.contains("ftp:// is not supported"), "{error}");
    }
}
