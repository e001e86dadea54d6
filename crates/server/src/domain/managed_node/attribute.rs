//! One attribute of a node against the values of a filter. Attributes that are the same for every node, or follow
//! from others, are decided here; the rest becomes a condition of the store.

use muster_store::managed_node::{Column, Predicate, Test};

/// What a filter's key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute<'a> {
    /// A column of the node.
    Column(Column),
    /// The same for every node of the tenant.
    Fixed(&'a str),
    /// Follows from whether the node is online.
    Online {
        /// Its value for a node that is.
        online: &'a str,
        /// Its value for a node that is not.
        lost: &'a str,
    },
}

/// How a filter compares; the values are alternatives, but for `NotEqual`, which none of them may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Is one of the values.
    Equal,
    /// Is none of the values.
    NotEqual,
    /// Begins with one of the values.
    BeginWith,
    /// Sorts before one of the values.
    LessThan,
    /// Sorts after one of the values.
    GreaterThan,
}

impl Comparison {
    /// The operator of this name in the API.
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        Some(match text {
            "Equal" => Self::Equal,
            "NotEqual" => Self::NotEqual,
            "BeginWith" => Self::BeginWith,
            "LessThan" => Self::LessThan,
            "GreaterThan" => Self::GreaterThan,
            _ => return None,
        })
    }

    /// Whether a known value satisfies the filter.
    pub(crate) fn holds(self, value: &str, values: &[String]) -> bool {
        match self {
            Self::Equal => values.iter().any(|wanted| wanted == value),
            Self::NotEqual => values.iter().all(|wanted| wanted != value),
            Self::BeginWith => values.iter().any(|wanted| value.starts_with(wanted.as_str())),
            Self::LessThan => values.iter().any(|wanted| value < wanted.as_str()),
            Self::GreaterThan => values.iter().any(|wanted| value > wanted.as_str()),
        }
    }

    fn test(self, values: &[String]) -> Test {
        let values = values.to_vec();
        match self {
            Self::Equal => Test::AnyOf(values),
            Self::NotEqual => Test::NoneOf(values),
            Self::BeginWith => Test::BeginsWith(values),
            Self::LessThan => Test::Less(values),
            Self::GreaterThan => Test::Greater(values),
        }
    }
}

impl Attribute<'_> {
    /// The condition; `None` if every node satisfies it.
    pub(crate) fn predicate(self, comparison: Comparison, values: &[String]) -> Option<Predicate> {
        match self {
            Self::Column(column) => Some(Predicate::Column(column, comparison.test(values))),
            Self::Fixed(value) => (!comparison.holds(value, values)).then_some(Predicate::Never),
            Self::Online { online, lost } => {
                match (comparison.holds(online, values), comparison.holds(lost, values)) {
                    (true, true) => None,
                    (true, false) => Some(Predicate::Online(true)),
                    (false, true) => Some(Predicate::Online(false)),
                    (false, false) => Some(Predicate::Never),
                }
            }
        }
    }
}

/// The ping status.
pub(super) const PING_STATUS: Attribute<'static> =
    Attribute::Online { online: "Online", lost: "ConnectionLost" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_depend_on_the_node_is_decided_at_once() {
        let values = |list: &[&str]| list.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let fixed = Attribute::Fixed("ManagedInstance");
        for (comparison, list, expected) in [
            (Comparison::Equal, &["x", "ManagedInstance"][..], None),
            (Comparison::Equal, &["x"], Some(Predicate::Never)),
            (Comparison::NotEqual, &["x", "ManagedInstance"], Some(Predicate::Never)),
            (Comparison::NotEqual, &["x"], None),
            (Comparison::BeginWith, &["Managed"], None),
            (Comparison::LessThan, &["N"], None),
            (Comparison::GreaterThan, &["N"], Some(Predicate::Never)),
        ] {
            assert_eq!(fixed.predicate(comparison, &values(list)), expected, "{comparison:?} {list:?}");
        }
        for (comparison, list, expected) in [
            (Comparison::Equal, &["Online"][..], Some(Predicate::Online(true))),
            (Comparison::Equal, &["ConnectionLost", "Inactive"], Some(Predicate::Online(false))),
            (Comparison::Equal, &["ConnectionLost", "Online"], None),
            (Comparison::Equal, &["Inactive"], Some(Predicate::Never)),
            (Comparison::NotEqual, &["Online"], Some(Predicate::Online(false))),
            (Comparison::NotEqual, &["Inactive"], None),
        ] {
            assert_eq!(PING_STATUS.predicate(comparison, &values(list)), expected, "{comparison:?} {list:?}");
        }
    }
}
