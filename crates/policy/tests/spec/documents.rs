//! What documents are refused, and AWS's words for it.

use muster_policy::{Kind, Policy};
use std::time::{Duration, Instant};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const ACTIONS: &str = "Policy statement must contain actions.";
const RESOURCES: &str = "Policy statement must contain resources.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const COLON: &str = "Actions/Condition can contain only one colon.";
const QUALIFIED: &str = "Resource vendor must be fully qualified and cannot contain regexes.";
const UNIQUE: &str = "Statement IDs (SID) in a single policy must be unique.";
const IAM_PATH: &str = "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.";
const TAKEN: &str = "";

fn answer(text: &str, kind: Kind) -> String {
    Policy::parse(text, kind).map_or_else(|error| error.to_string(), |_| String::new())
}

/// Statements of identity-based policies.
#[rustfmt::skip] // One case, one line.
const STATEMENTS: &[(&str, &str)] = &[
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}"#, TAKEN),
    (r#"[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}]"#, TAKEN),
    (r#"{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::b","*"],"Condition":{}}"#, TAKEN),
    (r#"{"Sid":"","Effect":"Deny","NotAction":"s3:*","NotResource":"*"}"#, TAKEN),
    (r#"[{"Sid":"","Effect":"Deny","Action":"s3:*","Resource":"*"},{"Sid":"","Effect":"Deny","Action":"s3:*","Resource":"*"}]"#, TAKEN),
    // The grammar.
    ("[]", SYNTAX),
    ("{}", SYNTAX),
    (r#""x""#, SYNTAX),
    ("null", SYNTAX),
    (r#"["x"]"#, SYNTAX),
    (r#"[[{"Effect":"Allow","Action":"*","Resource":"*"}]]"#, SYNTAX),
    (r#"{"Action":"s3:ListBucket","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Maybe","Action":"s3:ListBucket","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":true,"Action":"s3:ListBucket","Resource":"*"}"#, SYNTAX),
    (r#"{"effect":"Allow","Action":"s3:ListBucket","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Extra":"x"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Effect":"Deny","Action":"s3:ListBucket","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","NotAction":"iam:*","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":[],"NotAction":"iam:*","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":[]}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":{},"Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":[[]],"Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":5,"Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":null,"Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":{"a":"*"}}"#, SYNTAX),
    (r#"{"Effect":"Deny","Action":"s3:*","Resource":["adfdf",{}]}"#, SYNTAX),
    (r#"{"Sid":{},"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, SYNTAX),
    (r#"{"Sid":["a"],"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":[]}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":"a"}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"a":"b"}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":[]}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":{}}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":null}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":["b",["c"]]}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":"b","a":"c"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":"b","A":"c"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a":"b"},"StringEquals":{"c":"d"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"x":{"a":"1"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"x":{},"y":{}}}"#, TAKEN),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue::StringEquals":{"a":"1"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForEachValue:StringEquals":{"a":"1"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}"#, SYNTAX),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"BoolNotEquals":{"a":"true"}}}"#, SYNTAX),
    // Who it is about stands on the other side.
    (r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#, "Policy document should not specify a principal."),
    (r#"{"Effect":"Allow","NotPrincipal":{"AWS":"*"},"Action":"s3:*","Resource":"*"}"#, "Policy document should not specify a principal."),
    // What the first parser did not take.
    (r#"{"Effect":"denY","Action":"s3:*","Resource":"*"}"#, LEGACY),
    (r#"{"Effect":"allow","Resource":"*"}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3::b"}"#, LEGACY),
    (r#"{"Effect":"Allow","Resource":"arn:aws:s3::b"}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3::b"}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws::::b"}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws::fdsasf"}"#, LEGACY),
    (r#"{"Effect":"Allow","Condition":{"DateGreaterThan":{"a":"sdfdsf"}}}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:error:s3:::b","Condition":{"DateGreaterThan":{"a":"x"}}}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateGreaterThan":{"a":[]}}}"#, TAKEN),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0"}}}"#, LEGACY),
    (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericEquals":{"a":"ten"}}}"#, LEGACY),
    // Statement ids.
    (r#"[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]"#, UNIQUE),
    (r#"{"Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"*"}"#, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"),
    // Actions.
    (r#"{"Effect":"Allow"}"#, ACTIONS),
    (r#"{"Effect":"Allow","Resource":"*"}"#, ACTIONS),
    (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, ACTIONS),
    (r#"[{"Effect":"Deny"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}]"#, ACTIONS),
    (r#"{"Effect":"Allow","Action":"invalid","Resource":"*"}"#, VENDOR),
    (r#"{"Effect":"Allow","Action":"invalid"}"#, VENDOR),
    (r#"{"Effect":"Allow","NotAction":"","Resource":"*"}"#, VENDOR),
    (r#"{"Effect":"Allow","Action":["s3:*","**"],"Resource":"*"}"#, VENDOR),
    (r#"{"Effect":"Allow","Action":"a a:ListBucket","Resource":"*"}"#, "Vendor a a is not valid"),
    (r#"{"Effect":"Allow","Action":"s*:Get*","Resource":"*"}"#, "Vendor s* is not valid"),
    (r#"{"Effect":"Allow","Action":"s3:List:Bucket","Resource":"*"}"#, COLON),
    (r#"{"Effect":"Allow","Action":"s3-s.x: any text ","Resource":"*"}"#, TAKEN),
    // Resources.
    (r#"{"Effect":"Allow","Action":"s3:ListBucket"}"#, RESOURCES),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":[]}"#, RESOURCES),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"invalid resource"}"#, "Resource invalid resource must be in ARN format or \"*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":["*","adf"]}"#, "Resource adf must be in ARN format or \"*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":""}"#, "Resource  must be in ARN format or \"*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"a:bsdf"}"#, "Partition \"bsdf\" is not valid for resource \"arn:bsdf:*:*:*:*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"a:b:c"}"#, "Partition \"b\" is not valid for resource \"arn:b:c:*:*:*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"a:b:c:d:e:f:g:h"}"#, "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"aws:s3:::b"}"#, "Partition \"s3\" is not valid for resource \"arn:s3:::b:*\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":["arn:error:s3:::b","arn:error:s3::b"]}"#, "Partition \"error\" is not valid for resource \"arn:error:s3:::b\"."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws"}"#, QUALIFIED),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:us-east-1::b"}"#, "Resource arn:aws:s3:us-east-1::b can not contain region information."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:us-east-1:111111111111:accesspoint/a"}"#, TAKEN),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:iam:us-east-1::b"}"#, "IAM resource arn:aws:iam:us-east-1::b cannot contain region information."),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:iam:::b"}"#, IAM_PATH),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:iam::*:user/${aws:username}"}"#, TAKEN),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":["arn:aws:iam::*:*","arn:aws:iam:*","arn:aws:iam::1:u*er/x","arn:aws:iam::1:root"]}"#, TAKEN),
    (r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":["arn:aws:fdsasf","arn:aws-cn:ssm:*:*:*","arn:*:ssm:*:*:*","arn:aws:x:::y"]}"#, TAKEN),
];

#[test]
fn statements() {
    for (statement, expected) in STATEMENTS {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        assert_eq!(answer(&text, Kind::Identity), *expected, "{statement}");
        assert_eq!(answer(&text, Kind::Managed), *expected, "managed {statement}");
    }
}

const GOOD: &str = r#""Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;

#[test]
fn outside_of_statements() {
    let newer = "Policy document must be version 2012-10-17 or greater.";
    for (kind, text, expected) in [
        (Kind::Identity, String::new(), SYNTAX),
        (Kind::Identity, "This is no JSON".to_owned(), SYNTAX),
        (Kind::Identity, "[]".to_owned(), SYNTAX),
        (Kind::Identity, "{}".to_owned(), SYNTAX),
        (Kind::Identity, format!("{{{GOOD}"), SYNTAX),
        (Kind::Identity, format!("{{{GOOD}}} x"), SYNTAX),
        (Kind::Identity, format!("{{{GOOD},}}"), SYNTAX),
        (Kind::Identity, format!("{{{GOOD},{GOOD}}}"), SYNTAX),
        (Kind::Identity, format!("{{{GOOD},\"Extra\":1}}"), SYNTAX),
        (Kind::Identity, format!("{{\"Version\":\"2013-10-17\",{GOOD}}}"), SYNTAX),
        (Kind::Identity, format!("{{\"Version\":2012,{GOOD}}}"), SYNTAX),
        (Kind::Identity, format!("{{\"Id\":[\"x\"],{GOOD}}}"), SYNTAX),
        (Kind::Identity, format!("{{\"Id\":\"x\",{GOOD}}}"), TAKEN),
        (Kind::Identity, format!("{{{GOOD}}}"), TAKEN),
        (Kind::Identity, format!("{{\"Version\":\"2008-10-17\",{GOOD}}}"), TAKEN),
        (Kind::Identity, format!("{{{GOOD}}}\n"), TAKEN),
        (Kind::Identity, format!(" {{{GOOD}}}"), "JSON strings must not have leading spaces"),
        (Kind::Managed, format!("{{{GOOD}}}"), newer),
        (Kind::Managed, format!("{{\"Version\":\"2008-10-17\",{GOOD}}}"), newer),
        (Kind::Managed, "{\"Statement\":{\"Effect\":\"denY\"}}".to_owned(), newer),
    ] {
        assert_eq!(answer(&text, kind), expected, "{text}");
    }
}

/// Trust policies, and policies of resources with the same words.
#[rustfmt::skip] // One case, one line.
const OF_RESOURCES: &[(Kind, &str, &str)] = &[
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#, TAKEN),
    (Kind::Trust, r#"{"Sid":"any text","Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","sts:TagSession"]}"#, TAKEN),
    (Kind::Trust, "[]", "Could not parse the policy: Statement is empty!"),
    (Kind::Trust, r#"{"Principal":"*","Action":"sts:AssumeRole"}"#, "Missing required field Effect"),
    (Kind::Trust, r#"{"Effect":"Maybe","Principal":"*","Action":"sts:AssumeRole"}"#, "Invalid effect: Maybe"),
    (Kind::Trust, r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#, "Missing required field Principal"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}"#, "Missing required field Principal cannot be empty!"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:AssumeRole"}"#, "Missing required field Principal cannot be empty!"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"111111111111","Action":"sts:AssumeRole"}"#, "Principal must be a JSON object."),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":["*"],"Action":"sts:AssumeRole"}"#, "Syntax error at position"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":5},"Action":"sts:AssumeRole"}"#, "Syntax error at position"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"aws":"111111111111"},"Action":"sts:AssumeRole"}"#, "Syntax error at position"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"somebody"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"AWS\":\"somebody\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"11111111111"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"AWS\":\"11111111111\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/*"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111111111111:role/*\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:root"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"AWS\":\"arn:aws:iam::*:root\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:group/g"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111111111111:group/g\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"Service":"ec2"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"SERVICE\":\"ec2\""),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":{"Service":"*.amazonaws.com"},"Action":"sts:AssumeRole"}"#, "Invalid principal in policy: \"SERVICE\":\"*.amazonaws.com\""),
    (Kind::Trust, r#"{"Effect":"Allow","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#, "Allow with NotPrincipal is not allowed."),
    (Kind::Trust, r#"{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#, "AssumeRole policy must not contain NotPrincipal field."),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","NotPrincipal":"*","Action":"sts:AssumeRole"}"#, "Syntax error at position"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*"}"#, "Missing required field Action"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#, "AssumeRole policy may only specify STS AssumeRole actions."),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}"#, "AssumeRole policy may only specify STS AssumeRole actions."),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}"#, "Has prohibited field Resource"),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":"*"}"#, "AssumeRole policy must not contain resources."),
    (Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"x":{"a":"b"}}}"#, "Syntax error at position"),
    (Kind::Trust, r#"[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]"#, "The Statement Ids in the policy are not unique"),
    (Kind::Resource, r#"{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"}"#, TAKEN),
    (Kind::Resource, r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"kms:*","Resource":"*"}"#, TAKEN),
    (Kind::Resource, r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#, "Missing required field Principal"),
    (Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"kms:*"}"#, "Missing required field Resource"),
    (Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"nothing"}"#, "Resource nothing must be in ARN format or \"*\"."),
    (Kind::Resource, r#"{"Effect":"Allow","Principal":"somebody","Action":"kms:*","Resource":"*"}"#, "Invalid principal in policy: \"AWS\":\"somebody\""),
];

#[test]
fn of_resources() {
    for (kind, statement, expected) in OF_RESOURCES {
        for head in ["", r#""Version":"2008-10-17","#, r#""Version":"2012-10-17","Id":"x","#] {
            let answer = answer(&format!("{{{head}\"Statement\":{statement}}}"), *kind);
            // Positions are tested below.
            assert_eq!(answer.split(" (").next(), Some(*expected), "{statement}");
        }
    }
    let good = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#;
    let version = "The policy must contain a valid version string";
    assert_eq!(answer(&format!(r#"{{"Version":"2020-01-01","Statement":{good}}}"#), Kind::Trust), version);
    assert_eq!(answer(&format!(r#"{{"Version":1,"Statement":{good}}}"#), Kind::Trust), version);
    assert_eq!(answer("{", Kind::Trust), "This policy contains invalid Json");
    assert_eq!(answer("nothing", Kind::Resource), "This policy contains invalid Json");
    assert_eq!(answer("[]", Kind::Resource), "This policy contains invalid Json");
    assert_eq!(answer("null", Kind::Resource), "This text appears not to be a policy");
}

/// AWS tells how far its parser got: behind the first character of the value that it could not use.
#[test]
fn positions_of_syntax_errors() {
    for (text, expected) in [
        ("{}", "(1,3)"),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"aws":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}"#,
            "(1,76)",
        ),
        ("{\n \"Extra\": 1,\n \"Statement\": []}", "(2,12)"),
        ("{\n \"Statement\": {\n  \"Effect\": [] }}", "(3,14)"),
    ] {
        assert_eq!(answer(text, Kind::Trust), format!("Syntax error at position {expected}"), "{text}");
    }
}

/// Documents of a megabyte that are made to hurt: all answered, and soon.
#[test]
fn large_documents_cost_little() {
    const SIZE: usize = 1_000_000;
    let good = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let documents = [
        "[".repeat(SIZE),
        "{\"Statement\":".repeat(SIZE / 13),
        format!(r#"{{"Version":"2012-10-17","Statement":{}}}"#, "[".repeat(SIZE)),
        format!(r#"{{"Version":"2012-10-17","Statement":{}{}}}"#, "[".repeat(SIZE / 2), "]".repeat(SIZE / 2)),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Condition":{}1{}}}}}"#,
            "{\"a\":".repeat(SIZE / 6),
            "}".repeat(SIZE / 6)
        ),
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{}{good}]}}"#,
            format!("{good},").repeat(SIZE / good.len())
        ),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":["s3:{}"],"Resource":"*"}}}}"#,
            "*a".repeat(SIZE / 2)
        ),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{}"}}}}"#,
            "${".repeat(SIZE / 2)
        ),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{}"}}}}"#,
            "${a, '".repeat(SIZE / 6)
        ),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{"DateLessThan":{{"a":"{}"}}}}}}}}"#,
            "1".repeat(SIZE)
        ),
        (0..SIZE / 10).map(|n| format!("\"{n:06}\":1,")).fold("{".to_owned(), |text, member| text + &member),
    ];
    for text in &documents {
        let begun = Instant::now();
        let _ = Policy::parse(text, Kind::Identity);
        let _ = Policy::parse(text, Kind::Resource);
        // Without optimisation, on a busy machine; what grows with the square takes minutes.
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", text.get(..80).unwrap_or_default());
    }
}
