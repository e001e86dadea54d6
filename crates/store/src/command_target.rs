//! Which nodes a command is for: those of given ids, or those whose tags satisfy every condition.

use crate::{Db, Row, StoreError, Value, params};
use muster_ids::{ManagedNodeId, Tenant};

/// A node that a command may be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node_id: ManagedNodeId,
    /// Its computer name; empty before its first heart-beat.
    pub computer_name: String,
    /// Its platform type; empty before its first heart-beat.
    pub platform_type: String,
}

/// A condition on a node. Values within one are alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Its id is one of these.
    Ids(Vec<String>),
    /// It has this tag with one of these values.
    Tag {
        /// The tag's key.
        key: String,
        /// The values.
        values: Vec<String>,
    },
    /// It has a tag with one of these keys.
    TagKey(Vec<String>),
}

/// Nodes of the tenant that satisfy every condition, by id.
///
/// # Errors
/// The store's.
pub async fn resolve(
    db: &Db,
    tenant: &Tenant,
    conditions: &[Condition],
) -> Result<Vec<Candidate>, StoreError> {
    const TAGGED: &str = "EXISTS (SELECT 1 FROM tag WHERE tag.account_id = ?1 AND tag.region = ?2 \
                          AND tag.resource_type = 'ManagedInstance' AND tag.resource_id = managed_node.node_id AND";
    let mut values: Vec<Value> = params![tenant.account.as_str(), tenant.region.as_str()];
    let mut list = |items: &[String]| {
        let first = values.len() + 1;
        values.extend(items.iter().map(Value::from));
        let marks: Vec<_> = (first..=values.len()).map(|ordinal| format!("?{ordinal}")).collect();
        // An empty list of alternatives matches nothing, and `IN ()` is not SQL everywhere.
        if marks.is_empty() { "(NULL)".to_owned() } else { format!("({})", marks.join(", ")) }
    };
    let mut sql = String::from(
        "SELECT node_id, COALESCE(computer_name, ''), COALESCE(platform_type, '') FROM managed_node \
         WHERE account_id = ?1 AND region = ?2",
    );
    for condition in conditions {
        let part = match condition {
            Condition::Ids(ids) => format!(" AND node_id IN {}", list(ids)),
            Condition::TagKey(keys) => format!(" AND {TAGGED} tag.key IN {})", list(keys)),
            Condition::Tag { key, values } => {
                let key = list(std::slice::from_ref(key));
                format!(" AND {TAGGED} tag.key IN {key} AND tag.value IN {})", list(values))
            }
        };
        sql.push_str(&part);
    }
    sql.push_str(" ORDER BY node_id");
    let candidate = |row: &Row| {
        Ok(Candidate {
            node_id: row.parse(0)?,
            computer_name: row.text(1)?.to_owned(),
            platform_type: row.text(2)?.to_owned(),
        })
    };
    db.scan(sql, values).await?.iter().map(candidate).collect()
}
