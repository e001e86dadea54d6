//! Values as AWS prints them in violations: `[a, b]`, `{k=v}`, `Shape(member=value, other=null)`.
//! Sensitive parts are redacted. Not for: the quotes around, or the path.

use muster_service_model::Shape;
use serde_json::Value;

/// Letters of a value that are printed; a body's worth of them helps nobody.
const MAX_LETTERS: usize = 4096;
const REDACTED: &str = "*** Sensitive Data Redacted ***";

pub(super) fn value(value: &Value, shape: &Shape) -> String {
    let mut output = String::new();
    write(&mut output, value, shape);
    if let Some((end, _)) = output.char_indices().nth(MAX_LETTERS) {
        output.truncate(end);
        output.push('…');
    }
    output
}

fn write(output: &mut String, value: &Value, shape: &Shape) {
    // What is cut off later need not be written.
    if output.len() > MAX_LETTERS * 4 {
        return;
    }
    if shape.is_sensitive() && !value.is_null() {
        output.push_str(REDACTED);
        return;
    }
    match (shape, value) {
        (Shape::Structure(shape), Value::Object(members)) => {
            output.push_str(shape.name);
            output.push('(');
            for (index, member) in shape.members.iter().enumerate() {
                output.push_str(if index == 0 { "" } else { ", " });
                let mut letters = member.name.chars();
                output.extend(letters.next().map(|letter| letter.to_ascii_lowercase()));
                output.push_str(letters.as_str());
                output.push('=');
                write(output, members.get(member.name).unwrap_or(&Value::Null), &member.shape);
            }
            output.push(')');
        }
        (Shape::List(shape), Value::Array(elements)) => {
            output.push('[');
            for (index, element) in elements.iter().enumerate() {
                output.push_str(if index == 0 { "" } else { ", " });
                write(output, element, &shape.member);
            }
            output.push(']');
        }
        (Shape::Map(shape), Value::Object(entries)) => {
            output.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                output.push_str(if index == 0 { "" } else { ", " });
                output.push_str(if shape.key.sensitive { REDACTED } else { key });
                output.push('=');
                write(output, entry, &shape.value);
            }
            output.push('}');
        }
        (_, Value::String(text)) => output.push_str(text),
        (_, other) => output.push_str(&other.to_string()),
    }
}
