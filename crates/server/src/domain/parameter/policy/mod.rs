//! Policies of parameters: read as AWS reads them, kept with what has been done of them, and when the next has something
//! to do. Not for: doing it, or tiers.
//!
//! A value that is written starts the time of `NoChangeNotification` anew and leaves the others as they are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Policies of one parameter.
pub(crate) const MOST_POLICIES: usize = 10;
/// Days or hours are fewer than this: a thousand years of hours.
const INTERVALS_END: i64 = 8_760_000;
const HOUR_MS: i64 = 3_600_000;

/// Why policies are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    /// Not a JSON array of objects.
    #[error("Invalid policies input: {0}.")]
    Input(String),
    /// There is no such type.
    #[error("Policy type {0} is not supported.")]
    Type(String),
    /// A version other than 1.0. AWS's text is not known.
    #[error("Policy version {0} is not supported.")]
    Version(String),
    /// An attribute that the type does not have. AWS's text is not known.
    #[error("Attribute {0} is not supported.")]
    Unknown(String),
    /// No time. AWS's text is not known.
    #[error("Attribute Timestamp must be a date and time in ISO 8601 format, with an offset or Z.")]
    Timestamp,
    /// Neither days nor hours. AWS's text is not known.
    #[error("Attribute Unit must be Days or Hours.")]
    Unit,
    /// Zero or less.
    #[error("Attribute {0} must be a positive integer.")]
    NotPositive(&'static str),
    /// No number, or one that is too large.
    #[error("Attribute {0} must be a positive integer smaller than 8760000 .")]
    NotInRange(&'static str),
    /// Policies that cannot be together. AWS's text is not known.
    #[error("A parameter can have one Expiration policy.")]
    TwoExpirations,
    /// A notification of what never comes. AWS's text is not known.
    #[error("An ExpirationNotification policy needs an Expiration policy.")]
    NothingExpires,
    /// More than a parameter can have. AWS's text is not known.
    #[error("A parameter can have a maximum of {0} policies.")]
    TooMany(usize),
}

/// What a policy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Deletes the parameter at this time.
    Expiration(i64),
    /// Tells so long before that, milliseconds.
    ExpirationNotification(i64),
    /// Tells that the value has not changed for so long, milliseconds.
    NoChangeNotification(i64),
}

impl Rule {
    const fn kind(self) -> &'static str {
        match self {
            Self::Expiration(_) => "Expiration",
            Self::ExpirationNotification(_) => "ExpirationNotification",
            Self::NoChangeNotification(_) => "NoChangeNotification",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Policy {
    /// The JSON that AWS shows: members in its order, without spaces.
    text: String,
    rule: Rule,
    done: bool,
}

/// The policies of a parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policies(Vec<Policy>);

/// As they are stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    text: String,
    done: bool,
}

/// What a policy has to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    /// `Expiration`, …
    pub(crate) kind: &'static str,
    /// The policy, as shown.
    pub(crate) text: String,
    /// Whether the parameter goes.
    pub(crate) deletes: bool,
}

/// A policy as callers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    /// `Expiration`, …
    pub(crate) kind: &'static str,
    /// Its JSON.
    pub(crate) text: &'a str,
    /// `Pending` or `Finished`.
    pub(crate) status: &'static str,
}

impl Policies {
    /// Policies as a caller writes them. None are `[]` or `[{}]`; one that comes twice counts once, as in AWS.
    ///
    /// # Errors
    /// Whichever rule they break.
    pub(crate) fn read(input: &str) -> Result<Self, PolicyError> {
        let wrong = || PolicyError::Input(input.to_owned());
        let documents: Vec<Map<String, Value>> = serde_json::from_str(input).map_err(|_| wrong())?;
        if documents.len() > MOST_POLICIES {
            return Err(PolicyError::TooMany(MOST_POLICIES));
        }
        let mut policies: Vec<Policy> = Vec::new();
        for document in documents.iter().filter(|document| !document.is_empty()) {
            let policy = Policy::read(document).map_err(|error| error.unwrap_or_else(wrong))?;
            if !policies.contains(&policy) {
                policies.push(policy);
            }
        }
        let expirations = policies.iter().filter(|policy| matches!(policy.rule, Rule::Expiration(_))).count();
        let announces = |policy: &Policy| matches!(policy.rule, Rule::ExpirationNotification(_));
        match expirations {
            0 if policies.iter().any(announces) => Err(PolicyError::NothingExpires),
            0 | 1 => Ok(Self(policies)),
            _ => Err(PolicyError::TwoExpirations),
        }
    }

    /// Policies as they are stored; `None` if that is not what [`stored`](Self::stored) makes.
    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        let stored: Vec<Stored> = serde_json::from_str(text).ok()?;
        let policies = stored.into_iter().map(|Stored { text, done }| {
            let document: Map<String, Value> = serde_json::from_str(&text).ok()?;
            let rule = Policy::read(&document).ok()?.rule;
            Some(Policy { text, rule, done })
        });
        policies.collect::<Option<_>>().map(Self)
    }

    /// As they are stored; empty for none.
    pub(crate) fn stored(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let stored = self.0.iter().map(|policy| Stored { text: policy.text.clone(), done: policy.done });
        serde_json::to_string(&stored.collect::<Vec<_>>()).unwrap_or_default()
    }

    /// After a new value.
    #[must_use]
    pub(crate) fn rearmed(mut self) -> Self {
        for policy in &mut self.0 {
            if matches!(policy.rule, Rule::NoChangeNotification(_)) {
                policy.done = false;
            }
        }
        self
    }

    /// When the next has something to do, for a parameter that was last written at this time.
    pub(crate) fn next_due(&self, modified_ms: i64) -> Option<i64> {
        let pending = self.0.iter().filter(|policy| !policy.done);
        pending.filter_map(|policy| self.due(policy, modified_ms)).min()
    }

    /// What is to be done by now, in the order of its time, an expiration last. Notifications count as done from here.
    pub(crate) fn take_due(&mut self, modified_ms: i64, now_ms: i64) -> Vec<Action> {
        let times: Vec<_> = self.0.iter().map(|policy| self.due(policy, modified_ms)).collect();
        let mut due = Vec::new();
        for (policy, time) in self.0.iter_mut().zip(times) {
            let Some(time) = time.filter(|time| !policy.done && *time <= now_ms) else { continue };
            let deletes = matches!(policy.rule, Rule::Expiration(_));
            policy.done = !deletes;
            due.push((
                (deletes, time),
                Action { kind: policy.rule.kind(), text: policy.text.clone(), deletes },
            ));
        }
        due.sort_by_key(|(order, _)| *order);
        due.into_iter().map(|(_, action)| action).collect()
    }

    /// For callers.
    pub(crate) fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        self.0.iter().map(|policy| Shown {
            kind: policy.rule.kind(),
            text: &policy.text,
            status: if policy.done { "Finished" } else { "Pending" },
        })
    }

    fn due(&self, policy: &Policy, modified_ms: i64) -> Option<i64> {
        let expires = self.0.iter().find_map(|policy| match policy.rule {
            Rule::Expiration(at) => Some(at),
            _ => None,
        });
        match policy.rule {
            Rule::Expiration(at) => Some(at),
            Rule::ExpirationNotification(before) => Some(expires?.saturating_sub(before)),
            Rule::NoChangeNotification(after) => Some(modified_ms.saturating_add(after)),
        }
    }
}

impl Policy {
    /// `None` as an error is an object that is no policy at all.
    fn read(document: &Map<String, Value>) -> Result<Self, Option<PolicyError>> {
        if document.keys().any(|key| !matches!(key.as_str(), "Type" | "Version" | "Attributes")) {
            return Err(None);
        }
        let told = |key: &str| match document.get(key) {
            None => "null".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let kind = told("Type");
        let interval = match kind.as_str() {
            "Expiration" => None,
            "ExpirationNotification" => Some("Before"),
            "NoChangeNotification" => Some("After"),
            _ => return Err(Some(PolicyError::Type(kind))),
        };
        if told("Version") != "1.0" {
            return Err(Some(PolicyError::Version(told("Version"))));
        }
        let attributes = document.get("Attributes").and_then(Value::as_object).ok_or(None)?;
        let names: &[&str] = interval.as_ref().map_or(&["Timestamp"], |_| &["Unit"]);
        let unknown = |key: &&String| !names.contains(&key.as_str()) && interval != Some(key.as_str());
        if let Some(key) = attributes.keys().find(unknown) {
            return Err(Some(PolicyError::Unknown(key.clone())));
        }
        let text = |key: &str| match attributes.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let quoted = |text: &str| Value::from(text).to_string();
        let (rule, shown) = match interval {
            None => {
                let at = text("Timestamp");
                let time = moment(&at).ok_or(Some(PolicyError::Timestamp))?;
                (Rule::Expiration(time), format!(r#"{{"Timestamp":{}}}"#, quoted(&at)))
            }
            Some(name) => {
                let (count, unit) = (text(name), text("Unit"));
                let long = length(name, &count, &unit).map_err(Some)?;
                let rule = match name {
                    "Before" => Rule::ExpirationNotification(long),
                    _ => Rule::NoChangeNotification(long),
                };
                (rule, format!(r#"{{"{name}":{},"Unit":{}}}"#, quoted(&count), quoted(&unit)))
            }
        };
        let text = format!(r#"{{"Type":"{kind}","Version":"1.0","Attributes":{shown}}}"#);
        Ok(Self { text, rule, done: false })
    }
}

/// Milliseconds since the epoch. Beside ISO 8601's offsets, AWS's guide shows one with seconds: `+10:30:00`.
fn moment(text: &str) -> Option<i64> {
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let short = text.strip_suffix(":00")?;
        short.get(19..)?.contains(['+', '-']).then(|| short.parse().ok())?
    });
    time.map(Timestamp::as_millisecond)
}

/// So many days or hours, in milliseconds.
fn length(name: &'static str, count: &str, unit: &str) -> Result<i64, PolicyError> {
    let unit_ms = match unit {
        "Days" => 24 * HOUR_MS,
        "Hours" => HOUR_MS,
        _ => return Err(PolicyError::Unit),
    };
    match count.parse::<i64>() {
        Ok(count) if count <= 0 => Err(PolicyError::NotPositive(name)),
        Ok(count) if count < INTERVALS_END => Ok(count * unit_ms),
        _ => Err(PolicyError::NotInRange(name)),
    }
}

#[cfg(test)]
mod tests;
