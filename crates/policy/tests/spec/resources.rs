//! `Resource` and `NotResource`: ARNs with wildcards.

use crate::support::{NO, YES, identity, may};

/// The element, the resource asked for, and whether the statement covers it.
#[rustfmt::skip] // One case, one line.
const CASES: &[(&str, &str, bool)] = &[
    // Exactly.
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-1:111111111111:parameter/A", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-1:111111111111:parameter/ab", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-2:111111111111:parameter/a", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-1:222222222222:parameter/a", NO),
    // All.
    (r#""Resource":"*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""Resource":"*""#, "*", YES),
    (r#""Resource":["arn:aws:s3:::b","*"]"#, "*", YES),
    // An action without a resource asks for `*`, which no ARN covers.
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/*""#, "*", NO),
    (r#""Resource":"arn:aws:ssm:*""#, "*", NO),
    (r#""NotResource":"arn:aws:ssm:*""#, "*", YES),
    // Wildcards below the path, which go over `/`.
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/app/*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/app/db/password", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/app/*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/app", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/app/*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/apple", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/app*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/apple", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/*/password""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a/b/password", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/*/password""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a/b/passwords", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/??""#, "arn:aws:ssm:us-east-1:111111111111:parameter/ab", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/??""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", NO),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/?""#, "arn:aws:ssm:us-east-1:111111111111:parameter/é", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a*b*c""#, "arn:aws:ssm:us-east-1:111111111111:parameter/abcbc", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a*b*c""#, "arn:aws:ssm:us-east-1:111111111111:parameter/acb", NO),
    // Wildcards in other segments.
    (r#""Resource":"arn:aws:ssm:*:111111111111:parameter/a""#, "arn:aws:ssm:eu-west-1:111111111111:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:*:111111111111:parameter/a""#, "arn:aws:ssm:eu-west-1:222222222222:parameter/a", NO),
    (r#""Resource":"arn:aws:ssm:eu-*:*:parameter/a""#, "arn:aws:ssm:eu-west-1:222222222222:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:eu-*-1:*:parameter/a""#, "arn:aws:ssm:eu-west-1:222222222222:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:eu-*-1:*:parameter/a""#, "arn:aws:ssm:us-west-1:222222222222:parameter/a", NO),
    (r#""Resource":"arn:*:ssm:*:*:parameter/a""#, "arn:aws-cn:ssm:cn-north-1:222222222222:parameter/a", YES),
    // A short ARN: a `*` at the end of a segment takes what follows.
    (r#""Resource":"arn:aws:ssm:*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""Resource":"arn:aws:ssm:*""#, "arn:aws:s3:::ssm", NO),
    (r#""Resource":"arn:aws:ssm:*:document/AWS-*""#, "arn:aws:ssm:us-east-1::document/AWS-RunShellScript", YES),
    // A `*` within a segment does not: nobody gets out of their account by a name with colons.
    (r#""Resource":"arn:aws:ssm:us-*-1:111111111111:parameter/*""#, "arn:aws:ssm:us-east-1:222222222222:parameter/x-1:111111111111:parameter/a", NO),
    (r#""Resource":"arn:aws:logs:us-east-1:111111111111:log-group:*-app:*""#, "arn:aws:logs:us-east-1:111111111111:log-group:a:b-app:x", YES),
    // The resource `arn:…:*` of list calls.
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:*""#, "arn:aws:ssm:us-east-1:111111111111:*", YES),
    (r#""Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/a""#, "arn:aws:ssm:us-east-1:111111111111:*", NO),
    // Lists.
    (r#""Resource":["arn:aws:s3:::b","arn:aws:ssm:us-east-1:111111111111:parameter/a"]"#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""Resource":["arn:aws:s3:::b","arn:aws:ssm:us-east-1:111111111111:parameter/b"]"#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", NO),
    // NotResource.
    (r#""NotResource":"arn:aws:ssm:*:*:parameter/secret/*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/a", YES),
    (r#""NotResource":"arn:aws:ssm:*:*:parameter/secret/*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/secret/a", NO),
    (r#""NotResource":["arn:aws:ssm:*:*:parameter/a","arn:aws:ssm:*:*:parameter/b"]"#, "arn:aws:ssm:us-east-1:111111111111:parameter/b", NO),
    (r#""NotResource":"*""#, "arn:aws:ssm:us-east-1:111111111111:parameter/b", NO),
];

#[test]
fn resources() {
    for (element, resource, covered) in CASES {
        let allow = identity(&[&format!(r#""Effect":"Allow","Action":"ssm:*",{element}"#)]);
        assert_eq!(
            may(&allow, "ssm:GetParameter", resource, ""),
            *covered,
            "{resource} allowed by {element}"
        );
        let deny = identity(&[
            r#""Effect":"Allow","Action":"*","Resource":"*""#,
            &format!(r#""Effect":"Deny","Action":"ssm:*",{element}"#),
        ]);
        assert_eq!(may(&deny, "ssm:GetParameter", resource, ""), !*covered, "{resource} denied by {element}");
    }
}

#[test]
fn many_wildcards_cost_little() {
    let pattern = "*a".repeat(200);
    let policy = identity(&[&format!(
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:us-east-1:111111111111:parameter/{pattern}b""#
    )]);
    let name = "a".repeat(2000);
    let resource = format!("arn:aws:ssm:us-east-1:111111111111:parameter/{name}");
    assert!(!may(&policy, "ssm:GetParameter", &resource, ""));
    assert!(may(&policy, "ssm:GetParameter", &format!("{resource}b"), ""));
}
