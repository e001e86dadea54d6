//! From JSON to a compiled pattern. The words of refusals are AWS's, without the position that its parser appends.

use super::{
    Fields, Node, PatternError,
    matcher::{Bound, Matcher, Text},
};
use serde_json::Value;
use std::net::IpAddr;

/// Objects in objects.
const MAX_DEPTH: usize = 64;

fn refuse<T>(text: impl Into<String>) -> Result<T, PatternError> {
    Err(PatternError(text.into()))
}

/// An object of fields.
pub(super) fn fields(value: &Value, depth: usize) -> Result<Fields, PatternError> {
    let Value::Object(members) = value else { return refuse("Filter is not an object") };
    if members.is_empty() {
        return refuse("Empty objects are not allowed");
    }
    if depth == MAX_DEPTH {
        return refuse("Too many levels of objects");
    }
    let mut parsed = Fields::default();
    for (name, value) in members {
        match value {
            Value::Array(alternatives) if name == "$or" => {
                if alternatives.is_empty() {
                    return refuse("Empty arrays are not allowed");
                }
                let group: Result<_, _> =
                    alternatives.iter().map(|alternative| fields(alternative, depth + 1)).collect();
                parsed.any_of.push(group?);
            }
            Value::Array(values) if values.is_empty() => return refuse("Empty arrays are not allowed"),
            Value::Array(values) => {
                let matchers: Result<_, _> = values.iter().map(matcher).collect();
                parsed.fields.push((name.clone(), Node::Leaf(matchers?)));
            }
            Value::Object(_) => {
                parsed.fields.push((name.clone(), Node::Object(fields(value, depth + 1)?)));
            }
            _ => return refuse(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(parsed)
}

/// One value of a list.
fn matcher(value: &Value) -> Result<Matcher, PatternError> {
    match value {
        Value::Array(_) => refuse("Match value must be String, number, true, false, or null"),
        Value::Object(members) => {
            let mut members = members.iter();
            match (members.next(), members.next()) {
                (None, _) => refuse("Empty match expressions are not allowed"),
                (Some(_), Some(_)) => refuse("Only one key allowed in match expression"),
                (Some((operator, operand)), None) => expression(operator, operand),
            }
        }
        plain => Ok(Matcher::Exactly(plain.clone())),
    }
}

fn expression(operator: &str, operand: &Value) -> Result<Matcher, PatternError> {
    match operator {
        "exists" => match operand {
            Value::Bool(exists) => Ok(Matcher::Exists(*exists)),
            _ => refuse("exists match pattern must be either true or false."),
        },
        "anything-but" => anything_but(operand).map(Matcher::AnythingBut),
        "numeric" => numeric(operand),
        "cidr" => cidr(operand),
        _ => match text(operator, operand) {
            Some(condition) => condition.map(Matcher::Text),
            None => refuse(format!("Unrecognized match type {operator}")),
        },
    }
}

/// The conditions on text, by their operators.
fn text(operator: &str, operand: &Value) -> Option<Result<Text, PatternError>> {
    let ignoring_case = match operand {
        Value::Object(members) if members.len() == 1 => members.get("equals-ignore-case"),
        _ => None,
    };
    let operand = match (operator, ignoring_case) {
        ("prefix" | "suffix", Some(inner)) => inner.as_str(),
        _ => operand.as_str(),
    };
    let known = matches!(operator, "prefix" | "suffix" | "equals-ignore-case" | "wildcard");
    let Some(operand) = operand else {
        return known.then(|| refuse(format!("{operator} match pattern must be a string")));
    };
    let condition = match (operator, ignoring_case) {
        ("prefix", None) => Text::Prefix(operand.to_owned()),
        ("prefix", Some(_)) => Text::PrefixIgnoreCase(operand.to_lowercase()),
        ("suffix", None) => Text::Suffix(operand.to_owned()),
        ("suffix", Some(_)) => Text::SuffixIgnoreCase(operand.to_lowercase()),
        ("equals-ignore-case", _) => Text::EqualsIgnoreCase(operand.to_lowercase()),
        ("wildcard", _) => return Some(wildcard(operand).map(Text::Wildcard)),
        _ => return None,
    };
    Some(Ok(condition))
}

/// The parts between the wildcards; `\*` and `\\` are the characters themselves.
fn wildcard(text: &str) -> Result<Vec<String>, PatternError> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().enumerate();
    let mut after_wildcard = None;
    while let Some((position, character)) = characters.next() {
        let part = match character {
            '*' if after_wildcard == Some(position) => {
                return refuse(format!("Consecutive wildcard characters at pos {}", position - 1));
            }
            '*' => {
                after_wildcard = Some(position + 1);
                parts.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('*' | '\\'))) => escaped,
                _ => return refuse(format!("Invalid escape character at pos {position}")),
            },
            plain => plain,
        };
        if let Some(last) = parts.last_mut() {
            last.push(part);
        }
    }
    Ok(parts)
}

fn anything_but(operand: &Value) -> Result<Vec<Matcher>, PatternError> {
    let plain = |value: &Value| match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            Ok(Matcher::Exactly(value.clone()))
        }
        _ => refuse("Inside anything but list, start|null|boolean is not supported."),
    };
    match operand {
        Value::Array(values) if values.is_empty() => refuse("Empty arrays are not allowed"),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(members) => {
            let mut members = members.iter();
            let (Some((operator, operand)), None) = (members.next(), members.next()) else {
                return refuse("Only one key allowed in match expression");
            };
            let operands = match operand {
                Value::Array(values) if values.is_empty() => return refuse("Empty arrays are not allowed"),
                Value::Array(values) => values.as_slice(),
                single => std::slice::from_ref(single),
            };
            let one = |operand| match text(operator, operand) {
                Some(condition) => condition.map(Matcher::Text),
                None => refuse(format!("Unsupported anything-but pattern: {operator}")),
            };
            operands.iter().map(one).collect()
        }
        single => plain(single).map(|matcher| vec![matcher]),
    }
}

fn numeric(operand: &Value) -> Result<Matcher, PatternError> {
    let members = match operand {
        Value::Array(members) => members.as_slice(),
        _ => return refuse("Value of numeric must be an array."),
    };
    let operator = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => refuse(format!("Invalid member in numeric match: {other}")),
        None => refuse("Invalid member in numeric match: ]"),
    };
    let number = |name: &str, value: Option<&Value>| match value.and_then(Value::as_f64) {
        Some(number) => Ok(number),
        None => refuse(format!("Value of {name} must be numeric")),
    };
    let first = operator(members.first())?;
    let at = |inclusive, value| Some(Bound { value, inclusive });
    let (bottom, top) = match first.as_str() {
        "=" => {
            let value = number("equals", members.get(1))?;
            (at(true, value), at(true, value))
        }
        "<" | "<=" => (None, at(first == "<=", number(&first, members.get(1))?)),
        ">" | ">=" => {
            let bottom = at(first == ">=", number(&first, members.get(1))?);
            match members.get(2) {
                None => (bottom, None),
                Some(Value::String(second)) if matches!(second.as_str(), "<" | "<=") => {
                    let top = at(second == "<=", number(second, members.get(3))?);
                    if members.len() > 4 {
                        return refuse("Too many terms in numeric range expression");
                    }
                    (bottom, top)
                }
                Some(Value::String(second)) => {
                    return refuse(format!("Bad numeric range operator: {second}"));
                }
                Some(other) => return refuse(format!("Bad value in numeric range: {other}")),
            }
        }
        other => return refuse(format!("Unrecognized numeric range operator: {other}")),
    };
    if members.len() > 2 && !matches!(first.as_str(), ">" | ">=") {
        return refuse("Too many elements in numeric expression");
    }
    match (bottom, top) {
        (Some(bottom), Some(top)) if first != "=" && bottom.value >= top.value => {
            refuse("Bottom must be less than top")
        }
        _ => Ok(Matcher::Numeric { bottom, top }),
    }
}

fn cidr(operand: &Value) -> Result<Matcher, PatternError> {
    // AWS speaks of a prefix here.
    let Some(text) = operand.as_str() else { return refuse("prefix match pattern must be a string") };
    let Some((address, prefix)) = text.split_once('/').filter(|(_, prefix)| !prefix.contains('/')) else {
        return refuse("Malformed CIDR, one '/' required");
    };
    let Ok(prefix) = prefix.parse::<u8>() else {
        return refuse("Malformed CIDR, mask bits must be an integer");
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return refuse(format!("Nonstandard IP address: {address}"));
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    if prefix > longest {
        return refuse(format!("IP address range of mask bits must be between 0 and {longest}"));
    }
    Ok(Matcher::Cidr { address, prefix })
}
