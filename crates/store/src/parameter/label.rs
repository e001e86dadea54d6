//! Labels: names for versions, each on one version of its parameter at a time.

use crate::{Batch, Db, Expect, StoreError, filter::Clause, params};
use muster_ids::Tenant;

/// The labels of a parameter and the versions that they stand on, by label.
///
/// # Errors
/// The store's.
pub async fn labels_of(db: &Db, tenant: &Tenant, path: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT label, version FROM parameter_label WHERE account_id = ?1 AND region = ?2 AND path = ?3 \
               ORDER BY label";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), path]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect()
}

/// Puts labels on a version, from wherever they stand. A conflict in the first statement means that the parameter is
/// gone or was changed in what the writer decided by, in another that the version is gone: read it again.
pub fn set_labels(tenant: &Tenant, path: &str, revision: i64, version: i64, labels: &[String]) -> Batch {
    let mut batch = Batch::of(
        "UPDATE parameter SET revision = revision + 1 \
         WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND revision = ?4",
        params![tenant.account.as_str(), tenant.region.as_str(), path, revision],
        Expect::Exactly(1),
    );
    for label in labels {
        // From the version's own row, which a writer at the limit may just have removed.
        batch.push(
            "INSERT INTO parameter_label (account_id, region, path, label, version) \
             SELECT account_id, region, path, CAST(?5 AS TEXT), version FROM parameter_version \
             WHERE account_id = ?1 AND region = ?2 AND path = ?3 AND version = ?4 \
             ON CONFLICT (account_id, region, path, label) DO UPDATE SET version = excluded.version",
            params![tenant.account.as_str(), tenant.region.as_str(), path, version, label],
            Expect::Exactly(1),
        );
    }
    batch
}

/// Takes labels from a version; the rows of the statement name those that stood on it.
pub fn unset_labels(tenant: &Tenant, path: &str, version: i64, labels: &[String]) -> Batch {
    let mut clause = Clause::new();
    let account = clause.bind(tenant.account.as_str());
    let region = clause.bind(tenant.region.as_str());
    let (path, version) = (clause.bind(path), clause.bind(version));
    let labels = clause.bind_all(labels);
    let sql = format!(
        "DELETE FROM parameter_label WHERE account_id = {account} AND region = {region} AND path = {path} \
         AND version = {version} AND label IN ({labels}) RETURNING label"
    );
    Batch::of(sql, clause.into_params(), Expect::Any)
}
