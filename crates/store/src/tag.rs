//! Tags of any resource, and the resources that carry given tags. Not for: which keys are allowed, or whether a
//! resource exists: the caller puts a guard on the resource's own row in front of these batches.

use crate::{Batch, Db, Expect, StoreError, engine::prefix_end, filter::Clause, params};
use muster_ids::Tenant;
use serde::{Deserialize, Serialize};

/// Resource type of managed nodes, as the API names it.
pub const MANAGED_INSTANCE: &str = "ManagedInstance";

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Unique in a resource.
    pub key: String,
    /// May be empty.
    pub value: String,
}

/// Which resources: those that carry the key, with one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Any of these keys, with any value.
    Keys(Vec<String>),
    /// This key with any of these values.
    Values {
        /// The key.
        key: String,
        /// The values.
        values: Vec<String>,
    },
    /// This key with a value that begins with one of these.
    Prefixes {
        /// The key.
        key: String,
        /// What the values begin with.
        prefixes: Vec<String>,
    },
}

/// A resource: its type as the API names it, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Account and region.
    pub tenant: &'a Tenant,
    /// `ManagedInstance`, `Document`, …
    pub kind: &'a str,
    /// Its id in that type.
    pub id: &'a str,
}

impl<'a> Resource<'a> {
    /// A managed node.
    pub fn node(tenant: &'a Tenant, node: &'a muster_ids::ManagedNodeId) -> Self {
        Self { tenant, kind: MANAGED_INSTANCE, id: node.as_str() }
    }
}

/// Sets tags; one statement for each, in order, so a key that comes twice keeps its last value. A conflict in one of
/// them means that it would be a tag beyond `limit`.
pub fn put(resource: Resource<'_>, tags: &[Tag], limit: usize) -> Batch {
    let Resource { tenant, kind, id } = resource;
    let mut batch = Batch::new();
    for Tag { key, value } in tags {
        batch.push(
            "INSERT INTO tag (account_id, region, resource_type, resource_id, key, value) \
             SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS TEXT), \
                    CAST(?6 AS TEXT) \
             WHERE (SELECT count(*) FROM tag WHERE account_id = ?1 AND region = ?2 AND resource_type = ?3 \
                    AND resource_id = ?4 AND key <> ?5) < ?7 \
             ON CONFLICT (account_id, region, resource_type, resource_id, key) DO UPDATE SET value = excluded.value",
            params![
                tenant.account.as_str(),
                tenant.region.as_str(),
                kind,
                id,
                key,
                value,
                i64::try_from(limit).unwrap_or(i64::MAX)
            ],
            Expect::Exactly(1),
        );
    }
    batch
}

/// Removes tags by their keys; keys that are not there do not matter.
pub fn remove(resource: Resource<'_>, keys: &[String]) -> Batch {
    let Resource { tenant, kind, id } = resource;
    let mut batch = Batch::new();
    for key in keys {
        batch.push(
            "DELETE FROM tag WHERE account_id = ?1 AND region = ?2 AND resource_type = ?3 AND resource_id = ?4 \
             AND key = ?5",
            params![tenant.account.as_str(), tenant.region.as_str(), kind, id, key],
            Expect::Any,
        );
    }
    batch
}

/// Removes every tag, when the resource goes.
pub fn remove_all(resource: Resource<'_>) -> Batch {
    let Resource { tenant, kind, id } = resource;
    Batch::of(
        "DELETE FROM tag WHERE account_id = ?1 AND region = ?2 AND resource_type = ?3 AND resource_id = ?4",
        params![tenant.account.as_str(), tenant.region.as_str(), kind, id],
        Expect::Any,
    )
}

/// The tags of a resource, by key.
///
/// # Errors
/// The store's.
pub async fn of_resource(db: &Db, resource: Resource<'_>) -> Result<Vec<Tag>, StoreError> {
    let Resource { tenant, kind, id } = resource;
    let sql = "SELECT key, value FROM tag WHERE account_id = ?1 AND region = ?2 AND resource_type = ?3 \
               AND resource_id = ?4 ORDER BY key";
    let rows = db.read(sql, params![tenant.account.as_str(), tenant.region.as_str(), kind, id]).await?;
    rows.iter().map(|row| Ok(Tag { key: row.text(0)?.to_owned(), value: row.text(1)?.to_owned() })).collect()
}

/// The tags of resources of one type, by their ids and then by key. Those without a tag are left out.
///
/// # Errors
/// The store's.
pub async fn of_resources(
    db: &Db,
    tenant: &Tenant,
    kind: &str,
    ids: &[&str],
) -> Result<Vec<(String, Vec<Tag>)>, StoreError> {
    /// Ids in one statement.
    const AT_ONCE: usize = 500;
    if let [id] = ids {
        let tags = of_resource(db, Resource { tenant, kind, id }).await?;
        return Ok(if tags.is_empty() { Vec::new() } else { vec![((*id).to_owned(), tags)] });
    }
    let mut found: Vec<(String, Vec<Tag>)> = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let mut clause = Clause::new();
        let account = clause.bind(tenant.account.as_str());
        let region = clause.bind(tenant.region.as_str());
        let kind = clause.bind(kind);
        let ids = clause.bind_all(ids.iter().copied());
        let sql = format!(
            "SELECT resource_id, key, value FROM tag WHERE account_id = {account} AND region = {region} \
             AND resource_type = {kind} AND resource_id IN ({ids}) ORDER BY resource_id, key"
        );
        for row in db.scan(sql, clause.into_params()).await? {
            let tag = Tag { key: row.text(1)?.to_owned(), value: row.text(2)?.to_owned() };
            match found.last_mut() {
                Some((id, tags)) if id == row.text(0)? => tags.push(tag),
                _ => found.push((row.text(0)?.to_owned(), vec![tag])),
            }
        }
    }
    Ok(found)
}

/// Ids of the resources of a type that satisfy every selector, in their order as text; none without a selector.
///
/// # Errors
/// The store's.
pub async fn resources_matching(
    db: &Db,
    tenant: &Tenant,
    kind: &str,
    selectors: &[Selector],
) -> Result<Vec<String>, StoreError> {
    if selectors.is_empty() {
        return Ok(Vec::new());
    }
    let mut clause = Clause::new();
    let parts: Vec<String> =
        selectors.iter().map(|selector| ids_with(&mut clause, tenant, kind, selector)).collect();
    let sql = format!("{} ORDER BY 1", parts.join(" INTERSECT "));
    let rows = db.scan(sql, clause.into_params()).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// A SELECT of the ids of one selector, each once.
pub(crate) fn ids_with(clause: &mut Clause, tenant: &Tenant, kind: &str, selector: &Selector) -> String {
    let account = clause.bind(tenant.account.as_str());
    let region = clause.bind(tenant.region.as_str());
    let kind = clause.bind(kind);
    let condition = match selector {
        Selector::Keys(keys) => format!("key IN ({})", clause.bind_all(keys)),
        Selector::Values { key, values } => {
            let key = clause.bind(key);
            format!("key = {key} AND value IN ({})", clause.bind_all(values))
        }
        Selector::Prefixes { key, prefixes } => {
            let key = clause.bind(key);
            let begins = |prefix: &String| match prefix_end(prefix) {
                Some(end) => format!("(value >= {} AND value < {})", clause.bind(prefix), clause.bind(end)),
                None => format!("value >= {}", clause.bind(prefix)),
            };
            let terms: Vec<String> = prefixes.iter().map(begins).collect();
            let any = if terms.is_empty() { "1 = 0".to_owned() } else { terms.join(" OR ") };
            format!("key = {key} AND ({any})")
        }
    };
    format!(
        "SELECT DISTINCT resource_id FROM tag WHERE account_id = {account} AND region = {region} \
         AND resource_type = {kind} AND {condition}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;
    use muster_ids::{AccountId, Region};

    fn tenant(region: &str) -> Tenant {
        Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
    }

    fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
        pairs.iter().map(|(key, value)| Tag { key: (*key).to_owned(), value: (*value).to_owned() }).collect()
    }

    #[tokio::test]
    async fn tags_are_set_overwritten_and_removed() {
        on_each_engine(|db| async move {
            let tenant = tenant("r");
            let resource = Resource { tenant: &tenant, kind: "Document", id: "d" };
            db.write(put(resource, &tags(&[("b", "1"), ("a", ""), ("b", "2")]), 2)).await.unwrap();
            assert_eq!(of_resource(&db, resource).await.unwrap(), tags(&[("a", ""), ("b", "2")]));

            // At the limit a new key is refused and nothing of the batch is kept; a known key is not new.
            let refused = db.write(put(resource, &tags(&[("a", "x"), ("c", "3")]), 2)).await;
            assert_eq!(refused, Err(StoreError::Conflict { statement: 1 }));
            db.write(put(resource, &tags(&[("a", "9")]), 2)).await.unwrap();
            assert_eq!(of_resource(&db, resource).await.unwrap(), tags(&[("a", "9"), ("b", "2")]));

            db.write(remove(resource, &["a".to_owned(), "absent".to_owned()])).await.unwrap();
            assert_eq!(of_resource(&db, resource).await.unwrap(), tags(&[("b", "2")]));
            let other = Resource { id: "e", ..resource };
            db.write(put(other, &tags(&[("b", "2")]), 2)).await.unwrap();
            let both = [("d".to_owned(), tags(&[("b", "2")])), ("e".to_owned(), tags(&[("b", "2")]))];
            let of = async |ids: &[&str]| of_resources(&db, &tenant, "Document", ids).await.unwrap();
            assert_eq!(of(&["e", "absent", "d"]).await, both);
            assert_eq!(of(&["e"]).await, both[1..]);
            assert_eq!(of(&["absent"]).await, []);
            assert_eq!(of(&[]).await, []);
            db.write(remove_all(resource)).await.unwrap();
            assert_eq!(of_resource(&db, resource).await.unwrap(), []);
            assert_eq!(of_resource(&db, other).await.unwrap(), tags(&[("b", "2")]));
        })
        .await;
    }

    #[tokio::test]
    async fn resources_are_found_by_their_tags() {
        on_each_engine(|db| async move {
            let (here, there) = (tenant("here"), tenant("there"));
            for (tenant, kind, id, pairs) in [
                (&here, "Node", "1", &[("env", "prod"), ("team", "a")][..]),
                (&here, "Node", "2", &[("env", "test"), ("team", "a")]),
                (&here, "Node", "3", &[("env", "")]),
                (&here, "Document", "4", &[("env", "prod")]),
                (&there, "Node", "5", &[("env", "prod")]),
            ] {
                db.write(put(Resource { tenant, kind, id }, &tags(pairs), 50)).await.unwrap();
            }
            let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let keys = |list: &[&str]| Selector::Keys(words(list));
            let values =
                |key: &str, list: &[&str]| Selector::Values { key: key.to_owned(), values: words(list) };
            let prefixes =
                |key: &str, list: &[&str]| Selector::Prefixes { key: key.to_owned(), prefixes: words(list) };
            for (selectors, expected) in [
                (vec![], &[][..]),
                (vec![keys(&["env"])], &["1", "2", "3"]),
                (vec![keys(&["team", "env"])], &["1", "2", "3"]),
                (vec![keys(&[])], &[]),
                (vec![values("env", &["prod"])], &["1"]),
                (vec![values("env", &["prod", "test", "x"])], &["1", "2"]),
                (vec![values("env", &[""])], &["3"]),
                (vec![values("env", &[])], &[]),
                (vec![prefixes("env", &["pr", "x"])], &["1"]),
                (vec![prefixes("env", &[""])], &["1", "2", "3"]),
                (vec![prefixes("env", &[])], &[]),
                (vec![values("env", &["prod", "test"]), keys(&["team"]), values("env", &["test"])], &["2"]),
            ] {
                let found = resources_matching(&db, &here, "Node", &selectors).await.unwrap();
                assert_eq!(found, expected, "{selectors:?}");
            }
        })
        .await;
    }
}
