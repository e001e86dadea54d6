//! `Action` and `NotAction`. Patterns are kept by their service, so that a document which names thousands of actions of
//! hundreds of services costs no more than those of the service that is called. Not for: the form of an action.

use crate::{
    context::Context,
    pattern::{Pattern, Syntax},
};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Actions {
    negated: bool,
    /// Sorted by name.
    services: Box<[Service]>,
    /// Patterns of which the service is not plain: `*`, `s*:Get*`.
    others: Box<[Pattern]>,
}

#[derive(Debug)]
struct Service {
    /// In small letters.
    name: Box<str>,
    patterns: Box<[Pattern]>,
}

impl Actions {
    pub(crate) fn compile(negated: bool, list: &[String]) -> Self {
        let mut services: BTreeMap<Box<str>, Vec<Pattern>> = BTreeMap::new();
        let mut others = Vec::new();
        for action in list {
            let action = action.to_ascii_lowercase();
            let pattern = Pattern::compile(&action, Syntax { wildcards: true, variables: false, arn: false });
            match action.split_once(':') {
                Some((service, _)) if !service.contains(['*', '?']) => {
                    services.entry(service.into()).or_default().push(pattern);
                }
                _ => others.push(pattern),
            }
        }
        let services = services
            .into_iter()
            .map(|(name, patterns)| Service { name, patterns: patterns.into() })
            .collect();
        Self { negated, services, others: others.into() }
    }

    /// Whether the statement is about an action, which is in small letters.
    pub(crate) fn cover(&self, action: &str) -> bool {
        // Patterns of actions have no variables.
        let nothing = &Context::new();
        let named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(action, nothing));
        let service = action.split_once(':').map_or(action, |(service, _)| service);
        let own = self.services.binary_search_by(|own| (*own.name).cmp(service)).ok();
        let own = own.and_then(|place| self.services.get(place)).is_some_and(|own| named(&own.patterns));
        (own || named(&self.others)) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_whatever_stands_in_their_service() {
        let list = ["SSM:Get*", "s3:PutObject", "kms:*", "e*:Describe*", "sts:Get?"].map(str::to_owned);
        let (actions, negated) = (Actions::compile(false, &list), Actions::compile(true, &list));
        for (action, expected) in [
            ("ssm:getparameter", true),
            ("ssm:putparameter", false),
            ("ssmmessages:getx", false),
            ("s3:putobject", true),
            ("s3:putobjectacl", false),
            ("kms:decrypt", true),
            ("kms", false),
            ("ec2:describeinstances", true),
            ("ec2:runinstances", false),
            ("sts:getx", true),
            ("sts:getxy", false),
            ("", false),
        ] {
            assert_eq!(actions.cover(action), expected, "{action}");
            assert_eq!(negated.cover(action), !expected, "{action}");
        }
        assert!(Actions::compile(false, &["*".to_owned()]).cover("ssm:getparameter"));
        assert!(!Actions::compile(false, &[]).cover("ssm:getparameter"));
    }
}
