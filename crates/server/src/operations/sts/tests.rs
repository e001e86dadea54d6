//! The Security Token Service through the router, on every engine.

use crate::{
    account,
    context::{Principal, Proof},
    secrets::{Claims, random_identity_id},
    testing::{Bench, Caller, allow, on_each_bench, tenant},
};
use muster_ids::{AccountId, ManagedNodeId};
use muster_store::iam::role::{self, Role};
use muster_sts_api::{AssumeRole, GetAccessKeyInfo, GetCallerIdentity, GetSessionToken};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::210987654321:role/ops/Ops";

/// A role of another account than the callers', that lives for two hours and trusts as told.
async fn role(bench: &Bench, trust: Value) {
    let account = AccountId::parse("210987654321").unwrap();
    account::ensure(&bench.control_plane.db, &[&account], 0).await.unwrap();
    let trust = json!({ "Version": "2012-10-17", "Statement": trust });
    let role = Role {
        account,
        name: "Ops".to_owned(),
        path: "/ops/".to_owned(),
        id: random_identity_id("AROA"),
        created_ms: 0,
        trust_policy: trust.to_string(),
        trust_principals: "{}".to_owned(),
        description: None,
        max_session_seconds: 7200,
        boundary: None,
        last_used_ms: None,
        last_used_region: None,
    };
    bench.control_plane.db.write(role::insert(&role)).await.unwrap();
}

fn trusts(principal: &str, actions: Value) -> Value {
    json!([{ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions }])
}

fn asking(members: Value) -> Value {
    let mut input = json!({ "RoleArn": ROLE, "RoleSessionName": "night" });
    input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    input
}

/// Code and text of a refusal.
async fn refused(caller: &Caller, members: Value) -> (&'static str, String) {
    let error = caller.call::<AssumeRole>(asking(members)).await.unwrap_err();
    (error.schema.code, error.message)
}

fn claims(bench: &Bench, answer: &Value) -> Claims {
    let text = |member: &str| answer["Credentials"][member].as_str().unwrap();
    let read = bench.control_plane.secrets.read_session(text("SessionToken"), text("AccessKeyId"));
    read.unwrap().claims
}

#[tokio::test]
async fn a_role_of_another_account_needs_both_sides() {
    on_each_bench(|bench| async move {
        role(&bench, trusts("123456789012", json!("sts:AssumeRole"))).await;
        let allowed = bench.user("alice", &[allow(&["sts:AssumeRole"], &[ROLE])]);
        let answer = allowed.must::<AssumeRole>(asking(json!({}))).await;
        let arn = "arn:aws:sts::210987654321:assumed-role/Ops/night";
        assert_eq!(answer["AssumedRoleUser"]["Arn"], arn);
        assert!(answer.get("PackedPolicySize").is_none());
        let Claims::Role(claims) = claims(&bench, &answer) else { panic!("not a role") };
        assert_eq!((claims.role.as_str(), claims.session.as_str()), ("Ops", "night"));

        let denied = |name: &str| {
            format!("User: arn:aws:iam::123456789012:user/{name} is not authorized to perform: sts:AssumeRole on resource: {ROLE} ")
        };
        let (code, text) = refused(&bench.user("bob", &[]), json!({})).await;
        assert_eq!(code, "AccessDeniedException");
        assert_eq!(text, denied("bob") + "because no identity-based policy allows the sts:AssumeRole action");
        let none = asking(json!({ "RoleArn": "arn:aws:iam::210987654321:role/Ops" }));
        let all = bench.user("eve", &[allow(&["*"], &["*"])]);
        let text = all.call::<AssumeRole>(none).await.unwrap_err().message;
        assert!(text.ends_with("because no role trust policy allows the sts:AssumeRole action"), "{text}");
        let root = refused(&bench.root("us-east-1"), json!({})).await;
        assert_eq!(root, ("AccessDeniedException", "Roles may not be assumed by root accounts.".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_trust_policy_asks_for_an_external_id() {
    on_each_bench(|bench| async move {
        let mut trust = trusts("123456789012", json!("sts:AssumeRole"));
        trust[0]["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "42" } });
        role(&bench, trust).await;
        let caller = bench.user("alice", &[allow(&["*"], &["*"])]);
        caller.must::<AssumeRole>(asking(json!({ "ExternalId": "42" }))).await;
        for members in [json!({}), json!({ "ExternalId": "43" })] {
            let (code, text) = refused(&caller, members).await;
            assert_eq!(code, "AccessDeniedException");
            assert!(
                text.ends_with("because no role trust policy allows the sts:AssumeRole action"),
                "{text}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn sessions_last_as_long_as_the_role_lets_them() {
    on_each_bench(|bench| async move {
        role(&bench, trusts("*", json!("sts:*"))).await;
        let policies = [allow(&["*"], &["*"])];
        let (user, session) = (bench.user("alice", &policies), bench.role_session("R", "s", &policies));
        user.must::<AssumeRole>(asking(json!({ "DurationSeconds": 7200 }))).await;
        session.must::<AssumeRole>(asking(json!({ "DurationSeconds": 3600 }))).await;
        let over = json!({ "DurationSeconds": 7201 });
        let (code, text) = refused(&user, over.clone()).await;
        assert_eq!(code, "ValidationException");
        assert_eq!(text, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
        let (_, text) = refused(&session, over).await;
        assert!(text.contains("1 hour session limit for roles assumed by role chaining"), "{text}");
        let (code, _) = refused(
            &user,
            json!({ "SerialNumber": "arn:aws:iam::123456789012:mfa/x", "TokenCode": "123456" }),
        )
        .await;
        assert_eq!(code, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_session_carries_policies_and_tags() {
    on_each_bench(|bench| async move {
        role(&bench, trusts("123456789012", json!(["sts:AssumeRole", "sts:TagSession"]))).await;
        let caller = bench.user("alice", &[allow(&["*"], &["*"])]);
        let tags = json!([{ "Key": "team", "Value": "a" }]);
        let policy = allow(&["ssm:Get*"], &["*"]).to_string();
        let members = json!({ "Policy": policy, "Tags": tags, "TransitiveTagKeys": ["Team"] });
        let answer = caller.must::<AssumeRole>(asking(members)).await;
        assert!(answer["PackedPolicySize"].as_i64().is_some_and(|size| (1..=100).contains(&size)), "{answer}");
        let Claims::Role(claims) = claims(&bench, &answer) else { panic!("not a role") };
        assert_eq!(claims.tags, [("team".to_owned(), "a".to_owned())]);
        assert_eq!(claims.policy.as_ref(), Some(&policy));

        let many: Vec<Value> = (0..50)
            .map(|index| json!({ "Key": random_identity_id(&format!("k{index}")), "Value": random_identity_id("v") }))
            .collect();
        for (members, code) in [
            (json!({ "Policy": "{}" }), "MalformedPolicyDocument"),
            (json!({ "Policy": "x".repeat(2049) }), "ValidationException"),
            (json!({ "Tags": many }), "PackedPolicyTooLarge"),
            (json!({ "Tags": [{ "Key": "a", "Value": "" }, { "Key": "A", "Value": "" }] }), "InvalidParameterValue"),
            (json!({ "Tags": tags, "TransitiveTagKeys": ["other"] }), "InvalidParameterValue"),
            (json!({ "PolicyArns": [{ "arn": "arn:aws:iam::210987654321:policy/none" }] }), "ValidationException"),
            (json!({ "RoleArn": "Ops" }), "ValidationException"),
        ] {
            assert_eq!(refused(&caller, members.clone()).await.0, code, "{members}");
        }
    })
    .await;
}

#[tokio::test]
async fn tags_and_source_identity_need_the_trust_policy() {
    on_each_bench(|bench| async move {
        role(&bench, trusts("123456789012", json!("sts:AssumeRole"))).await;
        let caller = bench.user("alice", &[allow(&["*"], &["*"])]);
        for (members, action) in [
            (json!({ "Tags": [{ "Key": "a", "Value": "b" }] }), "sts:TagSession"),
            (json!({ "SourceIdentity": "alice" }), "sts:SetSourceIdentity"),
        ] {
            let (code, text) = refused(&caller, members).await;
            assert_eq!(code, "AccessDeniedException");
            assert!(
                text.contains(&format!("not authorized to perform: {action} on resource: {ROLE}")),
                "{text}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_of_a_user_is_that_user_and_may_not_ask_for_another() {
    on_each_bench(|bench| async move {
        let user = bench.user("alice", &[]);
        let answer = user.must::<GetSessionToken>(json!({})).await;
        let Claims::Key(found) = claims(&bench, &answer) else { panic!("not a key") };
        assert_eq!(found.access_key_id, "AKIATEST");
        let now = crate::clock::Clock::now_ms(&bench.clock) / 1000;
        assert_eq!(answer["Credentials"]["Expiration"].as_f64().map(|at| at as i64 - now), Some(43_200));
        let of_root =
            bench.root("us-east-1").must::<GetSessionToken>(json!({ "DurationSeconds": 7200 })).await;
        assert_eq!(of_root["Credentials"]["Expiration"].as_f64().map(|at| at as i64 - now), Some(3_600));

        let session = user.acting(|principal| {
            if let Principal::User(user) = principal {
                user.issued_ms = Some(0);
            }
        });
        let error = session.call::<GetSessionToken>(json!({})).await.unwrap_err();
        assert_eq!(error.message, "Cannot call GetSessionToken with session credentials");
        session.must::<GetCallerIdentity>(json!({})).await;
        let error = bench.role_session("R", "s", &[]).call::<GetSessionToken>(json!({})).await.unwrap_err();
        assert_eq!(error.message, "Cannot call GetSessionToken with session credentials");
    })
    .await;
}

#[tokio::test]
async fn a_key_tells_its_account() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let answer = root.must::<GetAccessKeyInfo>(json!({ "AccessKeyId": "ASIAQNZGKIQY56JQ7WML" })).await;
        assert_eq!(answer["Account"], "029608264753");
        let input = json!({ "AccessKeyId": "nothing like that" });
        assert_eq!(root.code::<GetAccessKeyInfo>(input).await, "ValidationException");
    })
    .await;
}

#[tokio::test]
async fn everybody_learns_who_they_are() {
    on_each_bench(|bench| async move {
        let root = bench.root("r").must::<GetCallerIdentity>(json!({})).await;
        let expected = json!({
            "UserId": "123456789012", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root",
        });
        assert_eq!(root, expected);
        let user = bench.user("alice", &[]).must::<GetCallerIdentity>(json!({})).await;
        let expected = json!({
            "UserId": "AIDAALICE", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/alice",
        });
        assert_eq!(user, expected);
        let role = bench.role_session("Ops", "night", &[]).must::<GetCallerIdentity>(json!({})).await;
        let expected = json!({
            "UserId": "AROAOPS:night", "Account": "123456789012",
            "Arn": "arn:aws:sts::123456789012:assumed-role/Ops/night",
        });
        assert_eq!(role, expected);
        let node = ManagedNodeId::random();
        let found =
            bench.node(&tenant("r"), &node, Proof::SecretKey).must::<GetCallerIdentity>(json!({})).await;
        assert_eq!(found["Arn"], format!("arn:aws:sts::123456789012:assumed-role/role/{node}"));
        assert!(found["UserId"].as_str().is_some_and(|id| id.ends_with(node.as_str())), "{found}");
        assert_eq!(bench.anonymous().code::<GetCallerIdentity>(json!({})).await, "AccessDeniedException");
    })
    .await;
}
