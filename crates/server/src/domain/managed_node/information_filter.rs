//! Filters of `DescribeInstanceInformation`, in both forms: the legacy one has an enumeration for its keys, the
//! other takes any text, and tags. Keys are combined by AND, the values of one key by OR.

use super::{
    RESOURCE_TYPE, SOURCE_TYPE,
    attribute::{Attribute, Comparison, PING_STATUS},
};
use muster_ids::ManagedNodeId;
use muster_store::{
    managed_node::{Column, Predicate},
    tag::Selector,
};

pub(super) const PING_STATUSES: &[&str] = &["Online", "ConnectionLost", "Inactive"];
pub(super) const PLATFORM_TYPES: &[&str] = &["Windows", "Linux", "MacOS"];
pub(super) const RESOURCE_TYPES: &[&str] = &["EC2Instance", RESOURCE_TYPE];
pub(super) const ASSOCIATION_STATUSES: &[&str] = &["Success", "Pending", "Failed"];

/// Why filters are refused. The texts of `MixedTags`, `UnknownKey`, `OneValue` and `Value` are AWS's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    /// No such key.
    #[error("{0} filter Key is invalid.")]
    UnknownKey(String),
    /// A filter on tags stands alone.
    #[error("Cannot mix tag or inventory filter with any other filter.")]
    MixedTags,
    /// The key takes one value.
    #[error("{0} filter may contain only one value.")]
    OneValue(&'static str),
    /// The key takes only some values.
    #[error("{key} filter is invalid, valid values are {}", valid.join(", "))]
    Value {
        /// The key.
        key: &'static str,
        /// All that it takes.
        valid: &'static [&'static str],
    },
    /// Not an instance id.
    #[error("InstanceIds filter is invalid.")]
    InstanceId,
}

/// The conditions that a list of filters, each a key and its values, puts on nodes.
pub(crate) fn information_predicates(filters: &[(&str, &[String])]) -> Result<Vec<Predicate>, FilterError> {
    let mut predicates = Vec::with_capacity(filters.len());
    for (key, values) in filters {
        if let Some(selector) = tag_selector(key, values)? {
            if filters.len() > 1 {
                return Err(FilterError::MixedTags);
            }
            predicates.push(Predicate::Tagged(selector));
        } else {
            predicates.extend(attribute(key, values)?.predicate(Comparison::Equal, values));
        }
    }
    Ok(predicates)
}

/// What a filter on tags selects; `None` if the key is another one.
pub(super) fn tag_selector(key: &str, values: &[String]) -> Result<Option<Selector>, FilterError> {
    match key.strip_prefix("tag:") {
        Some("") => Err(FilterError::UnknownKey(key.to_owned())),
        Some(tag) => Ok(Some(Selector::Values { key: tag.to_owned(), values: values.to_vec() })),
        None if key == "tag-key" => Ok(Some(Selector::Keys(values.to_vec()))),
        None => Ok(None),
    }
}

/// What a key stands for, once its values are known to be such as the key takes.
pub(super) fn attribute(key: &str, values: &[String]) -> Result<Attribute<'static>, FilterError> {
    Ok(match key {
        "InstanceIds" => {
            if !values.iter().all(|value| is_instance_id(value)) {
                return Err(FilterError::InstanceId);
            }
            Attribute::Column(Column::NodeId)
        }
        "AgentVersion" => Attribute::Column(Column::AgentVersion),
        "PingStatus" => checked("PingStatus", values, PING_STATUSES, PING_STATUS)?,
        "PlatformTypes" => {
            checked("PlatformTypes", values, PLATFORM_TYPES, Attribute::Column(Column::PlatformType))?
        }
        "ActivationIds" => Attribute::Column(Column::ActivationId),
        "IamRole" => Attribute::Column(Column::IamRole),
        "ResourceType" if values.len() > 1 => return Err(FilterError::OneValue("ResourceType")),
        "ResourceType" => checked("ResourceType", values, RESOURCE_TYPES, Attribute::Fixed(RESOURCE_TYPE))?,
        // No association has run anywhere, so no node has a status of one.
        "AssociationStatus" => {
            checked("AssociationStatus", values, ASSOCIATION_STATUSES, Attribute::Fixed(""))?
        }
        "SourceIds" => Attribute::Column(Column::NodeId),
        "SourceTypes" => Attribute::Fixed(SOURCE_TYPE),
        _ => return Err(FilterError::UnknownKey(key.to_owned())),
    })
}

fn checked(
    key: &'static str,
    values: &[String],
    valid: &'static [&'static str],
    attribute: Attribute<'static>,
) -> Result<Attribute<'static>, FilterError> {
    let known = |value: &String| valid.contains(&value.as_str());
    if values.iter().all(known) { Ok(attribute) } else { Err(FilterError::Value { key, valid }) }
}

/// A node's id, or one of EC2, which no node here has.
fn is_instance_id(text: &str) -> bool {
    let ec2 = |digits: &str| {
        matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    ManagedNodeId::parse(text).is_ok() || text.strip_prefix("i-").is_some_and(ec2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_store::managed_node::Test;

    fn parse(filters: &[(&str, &[&str])]) -> Result<Vec<Predicate>, FilterError> {
        let owned: Vec<(&str, Vec<String>)> = filters
            .iter()
            .map(|(key, values)| (*key, values.iter().map(|value| (*value).to_owned()).collect()))
            .collect();
        let borrowed: Vec<(&str, &[String])> =
            owned.iter().map(|(key, values)| (*key, values.as_slice())).collect();
        information_predicates(&borrowed)
    }

    #[test]
    fn every_key_is_known() {
        let any = |column, value: &str| Predicate::Column(column, Test::AnyOf(vec![value.to_owned()]));
        let found = parse(&[
            ("InstanceIds", &["mi-0123456789abcdef0"]),
            ("AgentVersion", &["3.3.0.0"]),
            ("PingStatus", &["Online"]),
            ("PlatformTypes", &["Linux"]),
            ("ActivationIds", &["a"]),
            ("IamRole", &["r"]),
            ("ResourceType", &["ManagedInstance"]),
            ("SourceIds", &["mi-0123456789abcdef0"]),
            ("SourceTypes", &["AWS::SSM::ManagedInstance"]),
        ]);
        assert_eq!(
            found.unwrap(),
            [
                any(Column::NodeId, "mi-0123456789abcdef0"),
                any(Column::AgentVersion, "3.3.0.0"),
                Predicate::Online(true),
                any(Column::PlatformType, "Linux"),
                any(Column::ActivationId, "a"),
                any(Column::IamRole, "r"),
                any(Column::NodeId, "mi-0123456789abcdef0"),
            ]
        );
        for (key, value) in [
            ("ResourceType", "EC2Instance"),
            ("AssociationStatus", "Success"),
            ("SourceTypes", "AWS::IoT::Thing"),
        ] {
            assert_eq!(parse(&[(key, &[value])]), Ok(vec![Predicate::Never]), "{key}");
        }
        let tags = Selector::Values { key: "a:b".to_owned(), values: vec!["v".to_owned()] };
        assert_eq!(parse(&[("tag:a:b", &["v"])]), Ok(vec![Predicate::Tagged(tags)]));
        let keys = Selector::Keys(vec!["v".to_owned()]);
        assert_eq!(parse(&[("tag-key", &["v"])]), Ok(vec![Predicate::Tagged(keys)]));
        assert_eq!(parse(&[("InstanceIds", &["i-01234567"])]).unwrap().len(), 1);
    }

    #[test]
    fn what_is_refused_and_how() {
        for (filters, text) in [
            (&[("UnknownKey", &["v"][..])][..], "UnknownKey filter Key is invalid."),
            (&[("tag:", &["v"])], "tag: filter Key is invalid."),
            (
                &[("tag:a", &["v"]), ("IamRole", &["r"])],
                "Cannot mix tag or inventory filter with any other filter.",
            ),
            (
                &[("IamRole", &["r"]), ("tag-key", &["v"])],
                "Cannot mix tag or inventory filter with any other filter.",
            ),
            (
                &[("ResourceType", &["ManagedInstance", "EC2Instance"])],
                "ResourceType filter may contain only one value.",
            ),
            (
                &[("ResourceType", &["x"])],
                "ResourceType filter is invalid, valid values are EC2Instance, ManagedInstance",
            ),
            (
                &[("PingStatus", &["online"])],
                "PingStatus filter is invalid, valid values are Online, ConnectionLost, Inactive",
            ),
            (&[("InstanceIds", &["mi-0123456789abcdef0", "web"])], "InstanceIds filter is invalid."),
        ] {
            assert_eq!(parse(filters).unwrap_err().to_string(), text);
        }
    }
}
