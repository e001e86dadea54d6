//! Resource policies of parameters: what a document may say, and whom it is about. A share gives the right to read, to
//! accounts and identities that it names: AWS's Resource Access Manager, which is behind it there, knows nothing else.
//! Not for: which parameters can be shared, or evaluating.

use muster_ids::AccountId;
use muster_policy::{Effect, Kind, Policy, PrincipalRef};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a share can give.
const ACTIONS: [&str; 4] =
    ["ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"];

/// Why a document is refused; what follows AWS's own words for policies is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShareError {
    /// No policy.
    #[error("{0}")]
    Syntax(String),
    /// A share only allows.
    #[error("The policy of a shared parameter can only have statements with the effect Allow.")]
    Effect,
    /// Everybody, or what is no account and no identity of one.
    #[error("The policy of a shared parameter must name AWS accounts, users or roles as its principals.")]
    Principal,
    /// Something other than reading.
    #[error("The policy of a shared parameter can allow these actions only: {}.", ACTIONS.join(", "))]
    Action,
    /// Another resource.
    #[error("The Resource of every statement must be the parameter's ARN: {0}.")]
    Resource(String),
}

/// The other accounts that a document is about.
///
/// # Errors
/// Whichever rule it breaks.
pub(crate) fn read(document: &str, owner: &AccountId, arn: &str) -> Result<Vec<AccountId>, ShareError> {
    let syntax = |text: String| ShareError::Syntax(text);
    let policy = Policy::parse(document, Kind::Resource).map_err(|error| syntax(error.to_string()))?;
    if policy.statements().iter().any(|statement| statement.effect() != Effect::Allow) {
        return Err(ShareError::Effect);
    }
    for statement in statements(document).ok_or_else(|| syntax("Syntax errors in policy.".to_owned()))? {
        if !statement.contains_key("Principal") {
            return Err(ShareError::Principal);
        }
        let is_action = |action: &str| ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(action));
        if !all(statement.get("Action"), is_action) {
            return Err(ShareError::Action);
        }
        if !all(statement.get("Resource"), |resource| resource == arn) {
            return Err(ShareError::Resource(arn.to_owned()));
        }
    }
    let mut accounts = BTreeSet::new();
    for principal in policy.principals() {
        let account = match principal {
            PrincipalRef::Account(account) => account,
            // `arn:aws:iam::ACCOUNT:…`
            PrincipalRef::Arn(arn) => arn.split(':').nth(4).unwrap_or_default(),
            _ => return Err(ShareError::Principal),
        };
        accounts.insert(AccountId::parse(account).map_err(|_| ShareError::Principal)?);
    }
    accounts.remove(owner);
    Ok(accounts.into_iter().collect())
}

/// Documents that were read, as one.
pub(crate) fn together<'a>(documents: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = Vec::new();
    for mut statement in documents.into_iter().filter_map(statements).flatten() {
        // Unique in one document, not in several.
        statement.remove("Sid");
        all.push(statement);
    }
    json!({ "Version": "2012-10-17", "Statement": all }).to_string()
}

fn statements(document: &str) -> Option<Vec<Map<String, Value>>> {
    let mut document: Map<String, Value> = serde_json::from_str(document).ok()?;
    match document.remove("Statement")? {
        Value::Object(statement) => Some(vec![statement]),
        Value::Array(statements) => {
            let objects = statements.into_iter().map(|statement| match statement {
                Value::Object(statement) => Some(statement),
                _ => None,
            });
            objects.collect()
        }
        _ => None,
    }
}

/// Whether all texts of a member that may be a list are such; it must be there.
fn all(member: Option<&Value>, is: impl Fn(&str) -> bool) -> bool {
    match member {
        Some(Value::String(text)) => is(text),
        Some(Value::Array(texts)) => texts.iter().all(|text| text.as_str().is_some_and(&is)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ssm:us-east-1:111111111111:parameter/a";

    fn statement(change: Value) -> Value {
        let mut statement = json!({
            "Sid": "s", "Effect": "Allow", "Principal": { "AWS": "222222222222" },
            "Action": ["ssm:GetParameter", "ssm:getparameters"], "Resource": ARN,
        });
        if let (Some(statement), Value::Object(change)) = (statement.as_object_mut(), change) {
            for (key, value) in change {
                if value.is_null() {
                    statement.remove(&key)
                } else {
                    statement.insert(key, value)
                };
            }
        }
        statement
    }

    fn document(change: Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": [statement(change)] }).to_string()
    }

    fn accounts(document: &str) -> Result<Vec<String>, ShareError> {
        let owner = AccountId::parse("111111111111").unwrap();
        Ok(read(document, &owner, ARN)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_share_names_accounts() {
        let principal = json!({ "AWS": [
            "333333333333", "arn:aws:iam::222222222222:root", "arn:aws:iam::222222222222:role/r", "111111111111",
        ] });
        assert_eq!(accounts(&document(json!({}))).unwrap(), ["222222222222"]);
        assert_eq!(
            accounts(&document(
                json!({ "Principal": principal, "Resource": [ARN], "Action": "ssm:GetParameter" })
            ))
            .unwrap(),
            ["222222222222", "333333333333"]
        );
    }

    #[test]
    fn a_share_gives_nothing_but_reading() {
        let other = "arn:aws:ssm:us-east-1:111111111111:parameter/*";
        for change in [
            json!({ "Effect": "Deny" }),
            json!({ "Principal": "*" }),
            json!({ "Principal": { "AWS": "*" } }),
            json!({ "Principal": { "Service": "ec2.amazonaws.com" } }),
            json!({ "Principal": null, "NotPrincipal": { "AWS": "222222222222" } }),
            json!({ "Action": "ssm:PutParameter" }),
            json!({ "Action": "ssm:*" }),
            json!({ "Action": ["ssm:GetParameter", "ssm:DeleteParameter"] }),
            json!({ "Action": null, "NotAction": "ssm:PutParameter" }),
            json!({ "Resource": "*" }),
            json!({ "Resource": other }),
            json!({ "Resource": null, "NotResource": other }),
        ] {
            assert!(accounts(&document(change.clone())).is_err(), "{change}");
        }
        for bad in ["", "{}", "[]", r#"{"Version":"2012-10-17","Statement":[]}"#, "null"] {
            assert!(accounts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn documents_are_put_together() {
        let one = json!({ "Version": "2012-10-17", "Statement": statement(json!({})) }).to_string();
        let both = together([one.as_str(), document(json!({})).as_str()]);
        assert_eq!(Policy::parse(&both, Kind::Resource).unwrap().statements().len(), 2);
    }
}
