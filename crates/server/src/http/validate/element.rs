//! Scalar elements of lists and maps: AWS tells of them at the whole, with all the rules of an element in one
//! bracket. Not for: structures inside lists, which are told of where they stand.

use super::{
    RULE_NUL, constraint_holds, rule_constraint, rule_length_max, rule_length_min, rule_value_max,
    rule_value_min,
};
use muster_service_model::{Bounds, Constraint, Shape, StringShape};
use serde_json::Value;

pub(super) fn is_scalar(shape: &Shape) -> bool {
    !matches!(shape, Shape::Structure(_) | Shape::List(_) | Shape::Map(_))
}

/// Whether an element breaks a rule that is told of at the whole. A null breaks one in every shape.
pub(super) fn is_broken(value: &Value, shape: &Shape) -> bool {
    match (shape, value) {
        (_, Value::Null) => true,
        (Shape::String(shape), Value::String(text)) => is_broken_text(text, shape),
        (Shape::Integer(bounds) | Shape::Long(bounds), Value::Number(number)) => {
            number.as_i64().is_none_or(|number| !within(number, *bounds))
        }
        _ => false,
    }
}

pub(super) fn is_broken_text(text: &str, shape: &StringShape) -> bool {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    !within(length, shape.length) || !constraint_holds(text, shape.constraint) || text.contains('\0')
}

fn within(value: i64, bounds: Bounds) -> bool {
    bounds.min.is_none_or(|min| value >= min) && bounds.max.is_none_or(|max| value <= max)
}

/// The rules of an element: greatest and least, pattern or values, and where it matters that it must be there.
pub(super) fn rules<'a>(shape: &Shape, elements: impl IntoIterator<Item = &'a Value>) -> String {
    let mut rules = match shape {
        Shape::String(shape) => rules_of(shape),
        Shape::Integer(bounds) | Shape::Long(bounds) => {
            bounds.max.map(rule_value_max).into_iter().chain(bounds.min.map(rule_value_min)).collect()
        }
        _ => Vec::new(),
    };
    let (mut null, mut nul) = (false, false);
    for element in elements {
        null |= element.is_null();
        nul |= element.as_str().is_some_and(|text| text.contains('\0'));
    }
    rules.extend(null.then(|| "Member must not be null".to_owned()));
    rules.extend(nul.then(|| RULE_NUL.to_owned()));
    rules.join(", ")
}

/// The rules of a map's key.
pub(super) fn text_rules(shape: &StringShape) -> String {
    let rules = rules_of(shape);
    if rules.is_empty() { RULE_NUL.to_owned() } else { rules.join(", ") }
}

fn rules_of(shape: &StringShape) -> Vec<String> {
    let mut rules = Vec::new();
    rules.extend(shape.length.max.map(rule_length_max));
    rules.extend(shape.length.min.map(rule_length_min));
    if !matches!(shape.constraint, Constraint::Any) {
        rules.push(rule_constraint(shape.constraint));
    }
    rules
}
