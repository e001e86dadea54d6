//! Inline policies of users, groups and roles. Not for: whether a document is good, or how long it may be.

use super::{Entity, Kind};
use crate::{Batch, Db, Expect, StoreError, params};
use muster_ids::AccountId;

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// Unique in its entity.
    pub name: String,
    /// The policy document, as it was given.
    pub document: String,
}

/// Sets a policy.
pub fn put(entity: Entity<'_>, name: &str, document: &str) -> Batch {
    let mut params = entity.params();
    params.extend(params![name, document]);
    Batch::of(
        "INSERT INTO iam_inline_policy (account_id, entity_kind, entity_key, name, document) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (account_id, entity_kind, entity_key, name) DO UPDATE SET document = excluded.document",
        params,
        Expect::Exactly(1),
    )
}

/// Removes a policy. A conflict means that there is none of this name.
pub fn delete(entity: Entity<'_>, name: &str) -> Batch {
    let mut params = entity.params();
    params.push(name.into());
    Batch::of(
        "DELETE FROM iam_inline_policy \
         WHERE account_id = ?1 AND entity_kind = ?2 AND entity_key = ?3 AND name = ?4",
        params,
        Expect::Exactly(1),
    )
}

/// An entity's policies, by name.
///
/// # Errors
/// The store's.
pub async fn of_entity(db: &Db, entity: Entity<'_>) -> Result<Vec<Inline>, StoreError> {
    let sql = "SELECT name, document FROM iam_inline_policy \
               WHERE account_id = ?1 AND entity_kind = ?2 AND entity_key = ?3 ORDER BY name";
    let rows = db.read(sql, entity.params()).await?;
    rows.iter()
        .map(|row| Ok(Inline { name: row.text(0)?.to_owned(), document: row.text(1)?.to_owned() }))
        .collect()
}

/// The inline policies of a user's groups: `(key of the group, policy)`.
///
/// # Errors
/// The store's.
pub async fn of_groups_of(
    db: &Db,
    account: &AccountId,
    user: &str,
) -> Result<Vec<(String, Inline)>, StoreError> {
    let sql = "SELECT p.entity_key, p.name, p.document FROM iam_membership m JOIN iam_inline_policy p \
               ON p.account_id = m.account_id AND p.entity_kind = ?3 AND p.entity_key = m.group_key \
               WHERE m.account_id = ?1 AND m.user_key = ?2 ORDER BY p.entity_key, p.name";
    let rows = db.read(sql, params![account, super::key(user), Kind::Group.as_str()]).await?;
    rows.iter()
        .map(|row| {
            let policy = Inline { name: row.text(1)?.to_owned(), document: row.text(2)?.to_owned() };
            Ok((row.text(0)?.to_owned(), policy))
        })
        .collect()
}
