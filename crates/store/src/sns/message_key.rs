//! Keys that sign messages of topics: the private key sealed, the certificate for whoever verifies.

use crate::{Batch, Db, Expect, Row, StoreError, params};

/// A row of `message_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKey {
    /// Part of the certificate's URL.
    pub id: String,
    /// PKCS#8, sealed.
    pub private_sealed: Vec<u8>,
    /// PEM.
    pub certificate: String,
    /// When it was made.
    pub created_ms: i64,
}

fn from_row(row: &Row) -> Result<MessageKey, StoreError> {
    Ok(MessageKey {
        id: row.text(0)?.to_owned(),
        private_sealed: row.blob(1)?.to_vec(),
        certificate: row.text(2)?.to_owned(),
        created_ms: row.int(3)?,
    })
}

/// Adds a key.
pub fn insert(key: &MessageKey) -> Batch {
    Batch::of(
        "INSERT INTO message_key (key_id, private_sealed, certificate, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![&*key.id, &*key.private_sealed, &*key.certificate, key.created_ms],
        Expect::Exactly(1),
    )
}

/// The newest key.
///
/// # Errors
/// The store's.
pub async fn newest(db: &Db) -> Result<Option<MessageKey>, StoreError> {
    let sql = "SELECT key_id, private_sealed, certificate, created_ms FROM message_key \
               ORDER BY created_ms DESC, key_id LIMIT 1";
    db.read(sql, params![]).await?.first().map(from_row).transpose()
}

/// The key of this id.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &str) -> Result<Option<MessageKey>, StoreError> {
    let sql = "SELECT key_id, private_sealed, certificate, created_ms FROM message_key WHERE key_id = ?1";
    db.read(sql, params![id]).await?.first().map(from_row).transpose()
}
