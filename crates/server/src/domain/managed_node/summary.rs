//! Aggregators of `ListNodesSummary`: a tree of attributes, of which each path from the top to a leaf is one way to
//! group the nodes. A path holds two attributes at most, since an answer's entry holds these and their count.

use muster_ssm_api::NodeAggregator;

/// Why aggregators are refused. AWS's texts are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SummaryError {
    /// A path is too long.
    #[error("Aggregators can be nested at most two levels deep.")]
    TooDeep,
    /// A path names an attribute twice.
    #[error("An aggregator cannot contain an aggregator of the same attribute.")]
    Repeated,
}

const DEEPEST: usize = 2;

/// The groupings that the aggregators ask for: names of attributes, the outer first.
pub(crate) fn groupings(aggregators: &[NodeAggregator]) -> Result<Vec<Vec<&'static str>>, SummaryError> {
    let mut found = Vec::new();
    walk(aggregators, &[], &mut found)?;
    Ok(found)
}

fn walk(
    aggregators: &[NodeAggregator],
    outer: &[&'static str],
    found: &mut Vec<Vec<&'static str>>,
) -> Result<(), SummaryError> {
    for aggregator in aggregators {
        let name = aggregator.attribute_name.as_str();
        if outer.contains(&name) {
            return Err(SummaryError::Repeated);
        }
        if outer.len() >= DEEPEST {
            return Err(SummaryError::TooDeep);
        }
        let mut path = outer.to_vec();
        path.push(name);
        match aggregator.aggregators.as_deref() {
            Some(inner @ [_, ..]) => walk(inner, &path, found)?,
            Some([]) | None => found.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_ssm_api::NodeAttributeName::{self, PlatformName, PlatformType, PlatformVersion};

    fn by(attribute_name: NodeAttributeName, inner: Vec<NodeAggregator>) -> NodeAggregator {
        let aggregators = (!inner.is_empty()).then_some(inner);
        NodeAggregator { attribute_name, aggregators, ..NodeAggregator::default() }
    }

    #[test]
    fn each_path_is_a_grouping() {
        let tree = [
            by(PlatformType, vec![by(PlatformName, vec![]), by(PlatformVersion, vec![])]),
            by(PlatformName, vec![]),
        ];
        let expected =
            [&["PlatformType", "PlatformName"][..], &["PlatformType", "PlatformVersion"], &["PlatformName"]];
        assert_eq!(groupings(&tree).unwrap(), expected);
        let deep = [by(PlatformType, vec![by(PlatformName, vec![by(PlatformVersion, vec![])])])];
        assert_eq!(groupings(&deep), Err(SummaryError::TooDeep));
        let twice = [by(PlatformType, vec![by(PlatformType, vec![])])];
        assert_eq!(groupings(&twice), Err(SummaryError::Repeated));
    }
}
