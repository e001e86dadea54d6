//! Reading a step's inputs as the official plugins do: keys in any case, numbers as text. Not for: the inputs of any
//! one plugin.

use serde_json::{Map, Value};

/// Seconds that a step may take when its inputs name none, or one out of range.
pub const DEFAULT_TIMEOUT_SECONDS: u64 = 3600;
/// Seconds that inputs may name.
pub const TIMEOUT_RANGE_SECONDS: std::ops::RangeInclusive<u64> = 5..=172_800;

/// An input by name, in any case; null is absent.
pub fn get<'a>(inputs: &'a Value, name: &str) -> Option<&'a Value> {
    inputs.as_object().and_then(|inputs: &Map<String, Value>| super::member(inputs, name))
}

/// The time limit of a step in seconds, from its `timeoutSeconds`: text or number, fractions cut off, out of range or
/// unreadable the default.
pub fn timeout_seconds(inputs: &Value) -> u64 {
    let seconds = match get(inputs, "timeoutSeconds") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    // Casts of floats saturate; not-a-number becomes 0, which is out of range.
    let seconds = seconds.map(|seconds: f64| seconds as u64);
    seconds.filter(|seconds| TIMEOUT_RANGE_SECONDS.contains(seconds)).unwrap_or(DEFAULT_TIMEOUT_SECONDS)
}
