//! The `Condition` of a statement: operators, compiled values, and the rules for keys that are missing or have many
//! values. Not for: the grammar around them, and the keys.

mod arn;
mod date;
mod ip;
mod number;

use crate::{
    PolicyError,
    context::{Context, Key},
    pattern::{Pattern, Syntax},
    policy::Version,
};
use arn::ArnPattern;
use ip::Block;
use number::Number;
use std::{borrow::Cow, cmp::Ordering};

/// One key under one operator, with the values that the policy gives.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    key: Key,
    set: Option<Set>,
    if_exists: bool,
    negated: bool,
    test: Test,
}

/// How a key's many values count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// The values of the policy, each of which may match.
#[derive(Debug, Clone)]
enum Test {
    Text(Box<[Pattern]>),
    TextIgnoringCase(Box<[Pattern]>),
    Arn(Box<[ArnPattern]>),
    Number(Compare, Box<[Number]>),
    Date(Compare, Box<[i128]>),
    Bool(Box<[Pattern]>),
    Binary(Box<[Box<str>]>),
    Ip(Box<[Block]>),
    /// Whether the key shall be missing.
    Null(Box<[bool]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    fn holds(self, order: Option<Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }

    /// By the end of an operator's name; also whether it is negated.
    fn named(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "equals" => (Self::Equal, false),
            "notequals" => (Self::Equal, true),
            "lessthan" => (Self::Less, false),
            "lessthanequals" => (Self::LessOrEqual, false),
            "greaterthan" => (Self::Greater, false),
            "greaterthanequals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

/// An operator's name, read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator {
    set: Option<Set>,
    if_exists: bool,
    negated: bool,
    family: Family,
}

#[derive(Debug, Clone, Copy)]
enum Family {
    Equals,
    EqualsIgnoringCase,
    Like,
    Arn,
    Number(Compare),
    Date(Compare),
    Bool,
    Binary,
    Ip,
    Null,
}

impl Operator {
    /// In whatever case; `None` if there is no such operator.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = if let Some(rest) = name.strip_prefix("forallvalues:") {
            (Some(Set::All), rest)
        } else if let Some(rest) = name.strip_prefix("foranyvalue:") {
            (Some(Set::Any), rest)
        } else {
            (None, &*name)
        };
        let (if_exists, name) = name.strip_suffix("ifexists").map_or((false, name), |name| (true, name));
        let (family, negated) = match name {
            "stringequals" => (Family::Equals, false),
            "stringnotequals" => (Family::Equals, true),
            "stringequalsignorecase" => (Family::EqualsIgnoringCase, false),
            "stringnotequalsignorecase" => (Family::EqualsIgnoringCase, true),
            "stringlike" => (Family::Like, false),
            "stringnotlike" => (Family::Like, true),
            "arnequals" | "arnlike" => (Family::Arn, false),
            "arnnotequals" | "arnnotlike" => (Family::Arn, true),
            "bool" => (Family::Bool, false),
            "binaryequals" => (Family::Binary, false),
            "ipaddress" => (Family::Ip, false),
            "notipaddress" => (Family::Ip, true),
            "null" if !if_exists => (Family::Null, false),
            _ => {
                if let Some(end) = name.strip_prefix("numeric") {
                    let (compare, negated) = Compare::named(end)?;
                    (Family::Number(compare), negated)
                } else {
                    let (compare, negated) = Compare::named(name.strip_prefix("date")?)?;
                    (Family::Date(compare), negated)
                }
            }
        };
        Some(Self { set, if_exists, negated, family })
    }
}

impl Condition {
    /// Compiles the values for one key.
    ///
    /// # Errors
    /// A date, a number or an address that is none.
    pub(crate) fn compile(
        operator: Operator,
        key: &str,
        values: &[String],
        version: Version,
    ) -> Result<Self, PolicyError> {
        let variables = version == Version::V2012;
        let patterns = |wildcards| {
            let syntax = Syntax { wildcards, variables, arn: false };
            values.iter().map(|value| Pattern::compile(value, syntax)).collect()
        };
        let test = match operator.family {
            Family::Equals => Test::Text(patterns(false)),
            Family::Like => Test::Text(patterns(true)),
            Family::EqualsIgnoringCase => Test::TextIgnoringCase(patterns(false)),
            Family::Arn => {
                Test::Arn(values.iter().map(|value| ArnPattern::compile(value, variables)).collect())
            }
            Family::Number(compare) => Test::Number(compare, each(values, number::parse)?),
            Family::Date(compare) => Test::Date(compare, each(values, date::parse)?),
            Family::Ip => Test::Ip(each(values, Block::parse)?),
            Family::Bool => Test::Bool(patterns(false)),
            Family::Null => Test::Null(values.iter().filter_map(|value| boolean(value)).collect()),
            Family::Binary => Test::Binary(values.iter().map(|value| value.as_str().into()).collect()),
        };
        let Operator { set, if_exists, negated, .. } = operator;
        Ok(Self { key: Key::new(key), set, if_exists, negated, test })
    }

    /// Whether the request fulfils it.
    pub(crate) fn holds(&self, context: &Context<'_>) -> bool {
        let values = self.key.values(context);
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&values.is_none());
        }
        let one = |value: &Cow<'_, str>| self.test.matches(value, context) != self.negated;
        match (values, self.set) {
            (None, Some(Set::All)) => true,
            (None, Some(Set::Any)) => self.if_exists,
            (None, None) => self.negated || self.if_exists,
            // A set of empty texts is an empty set.
            (Some(values), Some(set)) if values.iter().all(|value| value.is_empty()) => set == Set::All,
            (Some(values), Some(Set::All)) => values.iter().all(one),
            (Some(values), Some(Set::Any)) => values.iter().any(one),
            // Of many values without a set operator one must match, or none if negated.
            (Some(values), None) if self.negated => values.iter().all(one),
            (Some(values), None) => values.iter().any(one),
        }
    }

    /// The key itself, and those of variables in the values.
    pub(crate) fn keys(&self) -> Vec<&Key> {
        let mut keys = vec![&self.key];
        match &self.test {
            Test::Text(patterns) | Test::TextIgnoringCase(patterns) | Test::Bool(patterns) => {
                keys.extend(patterns.iter().flat_map(Pattern::keys));
            }
            Test::Arn(patterns) => keys.extend(patterns.iter().flat_map(ArnPattern::keys)),
            _ => {}
        }
        keys
    }
}

impl Test {
    fn matches(&self, value: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Text(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::TextIgnoringCase(patterns) => patterns.iter().any(|pattern| match pattern {
                Pattern::Exact(text) => same_ignoring_case(text, value),
                _ => pattern.expand(context).is_some_and(|text| same_ignoring_case(&text, value)),
            }),
            Self::Arn(patterns) => arn::matches(patterns, value, context),
            Self::Number(compare, numbers) => number::parse(value)
                .is_some_and(|value| numbers.iter().any(|number| compare.holds(value.partial_cmp(number)))),
            Self::Date(compare, dates) => date::parse(value)
                .is_some_and(|value| dates.iter().any(|date| compare.holds(Some(value.cmp(date))))),
            Self::Bool(patterns) => boolean(value).is_some_and(|value| {
                patterns.iter().any(|pattern| match pattern {
                    Pattern::Exact(text) => boolean(text) == Some(value),
                    _ => pattern.expand(context).and_then(|text| boolean(&text)) == Some(value),
                })
            }),
            Self::Binary(wanted) => wanted.iter().any(|wanted| **wanted == *value),
            Self::Ip(blocks) => {
                ip::parse(value).is_some_and(|value| blocks.iter().any(|block| block.contains(value)))
            }
            // Answered before any value is looked at.
            Self::Null(_) => false,
        }
    }
}

fn each<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Box<[T]>, PolicyError> {
    values.iter().map(|value| parse(value)).collect::<Option<_>>().ok_or(PolicyError::LEGACY)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn same_ignoring_case(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii())
            && one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase)))
}
