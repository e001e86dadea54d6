//! The model's constraints, checked on decoded input before any handler sees it, with AWS's texts.
//!
//! Every violation is found and counted; the texts name the member's path in AWS's way: first letters in lower
//! case, list elements as `.1.member`. Values of sensitive shapes are never repeated. What one wire protocol or
//! another did with the input is over by now: this walks JSON in the model's names. Not for: rules that the model
//! cannot say, which are the handlers'.

mod element;
mod pattern;
mod print;
#[cfg(test)]
mod tests;

use crate::error::ApiError;
use muster_service_model::{
    Bounds, Constraint, ListShape, MapShape, OperationSchema, Shape, StringShape, Structure,
};
use serde_json::Value;
use std::fmt::Display;

/// Violations that are written out; more are counted alone.
const MAX_WRITTEN: usize = 100;

/// Operations behind which AWS has an older front end that repeats no values.
const WITHOUT_VALUES: [&str; 1] = ["DescribeInstanceInformation"];

/// A member of an operation's input, and the installation's own bound in place of the model's.
pub(super) type Lifted = Option<(&'static str, i64)>;

/// Checks the input of an operation.
///
/// # Errors
/// `ValidationException` that tells every violation.
pub(super) fn validate(input: &Value, operation: &OperationSchema, lifted: Lifted) -> Result<(), ApiError> {
    let mut report = Report::new(!WITHOUT_VALUES.contains(&operation.name), lifted);
    report.structure(input, operation.input, &Path::Root);
    report.finish()
}

/// Where a value stands; built on the way down, written only when something is wrong.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
    Entry(&'a Path<'a>, &'a str),
}

impl Path<'_> {
    fn write(&self, output: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write_before(output);
                let mut letters = name.chars();
                output.extend(letters.next().map(|letter| letter.to_ascii_lowercase()));
                output.push_str(letters.as_str());
            }
            Self::Element(parent, index) => {
                parent.write_before(output);
                output.push_str(&format!("{}.member", index + 1));
            }
            Self::Entry(parent, key) => {
                parent.write_before(output);
                output.push_str(&format!("{key}.member"));
            }
        }
    }

    fn write_before(&self, output: &mut String) {
        self.write(output);
        if !matches!(self, Self::Root) {
            output.push('.');
        }
    }
}

struct Report {
    with_values: bool,
    lifted: Lifted,
    count: usize,
    texts: Vec<String>,
}

impl Report {
    fn new(with_values: bool, lifted: Lifted) -> Self {
        Self { with_values, lifted, count: 0, texts: Vec::new() }
    }

    /// The greatest allowed here: the model's word, unless the installation has its own.
    fn most(&self, max: Option<i64>, path: &Path<'_>) -> Option<i64> {
        match (self.lifted, path) {
            (Some((member, most)), Path::Member(Path::Root, name)) if member == *name => Some(most),
            _ => max,
        }
    }

    fn finish(self) -> Result<(), ApiError> {
        if self.count == 0 {
            return Ok(());
        }
        let noun = if self.count == 1 { "error" } else { "errors" };
        let texts = self.texts.join("; ");
        Err(ApiError::validation(format!("{} validation {noun} detected: {texts}", self.count)))
    }

    /// Notes that the value at `path`, of this shape, breaks a rule; `None` is an absent value.
    fn add(&mut self, found: Option<(&Value, &Shape)>, path: &Path<'_>, rule: impl Display) {
        self.count += 1;
        if self.texts.len() >= MAX_WRITTEN {
            return;
        }
        let mut place = String::new();
        path.write(&mut place);
        let value = match found {
            None => " null".to_owned(),
            Some((value, shape)) if self.with_values && !shape.is_sensitive() => {
                format!(" '{}'", print::value(value, shape))
            }
            Some(_) => String::new(),
        };
        self.texts.push(format!("Value{value} at '{place}' failed to satisfy constraint: {rule}"));
    }

    fn structure(&mut self, value: &Value, shape: &Structure, path: &Path<'_>) {
        for member in shape.members {
            let place = Path::Member(path, member.name);
            match value.get(member.name).filter(|found| !found.is_null()) {
                Some(found) => self.value(found, &member.shape, &place),
                None if member.required => self.add(None, &place, "Member must not be null"),
                None => {}
            }
        }
    }

    fn value(&mut self, value: &Value, shape: &Shape, path: &Path<'_>) {
        match (shape, value) {
            (Shape::Structure(inner), _) => self.structure(value, inner, path),
            (Shape::List(inner), Value::Array(elements)) => self.list(value, elements, shape, inner, path),
            (Shape::Map(inner), Value::Object(entries)) => self.map(value, entries, shape, inner, path),
            (Shape::String(inner), Value::String(text)) => self.string(value, text, shape, inner, path),
            (Shape::Blob(inner), Value::String(text)) => {
                self.length(value, decoded_length(text), inner.length, shape, path);
            }
            (Shape::Integer(bounds) | Shape::Long(bounds), Value::Number(number)) => {
                let number = number.as_i64().unwrap_or(i64::MAX);
                if let Some(min) = bounds.min.filter(|min| number < *min) {
                    self.add(Some((value, shape)), path, rule_value_min(min));
                }
                if let Some(max) = self.most(bounds.max, path).filter(|max| number > *max) {
                    self.add(Some((value, shape)), path, rule_value_max(max));
                }
            }
            (Shape::Double(bounds), Value::Number(number)) => {
                let number = number.as_f64().unwrap_or(f64::MAX);
                if let Some(min) = bounds.min.filter(|min| number < *min as f64) {
                    self.add(Some((value, shape)), path, rule_value_min(min));
                }
                if let Some(max) = bounds.max.filter(|max| number > *max as f64) {
                    self.add(Some((value, shape)), path, rule_value_max(max));
                }
            }
            // The codec has seen to the types.
            _ => {}
        }
    }

    fn string(&mut self, value: &Value, text: &str, shape: &Shape, inner: &StringShape, path: &Path<'_>) {
        self.length(value, text.chars().count(), inner.length, shape, path);
        if !constraint_holds(text, inner.constraint) {
            self.add(Some((value, shape)), path, rule_constraint(inner.constraint));
        }
        if text.contains('\0') {
            self.add(Some((value, shape)), path, RULE_NUL);
        }
    }

    fn length(&mut self, value: &Value, length: usize, bounds: Bounds, shape: &Shape, path: &Path<'_>) {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        if let Some(min) = bounds.min.filter(|min| length < *min) {
            self.add(Some((value, shape)), path, rule_length_min(min));
        }
        if let Some(max) = self.most(bounds.max, path).filter(|max| length > *max) {
            self.add(Some((value, shape)), path, rule_length_max(max));
        }
    }

    fn list(&mut self, value: &Value, elements: &[Value], shape: &Shape, inner: &ListShape, path: &Path<'_>) {
        self.length(value, elements.len(), inner.length, shape, path);
        // AWS tells of scalar elements at the list, of others where they stand.
        if elements.iter().any(|found| element::is_broken(found, &inner.member)) {
            let rule =
                format!("Member must satisfy constraint: [{}]", element::rules(&inner.member, elements));
            self.add_with_contents(value, shape, &inner.member, path, rule);
        }
        for (index, found) in elements.iter().enumerate().filter(|(_, found)| !found.is_null()) {
            if !element::is_scalar(&inner.member) {
                self.value(found, &inner.member, &Path::Element(path, index));
            }
        }
    }

    fn map(
        &mut self,
        value: &Value,
        entries: &serde_json::Map<String, Value>,
        shape: &Shape,
        inner: &MapShape,
        path: &Path<'_>,
    ) {
        self.length(value, entries.len(), inner.length, shape, path);
        if entries.keys().any(|key| element::is_broken_text(key, inner.key)) {
            let rule = format!("Map keys must satisfy constraint: [{}]", element::text_rules(inner.key));
            self.add_with_contents(value, shape, &inner.value, path, rule);
        }
        if entries.values().any(|found| element::is_broken(found, &inner.value)) {
            let rules = element::rules(&inner.value, entries.values());
            self.add_with_contents(
                value,
                shape,
                &inner.value,
                path,
                format!("Map value must satisfy constraint: [{rules}]"),
            );
        }
        for (key, found) in entries.iter().filter(|(_, found)| !found.is_null()) {
            if !element::is_scalar(&inner.value) {
                self.value(found, &inner.value, &Path::Entry(path, key));
            }
        }
    }

    /// As [`add`](Self::add) for a list or map whose contents break the rule: sensitive contents hide the whole.
    fn add_with_contents(
        &mut self,
        value: &Value,
        shape: &Shape,
        inner: &Shape,
        path: &Path<'_>,
        rule: String,
    ) {
        let shape = if inner.is_sensitive() { inner } else { shape };
        self.add(Some((value, shape)), path, rule);
    }
}

/// Not AWS's: no database keeps this character in a text.
const RULE_NUL: &str = "Member must not contain the character U+0000";

fn rule_length_min(min: i64) -> String {
    format!("Member must have length greater than or equal to {min}")
}

fn rule_length_max(max: i64) -> String {
    format!("Member must have length less than or equal to {max}")
}

fn rule_value_min(min: i64) -> String {
    format!("Member must have value greater than or equal to {min}")
}

fn rule_value_max(max: i64) -> String {
    format!("Member must have value less than or equal to {max}")
}

fn rule_constraint(constraint: Constraint) -> String {
    match constraint {
        Constraint::Any => String::new(),
        Constraint::Pattern(pattern) => format!("Member must satisfy regular expression pattern: {pattern}"),
        Constraint::Enum(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
    }
}

fn constraint_holds(text: &str, constraint: Constraint) -> bool {
    match constraint {
        Constraint::Any => true,
        Constraint::Pattern(pattern) => pattern::matches(pattern, text),
        Constraint::Enum(values) => values.contains(&text),
    }
}

/// Bytes behind base64 that the codec has found to be well formed.
fn decoded_length(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}
