//! Parameters whose policies have something to do, found by the time of the next one. Not for: what they do.

use super::{Parameter, parameter};
use crate::{Batch, Db, Expect, StoreError, params};
use muster_ids::Tenant;

/// Parameters that are due at `now_ms`, the longest due first.
///
/// # Errors
/// The store's.
pub async fn due(db: &Db, now_ms: i64, limit: i64) -> Result<Vec<(Tenant, Parameter)>, StoreError> {
    let sql = "SELECT path, revision, version, name, type, tier, data_type, key_id, allowed_pattern, policies, \
               description, value, modified_ms, modified_by, account_id, region \
               FROM parameter WHERE due_ms IS NOT NULL AND due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
    let rows = db.read(sql, params![now_ms, limit]).await?;
    rows.iter().map(|row| Ok((Tenant::new(row.parse(14)?, row.parse(15)?), parameter(row)?))).collect()
}

/// When the next parameter is due, of all tenants.
///
/// # Errors
/// The store's.
pub async fn next_due(db: &Db) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT due_ms FROM parameter WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1";
    let rows = db.read(sql, params![]).await?;
    rows.first().map(|row| row.int(0)).transpose()
}

/// Notes what policies have done, and when the next is due. A conflict means that the parameter is gone or was changed
/// meanwhile in what this was decided by. A new value alone is no such change, but it may have moved what is due:
/// hence the version.
pub fn note_policies(tenant: &Tenant, seen: &Parameter, policies: &str, due_ms: Option<i64>) -> Batch {
    Batch::of(
        "UPDATE parameter SET policies = ?6, due_ms = CAST(?7 AS BIGINT), revision = revision + 1 \
         WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND revision = ?4 AND version = ?5",
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            &*seen.path,
            seen.revision,
            seen.latest.number,
            policies,
            due_ms,
        ],
        Expect::Exactly(1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::{self, Body, create, find};
    use crate::testing::on_each_engine;
    use muster_ids::{AccountId, Region};

    #[tokio::test]
    async fn the_due_are_found_in_the_order_of_their_time() {
        on_each_engine(|db| async move {
            let account = AccountId::parse("123456789012").unwrap();
            let [here, there] =
                ["here", "there"].map(|region| Tenant::new(account.clone(), Region::parse(region).unwrap()));
            let body = Body {
                kind: "String".to_owned(),
                tier: "Advanced".to_owned(),
                data_type: "text".to_owned(),
                key_id: None,
                allowed_pattern: None,
                policies: Some("[]".to_owned()),
                description: None,
                value: b"v".to_vec().into(),
            };
            assert_eq!(next_due(&db).await.unwrap(), None);
            for (tenant, path, due) in [
                (&here, "/a", Some(30)),
                (&here, "/b", Some(10)),
                (&there, "/a", Some(20)),
                (&here, "/c", None),
            ] {
                db.write(create(tenant, path, path, 1, &body, due, 1, "arn", 10)).await.unwrap();
            }
            assert_eq!(next_due(&db).await.unwrap(), Some(10));
            let found = due(&db, 20, 10).await.unwrap();
            let places: Vec<_> =
                found.iter().map(|(tenant, found)| (tenant.clone(), found.path.as_str())).collect();
            assert_eq!(places, [(here.clone(), "/b"), (there.clone(), "/a")]);
            assert_eq!(due(&db, 30, 1).await.unwrap().len(), 1);
            assert_eq!(due(&db, 9, 10).await.unwrap(), []);

            let (_, seen) = &found[0];
            db.write(note_policies(&here, seen, "[1]", Some(40))).await.unwrap();
            let again = db.write(note_policies(&here, seen, "[1]", None)).await;
            assert_eq!(again, Err(StoreError::Conflict { statement: 0 }));
            let now = find(&db, &here, "/b").await.unwrap().unwrap();
            assert_eq!(now.latest.body.policies.as_deref(), Some("[1]"));
            db.write(note_policies(&here, &now, "[2]", None)).await.unwrap();
            assert_eq!(next_due(&db).await.unwrap(), Some(20));
            assert_eq!(parameter::versions(&db, &here, "/b", 0, 9).await.unwrap().len(), 1);
        })
        .await;
    }
}
