//! Filters of `DescribeInstanceProperties`: the keys of `DescribeInstanceInformation`, with operators, and tags
//! beside other keys.

use super::{
    attribute::{Attribute, Comparison},
    information_filter::{FilterError, attribute, tag_selector},
};
use muster_store::managed_node::{Column, Predicate};

/// Why a filter is refused. AWS's texts are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PropertyFilterError {
    /// No such key.
    #[error("The filter key {0} is invalid.")]
    Key(String),
    /// The key does not take this value, or not with this operator.
    #[error("{0}")]
    Value(String),
}

impl From<FilterError> for PropertyFilterError {
    fn from(error: FilterError) -> Self {
        match error {
            FilterError::UnknownKey(key) => Self::Key(key),
            FilterError::MixedTags
            | FilterError::OneValue(_)
            | FilterError::Value { .. }
            | FilterError::InstanceId => Self::Value(error.to_string()),
        }
    }
}

/// The condition of one filter; `None` if every node satisfies it.
pub(crate) fn property_predicates(
    key: &str,
    comparison: Comparison,
    values: &[String],
) -> Result<Option<Predicate>, PropertyFilterError> {
    if let Some(selector) = tag_selector(key, values)? {
        if comparison != Comparison::Equal {
            return Err(PropertyFilterError::Value(format!(
                "The filter key {key} takes the operator Equal alone."
            )));
        }
        return Ok(Some(Predicate::Tagged(selector)));
    }
    if key == "DocumentName" {
        // The documents of a node's associations: no node has any.
        return Ok(Attribute::Fixed("").predicate(comparison, values));
    }
    // Only a whole value can be checked for being one that the key takes.
    let whole = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let attribute = attribute(key, if whole { values } else { &[] })?;
    let ordered = matches!(comparison, Comparison::LessThan | Comparison::GreaterThan);
    if ordered
        && attribute == Attribute::Column(Column::AgentVersion)
        && !values.iter().all(|value| is_version(value))
    {
        return Err(PropertyFilterError::Value(
            "AgentVersion filter is invalid, it is not a version.".to_owned(),
        ));
    }
    Ok(attribute.predicate(comparison, values))
}

/// Numbers between dots, as the model has it for versions of agents, but also fewer of them.
fn is_version(text: &str) -> bool {
    let number = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() <= 4 && text.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_store::{managed_node::Test, tag::Selector};

    #[test]
    fn operators_reach_the_store() {
        let values = |list: &[&str]| list.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let parse = |key, comparison, list: &[&str]| property_predicates(key, comparison, &values(list));
        let version = |test| Ok(Some(Predicate::Column(Column::AgentVersion, test)));
        use Comparison::{BeginWith, Equal, GreaterThan, LessThan, NotEqual};
        assert_eq!(parse("AgentVersion", LessThan, &["3.3"]), version(Test::Less(values(&["3.3"]))));
        assert_eq!(parse("AgentVersion", GreaterThan, &["3"]), version(Test::Greater(values(&["3"]))));
        assert_eq!(parse("AgentVersion", BeginWith, &["3.x"]), version(Test::BeginsWith(values(&["3.x"]))));
        assert_eq!(parse("PingStatus", NotEqual, &["Online"]), Ok(Some(Predicate::Online(false))));
        assert_eq!(parse("PingStatus", BeginWith, &["O", "C"]), Ok(None));
        assert_eq!(parse("DocumentName", Equal, &["AWS-RunShellScript"]), Ok(Some(Predicate::Never)));
        assert_eq!(parse("DocumentName", NotEqual, &["AWS-RunShellScript"]), Ok(None));
        let tagged = Predicate::Tagged(Selector::Keys(values(&["k"])));
        assert_eq!(parse("tag-key", Equal, &["k"]), Ok(Some(tagged)));

        assert_eq!(parse("Colour", Equal, &["red"]), Err(PropertyFilterError::Key("Colour".to_owned())));
        for (key, comparison, value) in [
            ("PingStatus", Equal, "Lost"),
            ("AgentVersion", LessThan, "3.x"),
            ("AgentVersion", GreaterThan, "1.2.3.4.5"),
            ("tag:k", NotEqual, "v"),
            ("InstanceIds", Equal, "web"),
        ] {
            let found = parse(key, comparison, &[value]);
            assert!(matches!(found, Err(PropertyFilterError::Value(_))), "{key} {found:?}");
        }
    }
}
