//! Who may call: keys, sessions, nodes' own keys; and the words for what is wrong with a signature.

use super::*;
use muster_protocol::signing::rsa::{NodeKey, verify_public_key};

const MINUTE_MS: i64 = 60_000;
const LIST: &str = "AmazonSSM.ListCommands";

fn list() -> Draft {
    Draft::json(LIST, "{}")
}

async fn refused(front: &Front, draft: Draft) -> (u16, String, String) {
    let answer = front.send(draft).await;
    let (code, text) = answer.error();
    (answer.status, code, text)
}

#[track_caller]
fn is(found: &(u16, String, String), code: &str, text: &str) {
    assert_eq!((found.0, found.1.as_str()), (400, code), "{found:?}");
    assert!(found.2.starts_with(text), "{found:?}");
}

#[tokio::test]
async fn a_good_signature_passes_and_any_change_fails() {
    let front = Front::start().await;
    let now = front.now_ms();
    let signed = list().sign("ssm", &root(), now);
    assert_eq!(front.send(signed.clone()).await.status, 200);

    let changed = [
        signed.clone().body("{ }"),
        Draft { uri: "/?a=b".to_owned(), ..signed.clone() },
        list().sign("ssm", &Credentials::new(KEY, "another", None), now),
    ];
    for draft in changed {
        is(&refused(&front, draft).await, "InvalidSignatureException", "The request signature we calculated");
    }
    let mut other_target = signed;
    other_target.headers.retain(|(name, _)| *name != "x-amz-target");
    let other_target = other_target.header("x-amz-target", "AmazonSSM.ListCommandInvocations");
    is(&refused(&front, other_target).await, "InvalidSignatureException", "The request signature we");
    let unknown = Credentials::new("AKIDNOBODYNOBODY", SECRET, None);
    let found = refused(&front, list().sign("ssm", &unknown, now)).await;
    is(&found, "UnrecognizedClientException", "The security token included in the request is invalid.");
}

#[tokio::test]
async fn no_signature_and_half_a_signature() {
    let front = Front::start().await;
    let found = refused(&front, list()).await;
    is(&found, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let found = refused(&front, list().header("authorization", "AWS4-HMAC-SHA256 Credential=a")).await;
    is(&found, "IncompleteSignatureException", "Authorization header requires 'Signature' parameter.");
    assert!(found.2.contains("(Hashed with SHA-256 and encoded with Base64) Authorization="), "{found:?}");
    let found = refused(&front, list().header("authorization", "Bearer x")).await;
    is(&found, "IncompleteSignatureException", "Unsupported AWS 'algorithm': 'Bearer'");
    let both = Draft { uri: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned(), ..list() };
    let found = refused(&front, both.sign("ssm", &root(), front.now_ms())).await;
    is(&found, "InvalidSignatureException", "Found both 'X-Amz-Algorithm'");
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    let front = Front::start().await;
    for offset in [-5, -4, 0, 4] {
        let draft = list().sign("ssm", &root(), front.now_ms() + offset * MINUTE_MS + 2000);
        assert_eq!(front.send(draft).await.status, 200, "{offset}");
    }
    front.clock.advance_ms(1_779_521_488_000 - front.now_ms());
    let found = refused(&front, list().sign("ssm", &root(), front.now_ms() - 348_000)).await;
    is(&found, "InvalidSignatureException", "Signature expired: 20260523T07254");
    assert!(
        found.2.contains(" is now earlier than 20260523T07262") && found.2.ends_with(" - 5 min.)"),
        "{found:?}"
    );
    let found = refused(&front, list().sign("ssm", &root(), front.now_ms() + 348_000)).await;
    is(&found, "InvalidSignatureException", "Signature not yet current: 20260523T0737");
    assert!(found.2.ends_with(" + 5 min.)"), "{found:?}");
}

#[tokio::test]
async fn the_scope_must_fit() {
    let front = Front::start().await;
    let found = refused(&front, list().sign("sts", &root(), front.now_ms())).await;
    is(&found, "InvalidSignatureException", "Credential should be scoped to correct service: 'ssm'. ");
    let found = refused(&front, list().sign_for("no.region", "ssm", &root(), front.now_ms())).await;
    is(&found, "InvalidSignatureException", "Credential should be scoped to a valid region. ");
    assert_eq!(front.send(list().sign_for("rack-7", "ssm", &root(), front.now_ms())).await.status, 200);
}

#[tokio::test]
async fn a_presigned_request_is_good_for_as_long_as_it_says() {
    let front = Front::start().await;
    let presigned = |expires: u32, now_ms: i64| {
        let query = "Action=GetCallerIdentity&Version=2011-06-15";
        let request = signing::Request::new("GET", "/", query, [("host", HOST)]);
        let empty = sigv4::EMPTY_PAYLOAD;
        let query =
            sigv4::presign(&request, PathEncoding::Double, empty, &root(), REGION, "sts", expires, now_ms);
        Draft::new(Method::GET, &format!("/?{query}"))
    };
    assert_eq!(front.send(presigned(60, front.now_ms())).await.status, 200);
    assert_eq!(front.send(presigned(604_800, front.now_ms() - 6 * 86_400_000)).await.status, 200);
    let late = front.send(presigned(60, front.now_ms() - 2 * MINUTE_MS)).await;
    assert_eq!(late.status, 403);
    assert!(
        late.text().contains("<Code>SignatureDoesNotMatch</Code>")
            && late.text().contains("Signature expired")
    );
    let long = front.send(presigned(604_801, front.now_ms())).await;
    assert!(long.text().contains("<Code>IncompleteSignature</Code>"), "{}", long.text());
    let early = front.send(presigned(60, front.now_ms() + 16 * MINUTE_MS)).await;
    assert!(early.text().contains("Signature not yet current"), "{}", early.text());
}

#[tokio::test]
async fn query_services_have_their_own_words() {
    let front = Front::start().await;
    let call = Draft::form("Action=GetCallerIdentity&Version=2011-06-15");
    let cases = [
        (call.clone(), "MissingAuthenticationToken", "Request is missing Authentication Token"),
        (
            call.clone().sign("sts", &Credentials::new(KEY, "no", None), front.now_ms()),
            "SignatureDoesNotMatch",
            "The",
        ),
        (
            call.clone().sign("sts", &Credentials::new("AKIDNOBODYNOBODY", "no", None), front.now_ms()),
            "InvalidClientTokenId",
            "The security",
        ),
        (
            call.clone().sign("sts", &root(), front.now_ms() - 16 * MINUTE_MS),
            "SignatureDoesNotMatch",
            "Signature expired",
        ),
    ];
    for (draft, code, text) in cases {
        let answer = front.send(draft).await;
        assert_eq!(answer.status, 403, "{code}");
        assert!(answer.text().contains(&format!("<Code>{code}</Code>")), "{}", answer.text());
        assert!(answer.text().contains(&format!("<Message>{text}")), "{}", answer.text());
    }
    assert_eq!(front.send(call.sign("sts", &root(), front.now_ms() - 14 * MINUTE_MS)).await.status, 200);
}

#[tokio::test]
async fn a_nodes_session_ends_with_its_time_and_with_the_node() {
    let front = Front::start().await;
    let key = NodeKey::generate().unwrap();
    let node = front.register(verify_public_key(&key.public_spki_base64().unwrap()).unwrap()).await;
    let credentials = front.credentials_of(&node);
    let own = format!(r#"{{"InstanceId":"{node}","AgentVersion":"3.0.0.0"}}"#);
    let ping =
        |now_ms| Draft::json("AmazonSSM.UpdateInstanceInformation", &own).sign("ssm", &credentials, now_ms);
    let answer = front.send(ping(front.now_ms())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    let other = ManagedNodeId::random();
    let body = format!(r#"{{"InstanceId":"{other}","AgentVersion":"3.0.0.0"}}"#);
    let foreign = Draft::json("AmazonSSM.UpdateInstanceInformation", &body);
    let found = refused(&front, foreign.sign("ssm", &credentials, front.now_ms())).await;
    is(&found, "AccessDeniedException", "User: arn:aws:sts::000000000000:assumed-role/Nodes/mi-");
    let found = refused(&front, list().sign("ssm", &credentials, front.now_ms())).await;
    is(&found, "AccessDeniedException", "User: arn:aws:sts::");

    let elsewhere = Draft::json("AmazonSSM.UpdateInstanceInformation", &own);
    let found = refused(&front, elsewhere.sign_for("eu-west-1", "ssm", &credentials, front.now_ms())).await;
    is(&found, "InvalidSignatureException", "Credential should be scoped to a valid region. ");
    let secret = credentials.expose_secret();
    for token in [None, Some("AAAA".to_owned()), Some(String::new())] {
        let bad = Credentials::new(credentials.access_key_id.clone(), secret, token);
        let draft = Draft::json("AmazonSSM.UpdateInstanceInformation", &own);
        let found = refused(&front, draft.sign("ssm", &bad, front.now_ms())).await;
        is(&found, "UnrecognizedClientException", "The security token included in the request is invalid.");
    }

    let db = &front.server.control_plane().db;
    db.write(managed_node::delete(&front.tenant(), &node)).await.unwrap();
    is(&refused(&front, ping(front.now_ms())).await, "UnrecognizedClientException", "The security token");
    front.clock.advance_ms(61 * MINUTE_MS);
    let found = refused(&front, ping(front.now_ms())).await;
    is(&found, "ExpiredTokenException", "The security token included in the request is expired");
}

#[tokio::test]
async fn a_node_signs_with_its_key_and_changes_it() {
    let front = Front::start().await;
    let [first, second] = [(); 2].map(|()| NodeKey::generate().unwrap());
    let der = |key: &NodeKey| verify_public_key(&key.public_spki_base64().unwrap()).unwrap();
    let node = front.register(der(&first)).await;
    let token_for = |region: &str, key: &NodeKey, node: &ManagedNodeId| {
        let mut draft =
            Draft::json("AmazonSSM.RequestManagedInstanceRoleToken", r#"{"Fingerprint":"fingerprint"}"#);
        let headers = draft.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request = signing::Request::new("POST", "/", "", headers);
        let hash = sigv4::payload_hash(&draft.body);
        let added = key.sign_request(&request, &hash, node, region, front.now_ms()).unwrap();
        draft.headers.extend(added);
        draft
    };
    let token = |key: &NodeKey, node: &ManagedNodeId| token_for(REGION, key, node);
    let answer = front.send(token(&first, &node)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    is(&refused(&front, token(&second, &node)).await, "InvalidSignatureException", "The request signature");
    // Only the node itself is told where it belongs.
    let found = refused(&front, token_for("eu-west-9", &first, &node)).await;
    let text = "Credential should be scoped to a valid region. The node is registered in ";
    is(&found, "InvalidSignatureException", text);
    let found = refused(&front, token_for("eu-west-9", &second, &node)).await;
    is(&found, "InvalidSignatureException", "The request signature");
    let stranger = ManagedNodeId::random();
    let found = refused(&front, token(&first, &stranger)).await;
    is(&found, "InvalidInstanceId", &format!("Not existing InstanceId {stranger}"));

    // Both keys are good until the new one is used.
    let db = &front.server.control_plane().db;
    db.write(managed_node::replace_key(&node, 1, &der(&second), "Rsa", front.now_ms())).await.unwrap();
    for key in [&first, &second] {
        assert_eq!(front.send(token(key, &node)).await.status, 200);
    }
    is(&refused(&front, token(&first, &node)).await, "InvalidSignatureException", "The request signature");
}

#[tokio::test]
async fn a_channel_is_opened_by_its_node_alone() {
    let front = Front::start().await;
    let [node, other] = [front.register(vec![1]).await, front.register(vec![2]).await];
    let body = r#"{"MessageSchemaVersion":"1.0","RequestId":"11111111-2222-3333-4444-555555555555"}"#;
    let open = |path: &ManagedNodeId, credentials: &Credentials| {
        Draft::new(Method::POST, &format!("/v1/control-channel/{path}"))
            .header("content-type", "application/json")
            .body(body)
            .sign("ssmmessages", credentials, front.now_ms())
    };
    let own = front.credentials_of(&node);
    let answer = front.send(open(&node, &own)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let token = answer.text().split_once("<TokenValue>").unwrap().1.split_once('<').unwrap().0;
    let secrets = &front.server.control_plane().secrets;
    assert_eq!(secrets.check_channel_token(token, &node, front.now_ms()), Ok(()));
    for draft in [open(&other, &own), open(&node, &root())] {
        let answer = front.send(draft).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().starts_with("<AccessDeniedException>\n  <Message>User: "), "{}", answer.text());
    }
    let unsigned = Draft::new(Method::POST, &format!("/v1/control-channel/{node}")).body(body);
    let answer = front.send(unsigned).await;
    assert!(answer.text().starts_with("<MissingAuthenticationTokenException>"), "{}", answer.text());
    let plain = Draft::new(Method::GET, &format!("/v1/control-channel/{node}"));
    let answer = front.send(plain.sign("ssmmessages", &own, front.now_ms())).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[tokio::test]
async fn an_output_must_be_the_one_that_was_signed() {
    let front = Front::start().await;
    let node = front.register(vec![1]).await;
    let own = front.credentials_of(&node);
    let path = "/v1/muster/outputs/11111111-2222-3333-4444-555555555555/step/stdout";
    let put = |hash: &str, body: &str| {
        Draft::new(Method::PUT, path).header("x-amz-content-sha256", hash).body(body).sign(
            "ssmmessages",
            &own,
            front.now_ms(),
        )
    };
    let hash = sigv4::payload_hash(b"output");
    let answer = front.send(put(&hash, "output")).await;
    assert!(answer.text().starts_with("<InvocationDoesNotExist>"), "{}", answer.text());
    let answer = front.send(put("UNSIGNED-PAYLOAD", "output")).await;
    assert!(answer.text().starts_with("<ValidationException>"), "{}", answer.text());
    let answer = front.send(put(&hash, "other")).await;
    assert!(answer.text().starts_with("<InvalidSignatureException>"), "{}", answer.text());
}
