//! `Action` and `NotAction`, and how statements count together.

use crate::support::{NO, YES, identity, may};

/// The statements, the action asked for, and whether it is allowed.
#[rustfmt::skip] // One case, one line.
const CASES: &[(&[&str], &str, bool)] = &[
    // One action, in whatever case.
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter","Resource":"*""#], "ssm:GetParameters", NO),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter","Resource":"*""#], "ssm:GetParamete", NO),
    (&[r#""Effect":"Allow","Action":"ssm:getparameter","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"SSM:GetParameter","Resource":"*""#], "ssm:getParameter", YES),
    // Wildcards, anywhere in the name.
    (&[r#""Effect":"Allow","Action":"*","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"*:*","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"ssm:*","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"ssm:*","Resource":"*""#], "ssmmessages:OpenDataChannel", NO),
    (&[r#""Effect":"Allow","Action":"ssm:Get*","Resource":"*""#], "ssm:PutParameter", NO),
    (&[r#""Effect":"Allow","Action":"ssm:*Parameter*","Resource":"*""#], "ssm:GetParametersByPath", YES),
    (&[r#""Effect":"Allow","Action":"ssm:*Parameter","Resource":"*""#], "ssm:GetParametersByPath", NO),
    (&[r#""Effect":"Allow","Action":"ssm:G*t*r","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"ssm:?etParameter","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter?","Resource":"*""#], "ssm:GetParameter", NO),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter?","Resource":"*""#], "ssm:GetParameters", YES),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter*","Resource":"*""#], "ssm:GetParameter", YES),
    // White space and commas are part of the name, and no name has them.
    (&[r#""Effect":"Allow","Action":"ssm: GetParameter","Resource":"*""#], "ssm:GetParameter", NO),
    (&[r#""Effect":"Allow","Action":"ssm:GetParameter,PutParameter","Resource":"*""#], "ssm:GetParameter", NO),
    (&[r#""Effect":"Allow","Action":"ssm:","Resource":"*""#], "ssm:GetParameter", NO),
    // Variables do not work here, so this is a name that no action has.
    (&[r#""Effect":"Allow","Action":"ssm:${user}","Resource":"*""#], "ssm:ann", NO),
    // Lists.
    (&[r#""Effect":"Allow","Action":["s3:GetObject","ssm:GetParameter"],"Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","Action":["s3:GetObject","ssm:Put*"],"Resource":"*""#], "ssm:GetParameter", NO),
    // NotAction allows what it does not name, and no more than that.
    (&[r#""Effect":"Allow","NotAction":"iam:*","Resource":"*""#], "ssm:GetParameter", YES),
    (&[r#""Effect":"Allow","NotAction":"iam:*","Resource":"*""#], "IAM:CreateUser", NO),
    (&[r#""Effect":"Allow","NotAction":["iam:*","ssm:getParameter"],"Resource":"*""#], "ssm:GetParameter", NO),
    (&[r#""Effect":"Allow","NotAction":["iam:*","ssm:getParameter"],"Resource":"*""#], "ssm:PutParameter", YES),
    (&[r#""Effect":"Deny","NotAction":"iam:*","Resource":"*""#], "iam:GetUser", NO),
    // A deny wins wherever it stands.
    (&[
        r#""Effect":"Deny","Action":"ssm:PutParameter","Resource":"*""#,
        r#""Effect":"Allow","Action":"*","Resource":"*""#,
    ], "ssm:PutParameter", NO),
    (&[
        r#""Effect":"Allow","Action":"*","Resource":"*""#,
        r#""Effect":"Deny","Action":"ssm:PutParameter","Resource":"*""#,
    ], "ssm:PutParameter", NO),
    (&[
        r#""Effect":"Allow","Action":"*","Resource":"*""#,
        r#""Effect":"Deny","Action":"ssm:PutParameter","Resource":"*""#,
    ], "ssm:GetParameter", YES),
    (&[
        r#""Effect":"Allow","Action":"*","Resource":"*""#,
        r#""Effect":"Deny","NotAction":["ssm:*","sts:*"],"Resource":"*""#,
    ], "kms:Decrypt", NO),
    (&[
        r#""Effect":"Allow","Action":"*","Resource":"*""#,
        r#""Effect":"Deny","NotAction":["ssm:*","sts:*"],"Resource":"*""#,
    ], "ssm:SendCommand", YES),
    // Nothing is allowed that no statement allows; one of many is enough.
    (&[r#""Effect":"Deny","Action":"ssm:PutParameter","Resource":"*""#], "ssm:GetParameter", NO),
    (&[
        r#""Effect":"Allow","Action":"s3:*","Resource":"*""#,
        r#""Effect":"Allow","Action":"ssm:*","Resource":"*""#,
    ], "ssm:GetParameter", YES),
];

#[test]
fn actions() {
    for (statements, action, expected) in CASES {
        let policy = identity(statements);
        let allowed = may(&policy, action, "arn:aws:ssm:us-east-1:111111111111:parameter/a", "");
        assert_eq!(allowed, *expected, "{action} under {statements:?}");
    }
}
