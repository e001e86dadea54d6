//! Finding managed nodes: by id, by tags, by any of their attributes, page by page.

use super::{ManagedNode, SELECT, from_row};
use crate::{
    Db, Query, StoreError,
    engine::prefix_end,
    filter::Clause,
    params,
    tag::{self, Selector},
};
use muster_ids::{ManagedNodeId, Tenant};

/// Ids in one statement of [`find_many`].
const IDS_PER_READ: usize = 512;

/// An attribute that listings compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The node's id.
    NodeId,
    /// The activation's id.
    ActivationId,
    /// The role.
    IamRole,
    /// Name of the agent.
    AgentName,
    /// Version of the agent; [`Test::Less`] and [`Test::Greater`] compare it number by number.
    AgentVersion,
    /// Kind of platform.
    PlatformType,
    /// Name of the platform.
    PlatformName,
    /// Version of the platform.
    PlatformVersion,
    /// Host name.
    ComputerName,
    /// Address.
    IpAddress,
    /// Zone.
    AvailabilityZone,
    /// Id of the zone.
    AvailabilityZoneId,
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::NodeId => "node_id",
            Self::ActivationId => "activation_id",
            Self::IamRole => "iam_role",
            Self::AgentName => "agent_name",
            Self::AgentVersion => "agent_version",
            Self::PlatformType => "platform_type",
            Self::PlatformName => "platform_name",
            Self::PlatformVersion => "platform_version",
            Self::ComputerName => "computer_name",
            Self::IpAddress => "ip_address",
            Self::AvailabilityZone => "availability_zone",
            Self::AvailabilityZoneId => "availability_zone_id",
        }
    }
}

/// How an attribute is compared. An attribute that is not known counts as the empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Equal to one of these.
    AnyOf(Vec<String>),
    /// Equal to none of these.
    NoneOf(Vec<String>),
    /// Begins with one of these.
    BeginsWith(Vec<String>),
    /// Less than one of these.
    Less(Vec<String>),
    /// Greater than one of these.
    Greater(Vec<String>),
}

/// A condition on nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// On an attribute.
    Column(Column, Test),
    /// On its tags.
    Tagged(Selector),
    /// On its ping status: online, or lost.
    Online(bool),
    /// Satisfied by no node.
    Never,
}

/// Which nodes of a tenant.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// All must hold.
    pub predicates: &'a [Predicate],
    /// A node whose last sign of life came after this moment is online, as is one with a channel.
    pub online_after_ms: i64,
}

impl Listing<'_> {
    fn condition(&self, clause: &mut Clause) -> String {
        let account = clause.bind(self.tenant.account.as_str());
        let region = clause.bind(self.tenant.region.as_str());
        let mut sql = format!("account_id = {account} AND region = {region}");
        for predicate in self.predicates {
            let condition = match predicate {
                Predicate::Column(column, test) => compare(clause, *column, test),
                Predicate::Tagged(selector) => {
                    format!(
                        "node_id IN ({})",
                        tag::ids_with(clause, self.tenant, tag::MANAGED_INSTANCE, selector)
                    )
                }
                Predicate::Online(true) => {
                    format!(
                        "(connected_replica IS NOT NULL OR last_ping_ms > {})",
                        clause.bind(self.online_after_ms)
                    )
                }
                Predicate::Online(false) => format!(
                    "(connected_replica IS NULL AND (last_ping_ms IS NULL OR last_ping_ms <= {}))",
                    clause.bind(self.online_after_ms)
                ),
                Predicate::Never => "1 = 0".to_owned(),
            };
            sql += " AND ";
            sql += &condition;
        }
        sql
    }
}

fn compare(clause: &mut Clause, column: Column, test: &Test) -> String {
    let versions = column == Column::AgentVersion && matches!(test, Test::Less(_) | Test::Greater(_));
    let name = if versions { "agent_version_key" } else { column.name() };
    let comparable = |value: &String| if versions { version_key(value) } else { value.clone() };
    let mut any = |values: &[String], one: &dyn Fn(&mut Clause, &String) -> String| {
        let alternatives: Vec<String> = values.iter().map(|value| one(clause, value)).collect();
        if alternatives.is_empty() { "1 = 0".to_owned() } else { format!("({})", alternatives.join(" OR ")) }
    };
    match test {
        // The plain column lets an index serve the usual case; an unknown attribute differs only for the empty text.
        Test::AnyOf(values) if values.iter().all(|value| !value.is_empty()) => {
            format!("{name} IN ({})", clause.bind_all(values))
        }
        Test::AnyOf(values) => format!("COALESCE({name}, '') IN ({})", clause.bind_all(values)),
        Test::NoneOf(values) if values.is_empty() => "1 = 1".to_owned(),
        Test::NoneOf(values) => format!("COALESCE({name}, '') NOT IN ({})", clause.bind_all(values)),
        Test::BeginsWith(values) => any(values, &|clause, value| {
            let from = clause.bind(value);
            match prefix_end(value) {
                Some(end) => {
                    format!("COALESCE({name}, '') >= {from} AND COALESCE({name}, '') < {}", clause.bind(end))
                }
                None => format!("COALESCE({name}, '') >= {from}"),
            }
        }),
        Test::Less(values) => {
            any(values, &|clause, value| format!("COALESCE({name}, '') < {}", clause.bind(comparable(value))))
        }
        Test::Greater(values) => {
            any(values, &|clause, value| format!("COALESCE({name}, '') > {}", clause.bind(comparable(value))))
        }
    }
}

/// A version as a text that sorts as its numbers do: up to four of them, each of six digits.
pub(super) fn version_key(version: &str) -> String {
    let mut parts = version.split('.');
    let keys: Vec<String> = (0..4).map(|_| format!("{:0>6}", parts.next().unwrap_or_default())).collect();
    keys.join(".")
}

/// The node of this id, in whichever tenant: for those who come with no more than the id.
///
/// # Errors
/// The store's.
pub async fn find(db: &Db, node: &ManagedNodeId) -> Result<Option<ManagedNode>, StoreError> {
    let rows = Query::new(SELECT).and("node_id = ?", node.as_str()).read(db).await?;
    rows.first().map(from_row).transpose()
}

/// The tenant's node of this id.
///
/// # Errors
/// The store's.
pub async fn find_in(
    db: &Db,
    tenant: &Tenant,
    node: &ManagedNodeId,
) -> Result<Option<ManagedNode>, StoreError> {
    Ok(find(db, node).await?.filter(|found| found.tenant == *tenant))
}

/// Those of the ids that are nodes of the tenant, by id, each once.
///
/// # Errors
/// The store's.
pub async fn find_many(
    db: &Db,
    tenant: &Tenant,
    nodes: &[ManagedNodeId],
) -> Result<Vec<ManagedNode>, StoreError> {
    let mut found = Vec::with_capacity(nodes.len());
    for ids in nodes.chunks(IDS_PER_READ) {
        let query = Query::new(SELECT)
            .and("account_id = ?", tenant.account.as_str())
            .and("region = ?", tenant.region.as_str())
            .and_in("node_id", ids.iter().map(ManagedNodeId::as_str));
        let rows = if ids.len() <= 16 { query.read(db).await? } else { query.scan(db).await? };
        for row in &rows {
            found.push(from_row(row)?);
        }
    }
    found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    found.dedup_by(|one, other| one.id == other.id);
    Ok(found)
}

/// Ids of the tenant's nodes that satisfy every selector, in order; none without a selector.
///
/// # Errors
/// The store's.
pub async fn ids_by_tags(
    db: &Db,
    tenant: &Tenant,
    selectors: &[Selector],
) -> Result<Vec<ManagedNodeId>, StoreError> {
    let ids = tag::resources_matching(db, tenant, tag::MANAGED_INSTANCE, selectors).await?;
    ids.iter()
        .map(|id| id.parse().map_err(|_| StoreError::Corrupt("a tag of a node names no node id".to_owned())))
        .collect()
}

/// The nodes of a listing by id, at most `limit` of them after `after`.
///
/// # Errors
/// The store's.
pub async fn page(
    db: &Db,
    listing: Listing<'_>,
    after: Option<&ManagedNodeId>,
    limit: i64,
) -> Result<Vec<ManagedNode>, StoreError> {
    let mut clause = Clause::new();
    let mut sql = format!("{SELECT} WHERE {}", listing.condition(&mut clause));
    if let Some(after) = after {
        sql += &format!(" AND node_id > {}", clause.bind(after.as_str()));
    }
    sql += &format!(" ORDER BY node_id LIMIT {}", clause.bind(limit));
    let rows = db.scan(sql, clause.into_params()).await?;
    rows.iter().map(from_row).collect()
}

/// How many nodes of a listing have each combination of values in these columns; ordered by the values, an unknown
/// one being the empty text. One group of everything for no column.
///
/// # Errors
/// The store's.
pub async fn count_by(
    db: &Db,
    listing: Listing<'_>,
    columns: &[Column],
) -> Result<Vec<(Vec<String>, i64)>, StoreError> {
    let mut clause = Clause::new();
    let condition = listing.condition(&mut clause);
    let values: Vec<String> =
        columns.iter().map(|column| format!("COALESCE({}, '')", column.name())).collect();
    let sql = if values.is_empty() {
        format!("SELECT count(*) FROM managed_node WHERE {condition}")
    } else {
        let (list, places) = (values.join(", "), (2..=values.len() + 1).map(|n| n.to_string()));
        let order = places.collect::<Vec<_>>().join(", ");
        format!(
            "SELECT count(*), {list} FROM managed_node WHERE {condition} GROUP BY {order} ORDER BY {order}"
        )
    };
    let rows = db.scan(sql, clause.into_params()).await?;
    let group = |row: &crate::Row| {
        let values: Result<Vec<String>, StoreError> =
            (1..=columns.len()).map(|column| row.text(column).map(str::to_owned)).collect();
        Ok((values?, row.int(0)?))
    };
    rows.iter().map(group).collect()
}

/// Whether a replica holds the node's control channel; no for a node that the tenant does not have.
///
/// # Errors
/// The store's.
pub async fn is_connected(db: &Db, tenant: &Tenant, node: &ManagedNodeId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM managed_node WHERE node_id = ?1 AND account_id = ?2 AND region = ?3 \
               AND connected_replica IS NOT NULL";
    let rows = db.read(sql, params![node.as_str(), tenant.account.as_str(), tenant.region.as_str()]).await?;
    Ok(!rows.is_empty())
}
