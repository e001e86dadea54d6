//! What a decision about one request costs: the caller has 1, 10 or 50 policies, of ten statements with two conditions each,
//! and what allows stands at the end. Not for: requests as a whole; see `api`.

use crate::{Result, Setting, result::Row};
use muster_policy::{Caller, CallerKind, Context, Kind, Policies, Policy, Request, evaluate};
use std::{fmt::Write as _, hint::black_box, sync::Arc, time::Instant};

const ACCOUNT: &str = "123456789012";
/// The fastest batch counts: what else runs only adds.
const BATCHES: u32 = 200;
const ROUNDS: u32 = 100;

pub(crate) fn measure(_: &Setting) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for count in [1, 10, 50] {
        let policies =
            (0..count).map(|number| policy(number, number + 1 == count)).collect::<Result<Vec<_>>>()?;
        let row =
            Row::new(format!("decision with {count} policies of ten statements"), decision(&policies)?, "ns");
        rows.push(if count == 10 { row.below(20_000.0) } else { row });
    }
    let text = document(0, true);
    Policy::parse(&text, Kind::Identity)?;
    let took = fastest(ROUNDS / 10, || Policy::parse(black_box(&text), Kind::Identity).is_ok());
    rows.push(Row::new(format!("reading one of them, {} bytes", text.len()), took, "ns"));
    Ok(rows)
}

/// Nanoseconds.
fn decision(policies: &[Arc<Policy>]) -> Result<f64> {
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/session");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let caller = Caller { account: ACCOUNT, arn: &arn, role_arn: Some(&role), kind: CallerKind::RoleSession };
    let mut context = Context::with_capacity(12);
    for (key, value) in [
        ("aws:PrincipalArn", &*role),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:userid", "AROAEXAMPLE:session"),
        ("aws:SourceIp", "10.1.2.3"),
        ("aws:SecureTransport", "true"),
        ("aws:CurrentTime", "2026-11-20T10:00:00Z"),
        ("aws:EpochTime", "1795168800"),
        ("aws:UserAgent", "aws-cli/2.31.0"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:PrincipalTag/team", "payments"),
        ("ssm:Recursive", "false"),
    ] {
        context.set(key, value);
    }
    let resource = format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/payments/db/password");
    let request = Request {
        caller: &caller,
        action: "ssm:GetParameter",
        resource: &resource,
        resource_account: ACCOUNT,
        context: &context,
    };
    let all = Policies { identity: policies, ..Policies::default() };
    if !evaluate(&request, &all).is_allowed() {
        return Err("the benchmark's policies do not allow".into());
    }
    Ok(fastest(ROUNDS, || evaluate(black_box(&request), black_box(&all))))
}

/// Nanoseconds for one of many.
fn fastest<T>(rounds: u32, work: impl Fn() -> T) -> f64 {
    let batch = || {
        let begun = Instant::now();
        for _ in 0..rounds {
            black_box(work());
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(rounds)
    };
    (0..BATCHES).map(|_| batch()).fold(f64::INFINITY, f64::min)
}

fn policy(number: u32, allows: bool) -> Result<Arc<Policy>> {
    Ok(Arc::new(Policy::parse(&document(number, allows), Kind::Identity)?))
}

/// Statements about the action and others, whose resources or conditions do not fit, but for the last.
fn document(number: u32, allows: bool) -> String {
    let mut text = r#"{"Version":"2012-10-17","Statement":["#.to_owned();
    let conditions = r#""Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}"#;
    for statement in 0..9 {
        let (effect, actions, resource) = match statement % 3 {
            0 => {
                ("Allow", r#"["s3:GetObject","s3:Put*","s3:ListBucket"]"#, "arn:aws:s3:::bucket/*".to_owned())
            }
            1 => (
                "Allow",
                r#"["ssm:GetParameter*","ssm:DescribeParameters"]"#,
                format!(
                    "arn:aws:ssm:*:{ACCOUNT}:parameter/service-{number}-{statement}/${{aws:PrincipalTag/team}}/*"
                ),
            ),
            _ => (
                "Deny",
                r#"["ssm:*Parameter*","kms:*"]"#,
                format!("arn:aws:ssm:*:*:parameter/*/secret-{number}"),
            ),
        };
        // Writing to a String does not fail.
        let _ = write!(
            text,
            r#"{{"Sid":"S{statement}","Effect":"{effect}","Action":{actions},"Resource":"{resource}",{conditions}}},"#
        );
    }
    let service = if allows { "ssm" } else { "sqs" };
    let _ = write!(
        text,
        r#"{{"Effect":"Allow","Action":"{service}:Get*","Resource":"arn:aws:{service}:*:{ACCOUNT}:parameter/${{aws:PrincipalTag/team}}/*",{conditions}}}]}}"#
    );
    text
}
