//! Which managed policies are attached to which users, groups and roles. Not for: what the policies say.

use super::{Entity, Kind};
use crate::{Batch, Db, Expect, StoreError, params};
use muster_ids::AccountId;
use std::collections::BTreeMap;

/// An identity that a policy is attached to, or the boundary of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What it is.
    pub kind: Kind,
    /// Its name, as it was given.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its unique id.
    pub id: String,
}

/// How often a policy is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// As an attached policy.
    pub attached: i64,
    /// As a permissions boundary.
    pub boundary: i64,
}

/// Attaches a policy; once more does no harm.
pub fn attach(entity: Entity<'_>, policy_arn: &str) -> Batch {
    let mut params = entity.params();
    params.push(policy_arn.into());
    Batch::of(
        "INSERT INTO iam_attachment (account_id, entity_kind, entity_key, policy_arn) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (account_id, entity_kind, entity_key, policy_arn) DO NOTHING",
        params,
        Expect::Any,
    )
}

/// Detaches a policy. A conflict means that it is not attached.
pub fn detach(entity: Entity<'_>, policy_arn: &str) -> Batch {
    let mut params = entity.params();
    params.push(policy_arn.into());
    Batch::of(
        "DELETE FROM iam_attachment \
         WHERE account_id = ?1 AND entity_kind = ?2 AND entity_key = ?3 AND policy_arn = ?4",
        params,
        Expect::Exactly(1),
    )
}

/// ARNs of the policies attached to an entity, in their order.
///
/// # Errors
/// The store's.
pub async fn of_entity(db: &Db, entity: Entity<'_>) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT policy_arn FROM iam_attachment \
               WHERE account_id = ?1 AND entity_kind = ?2 AND entity_key = ?3 ORDER BY policy_arn";
    let rows = db.read(sql, entity.params()).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// The policies attached to a user's groups: `(key of the group, ARN)`.
///
/// # Errors
/// The store's.
pub async fn of_groups_of(
    db: &Db,
    account: &AccountId,
    user: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT a.entity_key, a.policy_arn FROM iam_membership m JOIN iam_attachment a \
               ON a.account_id = m.account_id AND a.entity_kind = ?3 AND a.entity_key = m.group_key \
               WHERE m.account_id = ?1 AND m.user_key = ?2 ORDER BY a.entity_key, a.policy_arn";
    let rows = db.read(sql, params![account, super::key(user), Kind::Group.as_str()]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Who has a policy attached: users, groups and roles, by kind and name.
///
/// # Errors
/// The store's.
pub async fn holders(db: &Db, account: &AccountId, policy_arn: &str) -> Result<Vec<Holder>, StoreError> {
    let sql = "SELECT 'group', g.name, g.path, g.group_id, g.group_key FROM iam_attachment a JOIN iam_group g \
                 ON g.account_id = a.account_id AND g.group_key = a.entity_key \
                 WHERE a.account_id = ?1 AND a.policy_arn = ?2 AND a.entity_kind = 'group' \
               UNION ALL \
               SELECT 'role', r.name, r.path, r.role_id, r.role_key FROM iam_attachment a JOIN iam_role r \
                 ON r.account_id = a.account_id AND r.role_key = a.entity_key \
                 WHERE a.account_id = ?1 AND a.policy_arn = ?2 AND a.entity_kind = 'role' \
               UNION ALL \
               SELECT 'user', u.name, u.path, u.user_id, u.user_key FROM iam_attachment a JOIN iam_user u \
                 ON u.account_id = a.account_id AND u.user_key = a.entity_key \
                 WHERE a.account_id = ?1 AND a.policy_arn = ?2 AND a.entity_kind = 'user' \
               ORDER BY 1, 5";
    holders_of(db, sql, account, policy_arn).await
}

/// Whose permissions boundary a policy is: users and roles, by kind and name.
///
/// # Errors
/// The store's.
pub async fn bounded(db: &Db, account: &AccountId, policy_arn: &str) -> Result<Vec<Holder>, StoreError> {
    let sql = "SELECT 'role', name, path, role_id, role_key FROM iam_role \
                 WHERE account_id = ?1 AND boundary_arn = ?2 \
               UNION ALL \
               SELECT 'user', name, path, user_id, user_key FROM iam_user \
                 WHERE account_id = ?1 AND boundary_arn = ?2 \
               ORDER BY 1, 5";
    holders_of(db, sql, account, policy_arn).await
}

async fn holders_of(
    db: &Db,
    sql: &'static str,
    account: &AccountId,
    policy_arn: &str,
) -> Result<Vec<Holder>, StoreError> {
    let rows = db.scan(sql, params![account, policy_arn]).await?;
    rows.iter()
        .map(|row| {
            Ok(Holder {
                kind: Kind::read(row.text(0)?)?,
                name: row.text(1)?.to_owned(),
                path: row.text(2)?.to_owned(),
                id: row.text(3)?.to_owned(),
            })
        })
        .collect()
}

/// How often each policy that is used at all is used in the account, by ARN.
///
/// # Errors
/// The store's.
pub async fn uses(db: &Db, account: &AccountId) -> Result<BTreeMap<String, Uses>, StoreError> {
    let sql = "SELECT policy_arn, count(*), 0 FROM iam_attachment WHERE account_id = ?1 GROUP BY policy_arn \
               UNION ALL \
               SELECT boundary_arn, 0, count(*) FROM iam_user \
                 WHERE account_id = ?1 AND boundary_arn IS NOT NULL GROUP BY boundary_arn \
               UNION ALL \
               SELECT boundary_arn, 0, count(*) FROM iam_role \
                 WHERE account_id = ?1 AND boundary_arn IS NOT NULL GROUP BY boundary_arn";
    let mut uses = BTreeMap::<String, Uses>::new();
    for row in db.scan(sql, params![account]).await? {
        let entry = uses.entry(row.text(0)?.to_owned()).or_default();
        entry.attached += row.int(1)?;
        entry.boundary += row.int(2)?;
    }
    Ok(uses)
}

/// How often one policy is used in the account.
///
/// # Errors
/// The store's.
pub async fn uses_of(db: &Db, account: &AccountId, policy_arn: &str) -> Result<Uses, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM iam_attachment WHERE account_id = ?1 AND policy_arn = ?2), \
               (SELECT count(*) FROM iam_user WHERE account_id = ?1 AND boundary_arn = ?2) \
               + (SELECT count(*) FROM iam_role WHERE account_id = ?1 AND boundary_arn = ?2)";
    let rows = db.scan(sql, params![account, policy_arn]).await?;
    let Some(row) = rows.first() else { return Ok(Uses::default()) };
    Ok(Uses { attached: row.int(0)?, boundary: row.int(1)? })
}
