//! Requests signed by the official agent's and by botocore's code, and what must be refused.

use super::*;
use crate::signing::Request;
use proptest::prelude::*;
use serde::Deserialize;

const NOW_MS: i64 = 1_727_786_096_000;

#[derive(Deserialize)]
struct Vectors {
    access_key_id: String,
    secret: String,
    region: String,
    cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
struct Case {
    name: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    payload_hash: String,
    path_encoding: String,
    session_token: Option<String>,
    expires: Option<u32>,
    canonical_request: String,
    string_to_sign: String,
}

impl Case {
    fn request(&self) -> Request<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Request::new(&self.method, &self.path, &self.query, headers)
    }

    fn encoding(&self) -> PathEncoding {
        if self.path_encoding == "single" { PathEncoding::Single } else { PathEncoding::Double }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/sigv4.json")).unwrap()
}

fn case(name: &str) -> Case {
    vectors().cases.into_iter().find(|case| case.name == name).unwrap()
}

fn key_of(signed: &SignedRequest) -> SigningKey {
    derive_key(&vectors().secret, &signed.date, &signed.region, &signed.service)
}

fn verifies(case: &Case) -> bool {
    let request = case.request();
    SignedRequest::parse(&request)
        .is_ok_and(|signed| signed.verify(&key_of(&signed), &request, case.encoding(), &case.payload_hash))
}

#[test]
fn recorded_signatures_verify() {
    let vectors = vectors();
    assert_eq!(vectors.cases.len(), 18);
    for case in &vectors.cases {
        let request = case.request();
        let signed = SignedRequest::parse(&request).unwrap();
        assert_eq!(signed.access_key_id, vectors.access_key_id, "{}", case.name);
        assert_eq!(signed.region, vectors.region, "{}", case.name);
        assert_eq!(signed.signed_at_ms, NOW_MS, "{}", case.name);
        assert_eq!(signed.session_token, case.session_token, "{}", case.name);
        assert_eq!(signed.presigned, case.expires, "{}", case.name);
        assert!(!signed.is_node_key_form());
        let readings =
            canonical::readings(&request, &signed.signed_headers, case.encoding(), &case.payload_hash);
        assert!(readings.contains(&case.canonical_request), "{}: {readings:#?}", case.name);
        let texts = signed.strings_to_sign(&request, case.encoding(), &case.payload_hash);
        assert!(texts.contains(&case.string_to_sign), "{}", case.name);
        assert!(verifies(case), "{}", case.name);
    }
}

#[test]
fn plain_requests_have_one_reading() {
    for name in ["botocore: json post", "official agent: Control channel websocket handshake"] {
        let case = case(name);
        let signed = SignedRequest::parse(&case.request()).unwrap();
        assert_eq!(
            signed.strings_to_sign(&case.request(), PathEncoding::Double, &case.payload_hash).len(),
            1
        );
    }
}

/// Signing the recorded requests anew gives the recorded header, for those whose signer signs all that ours signs.
#[test]
fn signs_as_the_others_do() {
    let vectors = vectors();
    for case in &vectors.cases {
        let Some((_, recorded)) =
            case.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        else {
            continue;
        };
        let signed = SignedRequest::parse(&case.request()).unwrap();
        if case.name.contains("plus") {
            continue;
        }
        let kept = case.headers.iter().filter(|(name, _)| signed.signs(&name.to_ascii_lowercase()));
        let request = Request::new(
            &case.method,
            &case.path,
            &case.query,
            kept.map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let credentials =
            Credentials::new(&*vectors.access_key_id, &*vectors.secret, case.session_token.clone());
        let headers = sign(
            &request,
            if case.name.contains("s3 put") { continue } else { case.encoding() },
            &case.payload_hash,
            &credentials,
            &vectors.region,
            &signed.service,
            NOW_MS,
        );
        let (_, made) = headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert_eq!(made, recorded, "{}", case.name);
    }
}

#[test]
fn presigns_as_others_do() {
    let vectors = vectors();
    let case = case("botocore: presigned GET, session token");
    let credentials = Credentials::new(&*vectors.access_key_id, &*vectors.secret, case.session_token.clone());
    let host = ("Host", "sts.us-east-1.amazonaws.com");
    let request = Request::new("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", [host]);
    let query =
        presign(&request, PathEncoding::Double, EMPTY_PAYLOAD, &credentials, "us-east-1", "sts", 60, NOW_MS);
    assert_eq!(query, case.query);
}

#[test]
fn a_changed_request_is_refused() {
    let good = case("official agent: JSON 1.1 API call");
    assert!(verifies(&good));
    let mut changed = vec![
        Case { method: "PUT".into(), ..good.clone() },
        Case { path: "/x".into(), ..good.clone() },
        Case { query: "a=1".into(), ..good.clone() },
        Case { payload_hash: EMPTY_PAYLOAD.into(), ..good.clone() },
    ];
    for index in 0..good.headers.len() - 1 {
        let mut case = good.clone();
        case.headers[index].1.push('1');
        changed.push(case);
        // A second header of a signed name is part of what is signed.
        let mut case = good.clone();
        let repeated = case.headers[index].clone();
        case.headers.push(repeated);
        changed.push(case);
    }
    for case in changed {
        assert!(!verifies(&case), "{:?}", case.request());
    }
    let request = good.request();
    let signed = SignedRequest::parse(&request).unwrap();
    let other = derive_key("another", &signed.date, &signed.region, &signed.service);
    assert!(!signed.verify(&other, &request, PathEncoding::Double, &good.payload_hash));
}

const DATE: (&str, &str) = ("x-amz-date", "20241001T123456Z");
const SCOPE: &str = "AKID/20241001/us-east-1/ssm/aws4_request";

fn header_error(authorization: &str, more: &[(&str, &str)]) -> SignatureError {
    let headers = [("host", "h"), ("Authorization", authorization)].into_iter().chain(more.iter().copied());
    SignedRequest::parse(&Request::new("POST", "/", "", headers)).unwrap_err()
}

#[test]
fn says_what_is_wrong() {
    use SignatureError as E;
    let whole = format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=00");
    assert_eq!(SignedRequest::parse(&Request::new("GET", "/", "", [])), Err(E::MissingAuthentication));
    let basic = E::UnsupportedAlgorithm { found: "Basic".into() };
    assert_eq!(header_error("Basic abc", &[]), basic);
    let incomplete = header_error("AWS4-HMAC-SHA256", &[]);
    let all = vec!["Credential", "Signature", "SignedHeaders", "X-Amz-Date"];
    assert_eq!(incomplete, E::Incomplete { missing: all, presigned: false });
    assert_eq!(
        incomplete.to_string(),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
         parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
         existence of either a 'X-Amz-Date' or a 'Date' header."
    );
    assert_eq!(header_error(&whole, &[]), E::Incomplete { missing: vec!["X-Amz-Date"], presigned: false });
    let credential = |text: &str| header_error(&whole.replace(SCOPE, text), &[DATE]);
    assert_eq!(credential("AKID"), E::MalformedCredential);
    assert_eq!(credential("AKID/20241001/us-east-1/ssm"), E::MalformedCredential);
    assert_eq!(credential("/20241001/us-east-1/ssm/aws4_request"), E::MalformedCredential);
    assert_eq!(credential("AKID/2024ab01/us-east-1/ssm/aws4_request"), E::MalformedCredential);
    assert_eq!(credential("AKID/20241001/us-east-1/ssm/aws5"), E::Terminator);
    let mismatch = E::DateMismatch { credential: "20241002".into(), request: "20241001".into() };
    assert_eq!(credential("AKID/20241002/us-east-1/ssm/aws4_request"), mismatch);
    assert_eq!(header_error(&whole, &[("x-amz-date", "yesterday")]), E::MalformedDate);
    assert_eq!(header_error(&whole, &[("date", "yesterday")]), E::MalformedDate);
    let unsigned = E::HeaderNotSigned { name: "host" };
    assert_eq!(header_error(&whole.replace("host;", ""), &[DATE]), unsigned);
    let unsigned = E::HeaderNotSigned { name: "x-amz-target" };
    assert_eq!(header_error(&whole, &[DATE, ("X-Amz-Target", "AmazonSSM.X")]), unsigned);
    assert_eq!(header_error(&whole, &[DATE, ("authorization", &whole)]), E::Malformed);
    assert_eq!(header_error(&format!("{whole}, Signature=01"), &[DATE]), E::Malformed);
}

#[test]
fn says_what_is_wrong_in_a_query() {
    use SignatureError as E;
    let whole = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20241001%2Fr%2Fs%2Faws4_request\
                 &X-Amz-Date=20241001T123456Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let parse = |query: &str| SignedRequest::parse(&Request::new("GET", "/", query, [("host", "h")]));
    assert_eq!(parse(whole).unwrap().presigned, Some(60));
    for bad in ["604801", "-1", "+1", "x", "99999999999"] {
        assert_eq!(parse(&whole.replace("=60", &format!("={bad}"))), Err(E::MalformedExpires), "{bad}");
    }
    let missing = |name| Err(E::Incomplete { missing: vec![name], presigned: true });
    assert_eq!(parse(&whole.replace("X-Amz-Expires=60&", "")), missing("X-Amz-Expires"));
    assert_eq!(parse(&whole.replace("X-Amz-Date=20241001T123456Z&", "")), missing("X-Amz-Date"));
    assert_eq!(parse(&whole.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "")), missing("X-Amz-Algorithm"));
    assert_eq!(parse(&format!("{whole}&X-Amz-Expires=61")), Err(E::Malformed));
    assert_eq!(parse("a=1"), Err(E::MissingAuthentication));
}

#[test]
fn the_date_header_will_do() {
    let authorization = format!("AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders=date;host,Signature=00");
    let headers =
        [("host", "h"), ("date", "Tue, 01 Oct 2024 12:34:56 GMT"), ("authorization", authorization.as_str())];
    let signed = SignedRequest::parse(&Request::new("GET", "/", "", headers)).unwrap();
    assert_eq!((signed.amz_date.as_str(), signed.signed_at_ms), ("20241001T123456Z", NOW_MS));
}

#[test]
fn secrets_are_not_printed() {
    let credentials = Credentials::new("AKID", "s3cr3t", Some("t0k3n".into()));
    let printed = format!("{credentials:?}");
    assert!(printed.contains("AKID") && !printed.contains("s3cr3t") && !printed.contains("t0k3n"));
    let case = case("botocore: json post, session token");
    let signed = SignedRequest::parse(&case.request()).unwrap();
    assert!(!format!("{signed:?}").contains("Session/Token"));
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        path in "/[a-zA-Z0-9%/.+ä-]{0,20}",
        query in "[a-z=&%+*]{0,20}",
        value in "[ -~]{0,20}",
        token: Option<String>,
        single: bool,
    ) {
        let path_encoding = if single { PathEncoding::Single } else { PathEncoding::Double };
        let credentials = Credentials::new("AKID", "secret", token.filter(|token| !token.is_empty()));
        let plain = [("Host", "h"), ("X-Extra", value.as_str())];
        let request = Request::new("PUT", &path, &query, plain);
        let added = sign(&request, path_encoding, UNSIGNED_PAYLOAD, &credentials, "r", "s", NOW_MS);
        let all = plain.into_iter().chain(added.iter().map(|(name, value)| (*name, value.as_str())));
        let request = Request::new("PUT", &path, &query, all);
        let signed = SignedRequest::parse(&request).unwrap();
        let key = derive_key("secret", &signed.date, "r", "s");
        prop_assert!(signed.verify(&key, &request, path_encoding, UNSIGNED_PAYLOAD));
        prop_assert!(!signed.verify(&key, &request, path_encoding, EMPTY_PAYLOAD));

        let request = Request::new("PUT", &path, &query, plain);
        let query = presign(&request, path_encoding, UNSIGNED_PAYLOAD, &credentials, "r", "s", 5, NOW_MS);
        let request = Request::new("PUT", &path, &query, plain);
        let signed = SignedRequest::parse(&request).unwrap();
        prop_assert!(signed.verify(&key, &request, path_encoding, UNSIGNED_PAYLOAD));
        prop_assert_eq!(signed.session_token.as_deref(), credentials.expose_session_token());
    }

    #[test]
    fn any_request_is_survived(path: String, query: String, authorization: String, date: String) {
        let headers = [("authorization", authorization.as_str()), ("x-amz-date", &date), ("host", "h")];
        let request = Request::new("GET", &path, &query, headers);
        if let Ok(signed) = SignedRequest::parse(&request) {
            let key = derive_key("secret", &signed.date, &signed.region, &signed.service);
            prop_assert!(!signed.verify(&key, &request, PathEncoding::Double, EMPTY_PAYLOAD));
        }
        let request = Request::new("GET", &path, &query, [("host", "h")]);
        let _ = SignedRequest::parse(&request);
    }

    #[test]
    fn any_authorization_is_survived(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "AWS4-HMAC-SHA256", " ", ",", "Credential=", "Signature=", "SignedHeaders=", "host", ";", "/",
                "20241001", "aws4_request", "x-amz-date", "=", "ä", "0123456789abcdef",
            ]),
            0..30,
        ),
    ) {
        let authorization = parts.concat();
        let headers = [("authorization", authorization.as_str()), DATE, ("host", "h")];
        let _ = SignedRequest::parse(&Request::new("GET", "/", "", headers));
    }
}
