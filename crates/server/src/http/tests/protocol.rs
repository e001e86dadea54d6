//! Both protocols byte by byte: answers, errors, and what belongs to no protocol.

use super::*;

const IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn code_of(answer: &Answer) -> (u16, String) {
    let text = answer.text();
    let between = |open, close| text.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    (answer.status, between("<Code>", "</Code>").map_or("", |(code, _)| code).to_owned())
}

#[tokio::test]
async fn a_query_call_is_answered_as_sts_answers() {
    let front = Front::start().await;
    let answer = front.send(Draft::form(IDENTITY).sign("sts", &root(), front.now_ms())).await;
    let request_id = answer.headers["x-amzn-requestid"].to_str().unwrap();
    let expected = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
           <GetCallerIdentityResult>\n    \
             <UserId>000000000000</UserId>\n    \
             <Account>000000000000</Account>\n    \
             <Arn>arn:aws:iam::000000000000:root</Arn>\n  \
           </GetCallerIdentityResult>\n  \
           <ResponseMetadata>\n    \
             <RequestId>{request_id}</RequestId>\n  \
           </ResponseMetadata>\n\
         </GetCallerIdentityResponse>\n"
    );
    assert_eq!((answer.status, answer.text()), (200, expected.as_str()));
    assert_eq!(answer.headers["content-type"], "text/xml");
}

#[tokio::test]
async fn query_errors_are_told_in_xml() {
    let front = Front::start().await;
    let call = |body: &str| front.send(Draft::form(body).sign("sts", &root(), front.now_ms()));
    for (body, text) in [
        (
            "Action=NoSuchAction&Version=2011-06-15",
            "Could not find operation NoSuchAction for version 2011-06-15",
        ),
        (
            "Action=GetCallerIdentity",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
        ),
        ("Action=A%3Cb%3E%26&Version=1", "Could not find operation A&lt;b&gt;&amp; for version 1"),
        ("", "Could not find operation  for version NO_VERSION_SPECIFIED"),
    ] {
        let answer = call(body).await;
        assert_eq!(code_of(&answer), (400, "InvalidAction".to_owned()), "{body}");
        assert!(answer.text().contains(&format!("<Message>{text}</Message>")), "{}", answer.text());
        assert!(answer.text().contains("http://webservices.amazon.com/AWSFault/2005-15-09"));
    }
    let answer = call("Action=GetDelegatedAccessToken&Version=2011-06-15").await;
    assert_eq!(code_of(&answer), (400, "UnsupportedOperation".to_owned()));
    // Of two parameters of one name the first counts; unknown ones are nobody's business.
    let answer = call(&format!("{IDENTITY}&Action=Other&X=y")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_query_call_may_come_as_get() {
    let front = Front::start().await;
    let draft = Draft::new(Method::GET, &format!("/?{IDENTITY}"));
    let answer = front.send(draft.sign("sts", &root(), front.now_ms())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_json_call_is_answered_in_json() {
    let front = Front::start().await;
    let answer = front.ssm("DescribeInstanceInformation", r#"{"NoSuchMember":1,"MaxResults":null}"#).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"InstanceInformationList":[]}"#));
    assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1");
    assert!(answer.headers.contains_key("x-amzn-requestid") && answer.headers.contains_key("date"));

    let older = Draft::new(Method::POST, "/")
        .header("content-type", "Application/X-Amz-Json-1.0; charset=utf-8")
        .header("x-amz-target", "AmazonSSM.DescribeInstanceInformation")
        .body("{}");
    let answer = front.send(older.sign("ssm", &root(), front.now_ms())).await;
    assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn json_that_cannot_be_read_is_told() {
    let front = Front::start().await;
    let deep = format!("{}{}", r#"{"Filters":"#, "[".repeat(5000));
    for body in ["", "{", "null", "\"x\"", "{\"MaxResults\":5,}", "\u{1}", &deep] {
        let answer = front.ssm("DescribeInstanceInformation", body).await;
        assert_eq!(
            (answer.status, answer.text()),
            (400, r#"{"__type":"SerializationException"}"#),
            "{body:.20}"
        );
    }
    for (body, text) in [
        ("[]", "Start of list found where not expected"),
        (r#"{"MaxResults":"5"}"#, "STRING_VALUE can not be converted to an Integer"),
        (r#"{"MaxResults":true}"#, "TRUE_VALUE can not be converted to an Integer"),
        (r#"{"NextToken":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"NextToken":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Filters":"x"}"#, "Expected list or null"),
        (r#"{"Filters":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Filters":["x"]}"#, "Expected null"),
        (r#"{"Filters":[{"Key":[]}]}"#, "Start of list found where not expected"),
    ] {
        let answer = front.ssm("DescribeInstanceInformation", body).await;
        let expected = format!(r#"{{"__type":"SerializationException","Message":"{text}"}}"#);
        assert_eq!((answer.status, answer.text()), (400, expected.as_str()), "{body}");
    }
    // Fractions are cut off, and what no integer holds is a matter of the constraints.
    assert_eq!(front.ssm("DescribeInstanceInformation", r#"{"MaxResults":5.9}"#).await.status, 200);
    let (code, _) = front.ssm("DescribeInstanceInformation", r#"{"MaxResults":1e300}"#).await.error();
    assert_eq!(code, "ValidationException");
}

#[tokio::test]
async fn unknown_operations_and_protocols() {
    let front = Front::start().await;
    for target in ["AmazonSSM.Nothing", "amazonssm.ListCommands", "ListCommands", "", "AmazonSSM.", "x.y.z"] {
        let answer = front.send(Draft::json(target, "{}")).await;
        assert_eq!(
            (answer.status, answer.text()),
            (400, r#"{"__type":"UnknownOperationException"}"#),
            "{target}"
        );
    }
    let without =
        Draft::new(Method::POST, "/").header("content-type", "application/x-amz-json-1.1").body("{}");
    assert_eq!(front.send(without).await.error().0, "UnknownOperationException");
    let bare = Draft::new(Method::POST, "/").header("x-amz-target", "AmazonSSM.ListCommands").body("{}");
    let answer = front.send(bare).await;
    assert_eq!((answer.status, answer.text()), (404, "<UnknownOperationException/>\n"));
    for (method, uri) in [(Method::GET, "/nothing"), (Method::DELETE, "/"), (Method::POST, "/healthz")] {
        assert_eq!(front.send(Draft::new(method, uri)).await.status, 404, "{uri}");
    }
    let unbuilt = front.ssm("DescribeParameters", "{}").await;
    if unbuilt.status != 200 {
        assert_eq!(unbuilt.error().0, "UnsupportedOperationException");
        assert!(unbuilt.error().1.contains("ssm:DescribeParameters is not supported by this version"));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let front = Front::start_with(|config| config.limits.request_body_bytes = 2000).await;
    let body = format!(r#"{{"NextToken":"{}"}}"#, "x".repeat(2000));
    let answer = front.ssm("ListCommands", &body).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (413, "RequestEntityTooLargeException"));
    let answer = front.send(Draft::form(&body)).await;
    assert_eq!(code_of(&answer), (413, "RequestEntityTooLarge".to_owned()));
}

#[tokio::test]
async fn strangers_may_send_little() {
    let front = Front::start().await;
    let body = format!(r#"{{"Fingerprint":"{}"}}"#, "x".repeat(70_000));
    let answer = front.send(Draft::json("AmazonSSM.RegisterManagedInstance", &body)).await;
    assert_eq!(answer.status, 413);
    let answer = front.send(Draft::json("AmazonSSM.RegisterManagedInstance", &body[..60_000])).await;
    assert_eq!(answer.error().0, "SerializationException");
}

#[tokio::test]
async fn probes_need_no_signature() {
    let front = Front::start().await;
    for (path, start) in
        [("/healthz", "ok\n"), ("/readyz", "ready\n"), ("/metrics", "# HELP"), ("/", "This is Muster")]
    {
        let answer = front.send(Draft::new(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().starts_with(start), "{path}: {}", answer.text());
    }
    front.ssm("ListCommands", "{}").await;
    let metrics = front.send(Draft::new(Method::GET, "/metrics")).await;
    let line = r#"muster_requests_total{service="ssm",operation="ListCommands",code="OK"} 1"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
}

#[tokio::test]
async fn the_date_is_the_servers() {
    let front = Front::start().await;
    front.clock.advance_ms(1_700_000_000_000 - front.now_ms());
    let answer = front.send(Draft::new(Method::GET, "/healthz")).await;
    assert!(answer.headers["date"].to_str().unwrap().starts_with("Tue, 14 Nov 2023 22:13:2"));
}
