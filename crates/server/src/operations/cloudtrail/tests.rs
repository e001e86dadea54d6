//! Looking events up and describing the trail, as CloudTrail answers.

use crate::{
    audit::{Audit, Call, Caller, Parameters},
    clock::Clock as _,
    context::Principal,
    testing::{Bench, on_each_bench, tenant},
};
use muster_cloudtrail_api::{
    DescribeTrails, GetEventSelectors, GetTrail, GetTrailStatus, ListTrails, LookupEvents,
};
use muster_service_model::Operation as _;
use muster_ssm_api::GetParameter;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

fn record(bench: &Bench, region: &str, name: &str) {
    let tenant = tenant(region);
    let account = tenant.account.clone();
    let principal = Principal::Root { account, access_key_id: "AKIATEST".to_owned(), issued_ms: None };
    bench.control_plane.audit.record(&Call {
        operation: GetParameter::SCHEMA,
        request_id: "request",
        now_ms: bench.clock.now_ms(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: "client/1",
        host: None,
        tls: None,
        caller: Caller::Proven(&principal),
        tenant: Some(&tenant),
        parameters: &Parameters::of_input(&json!({ "Name": name }), GetParameter::SCHEMA),
        resources: &[crate::arn::parameter(&tenant, name)],
        outcome: Ok(&json!({})),
    });
}

fn names(answer: &Value) -> Vec<&str> {
    let events = answer["Events"].as_array().unwrap();
    events.iter().map(|event| event["Resources"][0]["ResourceName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn events_are_looked_up_page_by_page() {
    on_each_bench(|bench| async move {
        for n in 0..7 {
            record(&bench, "r", &format!("p{n}"));
            record(&bench, "s", "elsewhere");
        }
        let root = bench.root("r");
        let mut input = json!({ "MaxResults": 3 });
        let mut seen = Vec::new();
        loop {
            let answer = root.must::<LookupEvents>(input.clone()).await;
            seen.extend(names(&answer).into_iter().map(str::to_owned));
            if answer["NextToken"].is_null() {
                break;
            }
            input["NextToken"] = answer["NextToken"].clone();
            // What happens meanwhile is on no later page.
            record(&bench, "r", "later");
        }
        assert_eq!(seen, ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
        let event = &root.must::<LookupEvents>(json!({ "MaxResults": 50 })).await["Events"][8];
        assert_eq!(
            (
                &event["EventName"],
                &event["EventSource"],
                &event["Username"],
                &event["ReadOnly"],
                &event["AccessKeyId"]
            ),
            (
                &json!("GetParameter"),
                &json!("ssm.amazonaws.com"),
                &json!("root"),
                &json!("true"),
                &json!("AKIATEST")
            )
        );
        assert_eq!(
            event["Resources"],
            json!([{ "ResourceType": "AWS::SSM::Parameter", "ResourceName": "p0" }])
        );
        let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
        assert_eq!((&record["eventID"], &record["awsRegion"]), (&event["EventId"], &json!("r")));
    })
    .await;
}

#[tokio::test]
async fn wrong_questions_get_cloudtrails_errors() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        (0..3).for_each(|_| record(&bench, "r", "p"));
        let attribute = |key: &str, value: &str| json!({ "AttributeKey": key, "AttributeValue": value });
        let two = json!({ "LookupAttributes": [attribute("EventName", "a"), attribute("Username", "b")] });
        assert_eq!(root.code::<LookupEvents>(two).await, "InvalidLookupAttributesException");
        let word = json!({ "LookupAttributes": [attribute("ReadOnly", "yes")] });
        assert_eq!(root.code::<LookupEvents>(word).await, "InvalidLookupAttributesException");
        let time = json!({ "StartTime": 2, "EndTime": 1 });
        assert_eq!(root.code::<LookupEvents>(time).await, "InvalidTimeRangeException");
        let garbage = json!({ "NextToken": "garbage" });
        assert_eq!(root.code::<LookupEvents>(garbage).await, "InvalidNextTokenException");
        // A token holds for its own question alone.
        let one = root.must::<LookupEvents>(json!({ "MaxResults": 1 })).await;
        let other = json!({
            "NextToken": one["NextToken"], "LookupAttributes": [attribute("EventName", "GetParameter")],
        });
        assert_eq!(root.code::<LookupEvents>(other).await, "InvalidNextTokenException");
        let elsewhere = json!({ "NextToken": one["NextToken"] });
        assert_eq!(bench.root("s").code::<LookupEvents>(elsewhere).await, "InvalidNextTokenException");
        let insight = root.must::<LookupEvents>(json!({ "EventCategory": "insight" })).await;
        assert_eq!(insight, json!({ "Events": [] }));
        assert_eq!(bench.user("bob", &[]).code::<LookupEvents>(json!({})).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn the_one_trail_is_described() {
    on_each_bench(|bench| async move {
        let root = bench.root("eu-west-1");
        let arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/muster";
        let list = root.must::<ListTrails>(json!({})).await;
        assert_eq!(list["Trails"], json!([{ "TrailARN": arn, "Name": "muster", "HomeRegion": "us-east-1" }]));
        for name in ["muster", arn] {
            let trail = root.must::<GetTrail>(json!({ "Name": name })).await;
            assert_eq!(trail["Trail"]["TrailARN"], arn);
            let found = root.must::<DescribeTrails>(json!({ "trailNameList": [name] })).await;
            assert_eq!(found["trailList"].as_array().unwrap().len(), 1);
            let selectors = root.must::<GetEventSelectors>(json!({ "TrailName": name })).await;
            assert_eq!(selectors["EventSelectors"][0]["ReadWriteType"], "All");
        }
        assert_eq!(
            root.must::<DescribeTrails>(json!({ "trailNameList": ["x"] })).await,
            json!({ "trailList": [] })
        );
        assert_eq!(root.code::<GetTrail>(json!({ "Name": "x" })).await, "TrailNotFoundException");
        let status = root.must::<GetTrailStatus>(json!({ "Name": "muster" })).await;
        assert_eq!(status, json!({ "IsLogging": true }));
        record(&bench, "r", "p");
        Audit::seal(&bench.control_plane, i64::MAX).await.unwrap();
        let status = root.must::<GetTrailStatus>(json!({ "Name": "muster" })).await;
        assert!(status["LatestDeliveryTime"].is_number(), "{status}");
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "cloudtrail:Get*", "Resource": arn }],
        });
        let bob = bench.user("bob", &[policy]);
        assert_eq!(bob.must::<GetTrail>(json!({ "Name": "muster" })).await["Trail"]["Name"], "muster");
        assert_eq!(bob.code::<ListTrails>(json!({})).await, "AccessDeniedException");
    })
    .await;
}
