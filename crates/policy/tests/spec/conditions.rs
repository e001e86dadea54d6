//! Every condition operator, with keys that are there, missing, or have many values.

use crate::support::{NO, YES, identity, may};

/// The condition, the context, and whether it holds.
#[rustfmt::skip] // One case, one line.
const CASES: &[(&str, &str, bool)] = &[
    // Texts.
    (r#""StringEquals":{"k":"a"}"#, "k=a", YES),
    (r#""StringEquals":{"k":"a"}"#, "k=A", NO),
    (r#""StringEquals":{"k":"a*"}"#, "k=ab", NO),
    (r#""StringEquals":{"k":"a*"}"#, "k=a*", YES),
    (r#""StringEquals":{"K":"a"}"#, "k=a", YES),
    (r#""StringEquals":{"aws:ResourceTag/Env":"a"}"#, "AWS:resourcetag/env=a", YES),
    (r#""StringEquals":{"k":["a","b"]}"#, "k=b", YES),
    (r#""StringEquals":{"k":["a","b"]}"#, "k=c", NO),
    (r#""StringEquals":{"k":[]}"#, "k=c", NO),
    (r#""StringEquals":{"k":""}"#, "k=", YES),
    (r#""StringEquals":{"k":""}"#, "", NO),
    (r#""StringEquals":{"k":"a"}"#, "", NO),
    (r#""StringEquals":{"k":5}"#, "k=5", YES),
    (r#""StringEquals":{"k":true}"#, "k=true", YES),
    (r#""stringequals":{"k":"a"}"#, "k=a", YES),
    (r#""StringNotEquals":{"k":"a"}"#, "k=b", YES),
    (r#""StringNotEquals":{"k":"a"}"#, "k=a", NO),
    (r#""StringNotEquals":{"k":"a"}"#, "", YES),
    (r#""StringNotEquals":{"k":["a","b"]}"#, "k=b", NO),
    (r#""StringNotEquals":{"k":["a","b"]}"#, "k=c", YES),
    (r#""StringNotEquals":{"k":[]}"#, "k=c", YES),
    (r#""StringEqualsIgnoreCase":{"k":"aB"}"#, "k=Ab", YES),
    (r#""StringEqualsIgnoreCase":{"k":"ÄÖ"}"#, "k=äö", YES),
    (r#""StringEqualsIgnoreCase":{"k":"ab"}"#, "k=abc", NO),
    (r#""StringNotEqualsIgnoreCase":{"k":"aB"}"#, "k=Ab", NO),
    (r#""StringNotEqualsIgnoreCase":{"k":"aB"}"#, "", YES),
    (r#""StringLike":{"k":"a*"}"#, "k=abc", YES),
    (r#""StringLike":{"k":"a*"}"#, "k=Abc", NO),
    (r#""StringLike":{"k":"a?c"}"#, "k=abc", YES),
    (r#""StringLike":{"k":"a?c"}"#, "k=ac", NO),
    (r#""StringLike":{"k":"a*c"}"#, "k=a:/c", YES),
    (r#""StringLike":{"k":"*"}"#, "k=", YES),
    (r#""StringLike":{"k":"*"}"#, "", NO),
    (r#""StringLike":{"k":["x","*c"]}"#, "k=abc", YES),
    (r#""StringLike":{"k":"a[b]c"}"#, "k=abc", NO),
    (r#""StringLike":{"k":"a.c"}"#, "k=abc", NO),
    (r#""StringNotLike":{"k":"a*"}"#, "k=abc", NO),
    (r#""StringNotLike":{"k":["x*","a*"]}"#, "k=abc", NO),
    (r#""StringNotLike":{"k":["x*","y*"]}"#, "k=abc", YES),
    (r#""StringNotLike":{"k":"a*"}"#, "", YES),
    // If it exists.
    (r#""StringEqualsIfExists":{"k":"a"}"#, "", YES),
    (r#""StringEqualsIfExists":{"k":"a"}"#, "k=a", YES),
    (r#""StringEqualsIfExists":{"k":"a"}"#, "k=b", NO),
    (r#""StringNotEqualsIfExists":{"k":"a"}"#, "", YES),
    (r#""StringNotEqualsIfExists":{"k":"a"}"#, "k=a", NO),
    (r#""BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}"#, "", YES),
    (r#""BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}"#, "aws:MultiFactorAuthPresent=true", NO),
    (r#""IpAddressIfExists":{"aws:SourceIp":"10.0.0.0/8"}"#, "", YES),
    // Numbers.
    (r#""NumericEquals":{"n":"10"}"#, "n=10", YES),
    (r#""NumericEquals":{"n":"10"}"#, "n=10.0", YES),
    (r#""NumericEquals":{"n":10}"#, "n=10", YES),
    (r#""NumericEquals":{"n":"10"}"#, "n=9", NO),
    (r#""NumericEquals":{"n":"10"}"#, "n=x", NO),
    (r#""NumericEquals":{"n":"10"}"#, "", NO),
    (r#""NumericEquals":{"n":"9007199254740993"}"#, "n=9007199254740992", NO),
    (r#""NumericNotEquals":{"n":["10","11"]}"#, "n=11", NO),
    (r#""NumericNotEquals":{"n":["10","11"]}"#, "n=12", YES),
    (r#""NumericNotEquals":{"n":"10"}"#, "", YES),
    (r#""NumericNotEquals":{"n":"10"}"#, "n=x", YES),
    (r#""NumericLessThan":{"n":"10"}"#, "n=9.99", YES),
    (r#""NumericLessThan":{"n":"10"}"#, "n=10", NO),
    (r#""NumericLessThan":{"n":"10"}"#, "n=-11", YES),
    (r#""NumericLessThanEquals":{"n":"10"}"#, "n=10", YES),
    (r#""NumericLessThanEquals":{"n":"10"}"#, "n=10.5", NO),
    (r#""NumericGreaterThan":{"n":"10"}"#, "n=10", NO),
    (r#""NumericGreaterThan":{"n":"10"}"#, "n=9", NO),
    (r#""NumericGreaterThan":{"n":"10"}"#, "n=1e2", YES),
    (r#""NumericGreaterThanEquals":{"n":"10"}"#, "n=10", YES),
    (r#""NumericGreaterThanEquals":{"n":"10"}"#, "", NO),
    (r#""NumericGreaterThan":{"n":"10"}"#, "n=inf", NO),
    // Dates.
    (r#""DateEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00Z", YES),
    (r#""DateEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T11:00:00+01:00", YES),
    (r#""DateEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00.000Z", YES),
    (r#""DateEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00.001Z", NO),
    (r#""DateEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=1795168800", YES),
    (r#""DateEquals":{"d":"1795168800"}"#, "d=2026-11-20T10:00:00Z", YES),
    (r#""DateEquals":{"d":1795168800}"#, "d=2026-11-20T10:00:00Z", YES),
    (r#""DateEquals":{"d":"2026-11-20"}"#, "d=2026-11-20T00:00:00Z", YES),
    (r#""DateEquals":{"d":"2026-11"}"#, "d=2026-11-01", YES),
    (r#""DateEquals":{"d":"2024-02-29"}"#, "d=1709164800", YES),
    (r#""DateNotEquals":{"d":"2026-11-20"}"#, "d=2026-11-20", NO),
    (r#""DateNotEquals":{"d":"2026-11-20"}"#, "", YES),
    (r#""DateLessThan":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T09:59:59Z", YES),
    (r#""DateLessThan":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00Z", NO),
    (r#""DateLessThanEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00Z", YES),
    (r#""DateGreaterThan":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00Z", NO),
    (r#""DateGreaterThan":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:01Z", YES),
    (r#""DateGreaterThanEquals":{"d":"2026-11-20T10:00:00Z"}"#, "d=2026-11-20T10:00:00Z", YES),
    (r#""DateGreaterThan":{"d":"2026-11-20T10:00:00Z"}"#, "", NO),
    (r#""DateGreaterThan":{"d":"2026-11-20T10:00:00Z"}"#, "d=tomorrow", NO),
    (r#""DateGreaterThan":{"d":"2000-01-01"},"DateLessThan":{"d":"2030-01-01"}"#, "d=2026-01-01", YES),
    (r#""DateGreaterThan":{"d":"2000-01-01"},"DateLessThan":{"d":"2030-01-01"}"#, "d=2031-01-01", NO),
    // True and false.
    (r#""Bool":{"aws:SecureTransport":"true"}"#, "aws:SecureTransport=true", YES),
    (r#""Bool":{"aws:SecureTransport":"True"}"#, "aws:SecureTransport=true", YES),
    (r#""Bool":{"aws:SecureTransport":true}"#, "aws:SecureTransport=true", YES),
    (r#""Bool":{"aws:SecureTransport":"true"}"#, "aws:SecureTransport=false", NO),
    (r#""Bool":{"aws:SecureTransport":"false"}"#, "aws:SecureTransport=false", YES),
    (r#""Bool":{"aws:SecureTransport":"false"}"#, "", NO),
    (r#""Bool":{"k":"yes"}"#, "k=yes", NO),
    // Binaries.
    (r#""BinaryEquals":{"k":"QmluYXJ5"}"#, "k=QmluYXJ5", YES),
    (r#""BinaryEquals":{"k":"QmluYXJ5"}"#, "k=qmluyxj5", NO),
    // Addresses.
    (r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#, "aws:SourceIp=203.0.113.255", YES),
    (r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#, "aws:SourceIp=203.0.114.0", NO),
    (r#""IpAddress":{"aws:SourceIp":"203.0.113.77/24"}"#, "aws:SourceIp=203.0.113.1", YES),
    (r#""IpAddress":{"aws:SourceIp":"203.0.113.7"}"#, "aws:SourceIp=203.0.113.7", YES),
    (r#""IpAddress":{"aws:SourceIp":"203.0.113.7"}"#, "aws:SourceIp=203.0.113.70", NO),
    (r#""IpAddress":{"aws:SourceIp":"0.0.0.0/0"}"#, "aws:SourceIp=203.0.113.7", YES),
    (r#""IpAddress":{"aws:SourceIp":"0.0.0.0/0"}"#, "aws:SourceIp=2001:db8::1", NO),
    (r#""IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:DB8:1234:5678::/64"]}"#, "aws:SourceIp=2001:db8:1234:5678::1", YES),
    (r#""IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:DB8:1234:5678::/64"]}"#, "aws:SourceIp=2001:db8:1234:5679::1", NO),
    (r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "aws:SourceIp=::ffff:10.1.2.3", YES),
    (r#""IpAddress":{"aws:SourceIp":"::ffff:10.0.0.0/104"}"#, "aws:SourceIp=10.1.2.3", YES),
    (r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "", NO),
    (r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "aws:SourceIp=somewhere", NO),
    (r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "aws:SourceIp=10.1.2.3", NO),
    (r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "aws:SourceIp=11.1.2.3", YES),
    (r#""NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","11.0.0.0/8"]}"#, "aws:SourceIp=11.1.2.3", NO),
    (r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "", YES),
    // ARNs, segment by segment.
    (r#""ArnEquals":{"aws:SourceArn":"arn:aws:s3:::b"}"#, "aws:SourceArn=arn:aws:s3:::b", YES),
    (r#""ArnEquals":{"aws:SourceArn":"arn:aws:s3:::b*"}"#, "aws:SourceArn=arn:aws:s3:::bucket", YES),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:ssm:*:111111111111:*"}"#, "aws:SourceArn=arn:aws:ssm:us-east-1:111111111111:parameter/a:b", YES),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:ssm:*:111111111111:*"}"#, "aws:SourceArn=arn:aws:ssm:us-east-1:222222222222:x:111111111111:y", NO),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:ssm:*:111111111111:*"}"#, "aws:SourceArn=arn:aws:ssm", NO),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:iam::*:role/app-??"}"#, "aws:SourceArn=arn:aws:iam::1:role/app-12", YES),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:iam::*:role/app"}"#, "aws:SourceArn=arn:aws:iam::1:role/App", NO),
    (r#""ArnLike":{"aws:SourceArn":["arn:aws:s3:::a","arn:aws:s3:::b"]}"#, "aws:SourceArn=arn:aws:s3:::b", YES),
    (r#""ArnLike":{"aws:SourceArn":"*"}"#, "aws:SourceArn=arn:aws:s3:::b", YES),
    (r#""ArnLike":{"aws:SourceArn":"*"}"#, "aws:SourceArn=nothing", NO),
    (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::b"}"#, "", NO),
    (r#""ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:::b"}"#, "aws:SourceArn=arn:aws:s3:::b", NO),
    (r#""ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::b*"}"#, "aws:SourceArn=arn:aws:s3:::a", YES),
    (r#""ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::b*"}"#, "", YES),
    // Missing or not.
    (r#""Null":{"k":"true"}"#, "", YES),
    (r#""Null":{"k":"true"}"#, "k=a", NO),
    (r#""Null":{"k":"false"}"#, "k=a", YES),
    (r#""Null":{"k":"false"}"#, "k=", YES),
    (r#""Null":{"k":"false"}"#, "", NO),
    (r#""Null":{"k":false}"#, "k=a", YES),
    (r#""Null":{"k":"true"}"#, "k=[]", YES),
    (r#""Null":{"k":["true","false"]}"#, "k=a", YES),
    // Sets: every value.
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=[a|b]", YES),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=[a]", YES),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=[a|c]", NO),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "", YES),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=[]", YES),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=", YES),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=[|c]", NO),
    (r#""ForAllValues:StringEquals":{"t":["a","b"]}"#, "t=a", YES),
    (r#""ForAllValues:StringLike":{"t":"a*"}"#, "t=[ab|ac]", YES),
    (r#""ForAllValues:StringLike":{"t":"a*"}"#, "t=[ab|bc]", NO),
    (r#""ForAllValues:StringNotEquals":{"t":["a","b"]}"#, "t=[c|d]", YES),
    (r#""ForAllValues:StringNotEquals":{"t":["a","b"]}"#, "t=[c|a]", NO),
    (r#""ForAllValues:StringNotEquals":{"t":["a","b"]}"#, "", YES),
    (r#""ForAllValues:NumericLessThan":{"t":"5"}"#, "t=[1|4]", YES),
    (r#""ForAllValues:NumericLessThan":{"t":"5"}"#, "t=[1|5]", NO),
    (r#""ForAllValues:StringEquals":{"t":"a"},"Null":{"t":"false"}"#, "", NO),
    // Sets: any value.
    (r#""ForAnyValue:StringEquals":{"t":["a","b"]}"#, "t=[c|b]", YES),
    (r#""ForAnyValue:StringEquals":{"t":["a","b"]}"#, "t=[c|d]", NO),
    (r#""ForAnyValue:StringEquals":{"t":["a","b"]}"#, "", NO),
    (r#""ForAnyValue:StringEquals":{"t":["a","b"]}"#, "t=[]", NO),
    (r#""ForAnyValue:StringEquals":{"t":["a",""]}"#, "t=", NO),
    (r#""ForAnyValue:StringEquals":{"t":["a","b"]}"#, "t=b", YES),
    (r#""ForAnyValue:StringLike":{"t":"a*"}"#, "t=[x|ab]", YES),
    (r#""ForAnyValue:StringNotEquals":{"t":["a","b"]}"#, "t=[a|c]", YES),
    (r#""ForAnyValue:StringNotEquals":{"t":["a","b"]}"#, "t=[a|b]", NO),
    (r#""ForAnyValue:StringNotEquals":{"t":["a","b"]}"#, "", NO),
    (r#""ForAnyValue:ArnLike":{"t":"arn:aws:s3:::*"}"#, "t=[x|arn:aws:s3:::b]", YES),
    (r#""ForAnyValue:StringEqualsIfExists":{"t":"a"}"#, "", YES),
    (r#""ForAnyValue:StringEqualsIfExists":{"t":"a"}"#, "t=[b]", NO),
    // Many values without a set operator: one is enough, and for a negated operator one spoils it.
    (r#""StringEquals":{"t":"a"}"#, "t=[b|a]", YES),
    (r#""StringNotEquals":{"t":"a"}"#, "t=[b|a]", NO),
    // All operators and all keys must hold.
    (r#""StringEquals":{"a":"1","b":"2"}"#, "a=1; b=2", YES),
    (r#""StringEquals":{"a":"1","b":"2"}"#, "a=1; b=3", NO),
    (r#""StringEquals":{"a":"1"},"NumericLessThan":{"b":"2"}"#, "a=1; b=3", NO),
    (r#""StringEquals":{}"#, "", YES),
    (r#""x":{}"#, "", YES),
    ("", "", YES),
];

#[test]
fn conditions() {
    for (condition, context, holds) in CASES {
        let allow = identity(&[&format!(
            r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}"#
        )]);
        assert_eq!(may(&allow, "ssm:GetParameter", "*", context), *holds, "{condition} with {context}");
        let deny = identity(&[
            r#""Effect":"Allow","Action":"*","Resource":"*""#,
            &format!(r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{{{condition}}}"#),
        ]);
        assert_eq!(may(&deny, "ssm:GetParameter", "*", context), !*holds, "deny {condition} with {context}");
    }
}

/// Dates that IAM takes, and those that it does not.
#[test]
fn forms_of_dates() {
    let parses = |date: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"DateLessThan":{{"d":"{date}"}}}}}}}}"#
        );
        muster_policy::Policy::parse(&text, muster_policy::Kind::Identity).map_err(|error| error.to_string())
    };
    for date in [
        "2019-07-01T13:20:15Z",
        "2016-12-13T21:20:37.593194+00:00",
        "2016-12-13t2:00:00.593194+23",
        "2016-12-13T10:00",
        "2016-12-13T10",
        "01T",
        "-292275054",
        "0",
        "9223372036854775807",
        "2016-12-13T10:00:00-08:00",
        "2016-12-13T10:00:00+0530",
    ] {
        assert!(parses(date).is_ok(), "{date}");
    }
    for date in [
        "",
        "tomorrow",
        "234-13",
        "2016-02-32",
        "2016-12-13t2:00:00.593194+1",
        "2016-12-13t2:00:00.1999999999+10:59",
        "9223372036854775808",
        "2016-1-1-1",
        "2016-12-13T24:00:00Z",
        "2016-12-13T10:60:00Z",
        "2016-12-13T10:00:60Z",
        "2016-12-13T10:00:00:00Z",
        "+5-01",
    ] {
        assert_eq!(parses(date).err().as_deref(), Some("The policy failed legacy parsing"), "{date}");
    }
}
