//! Filters of listings: which keys, options and values each operation takes, with AWS's texts, and what they mean to the
//! store.

use super::{Kind, ParameterError, Tier, name};
use muster_store::{
    parameter::{Column, Condition},
    tag::Selector,
};

/// A filter as it came.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// `Name`, `tag:…`, …
    pub(crate) key: String,
    /// `Equals`, …
    pub(crate) option: Option<String>,
    /// What to compare with.
    pub(crate) values: Vec<String>,
}

/// Why filters are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    /// The operation knows no such key.
    #[error("The following filter key is not valid: {key}. Valid filter keys include: [{valid}].")]
    Key {
        /// The key.
        key: String,
        /// What it may be.
        valid: &'static str,
    },
    /// A key that came twice.
    #[error(
        "The following filter is duplicated in the request: {0}. A request can contain only one occurrence of a \
         specific filter."
    )]
    Duplicate(String),
    /// The key knows no such option.
    #[error("The following filter option is not valid: {option}. Valid options include: [{valid}].")]
    Option {
        /// The option.
        option: String,
        /// What it may be.
        valid: &'static str,
    },
    /// A value that the key cannot have.
    #[error("The following filter value is not valid: {value}. Valid values include: [{valid}].")]
    Value {
        /// The value.
        value: String,
        /// What it may be.
        valid: &'static str,
    },
    /// No values.
    #[error("The following filter values are missing : null for filter key {0}.")]
    NoValues(String),
    /// A path that is AWS's.
    #[error(
        r#"Filters for common parameters can't be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace."#
    )]
    ReservedPath,
    /// A path that is none.
    #[error(transparent)]
    Path(#[from] ParameterError),
}

/// What `GetParametersByPath` filters by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ByPath {
    /// Labels, if any were given.
    pub(crate) labels: Option<Vec<String>>,
    /// All else.
    pub(crate) conditions: Vec<Condition>,
}

/// AWS does not tell of `Label` and `tag:`.
const PATH_KEYS: &str = "Type, KeyId";
const DESCRIBE_KEYS: &str = "Path, Name, Type, KeyId, Tier";
const EQUALS: &str = "Equals";
const BEGINS_WITH: &str = "BeginsWith";

/// Filters of `GetParametersByPath`.
///
/// # Errors
/// Whichever rule they break.
pub(crate) fn by_path(filters: Vec<Filter>) -> Result<ByPath, FilterError> {
    let mut found = ByPath::default();
    each_once(&filters)?;
    for filter in filters {
        match filter.key.as_str() {
            "Label" => {
                let values = values(filter.values, "Label")?;
                option(filter.option, EQUALS, &[EQUALS], "Equals")?;
                found.labels = Some(values);
            }
            "Type" | "KeyId" => found.conditions.push(attribute(filter)?),
            _ => return Err(FilterError::Key { key: filter.key, valid: PATH_KEYS }),
        }
    }
    Ok(found)
}

/// Filters of `DescribeParameters`.
///
/// # Errors
/// Whichever rule they break.
pub(crate) fn describe(filters: Vec<Filter>) -> Result<Vec<Condition>, FilterError> {
    each_once(&filters)?;
    filters.into_iter().map(described).collect()
}

fn described(filter: Filter) -> Result<Condition, FilterError> {
    match filter.key.as_str() {
        "Path" => path(filter),
        "Name" => {
            let values = values(filter.values, "Name")?;
            let valid = [EQUALS, BEGINS_WITH, "Contains"];
            let chosen = option(filter.option, EQUALS, &valid, "BeginsWith, Equals, Contains")?;
            let slashed = |name: String| if name.starts_with('/') { name } else { format!("/{name}") };
            Ok(match chosen.as_str() {
                "Contains" => Condition::NameContains(values),
                BEGINS_WITH => Condition::BeginsWith(Column::Path, values.into_iter().map(slashed).collect()),
                _ => Condition::AnyOf(Column::Path, values.into_iter().map(slashed).collect()),
            })
        }
        "Type" | "KeyId" | "Tier" | "DataType" => attribute(filter),
        key => match key.strip_prefix("tag:") {
            Some(tag) if !tag.is_empty() => {
                let valid = [EQUALS, BEGINS_WITH];
                let chosen = option(filter.option, EQUALS, &valid, "BeginsWith, Equals")?;
                let key = tag.to_owned();
                // Without values: whatever carries the tag.
                Ok(Condition::Tagged(match chosen.as_str() {
                    _ if filter.values.is_empty() => Selector::Keys(vec![key]),
                    BEGINS_WITH => Selector::Prefixes { key, prefixes: filter.values },
                    _ => Selector::Values { key, values: filter.values },
                }))
            }
            _ => Err(FilterError::Key { key: filter.key, valid: DESCRIBE_KEYS }),
        },
    }
}

fn path(filter: Filter) -> Result<Condition, FilterError> {
    let values = values(filter.values, "Path")?;
    let valid = ["Recursive", "OneLevel"];
    let recursive = option(filter.option, "OneLevel", &valid, "Recursive, OneLevel")? == "Recursive";
    let is_reserved = |value: &String| {
        let start = value.get(..4).unwrap_or_default();
        start.eq_ignore_ascii_case("/aws") || start.eq_ignore_ascii_case("/ssm")
    };
    if values.iter().any(is_reserved) {
        return Err(FilterError::ReservedPath);
    }
    let paths = values.iter().map(|value| name::hierarchy(value)).collect::<Result<Vec<_>, _>>()?;
    Ok(match <[String; 1]>::try_from(paths) {
        Ok([path]) => Condition::Below { path, recursive },
        Err(paths) => Condition::BelowAny { paths, recursive },
    })
}

/// A filter on a column that holds one value.
fn attribute(filter: Filter) -> Result<Condition, FilterError> {
    let values = values(filter.values, &filter.key)?;
    let chosen = option(filter.option, EQUALS, &[EQUALS, BEGINS_WITH], "BeginsWith, Equals")?;
    let begins = chosen == BEGINS_WITH;
    let column = match filter.key.as_str() {
        "Type" => {
            known(&values, begins, |value| Kind::parse(value).is_some(), "String, StringList, SecureString")?;
            Column::Kind
        }
        "Tier" => {
            let tiers = [Tier::Standard.as_str(), Tier::Advanced.as_str(), "Intelligent-Tiering"];
            let valid = "Standard, Advanced, Intelligent-Tiering";
            known(&values, begins, |value| tiers.contains(&value), valid)?;
            Column::Tier
        }
        "DataType" => Column::DataType,
        _ => Column::KeyId,
    };
    Ok(if begins { Condition::BeginsWith(column, values) } else { Condition::AnyOf(column, values) })
}

fn known(
    values: &[String],
    begins: bool,
    is_known: impl Fn(&str) -> bool,
    valid: &'static str,
) -> Result<(), FilterError> {
    match values.iter().find(|value| !begins && !is_known(value)) {
        Some(value) => Err(FilterError::Value { value: value.clone(), valid }),
        None => Ok(()),
    }
}

/// The values, which must be there.
fn values(values: Vec<String>, key: &str) -> Result<Vec<String>, FilterError> {
    if values.is_empty() { Err(FilterError::NoValues(key.to_owned())) } else { Ok(values) }
}

fn option(
    given: Option<String>,
    default: &str,
    valid: &[&str],
    told: &'static str,
) -> Result<String, FilterError> {
    let option = given.unwrap_or_else(|| default.to_owned());
    if valid.contains(&option.as_str()) {
        Ok(option)
    } else {
        Err(FilterError::Option { option, valid: told })
    }
}

fn each_once(filters: &[Filter]) -> Result<(), FilterError> {
    for (index, filter) in filters.iter().enumerate() {
        if filters.iter().take(index).any(|before| before.key == filter.key) {
            return Err(FilterError::Duplicate(filter.key.clone()));
        }
    }
    Ok(())
}
