//! The policy of a topic: the one it has by default, and statements that AddPermission adds and RemovePermission takes away.

use super::{Invalid, invalid};
use muster_policy::{Kind, Policy};
use serde_json::{Map, Value, json};

/// What the owner of a topic can allow to others.
const ACTIONS: [&str; 8] = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
];

/// The policy of a topic that was given none.
pub(crate) fn default_policy(topic_arn: &str, account: &str) -> String {
    let actions: Vec<String> = ACTIONS.iter().map(|action| format!("SNS:{action}")).collect();
    let policy = json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": topic_arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    });
    policy.to_string()
}

/// Checks a policy that a topic shall have.
pub(crate) fn check(text: &str) -> Result<(), Invalid> {
    match Policy::parse(text, Kind::Resource) {
        Ok(_) => actions_in_scope(text),
        Err(error) => invalid(format_args!("Policy Error: {error}")),
    }
}

/// A topic's policy can speak of SNS alone.
fn actions_in_scope(text: &str) -> Result<(), Invalid> {
    let policy: Value = serde_json::from_str(text).unwrap_or_default();
    let out_of_scope = |action: &Value| {
        action
            .as_str()
            .is_some_and(|action| action != "*" && !action.to_ascii_lowercase().starts_with("sns:"))
    };
    match list(&policy["Statement"]).flat_map(|statement| list(&statement["Action"])).any(out_of_scope) {
        true => invalid("Policy statement action out of service scope!"),
        false => Ok(()),
    }
}

/// A value, or the values of a list.
fn list(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Null => Box::new(std::iter::empty()),
        Value::Array(values) => Box::new(values.iter()),
        single => Box::new(std::iter::once(single)),
    }
}

/// Adds a statement that lets accounts do actions.
pub(crate) fn add(
    policy: &str,
    label: &str,
    topic_arn: &str,
    accounts: &[String],
    actions: &[String],
) -> Result<String, Invalid> {
    if let Some(wrong) = accounts.iter().find(|account| muster_ids::AccountId::parse(account).is_err()) {
        return invalid(format_args!("PrincipalId Reason: {wrong} is not an account id"));
    }
    let known = |action: &String| action == "*" || ACTIONS.contains(&action.as_str());
    if accounts.is_empty() || actions.is_empty() {
        return invalid("AWSAccountId and ActionName must not be empty");
    }
    if !actions.iter().all(known) {
        return invalid("Policy statement action out of service scope!");
    }
    let mut policy: Map<String, Value> = serde_json::from_str(policy).unwrap_or_default();
    let mut statements: Vec<Value> = list(policy.get("Statement").unwrap_or(&Value::Null)).cloned().collect();
    if statements.iter().any(|statement| statement["Sid"] == label) {
        return invalid("Statement already exists");
    }
    let single_or_list = |mut values: Vec<String>| match values.len() {
        1 => Value::from(values.remove(0)),
        _ => Value::from(values),
    };
    let principals = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    let actions = actions.iter().map(|action| format!("SNS:{action}")).collect();
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": single_or_list(principals) },
        "Action": single_or_list(actions),
        "Resource": topic_arn,
    }));
    policy.insert("Statement".to_owned(), statements.into());
    Ok(Value::Object(policy).to_string())
}

/// Takes the statements of a label away.
pub(crate) fn remove(policy: &str, label: &str) -> String {
    let mut policy: Map<String, Value> = serde_json::from_str(policy).unwrap_or_default();
    let statements: Vec<Value> = list(policy.get("Statement").unwrap_or(&Value::Null))
        .filter(|statement| statement["Sid"] != label)
        .cloned()
        .collect();
    policy.insert("Statement".to_owned(), statements.into());
    Value::Object(policy).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:r:123456789012:t";

    fn add_to(policy: &str, label: &str, accounts: &[&str], actions: &[&str]) -> Result<String, Invalid> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        add(policy, label, ARN, &own(accounts), &own(actions))
    }

    #[test]
    fn statements_come_and_go_by_their_labels() {
        let first = default_policy(ARN, "123456789012");
        check(&first).unwrap();
        let more = add_to(&first, "x", &["210987654321"], &["Publish", "Subscribe"]).unwrap();
        check(&more).unwrap();
        let value: Value = serde_json::from_str(&more).unwrap();
        assert_eq!(
            value["Statement"][1],
            json!({
                "Sid": "x", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::210987654321:root" },
                "Action": ["SNS:Publish", "SNS:Subscribe"], "Resource": ARN
            })
        );
        assert_eq!(
            add_to(&more, "x", &["210987654321"], &["Publish"]).unwrap_err().0,
            "Invalid parameter: Statement already exists"
        );
        assert_eq!(remove(&more, "x"), first);
        assert_eq!(remove(&first, "y"), first);
    }

    #[test]
    fn only_sns_is_in_scope() {
        let out = "Invalid parameter: Policy statement action out of service scope!";
        assert_eq!(add_to("{}", "x", &["210987654321"], &["Fly"]).unwrap_err().0, out);
        let foreign =
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}"#;
        assert_eq!(check(foreign).unwrap_err().0, out);
        assert!(check("{}").unwrap_err().0.starts_with("Invalid parameter: Policy Error: "));
        assert!(add_to("{}", "x", &["12"], &["Publish"]).is_err());
    }
}
