//! What keys encrypt with: 32 bytes each, sealed by the caller. Not for: the bytes themselves.

use crate::{Batch, Db, Expect, Query, Row, StoreError, params};
use muster_ids::KeyId;

/// Why there is new material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The period was over.
    Automatic,
    /// Somebody asked for it.
    OnDemand,
}

impl Rotation {
    /// The word in the table and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "AUTOMATIC",
            Self::OnDemand => "ON_DEMAND",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "AUTOMATIC" => Ok(Self::Automatic),
            "ON_DEMAND" => Ok(Self::OnDemand),
            _ => Err(StoreError::Corrupt("kms_material.rotation holds an unknown word".to_owned())),
        }
    }
}

/// A row of `kms_material`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The material under the installation's key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_ms: i64,
    /// `None` for a key's first.
    pub rotation: Option<Rotation>,
}

fn from_row(row: &Row) -> Result<Material, StoreError> {
    Ok(Material {
        id: row.text(0)?.to_owned(),
        sealed: row.blob(1)?.to_vec(),
        created_ms: row.int(2)?,
        rotation: row.opt_text(3)?.map(Rotation::read).transpose()?,
    })
}

const SELECT: &str = "SELECT material_id, sealed, created_ms, rotation FROM kms_material";

pub(super) fn insert(key: &KeyId, material: &Material) -> Batch {
    Batch::of(
        "INSERT INTO kms_material (key_id, material_id, sealed, created_ms, rotation) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            key.as_str(),
            &*material.id,
            &*material.sealed,
            material.created_ms,
            material.rotation.map(Rotation::as_str)
        ],
        Expect::Exactly(1),
    )
}

/// One material of a key.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, key: &KeyId, material_id: &str) -> Result<Option<Material>, StoreError> {
    let query = Query::new(SELECT).and("key_id = ?", key.as_str()).and("material_id = ?", material_id);
    query.read(db).await?.first().map(from_row).transpose()
}

/// All of a key's, the oldest first.
///
/// # Errors
/// The store's.
pub async fn of_key(db: &Db, key: &KeyId) -> Result<Vec<Material>, StoreError> {
    let query = Query::new(SELECT).and("key_id = ?", key.as_str()).order_by("created_ms, material_id");
    query.scan(db).await?.iter().map(from_row).collect()
}
