//! Prints JSON so that differences read well: what fits on a line stands on one, the rest one entry per line.

use serde_json::Value;

/// Longest line that is kept whole.
const WIDTH: usize = 110;

/// The value as text, with a newline at the end.
pub(crate) fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Appends `value`, which starts after `used` columns in a block that is indented by `depth` steps.
fn write(value: &Value, depth: usize, used: usize, text: &mut String) {
    let flat = flat(value);
    // The outermost object and its sections are always spread, so that every operation and shape starts a line.
    let spread = depth < 2 && !is_empty(value);
    if !spread && used + flat.chars().count() < WIDTH {
        text.push_str(&flat);
        return;
    }
    match value {
        Value::Array(elements) => {
            let entries = elements.iter().map(|element| (String::new(), element));
            block('[', ']', entries, depth, text);
        }
        Value::Object(members) => {
            let entries = members.iter().map(|(name, member)| (format!("{}: ", quoted(name)), member));
            block('{', '}', entries, depth, text);
        }
        _ => text.push_str(&flat),
    }
}

fn block<'a>(
    open: char,
    close: char,
    entries: impl Iterator<Item = (String, &'a Value)>,
    depth: usize,
    text: &mut String,
) {
    let indent = "  ".repeat(depth + 1);
    text.push(open);
    for (position, (label, value)) in entries.enumerate() {
        text.push_str(if position == 0 { "\n" } else { ",\n" });
        text.push_str(&indent);
        text.push_str(&label);
        write(value, depth + 1, indent.len() + label.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(flat).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let entries: Vec<_> =
                members.iter().map(|(name, member)| format!("{}: {}", quoted(name), flat(member))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => true,
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_values_share_a_line_and_long_ones_do_not() {
        let long = "x".repeat(120);
        let value =
            json!({"shapes": {"A": {"type": "string", "min": 1}, "B": {"enum": [long, "y"]}}, "none": {}});
        let expected = format!(
            "{{\n  \"shapes\": {{\n    \"A\": {{ \"type\": \"string\", \"min\": 1 }},\n    \"B\": {{\n      \"enum\": [\n        \"{long}\",\n        \"y\"\n      ]\n    }}\n  }},\n  \"none\": {{}}\n}}\n"
        );
        assert_eq!(print(&value), expected);
    }

    #[test]
    fn what_is_printed_reads_back() {
        let value = json!({"pattern": "^[\\w\"]+\\t$", "empty": [], "nested": [[1, 2], {"a": null}]});
        assert_eq!(serde_json::from_str::<Value>(&print(&value)).expect("valid JSON"), value);
    }
}
