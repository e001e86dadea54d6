//! Nested objects to flat keys and back.

use super::Entries;
use serde_json::{Map, Value};

/// `{"db": {"host": "h"}}` to `db/host`. Lists of scalars are joined by commas, as a StringList is.
pub(super) fn flatten(value: &Value) -> Result<Entries, String> {
    let Value::Object(members) = value else { return Err("it is no object of keys and values".to_owned()) };
    let mut entries = Entries::new();
    add("", members, &mut entries)?;
    Ok(entries)
}

fn add(prefix: &str, members: &Map<String, Value>, entries: &mut Entries) -> Result<(), String> {
    for (name, value) in members {
        let key = format!("{prefix}{}", name.trim_matches('/'));
        let text = match value {
            Value::Object(members) => {
                add(&format!("{key}/"), members, entries)?;
                continue;
            }
            Value::Array(elements) => {
                let parts: Option<Vec<String>> = elements.iter().map(scalar).collect();
                let parts = parts.ok_or_else(|| format!("{key} is a list of more than plain values"))?;
                if parts.iter().any(|part| part.contains(',')) {
                    return Err(format!("{key} is a list with a comma in one of its values"));
                }
                parts.join(",")
            }
            value => scalar(value).ok_or_else(|| format!("{key} has no value"))?,
        };
        if entries.insert(key.clone(), text).is_some() {
            return Err(format!("{key} is there twice"));
        }
    }
    Ok(())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The other way. A key that is a value and a path of others cannot be nested.
pub(super) fn nest(entries: &Entries) -> Result<Value, String> {
    let mut root = Map::new();
    for (key, value) in entries {
        let both = || format!("{key} is a value and a path of others; dotenv can hold both");
        let (path, name) = key.rsplit_once('/').unwrap_or(("", key));
        let mut at = &mut root;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let below = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
            at = below.as_object_mut().ok_or_else(both)?;
        }
        if at.insert(name.to_owned(), Value::String(value.clone())).is_some() {
            return Err(both());
        }
    }
    Ok(Value::Object(root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_what_cannot_be() {
        assert_eq!(flatten(&json!({ "a": ["x", 1] })).unwrap().get("a").map(String::as_str), Some("x,1"));
        for wrong in [json!([]), json!({ "a": null }), json!({ "a": [{}] }), json!({ "a": ["x,y"] })] {
            assert!(flatten(&wrong).is_err(), "{wrong}");
        }
        let both = Entries::from([("a".to_owned(), "1".to_owned()), ("a/b".to_owned(), "2".to_owned())]);
        assert!(nest(&both).is_err());
    }
}
