//! What the simulators show, and what a policy tells of itself.

use crate::support::{ACCOUNT, ann, context, document, identity, policy};
use muster_policy::{
    Decision, Effect, Kind, Policies, Policy, Position, PrincipalRef, Request, Source, Verdict, Version,
    explain,
};

/// The positions are those that AWS's own example of `simulate-custom-policy` shows for this document.
#[test]
fn positions_are_those_of_aws() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
    let policy = policy(text, Kind::Identity);
    assert_eq!(policy.statements()[0].start(), Position { line: 1, column: 38 });
    assert_eq!(policy.statements()[0].end(), Position { line: 1, column: 167 });
    let list = [policy];
    let caller = ann();
    let mut context = context("aws:CurrentTime=2019-04-25T11:00:00Z");
    let explanation = |context: &_| {
        let request = Request {
            caller: &caller,
            action: "dynamodb:CreateBackup",
            resource: "*",
            resource_account: ACCOUNT,
            context,
        };
        explain(&request, &Policies { identity: &list, ..Policies::default() })
    };
    let allowed = explanation(&context);
    assert_eq!(Verdict::from(allowed.decision).as_str(), "allowed");
    assert_eq!(allowed.matched.len(), 1);
    assert_eq!(allowed.matched[0].source, Source::IdentityBased);
    assert_eq!((allowed.matched[0].policy, allowed.matched[0].statement), (0, 0));
    assert_eq!(allowed.matched[0].end.column, 167);
    context.set("aws:CurrentTime", "2014-04-25T11:00:00Z");
    let denied = explanation(&context);
    assert_eq!(Verdict::from(denied.decision).as_str(), "implicitDeny");
    assert!(denied.matched.is_empty() && denied.missing_context.is_empty());
}

#[test]
fn lines_count_characters() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"A\",\n      \"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"\n    },\n    { \"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"arn:aws:s3:::é\" }, {\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}\n  ]\n}";
    let policy = policy(text, Kind::Identity);
    let at = |line, column| Position { line, column };
    let places: Vec<_> =
        policy.statements().iter().map(|statement| (statement.start(), statement.end())).collect();
    assert_eq!(places, [(at(4, 6), at(7, 6)), (at(8, 6), at(8, 70)), (at(8, 73), at(8, 118))]);
    let statement = &policy.statements()[0];
    assert_eq!((statement.sid(), statement.effect()), (Some("A"), Effect::Allow));
    assert_eq!(policy.statements()[1].sid(), None);
}

#[test]
fn a_deny_is_shown_alone() {
    let list = [
        identity(&[r#""Effect":"Allow","Action":"*","Resource":"*""#]),
        identity(&[
            r#""Effect":"Allow","Action":"s3:*","Resource":"*""#,
            r#""Effect":"Deny","Action":"s3:GetObject","Resource":"*""#,
        ]),
    ];
    let (caller, context) = (ann(), context(""));
    let request = Request {
        caller: &caller,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &context,
    };
    let policies = Policies { identity: &list, ..Policies::default() };
    let denied = explain(&request, &policies);
    assert_eq!(Verdict::from(denied.decision), Verdict::ExplicitDeny);
    let shown: Vec<_> = denied.matched.iter().map(|matched| (matched.policy, matched.statement)).collect();
    assert_eq!(shown, [(1, 1)]);
    let allowed = explain(&Request { action: "s3:PutObject", ..request }, &policies);
    let shown: Vec<_> = allowed.matched.iter().map(|matched| (matched.policy, matched.statement)).collect();
    assert_eq!(shown, [(0, 0), (1, 0)]);
}

#[test]
fn every_set_has_its_verdict() {
    let allow = identity(&[r#""Effect":"Allow","Action":"*","Resource":"*""#]);
    let nothing = identity(&[r#""Effect":"Allow","Action":"ec2:*","Resource":"*""#]);
    let resource = policy(
        &document(&[r#""Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"*""#]),
        Kind::Resource,
    );
    let (caller, context) = (ann(), context(""));
    let request = Request {
        caller: &caller,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &context,
    };
    let (own, session) = ([allow.clone()], [allow]);
    let policies = Policies {
        identity: &own,
        boundary: Some(&nothing),
        session: Some(&session),
        resource: Some(&resource),
        resource_decides: false,
    };
    let explanation = explain(&request, &policies);
    assert_eq!(explanation.identity, Verdict::Allowed);
    assert_eq!(explanation.boundary, Some(Verdict::ImplicitDeny));
    assert_eq!(explanation.session, Some(Verdict::Allowed));
    assert_eq!(explanation.resource, Some(Verdict::ImplicitDeny));
    let put = explain(&Request { action: "s3:PutObject", ..request }, &policies);
    assert_eq!(put.resource, Some(Verdict::ExplicitDeny));
    assert_eq!(put.matched[0].source, Source::ResourceBased);
    assert!(matches!(put.decision, Decision::Denied(_)));
}

#[test]
fn missing_keys_are_those_of_statements_about_the_action() {
    let list = [identity(&[
        r#""Effect":"Allow","Action":"ssm:Get*","Resource":"arn:aws:ssm:*:*:parameter/${aws:username}","Condition":{"StringEquals":{"aws:ResourceTag/Env":"${aws:PrincipalTag/Env}","aws:sourceip":"1"}}"#,
        r#""Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"AWS:ResourceTag/env":"x"}}"#,
    ])];
    let (caller, context) = (ann(), context("aws:SourceIp=1"));
    let request = Request {
        caller: &caller,
        action: "ssm:GetParameter",
        resource: "*",
        resource_account: ACCOUNT,
        context: &context,
    };
    let explanation = explain(&request, &Policies { identity: &list, ..Policies::default() });
    assert_eq!(explanation.missing_context, ["aws:PrincipalTag/Env", "aws:ResourceTag/Env", "aws:username"]);
    let keys: Vec<_> = list[0].context_keys().collect();
    assert_eq!(
        keys,
        [
            "aws:PrincipalTag/Env",
            "aws:ResourceTag/Env",
            "aws:SecureTransport",
            "aws:sourceip",
            "aws:username"
        ]
    );
    assert!(list[0].mentions("aws:resourcetag/") && list[0].mentions("AWS:USERNAME"));
    assert!(!list[0].mentions("ssm:resourceTag/") && !list[0].mentions("aws:usernames"));
}

/// Threads share policies.
#[test]
fn policies_are_shared() {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<Policy>();
}

#[test]
fn a_policy_tells_whom_it_names() {
    let text = document(&[
        r#""Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::222222222222:root","arn:aws:iam::111111111111:role/x"],"Service":"ssm.amazonaws.com"},"Action":"kms:*","Resource":"*""#,
        r#""Effect":"Deny","NotPrincipal":"*","Action":"kms:*","Resource":"*""#,
    ]);
    let policy = Policy::parse(&text, Kind::Resource).expect("a policy");
    let named: Vec<_> = policy.principals().collect();
    assert_eq!(
        named,
        [
            PrincipalRef::Account("111111111111"),
            PrincipalRef::Account("222222222222"),
            PrincipalRef::Arn("arn:aws:iam::111111111111:role/x"),
            PrincipalRef::Service("ssm.amazonaws.com"),
            PrincipalRef::Everybody,
        ]
    );
    assert_eq!((policy.kind(), policy.version()), (Kind::Resource, Version::V2012));
}
