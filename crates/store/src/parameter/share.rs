//! Resource policies of parameters, and which accounts they are about. Not for: what they say, or whether a caller may.

use super::{BODY, Condition, Parameter, parameter, select};
use crate::{Batch, Db, Expect, StoreError, filter::Clause, params};
use muster_ids::{AccountId, Tenant};

/// A resource policy of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePolicy {
    /// Unique in a parameter.
    pub id: String,
    /// Names the document as it is.
    pub hash: String,
    /// JSON.
    pub document: String,
}

/// The resource policies of a parameter, by their ids.
///
/// # Errors
/// The store's.
pub async fn resource_policies(
    db: &Db,
    tenant: &Tenant,
    path: &str,
) -> Result<Vec<ResourcePolicy>, StoreError> {
    let sql = "SELECT policy_id, hash, document FROM parameter_resource_policy \
               WHERE account_id = ?1 AND region = ?2 AND path = ?3 ORDER BY policy_id";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), path]).await?;
    let policy = |row: &crate::Row| {
        let text = |column| row.text(column).map(str::to_owned);
        Ok(ResourcePolicy { id: text(0)?, hash: text(1)?, document: text(2)? })
    };
    rows.iter().map(policy).collect()
}

/// Adds a policy, or puts one in the place of that with the hash `instead_of`. It is about `accounts`. A conflict in the
/// first statement means that the parameter is gone or was changed in what the writer decided by, in the second that
/// there is no such policy with that hash; a duplicate, that there is one already.
pub fn put_resource_policy(
    tenant: &Tenant,
    (path, revision): (&str, i64),
    policy: &ResourcePolicy,
    instead_of: Option<&str>,
    accounts: &[AccountId],
) -> Batch {
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let mut batch = decided(tenant, path, revision);
    match instead_of {
        None => batch.push(
            "INSERT INTO parameter_resource_policy (account_id, region, path, policy_id, hash, document) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![account, region, path, &*policy.id, &*policy.hash, &*policy.document],
            Expect::Exactly(1),
        ),
        Some(hash) => batch.push(
            "UPDATE parameter_resource_policy SET hash = ?5, document = ?6 \
             WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND policy_id = ?4 AND hash = ?7",
            params![account, region, path, &*policy.id, &*policy.hash, &*policy.document, hash],
            Expect::Exactly(1),
        ),
    };
    batch.append(unshare(tenant, path, &policy.id));
    for with in accounts {
        batch.push(
            "INSERT INTO parameter_share (principal_account, region, account_id, path, policy_id) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![with.as_str(), region, account, path, &*policy.id],
            Expect::Exactly(1),
        );
    }
    batch
}

/// Removes the policy that has this hash. Conflicts as above.
pub fn delete_resource_policy(tenant: &Tenant, (path, revision): (&str, i64), id: &str, hash: &str) -> Batch {
    let mut batch = decided(tenant, path, revision);
    batch.push(
        "DELETE FROM parameter_resource_policy \
         WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND policy_id = ?4 AND hash = ?5",
        params![tenant.account.as_str(), tenant.region.as_str(), path, id, hash],
        Expect::Exactly(1),
    );
    batch.append(unshare(tenant, path, id));
    batch
}

/// Removes all policies, when the parameter goes.
pub(super) fn remove_all(tenant: &Tenant, path: &str) -> Batch {
    let of_it = || params![tenant.account.as_str(), tenant.region.as_str(), path];
    let mut batch = Batch::of(
        "DELETE FROM parameter_resource_policy WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        of_it(),
        Expect::Any,
    );
    batch.push(
        "DELETE FROM parameter_share WHERE account_id = ?1 AND region = ?2 AND path = ?3",
        of_it(),
        Expect::Any,
    );
    batch
}

/// Whoever decides by the parameter decides again: sharing depends on its tier and key.
fn decided(tenant: &Tenant, path: &str, revision: i64) -> Batch {
    Batch::of(
        "UPDATE parameter SET revision = revision + 1 \
         WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND revision = ?4",
        params![tenant.account.as_str(), tenant.region.as_str(), path, revision],
        Expect::Exactly(1),
    )
}

fn unshare(tenant: &Tenant, path: &str, id: &str) -> Batch {
    Batch::of(
        "DELETE FROM parameter_share WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND policy_id = ?4",
        params![tenant.account.as_str(), tenant.region.as_str(), path, id],
        Expect::Any,
    )
}

/// A page of the parameters of other accounts that policies share with this tenant's account in its region and that
/// satisfy every condition, by owner and path, after `after`.
///
/// # Errors
/// The store's.
pub async fn page_shared(
    db: &Db,
    with: &Tenant,
    conditions: &[Condition],
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<(AccountId, Parameter)>, StoreError> {
    let mut clause = Clause::new();
    let mut wheres = vec![
        format!("s.principal_account = {}", clause.bind(with.account.as_str())),
        format!("s.region = {}", clause.bind(with.region.as_str())),
    ];
    if let Some((account, path)) = after {
        wheres.push(format!("(s.account_id, s.path) > ({}, {})", clause.bind(account), clause.bind(path)));
    }
    let mut outer: Vec<String> =
        conditions.iter().map(|condition| select::term(&mut clause, with, "p", condition, None)).collect();
    outer.push("1 = 1".to_owned());
    let limit = clause.bind(limit);
    let columns =
        BODY.split(", ").map(|column| format!("p.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT p.path, p.revision, {columns}, p.account_id FROM \
         (SELECT DISTINCT s.region, s.account_id, s.path FROM parameter_share s WHERE {}) x \
         JOIN parameter p ON p.account_id = x.account_id AND p.region = x.region AND p.path = x.path \
         WHERE {} ORDER BY p.account_id, p.path LIMIT {limit}",
        wheres.join(" AND "),
        outer.join(" AND ")
    );
    let rows = db.scan(sql, clause.into_params()).await?;
    rows.iter().map(|row| Ok((row.parse(14)?, parameter(row)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::{Body, Column, create, delete, find};
    use crate::testing::on_each_engine;
    use muster_ids::Region;

    fn tenant(account: &str, region: &str) -> Tenant {
        Tenant::new(AccountId::parse(account).unwrap(), Region::parse(region).unwrap())
    }

    fn policy(id: &str, hash: &str) -> ResourcePolicy {
        ResourcePolicy { id: id.to_owned(), hash: hash.to_owned(), document: format!("document {hash}") }
    }

    async fn make(db: &Db, tenant: &Tenant, path: &str) {
        let body = Body {
            kind: "String".to_owned(),
            tier: "Advanced".to_owned(),
            data_type: "text".to_owned(),
            key_id: None,
            allowed_pattern: None,
            policies: None,
            description: None,
            value: b"v".to_vec().into(),
        };
        db.write(create(tenant, path, path, 1, &body, None, 1, "arn", 10)).await.unwrap();
    }

    async fn revision(db: &Db, tenant: &Tenant, path: &str) -> i64 {
        find(db, tenant, path).await.unwrap().unwrap().revision
    }

    async fn shared(
        db: &Db,
        with: &Tenant,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Vec<(String, String)> {
        let found = page_shared(db, with, &[], after, limit).await.unwrap();
        found.into_iter().map(|(account, found)| (account.to_string(), found.path)).collect()
    }

    fn places(places: &[(&str, &str)]) -> Vec<(String, String)> {
        places.iter().map(|(account, path)| ((*account).to_owned(), (*path).to_owned())).collect()
    }

    #[tokio::test]
    async fn policies_are_put_replaced_and_deleted_by_hash() {
        on_each_engine(|db| async move {
            let here = tenant("111111111111", "r");
            make(&db, &here, "/a").await;
            let at = async || ("/a", revision(&db, &here, "/a").await);
            let put = async |policy: ResourcePolicy, instead_of: Option<&str>| {
                db.write(put_resource_policy(&here, at().await, &policy, instead_of, &[])).await
            };
            put(policy("1", "h1"), None).await.unwrap();
            assert!(matches!(put(policy("1", "h2"), None).await, Err(StoreError::Duplicate { .. })));
            let stale = put(policy("1", "h2"), Some("h0")).await;
            assert_eq!(stale, Err(StoreError::Conflict { statement: 1 }));
            put(policy("1", "h2"), Some("h1")).await.unwrap();
            put(policy("2", "h3"), None).await.unwrap();
            let both = [policy("1", "h2"), policy("2", "h3")];
            assert_eq!(resource_policies(&db, &here, "/a").await.unwrap(), both);
            let late = put_resource_policy(&here, ("/a", 1), &policy("3", "h"), None, &[]);
            assert_eq!(db.write(late).await, Err(StoreError::Conflict { statement: 0 }));
            let wrong = delete_resource_policy(&here, at().await, "1", "h1");
            assert_eq!(db.write(wrong).await, Err(StoreError::Conflict { statement: 1 }));
            db.write(delete_resource_policy(&here, at().await, "1", "h2")).await.unwrap();
            assert_eq!(resource_policies(&db, &here, "/a").await.unwrap(), both[1..]);
            let (_, revision) = at().await;
            db.write(delete(&here, "/a", revision, "Advanced")).await.unwrap();
            assert_eq!(resource_policies(&db, &here, "/a").await.unwrap(), []);
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_shared_is_listed_once_and_in_pages() {
        on_each_engine(|db| async move {
            let [one, two] = ["111111111111", "222222222222"].map(|account| tenant(account, "r"));
            let reader = tenant("333333333333", "r");
            for (owner, path) in [(&one, "/b"), (&one, "/a"), (&two, "/a"), (&two, "/unshared")] {
                make(&db, owner, path).await;
            }
            for (owner, path, id) in
                [(&one, "/b", "1"), (&one, "/b", "2"), (&one, "/a", "3"), (&two, "/a", "4")]
            {
                let at = (path, revision(&db, owner, path).await);
                let accounts = [reader.account.clone()];
                db.write(put_resource_policy(owner, at, &policy(id, "h"), None, &accounts)).await.unwrap();
            }
            let all = places(&[("111111111111", "/a"), ("111111111111", "/b"), ("222222222222", "/a")]);
            assert_eq!(shared(&db, &reader, None, 9).await, all);
            assert_eq!(shared(&db, &reader, None, 2).await, all[..2]);
            assert_eq!(shared(&db, &reader, Some(("111111111111", "/b")), 9).await, all[2..]);
            assert_eq!(shared(&db, &tenant("333333333333", "s"), None, 9).await, []);
            assert_eq!(shared(&db, &one, None, 9).await, []);
            let named = [Condition::BeginsWith(Column::Path, vec!["/b".to_owned()])];
            assert_eq!(page_shared(&db, &reader, &named, None, 9).await.unwrap().len(), 1);

            let at = ("/b", revision(&db, &one, "/b").await);
            db.write(put_resource_policy(&one, at, &policy("1", "i"), Some("h"), &[])).await.unwrap();
            assert_eq!(shared(&db, &reader, None, 9).await, all, "the other policy shares it still");
            let at = ("/b", revision(&db, &one, "/b").await);
            db.write(delete_resource_policy(&one, at, "2", "h")).await.unwrap();
            assert_eq!(
                shared(&db, &reader, None, 9).await,
                places(&[("111111111111", "/a"), ("222222222222", "/a")])
            );
            db.write(delete(&two, "/a", revision(&db, &two, "/a").await, "Advanced")).await.unwrap();
            assert_eq!(shared(&db, &reader, None, 9).await, all[..1]);
        })
        .await;
    }
}
