//! The trail as a whole: what is recorded, what is hidden, what is sealed, found again and proven.

use super::{journal::Journal, line, record::Recipient, segment::Segment, *};
use crate::{
    ControlPlane,
    clock::Clock as _,
    context::{Principal, RoleSession, User},
    error::{ACCESS_DENIED, ApiError, VALIDATION},
    testing::{Bench, on_each_bench, tenant},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use muster_ids::{AccountId, ManagedNodeId};
use muster_service_model::Operation as _;
use muster_service_model::{ServiceSchema, Shape, Structure};
use muster_ssm_api::{GetParameter, PutParameter, SendCommand};
use muster_store::audit::{self as store, AuditChain, AuditFile};
use proptest::prelude::*;
use serde_json::Map;
use std::{collections::BTreeSet, io::Read as _, net::Ipv4Addr};

const DAY: i64 = 24 * 3_600_000;
const SERVICES: [&ServiceSchema; 9] = [
    &muster_ssm_api::SERVICE,
    &muster_protocol::agent_api::SSM_AGENT_SERVICE,
    &muster_protocol::agent_api::EC2MESSAGES_SERVICE,
    &muster_sts_api::SERVICE,
    &muster_iam_api::SERVICE,
    &muster_kms_api::SERVICE,
    &muster_sns_api::SERVICE,
    &muster_cloudtrail_api::SERVICE,
    &muster_admin_api::SERVICE,
];

fn root(account: &str) -> Principal {
    Principal::Root {
        account: AccountId::parse(account).unwrap(),
        access_key_id: "AKIATEST".to_owned(),
        issued_ms: None,
    }
}

/// A call of an operation by the account's root.
struct Made {
    principal: Principal,
    tenant: Option<Tenant>,
    operation: &'static OperationSchema,
    input: Value,
    resources: Vec<String>,
    outcome: Result<Value, ApiError>,
}

impl Made {
    fn new(operation: &'static OperationSchema, input: Value) -> Self {
        Self {
            principal: root("123456789012"),
            tenant: Some(tenant("us-east-1")),
            operation,
            input,
            resources: Vec::new(),
            outcome: Ok(json!({})),
        }
    }

    fn get(name: &str) -> Self {
        let resources = vec![crate::arn::parameter(&tenant("us-east-1"), name)];
        Self { resources, ..Self::new(GetParameter::SCHEMA, json!({ "Name": name })) }
    }

    fn with<T>(&self, now_ms: i64, body: impl FnOnce(&Call<'_>) -> T) -> T {
        let parameters = Parameters::of_input(&self.input, self.operation);
        body(&Call {
            operation: self.operation,
            request_id: "request",
            now_ms,
            source_ip: Ipv4Addr::LOCALHOST.into(),
            user_agent: "client/1",
            host: Some("muster.test"),
            tls: None,
            caller: Caller::Proven(&self.principal),
            tenant: self.tenant.as_ref(),
            parameters: &parameters,
            resources: &self.resources,
            outcome: self.outcome.as_ref(),
        })
    }

    fn record(&self, bench: &Bench) -> Option<u64> {
        self.with(bench.clock.now_ms(), |call| bench.control_plane.audit.record(call))
    }

    /// The event as it is written.
    fn event(&self) -> Value {
        let place = self.tenant.clone().unwrap_or_else(|| tenant("us-east-1"));
        let recipient = Recipient { place: &place, foreign: false, shared: None };
        let mut out = Vec::new();
        self.with(1_795_184_538_700, |call| call.write(&mut out, Uuid::nil(), recipient));
        serde_json::from_slice(&out)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out)))
    }
}

#[test]
fn a_record_has_cloudtrails_form() {
    let event = Made::get("/app/db").event();
    let expected = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root", "principalId": "123456789012", "arn": "arn:aws:iam::123456789012:root",
            "accountId": "123456789012", "accessKeyId": "AKIATEST",
        },
        "eventTime": "2026-11-20T14:22:18Z",
        "eventSource": "ssm.amazonaws.com",
        "eventName": "GetParameter",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "client/1",
        "requestParameters": { "name": "/app/db" },
        "responseElements": null,
        "requestID": "request",
        "eventID": "00000000-0000-0000-0000-000000000000",
        "readOnly": true,
        "resources": [{
            "ARN": "arn:aws:ssm:us-east-1:123456789012:parameter/app/db", "accountId": "123456789012",
            "type": "AWS::SSM::Parameter",
        }],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    });
    assert_eq!(event, expected);
}

#[test]
fn a_record_of_a_change_has_its_answer_and_no_secret() {
    let put = Made {
        outcome: Ok(json!({ "Version": 3, "Tier": "Standard" })),
        ..Made::new(PutParameter::SCHEMA, json!({ "Name": "a", "Value": "hunter2", "Overwrite": true }))
    };
    let event = put.event();
    let hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
    assert_eq!(event["requestParameters"], json!({ "name": "a", "value": hidden, "overwrite": true }));
    assert_eq!(event["responseElements"], json!({ "version": 3, "tier": "Standard" }));
    assert_eq!((&event["readOnly"], event.get("resources")), (&json!(false), None));

    let text = "Parameter value, hunter2, does not match the pattern";
    let refused = Made { outcome: Err(ApiError::new(&VALIDATION, text)), ..put };
    let event = refused.event();
    assert_eq!(event["errorCode"], "ValidationException");
    assert_eq!(event["errorMessage"], format!("Parameter value, {hidden}, does not match the pattern"));
    assert_eq!(event["responseElements"], Value::Null);
    let denied = Made { outcome: Err(ApiError::new(&ACCESS_DENIED, "User: x")), ..refused };
    assert_eq!(denied.event()["errorCode"], "AccessDenied");

    let sent = Made::new(
        SendCommand::SCHEMA,
        json!({ "DocumentName": "d", "Parameters": { "commands": ["hunter2"] }, "Targets": [{ "Key": "k", "Values": [] }] }),
    );
    assert_eq!(
        sent.event()["requestParameters"],
        json!({ "documentName": "d", "parameters": hidden, "targets": [{ "key": "k", "values": [] }] })
    );
}

#[test]
fn every_kind_of_caller_has_its_form() {
    let account = AccountId::parse("123456789012").unwrap();
    let identity = |principal| Made { principal, ..Made::get("a") }.event()["userIdentity"].clone();
    let user = User {
        account: account.clone(),
        name: "Bob".to_owned(),
        id: "AIDABOB".to_owned(),
        arn: "arn:aws:iam::123456789012:user/x/Bob".to_owned(),
        access_key_id: "ASIABOB".to_owned(),
        issued_ms: Some(0),
    };
    let expected = json!({
        "type": "IAMUser", "principalId": "AIDABOB", "arn": "arn:aws:iam::123456789012:user/x/Bob",
        "accountId": "123456789012", "accessKeyId": "ASIABOB", "userName": "Bob", "sessionContext": {
            "attributes": { "creationDate": "1970-01-01T00:00:00Z", "mfaAuthenticated": "false" },
        },
    });
    assert_eq!(identity(Principal::User(user)), expected);
    let role = RoleSession {
        account: account.clone(),
        role: "Admin".to_owned(),
        role_id: "AROAADMIN".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/x/Admin".to_owned(),
        session: "bob \"x\"".to_owned(),
        access_key_id: "ASIAROLE".to_owned(),
        source_identity: Some("Bob".to_owned()),
        issued_ms: 0,
    };
    let expected = json!({
        "type": "AssumedRole", "principalId": "AROAADMIN:bob \"x\"",
        "arn": "arn:aws:sts::123456789012:assumed-role/Admin/bob \"x\"", "accountId": "123456789012",
        "accessKeyId": "ASIAROLE", "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": "AROAADMIN", "arn": "arn:aws:iam::123456789012:role/x/Admin",
                "accountId": "123456789012", "userName": "Admin",
            },
            "attributes": { "creationDate": "1970-01-01T00:00:00Z", "mfaAuthenticated": "false" },
            "sourceIdentity": "Bob",
        },
    });
    assert_eq!(identity(Principal::Role(role)), expected);
    let node = ManagedNodeId::random();
    let found = identity(Principal::Node {
        tenant: tenant("us-east-1"),
        node: node.clone(),
        role: "service-role/Nodes".to_owned(),
        role_id: Some("AROANODES".to_owned()),
        issued_ms: None,
    });
    assert_eq!(found["principalId"], format!("AROANODES:{node}"));
    assert_eq!(found["sessionContext"]["sessionIssuer"]["userName"], "Nodes");
    let nobody = Made { tenant: None, ..Made::get("a") };
    assert_eq!(nobody.event()["recipientAccountId"], "123456789012");
    assert_eq!(identity(Principal::Anonymous)["accountId"], "ANONYMOUS_PRINCIPAL");

    let unproven = |claimed| {
        let mut out = Vec::new();
        Caller::Unproven(claimed).write(&mut out);
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    assert_eq!(unproven(Some("AKIAIOSFODNN7EXAMPLE"))["accessKeyId"], "AKIAIOSFODNN7EXAMPLE");
    // Somebody put the secret where the id belongs.
    assert_eq!(unproven(Some("wJalrXUtnFEMI/K7MDENG"))["type"], "Unknown");
    assert_eq!(unproven(Some("wJalrXUtnFEMI/K7MDENG")).get("accessKeyId"), None);
}

const MARKER: &str = "m4rk3r-of-a-secret";

/// A value with everything in it; whatever is marked secret holds the marker.
fn filled(shape: &Shape, secret: bool, depth: usize) -> Value {
    let secret = secret || shape.is_sensitive();
    match shape {
        Shape::Structure(shape) => filled_structure(shape, secret, depth),
        Shape::List(shape) if depth > 0 => json!([filled(&shape.member, secret, depth - 1)]),
        Shape::List(_) => json!([]),
        Shape::Map(shape) if depth > 0 => {
            let key = if secret || shape.key.sensitive { MARKER } else { "key" };
            Value::Object(Map::from_iter([(key.to_owned(), filled(&shape.value, secret, depth - 1))]))
        }
        Shape::Map(_) => json!({}),
        Shape::String(_) if secret => json!(MARKER),
        Shape::String(_) => json!("plain"),
        Shape::Blob(_) => json!(STANDARD.encode(MARKER)),
        Shape::Integer(_) | Shape::Long(_) | Shape::Double(_) => json!(7),
        Shape::Timestamp(_) => json!(1_795_184_538.5),
        Shape::Boolean => json!(true),
    }
}

fn filled_structure(shape: &Structure, secret: bool, depth: usize) -> Value {
    let secret = secret || shape.sensitive;
    let mut members = Map::new();
    for member in shape.members.iter().filter(|_| depth > 0) {
        let by_name =
            ["Password", "SecretAccessKey", "SessionToken", "TokenValue", "ActivationCode", "Plaintext"]
                .contains(&member.name);
        members.insert(member.name.to_owned(), filled(&member.shape, secret || by_name, depth - 1));
    }
    Value::Object(members)
}

#[test]
fn no_secret_of_any_operation_gets_into_a_record() {
    let (mut operations, mut hidden) = (0, 0);
    for operation in SERVICES.iter().flat_map(|service| service.operations) {
        for depth in [1, 2, 4, 8] {
            let made = Made {
                outcome: Ok(filled_structure(operation.output, false, depth)),
                ..Made::new(operation, filled_structure(operation.input, false, depth))
            };
            let failed = Made {
                outcome: Err(ApiError::new(&VALIDATION, format!("Value '{MARKER}' is wrong"))),
                ..Made::new(operation, filled_structure(operation.input, false, depth))
            };
            let text = made.event().to_string();
            assert!(!text.contains(MARKER), "{}: {text}", operation.name);
            assert!(!text.contains(&STANDARD.encode(MARKER)), "{}: {text}", operation.name);
            if text.contains(redaction::HIDDEN) {
                hidden += 1;
            }
            let input = failed.input.to_string();
            if input.contains(&format!("\"{MARKER}\"")) {
                let text = failed.event().to_string();
                assert!(!text.contains(MARKER), "{}: {text}", operation.name);
            }
        }
        operations += 1;
    }
    assert!(operations > 400 && hidden > 60, "{operations} operations, {hidden} with something to hide");
}

#[test]
fn large_inputs_are_cut() {
    let long = "ü".repeat(20_000);
    let event = Made::new(GetParameter::SCHEMA, json!({ "Name": long })).event();
    let shown = event["requestParameters"]["name"].as_str().unwrap();
    assert!(shown.len() < 11_000 && shown.ends_with("ü… (40000 bytes)"), "{}", shown.len());
    let many: Vec<_> = (0..100).map(|_| "x".repeat(10_000)).collect();
    let event = Made::new(muster_ssm_api::GetParameters::SCHEMA, json!({ "Names": many })).event();
    assert_eq!(event["requestParameters"], json!({ "omitted": true, "reason": "larger than 64 KiB" }));
}

proptest! {
    #[test]
    fn any_text_makes_a_record(name in any::<String>(), agent in any::<String>(), arn in any::<String>()) {
        let mut made = Made::get(&name);
        made.resources.push(arn);
        made.outcome = Err(ApiError::new(&VALIDATION, agent));
        let event = made.event();
        prop_assert_eq!(&event["requestParameters"]["name"], &json!(name));
    }

    #[test]
    fn ids_sort_as_events_happened(times in proptest::collection::vec(0_i64..4, 2..50)) {
        let ids = EventIds::new();
        let mut made: Vec<_> = times.iter().map(|ms| 1_795_184_538_000 + ms).collect();
        made.sort_unstable();
        let made: Vec<_> = made.into_iter().map(|ms| (ms, ids.next(ms))).collect();
        prop_assert!(made.is_sorted_by_key(|(_, id)| *id));
        prop_assert!(made.iter().all(|(ms, id)| id_ms(*id) == *ms && id.get_version_num() == 7));
    }
}

/// Everything recorded so far goes into files.
async fn seal(bench: &Bench) -> sealing::Sealed {
    Audit::seal(&bench.control_plane, i64::MAX).await.unwrap()
}

async fn problems(bench: &Bench) -> Vec<String> {
    let scope = Scope { account: None, from_ms: i64::MIN, to_ms: i64::MAX };
    let report = Audit::verify(&bench.control_plane, &scope).await.unwrap();
    report.problems.into_iter().map(|problem| problem.text).collect()
}

async fn files(bench: &Bench, account: &str) -> Vec<AuditFile> {
    store::following(&bench.control_plane.db, &AccountId::parse(account).unwrap(), 0, 999).await.unwrap()
}

async fn chain_of(bench: &Bench) -> AuditChain {
    store::chain(&bench.control_plane.db, &tenant("r").account).await.unwrap().unwrap()
}

fn search(limit: usize) -> Search {
    Search {
        tenant: tenant("us-east-1"),
        from_ms: i64::MIN,
        to_ms: i64::MAX,
        attribute: None,
        before: u128::MAX,
        limit,
    }
}

/// Names of all parameters that were read, in the order of the search, page by page.
async fn found(bench: &Bench, mut search: Search) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let (events, next) = Audit::look_up(&bench.control_plane, search.clone()).await.unwrap();
        assert!(events.len() <= search.limit);
        names.extend(events.into_iter().map(|event| event.resources[0].1.clone()));
        match next {
            Some(next) => search.before = next,
            None => return names,
        }
    }
}

#[tokio::test]
async fn events_are_sealed_by_account_and_region_in_cloudtrails_layout() {
    on_each_bench(|bench| async move {
        Made::get("one").record(&bench);
        Made { tenant: Some(tenant("eu-west-1")), ..Made::get("two") }.record(&bench);
        let other = AccountId::parse("999999999999").unwrap();
        let place = Tenant::new(other, tenant("us-east-1").region);
        Made { principal: root("999999999999"), tenant: Some(place), ..Made::get("three") }.record(&bench);
        assert_eq!(bench.control_plane.audit.backlog().segments, 1);
        let sealed = seal(&bench).await;
        // The third one touched what belongs to the first account, which learns of it.
        assert_eq!((sealed.segments, sealed.files, sealed.events), (1, 3, 4));
        assert_eq!(bench.control_plane.audit.backlog().bytes, 0);
        assert_eq!(seal(&bench).await.files, 0);

        let files = files(&bench, "123456789012").await;
        assert_eq!(files.len(), 2);
        let file = files.iter().find(|file| file.tenant.region.as_str() == "us-east-1").unwrap();
        let content = bench.control_plane.blobs.get(&file.key).await.unwrap().unwrap();
        let mut text = String::new();
        GzDecoder::new(&*content).read_to_string(&mut text).unwrap();
        let records: Value = serde_json::from_str(&text).unwrap();
        let records = records["Records"].as_array().unwrap();
        assert_eq!(records.len() as i64, file.events);
        let foreign = &records[1];
        assert_eq!(
            foreign["userIdentity"],
            json!({
                "type": "AWSAccount", "principalId": "999999999999", "accountId": "999999999999",
            })
        );
        assert_eq!(
            (&foreign["requestParameters"], &foreign["recipientAccountId"]),
            (&Value::Null, &json!("123456789012"))
        );
        assert!(foreign["sharedEventID"].is_string());
        let time = jiff::Timestamp::from_millisecond(file.first_ms).unwrap();
        let (day, minute) = (time.strftime("%Y/%m/%d"), time.strftime("%Y%m%dT%H%MZ"));
        let begin = format!(
            "AWSLogs/123456789012/CloudTrail/us-east-1/{day}/123456789012_CloudTrail_us-east-1_{minute}_"
        );
        let name = file.key.strip_prefix(&begin).unwrap_or_else(|| panic!("{}", file.key));
        assert_eq!(name.len(), 16 + ".json.gz".len());
        assert_eq!(problems(&bench).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn events_are_found_newest_first_sealed_or_not() {
    on_each_bench(|bench| async move {
        let mut expected = Vec::new();
        for n in 0..40 {
            let name = format!("p{n}");
            Made::get(&name).record(&bench);
            Made { tenant: Some(tenant("eu-west-1")), ..Made::get("elsewhere") }.record(&bench);
            expected.insert(0, name);
            if n % 9 == 4 {
                seal(&bench).await;
                bench.clock.advance_ms(100_000);
            }
        }
        for limit in [1, 7, 40, 50] {
            assert_eq!(found(&bench, search(limit)).await, expected, "pages of {limit}");
        }
        // What was sealed and not removed yet is seen once.
        let by = |name, value: &str| Search {
            attribute: Some(Attribute { name, value: value.to_owned() }),
            ..search(50)
        };
        assert_eq!(found(&bench, by("ResourceName", "p7")).await, ["p7"]);
        let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/p39";
        assert_eq!(found(&bench, by("ResourceName", arn)).await, ["p39"]);
        for (name, value) in [
            ("EventName", "GetParameter"),
            ("EventSource", "ssm.amazonaws.com"),
            ("Username", "root"),
            ("ReadOnly", "true"),
            ("AccessKeyId", "AKIATEST"),
            ("ResourceType", "AWS::SSM::Parameter"),
        ] {
            assert_eq!(found(&bench, by(name, value)).await.len(), 40, "{name}");
            assert!(found(&bench, by(name, "else")).await.is_empty(), "{name}");
        }
        let (events, _) = Audit::look_up(&bench.control_plane, search(3)).await.unwrap();
        assert_eq!(found(&bench, by("EventId", &events[2].id)).await, ["p37"]);
        let of_the_last_minute = Search { from_ms: events[0].time_ms - 50_000, ..search(50) };
        assert_eq!(found(&bench, of_the_last_minute).await, expected[..8]);
        let before = Search { to_ms: events[0].time_ms - 50_000, ..search(50) };
        assert_eq!(found(&bench, before).await, expected[8..]);
        let nobody = Search { tenant: tenant("ap-south-1"), ..search(50) };
        assert!(found(&bench, nobody).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_search_through_many_files_takes_several_pages_and_misses_nothing() {
    on_each_bench(|bench| async move {
        let mut expected = Vec::new();
        for n in 0..120 {
            let name = format!("p{n}");
            Made::get(&name).record(&bench);
            seal(&bench).await;
            bench.clock.advance_ms(i64::from(n % 3));
            expected.insert(0, name);
        }
        for limit in [10, 50] {
            assert_eq!(found(&bench, search(limit)).await, expected);
        }
        // No file can be left unopened, and none has it.
        let nothing = Attribute { name: "EventName", value: "GetParameter".to_owned() };
        let nothing = Search { attribute: Some(nothing), to_ms: 0, ..search(50) };
        assert!(found(&bench, nothing).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_changed_byte_of_a_file_shows() {
    on_each_bench(|bench| async move {
        for n in 0..3 {
            Made::get(&format!("p{n}")).record(&bench);
            seal(&bench).await;
        }
        let ControlPlane { blobs, .. } = &*bench.control_plane;
        let file = files(&bench, "123456789012").await.remove(1);
        let content = blobs.get(&file.key).await.unwrap().unwrap();
        for at in (0..content.len()).step_by(7) {
            let mut changed = content.to_vec();
            changed[at] ^= 1 << (at % 8);
            blobs.put(&file.key, changed.into()).await.unwrap();
            assert_eq!(problems(&bench).await, ["the content of this file was altered"], "byte {at}");
        }
        blobs.put(&file.key, content.slice(..content.len() - 1)).await.unwrap();
        assert_eq!(problems(&bench).await, ["the content of this file was altered"]);
        blobs.delete(&file.key).await.unwrap();
        assert_eq!(problems(&bench).await, ["this file is missing"]);
        blobs.put(&file.key, content).await.unwrap();
        assert!(problems(&bench).await.is_empty());
    })
    .await;
}

/// A chain whose row somebody wrote who has no key.
fn forged(chain: &AuditChain, change: impl FnOnce(&mut AuditChain)) -> AuditChain {
    let mut chain = chain.clone();
    change(&mut chain);
    chain.proof = vec![7; 32];
    chain
}

#[tokio::test]
async fn files_that_are_cut_off_at_either_end_show_and_stay_shown() {
    on_each_bench(|bench| async move {
        for n in 0..4 {
            Made::get(&format!("p{n}")).record(&bench);
            seal(&bench).await;
        }
        let db = &bench.control_plane.db;
        let chain = chain_of(&bench).await;
        // The oldest files are removed as retention does it, but without the key.
        let cut = forged(&chain, |chain| chain.first_sequence = 3);
        db.write(store::forget(&chain, &cut)).await.unwrap();
        let found = problems(&bench).await;
        assert!(found.contains(&"the row of the chain was altered".to_owned()), "{found:?}");
        assert!(found.contains(&"this file does not follow the one before it".to_owned()), "{found:?}");

        // The next file is added all the same, and does not make it sound.
        Made::get("later").record(&bench);
        seal(&bench).await;
        let after = chain_of(&bench).await;
        assert_eq!((after.last_sequence, after.breaks), (5, 1));
        let found = problems(&bench).await;
        assert!(found.iter().any(|text| text.contains("1 times")), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn an_older_state_of_the_database_shows() {
    on_each_bench(|bench| async move {
        Made::get("one").record(&bench);
        seal(&bench).await;
        let old = chain_of(&bench).await;
        for name in ["two", "three"] {
            Made::get(name).record(&bench);
            seal(&bench).await;
        }
        // Everything in it is genuine.
        let ControlPlane { db, .. } = &*bench.control_plane;
        let now = chain_of(&bench).await;
        let all = files(&bench, "123456789012").await;
        let empty = AuditChain { first_sequence: 99, ..now.clone() };
        db.write(store::forget(&now, &empty)).await.unwrap();
        db.write(store::append(&all[0], Some(&empty), &old)).await.unwrap();
        let found = problems(&bench).await;
        assert!(found.iter().any(|text| text.ends_with("the database is an older state")), "{found:?}");

        Made::get("four").record(&bench);
        seal(&bench).await;
        let after = chain_of(&bench).await;
        assert_eq!((after.last_sequence, after.breaks), (4, 1));
        let found = problems(&bench).await;
        assert!(found.contains(&"the files 2 to 3 are missing".to_owned()), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn sealing_again_after_a_crash_changes_nothing() {
    on_each_bench(|bench| async move {
        Made::get("one").record(&bench);
        Made { tenant: Some(tenant("eu-west-1")), ..Made::get("two") }.record(&bench);
        let segment = bench.control_plane.audit.journal.all().remove(0);
        let content = std::fs::read(&segment.path).unwrap();
        seal(&bench).await;
        let before = (files(&bench, "123456789012").await, chain_of(&bench).await);
        // The process ended before the segment was removed.
        std::fs::write(&segment.path, &content).unwrap();
        let again = bench.after_a_crash();
        assert_eq!(again.control_plane.audit.journal.closed().len(), 1);
        assert_eq!(seal(&again).await.segments, 1);
        assert_eq!((files(&again, "123456789012").await, chain_of(&again).await), before);
        assert!(!segment.path.exists());
        assert!(problems(&again).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_sealed_and_what_was_altered_is_told() {
    on_each_bench(|bench| async move {
        for n in 0..5 {
            Made::get(&format!("p{n}")).record(&bench);
        }
        let path = bench.control_plane.audit.journal.all().remove(0).path;
        let content = std::fs::read(&path).unwrap();
        // Half a line, as a kill in the middle of a write leaves it: its call was not answered.
        let torn = [&content[..], &content[..100]].concat();
        std::fs::write(&path, torn).unwrap();
        let one = bench.after_a_crash();
        assert!(problems(&one).await.is_empty());
        assert_eq!(found(&one, search(50)).await.len(), 5);
        assert_eq!(seal(&one).await.events, 5);

        // Another segment, and somebody changes a letter and removes a line of it.
        for n in 5..10 {
            Made::get(&format!("p{n}")).record(&one);
        }
        let path = one.control_plane.audit.journal.all().remove(0).path;
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        let changed = lines[1].replace("p6", "px");
        std::fs::write(&path, [lines[0], &changed, lines[2], lines[4]].concat()).unwrap();
        assert!(problems(&one).await.len() >= 2, "the process that wrote it sees that too");
        let two = one.after_a_crash();
        let damage = problems(&two).await;
        assert!(damage[0].ends_with("line 2 was altered"), "{damage:?}");
        assert!(damage[1].ends_with("lines are missing or out of order at line 4"), "{damage:?}");
        assert_eq!(seal(&two).await.events, 3);
        let after = problems(&two).await;
        assert!(after.len() == 1 && after[0].contains("was altered before it was sealed"), "{after:?}");
        // The trail itself tells of it.
        let told = Search {
            attribute: Some(Attribute { name: "EventName", value: "AuditJournalAltered".into() }),
            ..search(5)
        };
        let home = Tenant::new(two.control_plane.config.account_id.clone(), tenant("us-east-1").region);
        let (events, _) = Audit::look_up(&two.control_plane, Search { tenant: home, ..told }).await.unwrap();
        assert_eq!(events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn old_files_go_and_the_rest_stays_proven() {
    on_each_bench(|bench| async move {
        for day in 0..6 {
            Made::get(&format!("day{day}")).record(&bench);
            seal(&bench).await;
            bench.clock.advance_ms(DAY);
        }
        let ControlPlane { blobs, .. } = &*bench.control_plane;
        let all = files(&bench, "123456789012").await;
        bench.clock.advance_ms(86 * DAY + DAY / 2);
        // Six to one days before, and then 86 and a half: two are older than ninety days.
        assert!(problems(&bench).await.is_empty());
        let removed = Audit::forget_old(&bench.control_plane).await.unwrap();
        assert_eq!(removed, (3, false));
        assert_eq!(files(&bench, "123456789012").await, all[3..]);
        assert_eq!(blobs.get(&all[0].key).await.unwrap(), None);
        let chain = chain_of(&bench).await;
        assert_eq!((chain.first_sequence, chain.removed_events, &chain.anchor), (4, 3, &all[2].hash));
        assert!(problems(&bench).await.is_empty());
        assert_eq!(Audit::forget_old(&bench.control_plane).await.unwrap(), (0, false));
        bench.clock.advance_ms(90 * DAY);
        Audit::forget_old(&bench.control_plane).await.unwrap();
        assert!(files(&bench, "123456789012").await.is_empty());
        assert!(problems(&bench).await.is_empty());
        Made::get("again").record(&bench);
        seal(&bench).await;
        assert_eq!(chain_of(&bench).await.last_sequence, 7);
        assert!(problems(&bench).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn where_the_trail_is_required_nothing_changes_unrecorded() {
    muster_store::testing::on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| {
            config.audit.required = true;
            config.audit.journal_bytes = 20_000;
        });
        let audit = &bench.control_plane.audit;
        let now_ms = bench.clock.now_ms();
        let mut recorded = 0;
        while Made::get("x").record(&bench).is_some() {
            assert!(audit.admit(PutParameter::SCHEMA, now_ms).is_ok());
            recorded += 1;
        }
        let refused = audit.admit(PutParameter::SCHEMA, now_ms).unwrap_err();
        assert_eq!(refused.schema.code, "ServiceUnavailableException");
        assert!(audit.admit(GetParameter::SCHEMA, now_ms).is_ok(), "reading goes on");
        assert!(Made::get("y").record(&bench).is_none());
        assert_eq!(audit.metrics().lost, 2);

        // There is room again: the trail tells what is missing, and goes on.
        seal(&bench).await;
        assert!(audit.admit(PutParameter::SCHEMA, now_ms).is_ok());
        assert!(Made::get("z").record(&bench).is_some());
        assert_eq!(found(&bench, search(50)).await.len(), recorded + 1);
        let name = Some(Attribute { name: "EventName", value: "AuditEventsLost".to_owned() });
        let home = Tenant::new(bench.control_plane.config.account_id.clone(), tenant("us-east-1").region);
        let told = Search { tenant: home, attribute: name, ..search(5) };
        let (events, _) = Audit::look_up(&bench.control_plane, told).await.unwrap();
        assert_eq!(events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn strangers_and_polls_do_not_fill_the_disk() {
    muster_store::testing::on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.audit.strangers_per_minute = 5);
        let stranger = || Made {
            tenant: None,
            outcome: Err(ApiError::new(&crate::error::INVALID_SIGNATURE, "no")),
            ..Made::get("x")
        };
        assert_eq!((0..50).filter(|_| stranger().record(&bench).is_some()).count(), 5);
        bench.clock.advance_ms(60_000);
        assert!(stranger().record(&bench).is_some());
        let poll = muster_protocol::agent_api::EC2MESSAGES_SERVICE.operation("GetMessages").unwrap();
        assert!(Made::new(poll, json!({})).record(&bench).is_none());
        let refused = Err(ApiError::new(&ACCESS_DENIED, "no"));
        assert!(Made { outcome: refused, ..Made::new(poll, json!({})) }.record(&bench).is_some());
    })
    .await;
}

#[tokio::test]
async fn segments_end_by_size_and_by_age() {
    muster_store::testing::on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.audit.segment_bytes = 64 << 10);
        let ControlPlane { audit, .. } = &*bench.control_plane;
        for n in 0..200 {
            Made::get(&format!("p{n}")).record(&bench);
        }
        let ids: BTreeSet<_> = audit.journal.all().into_iter().map(|segment| segment.id).collect();
        assert!(ids.len() >= 2, "{ids:?}");
        assert_eq!(audit.journal.closed().len(), ids.len() - 1);
        let young = Audit::seal(&bench.control_plane, bench.clock.now_ms() - 60_000).await.unwrap();
        assert_eq!(young.segments, ids.len() - 1);
        bench.clock.advance_ms(60_001);
        let old = Audit::seal(&bench.control_plane, bench.clock.now_ms() - 60_000).await.unwrap();
        assert_eq!(old.segments, 1);
        audit.sync().await.unwrap();
        audit.settle(Made::get("x").record(&bench)).await;
        audit.journal.sync_to(1).await.unwrap();
        assert_eq!(found(&bench, search(50)).await.len(), 201);
    })
    .await;
}

#[test]
fn a_journal_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit");
    let journal = Journal::open(&path, &Secrets::ephemeral(), 1 << 20, 1 << 20).unwrap();
    let mut text = Vec::new();
    line::begin(&mut text, 5, &tenant("r"));
    text.extend_from_slice(b"{}\n");
    assert_eq!(journal.append(5, &mut text).unwrap(), 1);
    let segment = journal.all().remove(0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&segment.path)), (0o700, 0o600));
    let content = Segment::load(&segment).unwrap();
    let lines = content.lines(&segment, &journal);
    assert_eq!((lines.good.len(), lines.damage.len(), lines.good[0].json), (1, 0, "{}"));
}
