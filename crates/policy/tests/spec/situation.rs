//! Generators of policies and requests that meet often, of situations in which both readings decide, and of any JSON. Not for:
//! properties.

use crate::{
    reference::{self, Documents, Given, Keys, Question},
    support::{ACCOUNT, ANN, OTHER},
};
use muster_policy::{
    Caller, CallerKind, Context, Decision, Kind, Policies, Policy, Request, evaluate, explain,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::111111111111:role/app";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/app/s1";

/// Few words, so that policies and requests meet.
const ACTIONS: &[&str] =
    &["ssm:GetParameter", "ssm:PutParameter", "s3:GetObject", "SSM:getparameter", "kms:Decrypt"];
const ACTION_PATTERNS: &[&str] = &[
    "*",
    "ssm:*",
    "ssm:Get*",
    "ssm:?etParameter",
    "SSM:GETPARAMETER",
    "s3:*",
    "ssm:*Para*er",
    "kms:Decrypt",
    "ssm:GetParameter",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:ssm:us-east-1:111111111111:parameter/ann/x",
    "arn:aws:ssm:us-east-1:111111111111:parameter/a*/x",
    "arn:aws:ssm:us-east-1:222222222222:parameter/ann/x",
    "arn:aws:ssm:us-east-1:222222222222:parameter/x-1:111111111111:parameter/ann/x",
    "arn:aws:s3:::b/ann",
];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:ssm:*",
    "arn:aws:ssm:*:111111111111:parameter/*",
    "arn:aws:ssm:us-*-1:111111111111:parameter/*",
    "arn:aws:ssm:us-**-1:*:parameter/a?n/*",
    "arn:aws:ssm:us-east-1:111111111111:parameter/ann/x",
    "arn:aws:ssm:*:*:parameter/${aws:username}/*",
    "arn:aws:ssm:*:*:parameter/${aws:username, 'ann'}/x",
    "arn:aws:ssm:*:*:parameter/${aws:TagKeys}*",
    "arn:aws:ssm:*:*:parameter/a${*}/*",
    "arn:aws:ssm:*:${aws:account}:parameter/*",
    "arn:aws:s3:::b/${AWS:UserName}",
];
const KEYS: &[&str] = &[
    "aws:username",
    "aws:TagKeys",
    "ssm:Level",
    "aws:SourceIp",
    "aws:CurrentTime",
    "aws:SourceArn",
    "aws:Flag",
];
const VALUES: &[&str] = &[
    "ann",
    "Ann",
    "a*",
    "",
    "*",
    "3",
    "7.5",
    "true",
    "10.1.2.3",
    "11.1.2.3",
    "2026-01-01T00:00:00Z",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b:c",
];
const TEXTS: &[&str] = &[
    "ann",
    "a*",
    "A?N",
    "*",
    "",
    "${aws:username}",
    "${aws:username}*",
    "x${*}",
    "${aws:Flag, 'ann'}",
    "true",
];
const ARNS: &[&str] = &[
    "arn:aws:s3:::b",
    "arn:*:s3:::b*",
    "arn:aws:*:*:*:b",
    "arn:aws:s3:::${aws:username}",
    "arn:aws:s3:*:b:c",
];
const OPERATORS: &[(&str, &[&str])] = &[
    ("StringEquals", TEXTS),
    ("StringNotEquals", TEXTS),
    ("StringLike", TEXTS),
    ("StringNotLike", TEXTS),
    ("StringEqualsIgnoreCase", TEXTS),
    ("StringNotEqualsIgnoreCase", TEXTS),
    ("ArnLike", ARNS),
    ("ArnNotEquals", ARNS),
    ("Bool", &["true", "false"]),
    ("NumericEquals", &["3", "7.5"]),
    ("NumericNotEquals", &["3"]),
    ("NumericLessThan", &["5"]),
    ("NumericGreaterThanEquals", &["3", "8"]),
    ("IpAddress", &["10.0.0.0/8", "11.1.2.3"]),
    ("NotIpAddress", &["10.1.0.0/16"]),
];
const PRINCIPALS: &[&str] = &[
    r#""*""#,
    r#"{"AWS":"*"}"#,
    r#"{"AWS":"111111111111"}"#,
    r#"{"AWS":"arn:aws:iam::222222222222:root"}"#,
    r#"{"AWS":"arn:aws:iam::111111111111:user/ann"}"#,
    r#"{"AWS":["arn:aws:iam::111111111111:user/ann","arn:aws:iam::111111111111:root"]}"#,
    r#"{"AWS":["arn:aws:iam::111111111111:role/app","111111111111"]}"#,
    r#"{"AWS":"arn:aws:iam::111111111111:role/app"}"#,
    r#"{"AWS":["arn:aws:sts::111111111111:assumed-role/app/s1","222222222222"]}"#,
    r#"{"AWS":["arn:aws:sts::111111111111:assumed-role/app/s2","arn:aws:iam::111111111111:role/app","111111111111"]}"#,
    r#"{"Service":"ec2.amazonaws.com"}"#,
];

fn caller() -> impl Strategy<Value = Caller<'static>> {
    let caller = |account, arn, role_arn, kind| Caller { account, arn, role_arn, kind };
    prop_oneof![
        4 => Just(caller(ACCOUNT, ANN, None, CallerKind::User)),
        3 => Just(caller(ACCOUNT, SESSION, Some(ROLE), CallerKind::RoleSession)),
        1 => Just(caller(ACCOUNT, "arn:aws:iam::111111111111:root", None, CallerKind::Root)),
        2 => Just(caller(OTHER, "arn:aws:iam::222222222222:user/eve", None, CallerKind::User)),
        1 => Just(caller("", "ec2.amazonaws.com", None, CallerKind::Service)),
        1 => Just(caller("", "*", None, CallerKind::Anonymous)),
    ]
}

fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(words).prop_map(|word| json!(word)),
        prop::collection::vec(prop::sample::select(words), 1..4).prop_map(|words| json!(words)),
    ]
}

fn one_condition() -> impl Strategy<Value = (String, Value)> {
    let operator = prop::sample::select(OPERATORS).prop_flat_map(|(operator, words)| {
        let set = prop_oneof![4 => Just(""), 1 => Just("ForAllValues:"), 1 => Just("ForAnyValue:")];
        let end = prop_oneof![3 => Just(""), 1 => Just("IfExists")];
        (set, end, prop::sample::select(KEYS), some_of(words)).prop_map(move |(set, end, key, values)| {
            (format!("{set}{operator}{end}"), json!({ key: values }))
        })
    });
    let null = (prop::sample::select(KEYS), any::<bool>())
        .prop_map(|(key, missing)| ("Null".to_owned(), json!({ key: missing.to_string() })));
    prop_oneof![8 => operator, 1 => null]
}

pub(crate) fn statement(resource_policy: bool) -> impl Strategy<Value = Value> {
    (
        prop_oneof![3 => Just("Allow"), 1 => Just("Deny")],
        prop_oneof![4 => Just("Action"), 1 => Just("NotAction")],
        some_of(ACTION_PATTERNS),
        prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")],
        some_of(RESOURCE_PATTERNS),
        prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(one_condition(), 1..3)],
        prop_oneof![4 => Just("Principal"), 1 => Just("NotPrincipal")],
        prop::sample::select(PRINCIPALS),
    )
        .prop_map(
            move |(effect, action, actions, resource, resources, conditions, principal, principals)| {
                let mut statement = json!({ "Effect": effect, action: actions, resource: resources });
                if !conditions.is_empty() {
                    statement["Condition"] = conditions.into_iter().collect();
                }
                if resource_policy {
                    statement[principal] = serde_json::from_str(principals).expect("JSON");
                }
                statement
            },
        )
}

pub(crate) fn document(resource_policy: bool) -> impl Strategy<Value = Value> {
    let version = prop_oneof![5 => Just("2012-10-17"), 1 => Just("2008-10-17")];
    (version, prop::collection::vec(statement(resource_policy), 1..4))
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }))
}

fn keys() -> impl Strategy<Value = Keys> {
    let value = prop_oneof![
        4 => prop::sample::select(VALUES).prop_map(|value| Given::One(value.to_owned())),
        1 => prop::collection::vec(prop::sample::select(VALUES).prop_map(str::to_owned), 0..3).prop_map(Given::Many),
    ];
    prop::collection::btree_map(prop::sample::select(KEYS).prop_map(str::to_lowercase), value, 0..6)
}

/// A request with all that applies to it.
#[derive(Debug, Clone)]
pub(crate) struct Situation {
    pub(crate) caller: Caller<'static>,
    pub(crate) action: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) keys: Keys,
    pub(crate) identity: Vec<Value>,
    pub(crate) boundary: Option<Value>,
    pub(crate) session: Option<Value>,
    pub(crate) resource_policy: Option<Value>,
    pub(crate) decides: bool,
}

pub(crate) fn situation() -> impl Strategy<Value = Situation> {
    let request = (
        caller(),
        prop::sample::select(ACTIONS),
        prop::sample::select(RESOURCES),
        prop_oneof![5 => Just(ACCOUNT), 1 => Just(OTHER), 1 => Just("")],
        keys(),
    );
    let policies = (
        prop::collection::vec(document(false), 0..3),
        prop::option::weighted(0.3, document(false)),
        prop::option::weighted(0.3, document(false)),
        prop::option::weighted(0.5, document(true)),
        prop::bool::weighted(0.2),
    );
    (request, policies).prop_map(|(request, policies)| {
        let (caller, action, resource, owner, keys) = request;
        let (identity, boundary, session, resource_policy, decides) = policies;
        Situation {
            caller,
            action,
            resource,
            owner,
            keys,
            identity,
            boundary,
            session,
            resource_policy,
            decides,
        }
    })
}

impl Situation {
    pub(crate) fn decide(&self) -> Decision {
        let parse = |document: &Value, kind| match Policy::parse(&document.to_string(), kind) {
            Ok(policy) => Arc::new(policy),
            Err(error) => panic!("{error}: {document}"),
        };
        let identity: Vec<_> = self.identity.iter().map(|document| parse(document, Kind::Identity)).collect();
        let boundary = self.boundary.as_ref().map(|document| parse(document, Kind::Identity));
        let session = self.session.as_ref().map(|document| [parse(document, Kind::Identity)]);
        let resource = self.resource_policy.as_ref().map(|document| parse(document, Kind::Resource));
        let policies = Policies {
            identity: &identity,
            boundary: boundary.as_deref(),
            session: session.as_ref().map(|list| list.as_slice()),
            resource: resource.as_deref(),
            resource_decides: self.decides,
        };
        let mut context = Context::new();
        for (key, given) in &self.keys {
            match given {
                Given::One(value) => context.set(&**key, &**value),
                Given::Many(values) => context.set_many(&**key, values.iter().map(|value| &**value)),
            }
        }
        let request = Request {
            caller: &self.caller,
            action: self.action,
            resource: self.resource,
            resource_account: self.owner,
            context: &context,
        };
        let decision = evaluate(&request, &policies);
        assert_eq!(explain(&request, &policies).decision, decision);
        decision
    }

    pub(crate) fn decide_by_reference(&self) -> Decision {
        let question = Question {
            caller: self.caller,
            action: self.action,
            resource: self.resource,
            owner: self.owner,
            keys: &self.keys,
        };
        let documents = Documents {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            session: self.session.as_ref(),
            resource: self.resource_policy.as_ref(),
            decides: self.decides,
        };
        reference::decide(&question, &documents)
    }
}

/// Anything, biased to what policies are made of.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let words =
        ["StringEquals", "AWS", "*", "arn:aws:iam::1:", "${", "ForAllValues:", "a", "", "-", "T", "1/"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(words.to_vec()), inner), 0..4).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()
            }),
        ]
    })
}
