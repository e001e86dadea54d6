//! Inputs made from the tables of the model: the least that satisfies an operation's constraints, and forms of them for
//! the Query protocol. What tables cannot say (which node, which key) comes from names that the caller knows.

use crate::{domain::java_pattern::whole, http::validate::validate};
use muster_service_model::{Bounds, Constraint, OperationSchema, Shape, StringShape, Structure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Texts that are tried for a member, besides repeated letters, until one satisfies its pattern.
const CANDIDATES: [&str; 12] = [
    "sample",
    "/sample",
    "1",
    "mi-0123456789abcdef0",
    "0f2f3b04-9f4f-4c5e-8d0a-3b9d1c9a7e11",
    "arn:aws:iam::000000000000:role/sample",
    "arn:aws:iam::000000000000:policy/sample",
    "arn:aws:sns:us-east-1:000000000000:sample",
    "arn:aws:ssm:us-east-1:000000000000:sample",
    "000000000000",
    "us-east-1",
    "{}",
];

/// What members of certain names hold, and what an operation needs beside what is required.
#[derive(Debug, Default)]
pub(in crate::http::tests) struct Names {
    /// By the member's name, in every operation.
    pub(in crate::http::tests) members: BTreeMap<&'static str, Value>,
    /// Members of one operation's input, over all else; by service and operation.
    pub(in crate::http::tests) inputs: BTreeMap<(&'static str, &'static str), Value>,
}

/// The least input that an operation takes; an error says what could not be found.
pub(in crate::http::tests) fn input(
    operation: &'static OperationSchema,
    names: &Names,
) -> Result<Value, String> {
    let mut input = structure(operation.input, names)?;
    if let Some(more) = names.inputs.get(&(operation.service, operation.name)) {
        input.extend(more.as_object().cloned().unwrap_or_default());
    }
    let input = Value::Object(input);
    validate(&input, operation, None).map_err(|error| format!("{input}: {}", error.message))?;
    Ok(input)
}

fn structure(shape: &'static Structure, names: &Names) -> Result<Map<String, Value>, String> {
    let mut made = Map::new();
    for member in shape.members.iter().filter(|member| member.required) {
        let value = match names.members.get(member.name) {
            Some(known) => known.clone(),
            None => value(&member.shape, names).map_err(|error| format!("{}: {error}", member.name))?,
        };
        made.insert(member.name.to_owned(), value);
    }
    Ok(made)
}

fn value(shape: &Shape, names: &Names) -> Result<Value, String> {
    Ok(match shape {
        Shape::Structure(shape) => Value::Object(structure(shape, names)?),
        Shape::List(shape) => {
            let count = least(shape.length).max(1);
            (0..count).map(|_| value(&shape.member, names)).collect::<Result<Value, String>>()?
        }
        Shape::Map(shape) if least(shape.length) == 0 => json!({}),
        Shape::Map(shape) => json!({ text(shape.key)?: value(&shape.value, names)? }),
        Shape::String(shape) => Value::String(text(shape)?),
        Shape::Integer(bounds) | Shape::Long(bounds) => json!(bounds.min.unwrap_or(1)),
        Shape::Double(bounds) => json!(bounds.min.unwrap_or(1)),
        Shape::Boolean => json!(false),
        Shape::Timestamp(_) => json!(1_800_000_000),
        Shape::Blob(shape) => {
            use base64::Engine as _;
            let bytes = vec![b'x'; least(shape.length).max(1)];
            Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
    })
}

fn least(bounds: Bounds) -> usize {
    bounds.min.and_then(|min| usize::try_from(min).ok()).unwrap_or_default()
}

fn text(shape: &StringShape) -> Result<String, String> {
    let min = least(shape.length).max(1);
    let max = shape.length.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
    let fits = |text: &str| (min..=max).contains(&text.chars().count());
    match shape.constraint {
        Constraint::Enum(values) => Ok(values.first().copied().unwrap_or_default().to_owned()),
        Constraint::Any => Ok(if fits("sample") { "sample".to_owned() } else { "x".repeat(min.min(max)) }),
        Constraint::Pattern(pattern) => {
            let matcher = fancy_regex::Regex::new(&whole(pattern)).map_err(|error| error.to_string())?;
            let repeated = ["a", "0", "A", "/"].map(|letter| letter.repeat(min));
            let mut candidates = CANDIDATES.iter().copied().chain(repeated.iter().map(String::as_str));
            let found = candidates.find(|text| fits(text) && matcher.is_match(text).unwrap_or(false));
            found
                .map(str::to_owned)
                .ok_or_else(|| format!("nothing for the pattern {pattern} of {}", shape.name))
        }
    }
}

/// An input as a form of the Query protocol.
pub(in crate::http::tests) fn form(operation: &OperationSchema, version: &str, input: &Value) -> String {
    let mut pairs = vec![("Action".to_owned(), operation.name.to_owned())];
    pairs.push(("Version".to_owned(), version.to_owned()));
    form_structure(&mut pairs, "", operation.input, input);
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn form_structure(pairs: &mut Vec<(String, String)>, prefix: &str, shape: &Structure, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let Some(member) = shape.member(name) else { continue };
        let name = member.location_name.unwrap_or(member.name);
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        form_value(pairs, &path, &member.shape, value);
    }
}

fn form_value(pairs: &mut Vec<(String, String)>, path: &str, shape: &Shape, value: &Value) {
    match shape {
        Shape::Structure(shape) => form_structure(pairs, path, shape, value),
        Shape::List(shape) => {
            for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                let path = match shape.flattened {
                    true => format!("{path}.{}", index + 1),
                    false => format!("{path}.{}.{}", shape.member_name.unwrap_or("member"), index + 1),
                };
                form_value(pairs, &path, &shape.member, element);
            }
        }
        Shape::Map(shape) => {
            for (index, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
                let entry = if shape.flattened { path.to_owned() } else { format!("{path}.entry") };
                pairs.push((format!("{entry}.{}.key", index + 1), key.clone()));
                form_value(pairs, &format!("{entry}.{}.value", index + 1), &shape.value, value);
            }
        }
        Shape::Timestamp(_) => {
            let ms = value.as_f64().map_or(0, |seconds| (seconds * 1000.0) as i64);
            pairs.push((path.to_owned(), muster_protocol::iso_millis(ms)));
        }
        _ => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push((path.to_owned(), text));
        }
    }
}
