//! Service settings that a tenant changed. A setting without a row has its default. Not for: which settings there are,
//! what they may be, or what they do.

use crate::{Batch, Db, Expect, StoreError, params};
use muster_ids::Tenant;

/// A changed setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its value.
    pub value: String,
    /// When it was changed.
    pub modified_ms: i64,
    /// ARN of who changed it.
    pub modified_by: String,
}

/// A setting of the tenant; `None` if it has its default.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, tenant: &Tenant, setting_id: &str) -> Result<Option<Changed>, StoreError> {
    let sql = "SELECT value, modified_ms, modified_by FROM service_setting \
               WHERE account_id = ?1 AND region = ?2 AND setting_id = ?3";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), setting_id]).await?;
    let changed = rows.first().map(|row| -> Result<_, StoreError> {
        let (value, modified_by) = (row.text(0)?.to_owned(), row.text(2)?.to_owned());
        Ok(Changed { value, modified_ms: row.int(1)?, modified_by })
    });
    changed.transpose()
}

/// Changes a setting.
pub fn set(tenant: &Tenant, setting_id: &str, changed: &Changed) -> Batch {
    Batch::of(
        "INSERT INTO service_setting (account_id, region, setting_id, value, modified_ms, modified_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (account_id, region, setting_id) DO UPDATE SET value = excluded.value, \
         modified_ms = excluded.modified_ms, modified_by = excluded.modified_by",
        params![
            tenant.account.as_str(),
            tenant.region.as_str(),
            setting_id,
            &*changed.value,
            changed.modified_ms,
            &*changed.modified_by,
        ],
        Expect::Exactly(1),
    )
}

/// Gives a setting its default again.
pub fn reset(tenant: &Tenant, setting_id: &str) -> Batch {
    Batch::of(
        "DELETE FROM service_setting WHERE account_id = ?1 AND region = ?2 AND setting_id = ?3",
        params![tenant.account.as_str(), tenant.region.as_str(), setting_id],
        Expect::Any,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;
    use muster_ids::{AccountId, Region};

    #[tokio::test]
    async fn a_setting_is_changed_and_reset() {
        on_each_engine(|db| async move {
            let account = AccountId::parse("123456789012").unwrap();
            let [here, there] =
                ["here", "there"].map(|region| Tenant::new(account.clone(), Region::parse(region).unwrap()));
            let changed = |value: &str, modified_ms| Changed {
                value: value.to_owned(),
                modified_ms,
                modified_by: "arn".to_owned(),
            };
            assert_eq!(find(&db, &here, "/a").await.unwrap(), None);
            db.write(set(&here, "/a", &changed("1", 1))).await.unwrap();
            db.write(set(&here, "/a", &changed("2", 2))).await.unwrap();
            assert_eq!(find(&db, &here, "/a").await.unwrap(), Some(changed("2", 2)));
            assert_eq!(find(&db, &here, "/b").await.unwrap(), None);
            assert_eq!(find(&db, &there, "/a").await.unwrap(), None);
            db.write(reset(&there, "/a")).await.unwrap();
            db.write(reset(&here, "/a")).await.unwrap();
            db.write(reset(&here, "/a")).await.unwrap();
            assert_eq!(find(&db, &here, "/a").await.unwrap(), None);
        })
        .await;
    }
}
