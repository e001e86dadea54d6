//! References to secrets of Secrets Manager: `/aws/reference/secretsmanager/NAME`, with a version's id or stage behind a
//! colon. How they are read and what is answered, as AWS does both. Not for: fetching.

use jiff::{Timestamp, tz::TimeZone};
use muster_service_model::Sensitive;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// What the names begin with; AWS takes them with and without the slash.
const PREFIX: &str = "aws/reference/secretsmanager/";

/// Why a reference is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    /// Two colons, or nothing behind one.
    #[error(
        "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"
    )]
    Selector,
    /// Secrets are not shown encrypted.
    #[error("WithDecryption flag must be True for retrieving a Secret Manager secret.")]
    NotDecrypted,
    /// No such secret, or not that version of it.
    #[error("An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {0} not found.")]
    NotFound(String),
    /// Secrets Manager cannot do that, as for a secret that is about to be deleted.
    #[error("Invalid Request to Secrets Manager")]
    Invalid,
    /// Secrets Manager does not answer, or does not let this server in.
    #[error("An error occurred while calling one AWS dependency service.")]
    Unreachable,
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretReference {
    /// The name as it was given, without the selector.
    pub(crate) name: String,
    /// The secret's own name.
    pub(crate) secret: String,
    /// Which version, if not the current one.
    pub(crate) selector: Option<String>,
}

impl SecretReference {
    /// The reference in a name; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, SecretError>> {
        let text = text.trim_matches(' ');
        let rest = text.strip_prefix('/').unwrap_or(text).strip_prefix(PREFIX)?;
        let (secret, selector) = match rest.split_once(':') {
            None => (rest, None),
            Some((_, selector)) if selector.is_empty() || selector.contains(':') => {
                return Some(Err(SecretError::Selector));
            }
            Some((secret, selector)) => (secret, Some(selector.to_owned())),
        };
        let name = text.split_once(':').map_or(text, |(name, _)| name).to_owned();
        Some(Ok(Self { name, secret: secret.to_owned(), selector }))
    }

    /// The input of `GetSecretValue`. Ids of versions look like ids; everything else is a stage.
    pub(crate) fn request(&self) -> Value {
        match &self.selector {
            None => json!({ "SecretId": self.secret }),
            Some(id) if id.len() == 36 && Uuid::parse_str(id).is_ok() => {
                json!({ "SecretId": self.secret, "VersionId": id })
            }
            Some(stage) => json!({ "SecretId": self.secret, "VersionStage": stage }),
        }
    }

    /// The refusal where there is no such secret. AWS prints the absent selector, too.
    pub(crate) fn not_found(&self) -> SecretError {
        let selector =
            self.selector.as_ref().map_or_else(|| "null".to_owned(), |selector| format!(":{selector}"));
        SecretError::NotFound(format!("{PREFIX}{}{selector}", self.secret))
    }
}

/// What `GetSecretValue` answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SecretValue {
    /// The secret's ARN.
    #[serde(rename = "ARN")]
    pub(crate) arn: String,
    name: String,
    version_id: String,
    secret_string: Option<Sensitive>,
    secret_binary: Option<Sensitive>,
    #[serde(default)]
    version_stages: Vec<String>,
    #[serde(default)]
    created_date: f64,
}

impl SecretValue {
    /// When this version was made, milliseconds since the epoch.
    pub(crate) fn created_ms(&self) -> i64 {
        (self.created_date * 1000.0).round() as i64
    }

    /// `SourceResult`: the secret as AWS prints it there, which is not as Secrets Manager prints it.
    pub(crate) fn source_result(&self, binary: Option<&[u8]>) -> Sensitive {
        let quoted = |value: &str| escaped(&Value::from(value).to_string());
        let mut text = format!(
            r#"{{"ARN":{},"name":{},"versionId":{}"#,
            quoted(&self.arn),
            quoted(&self.name),
            quoted(&self.version_id)
        );
        if let Some(value) = &self.secret_string {
            text.push_str(&format!(r#","secretString":{}"#, quoted(value.expose())));
        }
        if let Some(bytes) = binary {
            text.push_str(&format!(r#","secretBinary":{}"#, buffer(bytes)));
        }
        let stages: Vec<String> = self.version_stages.iter().map(|stage| quoted(stage)).collect();
        let created = quoted(&long_date(self.created_ms()));
        text.push_str(&format!(r#","versionStages":[{}],"createdDate":{created}}}"#, stages.join(",")));
        Sensitive::new(text)
    }

    /// The text of the secret; one that is bytes has none.
    pub(crate) fn into_text(self) -> Option<Sensitive> {
        self.secret_string
    }

    /// The base 64 of a secret that is bytes.
    pub(crate) fn binary(&self) -> Option<&Sensitive> {
        self.secret_binary.as_ref()
    }
}

/// JSON as AWS writes it here: safe inside HTML.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '=' | '\'' | '<' | '>' | '&' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text
}

/// Bytes as AWS shows them here: the members of its buffer.
fn buffer(bytes: &[u8]) -> String {
    let signed: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
    let length = bytes.len();
    format!(
        r#"{{"hb":[{}],"offset":0,"isReadOnly":false,"bigEndian":true,"nativeByteOrder":false,"mark":-1,"position":0,"limit":{length},"capacity":{length},"address":8}}"#,
        signed.join(",")
    )
}

/// `Sep 26, 2026, 7:29:54 PM`, in UTC.
fn long_date(ms: i64) -> String {
    let Ok(time) = Timestamp::from_millisecond(ms) else { return String::new() };
    let time = time.to_zoned(TimeZone::UTC);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month =
        usize::try_from(time.month() - 1).ok().and_then(|month| months.get(month)).copied().unwrap_or("");
    let (hour, half) = match time.hour() {
        0 => (12, "AM"),
        hour @ 1..12 => (hour, "AM"),
        12 => (12, "PM"),
        hour => (hour - 12, "PM"),
    };
    let (day, year, minute, second) = (time.day(), time.year(), time.minute(), time.second());
    format!("{month} {day}, {year}, {hour}:{minute:02}:{second:02} {half}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SecretReference {
        SecretReference::parse(text).unwrap().unwrap()
    }

    #[test]
    fn references_are_told_from_names() {
        for other in ["/a", "/aws/reference/secretsmanager", "/aws/service/x", "/aws/reference/other/x"] {
            assert_eq!(SecretReference::parse(other), None, "{other}");
        }
        let plain = parsed("/aws/reference/secretsmanager/a/b+/@/=");
        assert_eq!((plain.secret.as_str(), &plain.selector), ("a/b+/@/=", &None));
        assert_eq!(plain.request(), json!({ "SecretId": "a/b+/@/=" }));
        assert_eq!(
            plain.not_found().to_string(),
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: \
             Secret aws/reference/secretsmanager/a/b+/@/=null not found."
        );
        let stage = parsed("aws/reference/secretsmanager/a:AWSPREVIOUS");
        assert_eq!(stage.name, "aws/reference/secretsmanager/a");
        assert_eq!(stage.request(), json!({ "SecretId": "a", "VersionStage": "AWSPREVIOUS" }));
        assert!(stage.not_found().to_string().contains("secretsmanager/a:AWSPREVIOUS not found"));
        let version = parsed("/aws/reference/secretsmanager/a:1cc36fa0-37e8-44c5-a32b-1ff8a48c11a8");
        let id = json!({ "SecretId": "a", "VersionId": "1cc36fa0-37e8-44c5-a32b-1ff8a48c11a8" });
        assert_eq!(version.request(), id);
        for bad in ["a:", "a:b:c", "arn:aws:secretsmanager:us-east-1:1:secret:a"] {
            let read = SecretReference::parse(&format!("/aws/reference/secretsmanager/{bad}"));
            assert_eq!(read, Some(Err(SecretError::Selector)), "{bad}");
        }
    }

    #[test]
    fn the_source_is_printed_as_aws_prints_it() {
        let value: SecretValue = serde_json::from_value(json!({
            "ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:n/=-PuNNoQ", "Name": "n/=",
            "VersionId": "6e12f595-2020-42e7-8915-57ba31269d5a", "SecretString": "it's \"λ\"",
            "VersionStages": ["AWSCURRENT"], "CreatedDate": 1_790_450_994.066,
        }))
        .unwrap();
        assert_eq!(value.created_ms(), 1_790_450_994_066);
        assert_eq!(
            value.source_result(None).expose(),
            r#"{"ARN":"arn:aws:secretsmanager:us-east-1:000000000000:secret:n/\u003d-PuNNoQ","name":"n/\u003d","versionId":"6e12f595-2020-42e7-8915-57ba31269d5a","secretString":"it\u0027s \"λ\"","versionStages":["AWSCURRENT"],"createdDate":"Sep 26, 2026, 7:29:54 PM"}"#
        );
        assert!(buffer(&[1, 255]).starts_with(r#"{"hb":[1,-1],"offset":0"#));
        assert!(!format!("{value:?}").contains('λ'));
    }

    #[test]
    fn dates_have_twelve_hours() {
        for (ms, text) in [
            (0, "Jan 1, 1970, 12:00:00 AM"),
            (43_200_000, "Jan 1, 1970, 12:00:00 PM"),
            (39_600_000, "Jan 1, 1970, 11:00:00 AM"),
        ] {
            assert_eq!(long_date(ms), text);
        }
    }
}
