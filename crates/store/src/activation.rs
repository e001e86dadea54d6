//! Hybrid activations: what a new node registers under. Not for: the rules on life time and limits, or codes: only
//! a code's hash comes here.

use crate::{Batch, Db, Expect, Query, Row, StoreError, Value, params, tag::Tag};
use muster_ids::{ActivationId, Tenant};

/// A row of `activation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Its id.
    pub id: ActivationId,
    /// Account and region.
    pub tenant: Tenant,
    /// SHA-256 of the code.
    pub code_hash: Vec<u8>,
    /// The operator's words.
    pub description: Option<String>,
    /// Name that its nodes get.
    pub default_instance_name: Option<String>,
    /// Role that its nodes get: a name, or a path and a name.
    pub iam_role: String,
    /// How many nodes may register.
    pub registration_limit: i64,
    /// How many have, ever.
    pub registrations_count: i64,
    /// From when on no node may register.
    pub expires_ms: i64,
    /// When it was made.
    pub created_ms: i64,
    /// Tags that its nodes get.
    pub tags: Vec<Tag>,
    /// Keys and values that the API takes and gives to nobody.
    pub registration_metadata: Vec<Tag>,
}

/// A condition on activations: one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// On the id.
    Id(Vec<String>),
    /// On the default name.
    DefaultInstanceName(Vec<String>),
    /// On the role, as it was given.
    IamRole(Vec<String>),
}

/// Where a page ended: the order is the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Creation of the last one seen.
    pub created_ms: i64,
    /// Its id.
    pub id: ActivationId,
}

const SELECT: &str = "SELECT activation_id, account_id, region, code_hash, description, default_instance_name, \
    iam_role, registration_limit, registrations_count, expires_ms, created_ms, tags, registration_metadata \
    FROM activation";

fn from_row(row: &Row) -> Result<Activation, StoreError> {
    Ok(Activation {
        id: row.parse(0)?,
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        code_hash: row.blob(3)?.to_vec(),
        description: row.opt_text(4)?.map(str::to_owned),
        default_instance_name: row.opt_text(5)?.map(str::to_owned),
        iam_role: row.text(6)?.to_owned(),
        registration_limit: row.int(7)?,
        registrations_count: row.int(8)?,
        expires_ms: row.int(9)?,
        created_ms: row.int(10)?,
        tags: row.json(11)?,
        registration_metadata: row.json(12)?,
    })
}

/// Adds an activation.
///
/// # Errors
/// [`StoreError::Corrupt`] if the tags cannot be written as JSON, which does not happen.
pub fn insert(activation: &Activation) -> Result<Batch, StoreError> {
    Ok(Batch::of(
        "INSERT INTO activation (activation_id, account_id, region, code_hash, description, \
         default_instance_name, iam_role, registration_limit, registrations_count, expires_ms, created_ms, tags, \
         registration_metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            activation.id.as_str(),
            activation.tenant.account.as_str(),
            activation.tenant.region.as_str(),
            &*activation.code_hash,
            activation.description.as_deref(),
            activation.default_instance_name.as_deref(),
            &*activation.iam_role,
            activation.registration_limit,
            activation.registrations_count,
            activation.expires_ms,
            activation.created_ms,
            Value::json(&activation.tags)?,
            Value::json(&activation.registration_metadata)?,
        ],
        Expect::Exactly(1),
    ))
}

/// Takes one of the activation's registrations. A conflict means that it is gone, expired or used up, or that its
/// code is another; nothing of the batch then happens, so put the new node's rows into the same one.
pub fn claim(id: &ActivationId, code_hash: &[u8], now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE activation SET registrations_count = registrations_count + 1 \
         WHERE activation_id = ?1 AND code_hash = ?2 AND expires_ms > ?3 AND registrations_count < registration_limit",
        params![id.as_str(), code_hash, now_ms],
        Expect::Exactly(1),
    )
}

/// Removes an activation. A conflict means that the tenant has no such one.
pub fn delete(tenant: &Tenant, id: &ActivationId) -> Batch {
    Batch::of(
        "DELETE FROM activation WHERE activation_id = ?1 AND account_id = ?2 AND region = ?3",
        params![id.as_str(), tenant.account.as_str(), tenant.region.as_str()],
        Expect::Exactly(1),
    )
}

/// The activation of this id, in whichever tenant: a registering node knows no account.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, id: &ActivationId) -> Result<Option<Activation>, StoreError> {
    let rows = Query::new(SELECT).and("activation_id = ?", id.as_str()).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// The tenant's activations that satisfy every predicate, the newest first, at most `limit` of them after `after`.
///
/// # Errors
/// The store's.
pub async fn page(
    db: &Db,
    tenant: &Tenant,
    predicates: &[Predicate],
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<Activation>, StoreError> {
    let mut query = Query::new(SELECT)
        .and("account_id = ?", tenant.account.as_str())
        .and("region = ?", tenant.region.as_str());
    for predicate in predicates {
        query = match predicate {
            Predicate::Id(values) => query.and_in("activation_id", values),
            Predicate::DefaultInstanceName(values) => query.and_in("default_instance_name", values),
            Predicate::IamRole(values) => query.and_in("iam_role", values),
        };
    }
    if let Some(Position { created_ms, id }) = after {
        query = query.and_all("(created_ms, activation_id) < (?, ?)", params![*created_ms, id.as_str()]);
    }
    let rows = query.order_by("created_ms DESC, activation_id DESC").limit(limit).scan(db).await?;
    rows.iter().map(from_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;
    use muster_ids::{AccountId, Region};

    fn activation(created_ms: i64, role: &str) -> Activation {
        Activation {
            id: ActivationId::random(),
            tenant: Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse("r").unwrap()),
            code_hash: vec![7; 32],
            description: None,
            default_instance_name: Some("name".to_owned()),
            iam_role: role.to_owned(),
            registration_limit: 3,
            registrations_count: 0,
            expires_ms: 1_000,
            created_ms,
            tags: vec![Tag { key: "k".to_owned(), value: "\"v\"".to_owned() }],
            registration_metadata: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_race_for_the_last_registration_has_one_winner() {
        on_each_engine(|db| async move {
            let one = activation(1, "role");
            db.write(insert(&one).unwrap()).await.unwrap();
            let conflict = Err(StoreError::Conflict { statement: 0 });
            assert_eq!(db.write(claim(&one.id, &[8; 32], 999)).await, conflict);
            assert_eq!(db.write(claim(&one.id, &[7; 32], 1_000)).await, conflict);
            let claims = (0..10).map(|_| db.write(claim(&one.id, &[7; 32], 999)));
            let won = futures_util::future::join_all(claims).await.into_iter().filter(Result::is_ok).count();
            assert_eq!(won, 3);
            assert_eq!(find(&db, &one.id).await.unwrap().map(|found| found.registrations_count), Some(3));

            let elsewhere = Tenant { region: Region::parse("s").unwrap(), ..one.tenant.clone() };
            assert_eq!(db.write(delete(&elsewhere, &one.id)).await, conflict);
            db.write(delete(&one.tenant, &one.id)).await.unwrap();
            assert_eq!(find(&db, &one.id).await.unwrap(), None);
            assert_eq!(db.write(delete(&one.tenant, &one.id)).await, conflict);
        })
        .await;
    }

    #[tokio::test]
    async fn pages_go_from_new_to_old() {
        on_each_engine(|db| async move {
            // Several of the same moment, so that the id decides between them.
            let mut all: Vec<_> = [1, 2, 2, 2, 3].map(|created| activation(created, "a")).to_vec();
            all.push(activation(2, "b"));
            for one in &all {
                db.write(insert(one).unwrap()).await.unwrap();
            }
            all.sort_by(|one, other| (other.created_ms, &other.id).cmp(&(one.created_ms, &one.id)));
            let (tenant, mut seen, mut after) = (all[0].tenant.clone(), Vec::new(), None);
            loop {
                let rows = page(&db, &tenant, &[], after.as_ref(), 2).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(Position { created_ms: last.created_ms, id: last.id.clone() });
                seen.extend(rows);
            }
            assert_eq!(seen, all);

            let ids = Predicate::Id(vec![all[0].id.to_string(), all[1].id.to_string(), "other".to_owned()]);
            assert_eq!(page(&db, &tenant, &[ids], None, 9).await.unwrap(), all[..2]);
            let (role, name) = (vec!["b".to_owned()], vec!["name".to_owned()]);
            let both = [Predicate::IamRole(role), Predicate::DefaultInstanceName(name)];
            assert_eq!(page(&db, &tenant, &both, None, 9).await.unwrap().len(), 1);
            assert!(page(&db, &tenant, &[Predicate::IamRole(Vec::new())], None, 9).await.unwrap().is_empty());
        })
        .await;
    }
}
