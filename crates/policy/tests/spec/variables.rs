//! `${…}` in resources and conditions.

use crate::support::{NO, YES, identity, may, policy};
use muster_policy::Kind;

/// The name part of the resource, the context, the parameter asked for, and whether the statement covers it.
#[rustfmt::skip] // One case, one line.
const RESOURCES: &[(&str, &str, &str, bool)] = &[
    ("${aws:username}", "aws:username=ann", "ann", YES),
    ("${aws:username}", "aws:username=ann", "bob", NO),
    ("${AWS:UserName}", "aws:username=ann", "ann", YES),
    ("${aws:username}/*", "AWS:USERNAME=ann", "ann/x", YES),
    ("home-${aws:username}-*", "aws:username=ann", "home-ann-x", YES),
    ("${aws:username}${aws:username}", "aws:username=ann", "annann", YES),
    ("*/${aws:username}", "aws:username=ann", "x/ann", YES),
    ("${aws:PrincipalTag/team}/*", "aws:PrincipalTag/team=red", "red/x", YES),
    ("${aws:PrincipalTag/Team}/*", "aws:principaltag/team=red", "red/x", YES),
    // A value is text, whatever it holds.
    ("${aws:username}", "aws:username=*", "ann", NO),
    ("${aws:username}", "aws:username=*", "*", YES),
    ("${aws:username}/*", "aws:username=*", "ann/x", NO),
    ("${aws:username}", "aws:username=a?n", "ann", NO),
    ("${aws:username}", "aws:username=${aws:userid}; aws:userid=ann", "ann", NO),
    ("${aws:username}", "aws:username=${aws:userid}; aws:userid=ann", "${aws:userid}", YES),
    // A variable without a value matches nothing, not even the empty text.
    ("${aws:username}", "", "", NO),
    ("${aws:username}/*", "", "/x", NO),
    ("a*${aws:username}", "", "a", NO),
    ("*${aws:username}*", "", "abc", NO),
    ("${aws:username}", "aws:username=", "", YES),
    // A key with many values is none for a variable.
    ("${aws:TagKeys}", "aws:TagKeys=[ann]", "ann", NO),
    // Defaults.
    ("${aws:username, 'nobody'}", "", "nobody", YES),
    ("${aws:username, 'nobody'}", "aws:username=ann", "ann", YES),
    ("${aws:username, 'nobody'}", "aws:username=ann", "nobody", NO),
    ("${aws:username,'nobody'}", "", "nobody", YES),
    ("${aws:username, '*'}", "", "ann", NO),
    ("${aws:username, '*'}", "", "*", YES),
    ("${aws:username, ''}x", "", "x", YES),
    ("${aws:TagKeys, 'none'}", "aws:TagKeys=[ann]", "none", YES),
    // Special characters.
    ("a${*}", "", "a*", YES),
    ("a${*}", "", "ab", NO),
    ("a${?}", "", "a?", YES),
    ("a${?}", "", "ab", NO),
    ("a${$}{aws:username}", "aws:username=ann", "a${aws:username}", YES),
    ("${*}${aws:username}*", "aws:username=ann", "*annx", YES),
    // What is not well formed is text.
    ("${aws:username", "aws:username=ann", "${aws:username", YES),
    ("${}", "", "${}", YES),
    ("$aws", "", "$aws", YES),
    ("${aws:username, nobody}", "", "nobody", NO),
];

#[test]
fn in_resources() {
    for (pattern, context, name, covered) in RESOURCES {
        let policy = identity(&[&format!(
            r#""Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:*:111111111111:parameter/{pattern}""#
        )]);
        let resource = format!("arn:aws:ssm:us-east-1:111111111111:parameter/{name}");
        assert_eq!(
            may(&policy, "ssm:GetParameter", &resource, context),
            *covered,
            "{name} by {pattern} with {context}"
        );
    }
}

/// The condition, the context, and whether it holds.
#[rustfmt::skip] // One case, one line.
const CONDITIONS: &[(&str, &str, bool)] = &[
    (r#""StringEquals":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=ann; aws:username=ann", YES),
    (r#""StringEquals":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=bob; aws:username=ann", NO),
    (r#""StringEquals":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=ann", NO),
    (r#""StringEquals":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=", NO),
    (r#""StringEquals":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=${aws:username}", NO),
    (r#""StringEquals":{"aws:ResourceTag/owner":["bob","team-${aws:username}"]}"#, "aws:ResourceTag/owner=team-ann; aws:username=ann", YES),
    (r#""StringEqualsIgnoreCase":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=ANN; aws:username=ann", YES),
    (r#""StringEqualsIgnoreCase":{"aws:ResourceTag/owner":"${aws:username}"}"#, "aws:ResourceTag/owner=ANN", NO),
    (r#""StringLike":{"k":"${aws:username}-*"}"#, "k=ann-1; aws:username=ann", YES),
    (r#""StringLike":{"k":"${aws:username}"}"#, "k=ann; aws:username=*", NO),
    (r#""StringLike":{"k":"${*}"}"#, "k=ann", NO),
    (r#""StringLike":{"k":"${*}"}"#, "k=*", YES),
    (r#""StringLike":{"k":"${aws:username, 'a*'}"}"#, "k=ann", NO),
    (r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}"#, "aws:PrincipalArn=arn:aws:iam::1:user/ann; aws:username=ann", YES),
    (r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}"#, "aws:PrincipalArn=arn:aws:iam::1:user/bob; aws:username=ann", NO),
    (r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}"#, "aws:PrincipalArn=arn:aws:iam::1:user/ann", NO),
    (r#""ArnEquals":{"k":"${aws:SourceArn}"}"#, "k=arn:aws:s3:::b; aws:SourceArn=arn:aws:s3:::b", YES),
    (r#""ArnEquals":{"k":"arn:aws:iam::${aws:PrincipalAccount}:root"}"#, "k=arn:aws:iam::1:root; aws:PrincipalAccount=1", YES),
    (r#""Bool":{"k":"${aws:SecureTransport}"}"#, "k=true; aws:SecureTransport=true", YES),
    (r#""Bool":{"k":"${aws:SecureTransport}"}"#, "k=false; aws:SecureTransport=true", NO),
    // Without a value there is nothing equal, so what is negated holds.
    (r#""StringNotEquals":{"k":"${aws:username}"}"#, "k=ann", YES),
    (r#""StringNotEquals":{"k":"${aws:username}"}"#, "k=ann; aws:username=ann", NO),
    (r#""StringNotLike":{"k":"${aws:username}*"}"#, "k=ann", YES),
    (r#""ArnNotLike":{"k":"arn:aws:iam::1:user/${aws:username}"}"#, "k=arn:aws:iam::1:user/ann", YES),
    // Numbers, dates, addresses and binaries know no variables; there they are no valid values, or text.
    (r#""BinaryEquals":{"k":"${aws:username}"}"#, "k=ann; aws:username=ann", NO),
];

#[test]
fn in_conditions() {
    for (condition, context, holds) in CONDITIONS {
        let policy = identity(&[&format!(
            r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}"#
        )]);
        assert_eq!(may(&policy, "ssm:GetParameter", "*", context), *holds, "{condition} with {context}");
    }
}

#[test]
fn the_old_language_knows_none() {
    let statement = r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}*""#;
    for head in [r#""Version":"2008-10-17","#, ""] {
        let policy = policy(&format!(r#"{{{head}"Statement":{{{statement}}}}}"#), Kind::Identity);
        assert!(!may(&policy, "s3:GetObject", "arn:aws:s3:::ann", "aws:username=ann"));
        assert!(may(&policy, "s3:GetObject", "arn:aws:s3:::${aws:username}/a", "aws:username=ann"));
        assert!(!policy.mentions("aws:username"));
    }
    let statement = r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k":"${aws:username}"}}"#;
    let policy = policy(&format!(r#"{{"Statement":{{{statement}}}}}"#), Kind::Identity);
    assert!(!may(&policy, "s3:GetObject", "*", "k=ann; aws:username=ann"));
    assert!(may(&policy, "s3:GetObject", "*", "k=${aws:username}; aws:username=ann"));
}

#[test]
fn before_the_fifth_colon_they_are_text() {
    let policy = identity(&[
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:us-east-1:${aws:PrincipalAccount}:parameter/a""#,
    ]);
    let context = "aws:PrincipalAccount=111111111111";
    assert!(!may(&policy, "ssm:GetParameter", "arn:aws:ssm:us-east-1:111111111111:parameter/a", context));
}
