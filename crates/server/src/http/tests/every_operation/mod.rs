//! Every operation that is built, called with no, wrong, insufficient and sufficient credentials. An operation cannot be
//! added without: whoever adds one that this cannot call is told so, and adds what it needs to `stage` or to the tables
//! below.

pub(in crate::http::tests) mod stage;
pub(in crate::http::tests) mod synthesis;

use crate::{dispatch::AccessKind, operations};
use muster_service_model::{OperationSchema, Protocol};
use serde_json::{Value, json};
use stage::{As, Outcome, Stage, service_of};

/// Actions that stand for an operation, where its own name is none.
const ACTIONS: [(&str, &str, &[&str]); 2] = [
    ("kms", "ReEncrypt", &["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
    ("sns", "PublishBatch", &["sns:Publish"]),
];

/// Permissions that an operation needs beside its own.
const IMPLIED: [(&str, &str, &str); 4] = [
    ("ssm", "CreateActivation", "iam:PassRole"),
    ("ssm", "UpdateManagedInstanceRole", "iam:PassRole"),
    ("iam", "AddRoleToInstanceProfile", "iam:PassRole"),
    ("ssm", "PutParameter", "ssm:AddTagsToResource"),
];

/// What takes away, and so comes last.
const DESTRUCTIVE: [&str; 10] = [
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Remove",
    "Revoke",
    "Retire",
    "Schedule",
    "Unlabel",
    "Untag",
];

struct Case {
    operation: &'static OperationSchema,
    kind: AccessKind,
    input: Value,
}

impl Case {
    fn actions(&self) -> Vec<String> {
        let OperationSchema { service, name, .. } = *self.operation;
        match ACTIONS.iter().find(|(of, operation, _)| (*of, *operation) == (service, name)) {
            Some((.., actions)) => actions.iter().map(|action| (*action).to_owned()).collect(),
            None => vec![format!("{service}:{name}")],
        }
    }

    fn implied(&self) -> impl Iterator<Item = String> {
        let OperationSchema { service, name, .. } = *self.operation;
        let of = move |(of, operation, _): &&(&str, &str, &str)| (*of, *operation) == (service, name);
        IMPLIED.iter().filter(of).map(|(.., action)| (*action).to_owned())
    }

    fn is_query(&self) -> bool {
        matches!(service_of(self.operation).protocol, Protocol::Query { .. })
    }

    /// The code and status of a common error, in the words of the operation's protocol.
    fn code(&self, json: &'static str, query: (&'static str, u16)) -> (&'static str, u16) {
        if self.is_query() { query } else { (json, 400) }
    }

    fn denial(&self) -> (&'static str, u16) {
        match self.operation.service {
            "sns" => ("AuthorizationError", 403),
            _ => self.code("AccessDeniedException", ("AccessDenied", 403)),
        }
    }
}

fn cases(stage: &Stage) -> Vec<Case> {
    let router = operations::router();
    let mut missing = Vec::new();
    let mut cases = Vec::new();
    for (operation, kind) in router.all() {
        match synthesis::input(operation, &stage.names) {
            Ok(input) => cases.push(Case { operation, kind, input }),
            Err(error) => missing.push(format!("{}:{} {error}", operation.service, operation.name)),
        }
    }
    assert!(missing.is_empty(), "no input is known for\n{}", missing.join("\n"));
    cases
}

/// What is wrong with an answer, unless it is the expected error.
fn expect(problems: &mut Vec<String>, case: &Case, who: &str, outcome: &Outcome, expected: (&str, u16)) {
    if (outcome.code.as_str(), outcome.status) != expected {
        let OperationSchema { service, name, .. } = case.operation;
        problems.push(format!(
            "{service}:{name} by {who}: {outcome:?} instead of {expected:?} for {}",
            case.input
        ));
    }
}

#[tokio::test]
async fn every_operation_is_refused_to_whom_it_is_not_for() {
    let stage = Stage::set().await;
    let cases = cases(&stage);
    let (expired, mut problems) = (stage.expired(), Vec::new());
    for case in &cases {
        let call = async |caller: As<'_>| stage.call(case.operation, &case.input, &caller).await;
        if case.kind != AccessKind::Anonymous {
            let missing =
                case.code("MissingAuthenticationTokenException", ("MissingAuthenticationToken", 403));
            expect(&mut problems, case, "nobody", &call(As::Nobody).await, missing);
        }
        let forged = case.code("InvalidSignatureException", ("SignatureDoesNotMatch", 403));
        expect(&mut problems, case, "a forger", &call(As::Forger(&stage.keys)).await, forged);
        let unknown = case.code("UnrecognizedClientException", ("InvalidClientTokenId", 403));
        expect(&mut problems, case, "an inactive key", &call(As::Signer(&stage.inactive)).await, unknown);
        let over = case.code("ExpiredTokenException", ("ExpiredToken", 403));
        expect(&mut problems, case, "an expired session", &call(As::Signer(&expired)).await, over);
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test]
async fn every_operation_is_decided_by_policies() {
    let stage = Stage::set().await;
    let mut cases = cases(&stage);
    let mut problems = Vec::new();
    let caller = As::Signer(&stage.keys);
    for case in &cases {
        let denied = case.denial();
        match case.kind {
            AccessKind::Policy | AccessKind::Handler => {}
            // Not a user's to call, whatever it may.
            AccessKind::NodeSelf | AccessKind::NodeKey => {
                stage.may(json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])).await;
                let outcome = stage.call(case.operation, &case.input, &caller).await;
                expect(&mut problems, case, "a user", &outcome, denied);
                continue;
            }
            AccessKind::Caller | AccessKind::Anonymous => continue,
        }
        let actions = case.actions();
        let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        for (who, statements) in [
            (
                "a user without policies",
                json!([{ "Effect": "Allow", "Action": "none:None", "Resource": "*" }]),
            ),
            (
                "a user who may all else",
                json!([{ "Effect": "Allow", "NotAction": actions, "Resource": "*" }]),
            ),
            (
                "a user to whom it is forbidden",
                json!([everything, { "Effect": "Deny", "Action": actions, "Resource": "*" }]),
            ),
        ] {
            stage.may(statements).await;
            let outcome = stage.call(case.operation, &case.input, &caller).await;
            expect(&mut problems, case, who, &outcome, denied);
            let reason = if who.ends_with("forbidden") { "with an explicit deny in " } else { "because no " };
            if !outcome.text.contains(reason) && outcome.code == denied.0 {
                problems.push(format!("{:?} by {who}: {}", actions, outcome.text));
            }
        }
    }
    // What is sufficient comes after all that is not: it changes what there is.
    cases.sort_by_key(|case| DESTRUCTIVE.iter().any(|verb| case.operation.name.starts_with(verb)));
    for case in &cases {
        if !matches!(case.kind, AccessKind::Policy | AccessKind::Handler | AccessKind::Caller) {
            continue;
        }
        let actions: Vec<String> = case.actions().into_iter().chain(case.implied()).collect();
        stage.may(json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }])).await;
        let outcome = stage.call(case.operation, &case.input, &caller).await;
        if outcome.code == case.denial().0 || outcome.status >= 500 {
            problems.push(format!("{actions:?} do not suffice: {outcome:?} for {}", case.input));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
