//! Listing parameters in the order of their paths, page by page from where the last one ended: a page costs the same
//! wherever it is and however many parameters there are.

use super::{BODY, Parameter, Version, parameter, version};
use crate::{
    Db, StoreError, Value,
    engine::prefix_end,
    filter::Clause,
    tag::{self, Selector},
};
use muster_ids::Tenant;

/// An attribute that listings compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The path: the name with a leading slash.
    Path,
    /// The type.
    Kind,
    /// The key, as its writer named it.
    KeyId,
    /// The tier.
    Tier,
    /// The data type.
    DataType,
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Kind => "type",
            Self::KeyId => "key_id",
            Self::Tier => "tier",
            Self::DataType => "data_type",
        }
    }
}

/// A condition on parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Below a path, which is without a slash at its end: `/a/b`, and empty for the root. All levels or one.
    Below {
        /// The path.
        path: String,
        /// All levels.
        recursive: bool,
    },
    /// Below one of several paths, as in `Below`.
    BelowAny {
        /// The paths.
        paths: Vec<String>,
        /// All levels.
        recursive: bool,
    },
    /// Equal to one of these.
    AnyOf(Column, Vec<String>),
    /// Begins with one of these.
    BeginsWith(Column, Vec<String>),
    /// The name contains one of these.
    NameContains(Vec<String>),
    /// Carries tags.
    Tagged(Selector),
}

/// A page of parameters that satisfy every condition, after the path `after`.
///
/// # Errors
/// The store's.
pub async fn page(
    db: &Db,
    tenant: &Tenant,
    conditions: &[Condition],
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Parameter>, StoreError> {
    let (sql, params) = page_sql(tenant, conditions, after, limit);
    // Ranges of the order itself read no more rows than they give.
    let bounded = conditions.iter().all(|condition| matches!(condition, Condition::Below { .. }));
    let rows = if bounded { db.read(sql, params).await? } else { db.scan(sql, params).await? };
    rows.iter().map(parameter).collect()
}

pub(super) fn page_sql(
    tenant: &Tenant,
    conditions: &[Condition],
    after: Option<&str>,
    limit: i64,
) -> (String, Vec<Value>) {
    let mut clause = Clause::new();
    let mut wheres = base(&mut clause, tenant, "p", after);
    wheres.extend(conditions.iter().map(|condition| term(&mut clause, tenant, "p", condition, after)));
    let limit = clause.bind(limit);
    let sql = format!(
        "SELECT path, revision, {BODY} FROM parameter p WHERE {} ORDER BY path LIMIT {limit}",
        wheres.join(" AND ")
    );
    (sql, clause.into_params())
}

/// A page of the versions that carry one of these labels, of the parameters below a path; the path comes with each.
/// Of a parameter that carries several, the newest. The conditions speak of the version.
///
/// # Errors
/// The store's.
pub async fn page_labelled(
    db: &Db,
    tenant: &Tenant,
    (path, recursive): (&str, bool),
    labels: &[String],
    conditions: &[Condition],
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(String, Version)>, StoreError> {
    let mut clause = Clause::new();
    let mut inner = base(&mut clause, tenant, "l", after);
    inner.push(range(&mut clause, "l", path, after));
    inner.push(format!("l.label IN ({})", clause.bind_all(labels)));
    if !recursive {
        let parent = clause.bind(path);
        inner.push(format!(
            "EXISTS (SELECT 1 FROM parameter p WHERE p.account_id = l.account_id AND p.region = l.region \
             AND p.path = l.path AND p.parent = {parent})"
        ));
    }
    let mut outer: Vec<String> =
        conditions.iter().map(|condition| term(&mut clause, tenant, "v", condition, after)).collect();
    outer.push("1 = 1".to_owned());
    let limit = clause.bind(limit);
    let columns =
        BODY.split(", ").map(|column| format!("v.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT v.path, {columns} FROM \
         (SELECT l.account_id, l.region, l.path, max(l.version) AS version FROM parameter_label l WHERE {} \
          GROUP BY l.account_id, l.region, l.path) x \
         JOIN parameter_version v ON v.account_id = x.account_id AND v.region = x.region AND v.path = x.path \
         AND v.version = x.version WHERE {} ORDER BY v.path LIMIT {limit}",
        inner.join(" AND "),
        outer.join(" AND ")
    );
    let rows = db.scan(sql, clause.into_params()).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), version(row, 1)?))).collect()
}

/// The tenant's, from where the last page ended.
fn base(clause: &mut Clause, tenant: &Tenant, table: &str, after: Option<&str>) -> Vec<String> {
    let mut wheres = vec![
        format!("{table}.account_id = {}", clause.bind(tenant.account.as_str())),
        format!("{table}.region = {}", clause.bind(tenant.region.as_str())),
    ];
    if let Some(after) = after {
        wheres.push(format!("{table}.path > {}", clause.bind(after)));
    }
    wheres
}

/// All levels below a path. Of two lower bounds SQLite takes either for its way into the index, so the page's own stands
/// alone where it says more.
fn range(clause: &mut Clause, table: &str, path: &str, after: Option<&str>) -> String {
    let from = format!("{path}/");
    let end = prefix_end(&from).unwrap_or_default();
    let end = format!("{table}.path < {}", clause.bind(end));
    if after.is_some_and(|after| after >= from.as_str()) {
        return end;
    }
    format!("{table}.path > {} AND {end}", clause.bind(from))
}

fn below(clause: &mut Clause, table: &str, path: &str, recursive: bool, after: Option<&str>) -> String {
    if recursive {
        range(clause, table, path, after)
    } else {
        format!("{table}.parent = {}", clause.bind(path))
    }
}

/// One condition; `any` of nothing matches nothing.
pub(super) fn term(
    clause: &mut Clause,
    tenant: &Tenant,
    table: &str,
    condition: &Condition,
    after: Option<&str>,
) -> String {
    fn any(terms: Vec<String>) -> String {
        if terms.is_empty() { "1 = 0".to_owned() } else { format!("({})", terms.join(" OR ")) }
    }
    match condition {
        Condition::Below { path, recursive } => below(clause, table, path, *recursive, after),
        Condition::BelowAny { paths, recursive } => any(paths
            .iter()
            .map(|path| format!("({})", below(clause, table, path, *recursive, after)))
            .collect()),
        Condition::AnyOf(column, values) => {
            format!("{table}.{} IN ({})", column.name(), clause.bind_all(values))
        }
        Condition::BeginsWith(column, values) => {
            let column = column.name();
            let terms = values.iter().map(|prefix| match prefix_end(prefix) {
                _ if prefix.is_empty() => format!("{table}.{column} IS NOT NULL"),
                Some(end) => format!(
                    "({table}.{column} >= {} AND {table}.{column} < {})",
                    clause.bind(prefix),
                    clause.bind(end)
                ),
                None => format!("{table}.{column} >= {}", clause.bind(prefix)),
            });
            any(terms.collect())
        }
        // Neither LIKE, which ignores case on SQLite, nor a function that only one engine has.
        Condition::NameContains(values) => any(values
            .iter()
            .map(|part| format!("replace({table}.name, {}, '') <> {table}.name", clause.bind(part)))
            .collect()),
        Condition::Tagged(selector) => {
            format!("{table}.path IN ({})", tag::ids_with(clause, tenant, super::TAG_KIND, selector))
        }
    }
}
