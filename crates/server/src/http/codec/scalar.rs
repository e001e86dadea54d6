//! Times and type names that several codecs need. Not for: the shape of a request.

use jiff::{Timestamp, fmt::temporal::DateTimeParser};
use serde_json::{Number, Value};

/// A time as text: ISO 8601, or seconds since the epoch. The result is a JSON number of seconds.
pub(super) fn parse_time(text: &str) -> Option<Value> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds_value(seconds);
    }
    let millis = match PARSER.parse_timestamp(text) {
        Ok(time) => time.as_millisecond(),
        // Without a zone it is UTC, and a date alone is its midnight.
        Err(_) => {
            let time = text.parse::<jiff::civil::DateTime>().ok()?;
            time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()
        }
    };
    seconds_value(millis as f64 / 1000.0)
}

/// Seconds since the epoch, if they are a time at all.
pub(super) fn seconds_value(seconds: f64) -> Option<Value> {
    // The year 9999 and its mirror: what ISO 8601 can write.
    let range = -377_705_116_800.0..=253_402_300_799.999;
    range.contains(&seconds).then(|| Number::from_f64(seconds).map(Value::Number))?
}

/// Seconds since the epoch as ISO 8601 in UTC, with milliseconds where there are any.
pub(super) fn iso8601(seconds: f64) -> Option<String> {
    let time = Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()?;
    let format = if time.subsec_millisecond() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
    Some(time.strftime(format).to_string())
}
