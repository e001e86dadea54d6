//! What a grant allows, as a statement of the key's policy: so a deny in any policy still wins over it. Not for: finding
//! the grants of a caller.

use muster_store::kms::grant::{Constraints, Grant};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a grant may be about; of those that take an encryption context, its constraints speak.
pub(crate) const OPERATIONS: [(&str, bool); 9] = [
    ("Decrypt", true),
    ("Encrypt", true),
    ("GenerateDataKey", true),
    ("GenerateDataKeyWithoutPlaintext", true),
    ("ReEncryptFrom", true),
    ("ReEncryptTo", true),
    ("CreateGrant", false),
    ("RetireGrant", false),
    ("DescribeKey", false),
];

/// The statement that a grant is for an action such as `kms:Decrypt`; `None` if it is not about it.
pub(crate) fn statement(grant: &Grant, action: &str) -> Option<Value> {
    let operation = action.strip_prefix("kms:")?;
    let (_, takes_context) = OPERATIONS.iter().find(|(known, _)| *known == operation)?;
    if !grant.operations.iter().any(|granted| granted == operation) {
        return None;
    }
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "AWS": grant.grantee },
        "Action": action,
        "Resource": "*",
    });
    if let (Some(constraints), true) = (&grant.constraints, takes_context) {
        statement["Condition"] = condition(constraints);
    }
    Some(statement)
}

/// A policy document with further statements.
pub(crate) fn add(document: &str, statements: Vec<Value>) -> String {
    let Ok(mut policy) = serde_json::from_str::<Map<String, Value>>(document) else {
        return document.to_owned();
    };
    let mut all = match policy.remove("Statement") {
        Some(Value::Array(known)) => known,
        Some(known) => vec![known],
        None => Vec::new(),
    };
    all.extend(statements);
    policy.insert("Statement".to_owned(), Value::Array(all));
    Value::Object(policy).to_string()
}

fn condition(constraints: &Constraints) -> Value {
    let mut equals = Map::new();
    let mut block = Map::new();
    let mut require = |pairs: &BTreeMap<String, String>| {
        for (name, value) in pairs {
            equals.insert(format!("kms:EncryptionContext:{name}"), literal(value).into());
        }
    };
    constraints.subset.iter().for_each(&mut require);
    constraints.equals.iter().for_each(&mut require);
    if let Some(exact) = &constraints.equals {
        // Only these keys; of none, no context at all.
        let names: Vec<String> = exact.keys().map(|name| literal(name)).collect();
        let names = if names.is_empty() { vec![String::new()] } else { names };
        block.insert("ForAllValues:StringEquals".to_owned(), json!({ "kms:EncryptionContextKeys": names }));
    }
    if !equals.is_empty() {
        block.insert("StringEquals".to_owned(), Value::Object(equals));
    }
    Value::Object(block)
}

/// A text that the policy language takes as it is.
fn literal(text: &str) -> String {
    text.replace("${", "${$}{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;
    use muster_ids::KeyId;
    use muster_policy::{Kind, Policy};

    fn grant(constraints: Option<Constraints>) -> Grant {
        Grant {
            key: KeyId::random(),
            id: "g".to_owned(),
            name: None,
            grantee: "arn:aws:iam::123456789012:role/r".to_owned(),
            retiring: None,
            issuing_account: tenant("r").account,
            operations: vec!["Decrypt".to_owned(), "DescribeKey".to_owned()],
            constraints,
            created_ms: 0,
        }
    }

    #[test]
    fn a_grant_is_a_statement_for_its_operations() {
        let pairs = |name: &str| Some(BTreeMap::from([(name.to_owned(), "${x}".to_owned())]));
        let constraints = Constraints { subset: pairs("a"), equals: None };
        let given = grant(Some(constraints));
        assert_eq!(statement(&given, "kms:Encrypt"), None);
        assert_eq!(statement(&given, "ssm:Decrypt"), None);
        assert!(statement(&given, "kms:DescribeKey").unwrap().get("Condition").is_none());
        let decrypt = statement(&given, "kms:Decrypt").unwrap();
        assert_eq!(decrypt["Condition"], json!({ "StringEquals": { "kms:EncryptionContext:a": "${$}{x}" } }));
        let document = crate::domain::kms::default_policy::of_customer(&tenant("r").account);
        let whole = add(&document, vec![decrypt]);
        assert_eq!(Policy::parse(&whole, Kind::Resource).unwrap().statements().len(), 2);

        let exact = grant(Some(Constraints { subset: None, equals: pairs("b") }));
        let condition = &statement(&exact, "kms:Decrypt").unwrap()["Condition"];
        assert_eq!(condition["ForAllValues:StringEquals"], json!({ "kms:EncryptionContextKeys": ["b"] }));
        let nothing = grant(Some(Constraints { subset: None, equals: Some(BTreeMap::new()) }));
        let condition = &statement(&nothing, "kms:Decrypt").unwrap()["Condition"];
        assert_eq!(condition["ForAllValues:StringEquals"], json!({ "kms:EncryptionContextKeys": [""] }));
    }
}
