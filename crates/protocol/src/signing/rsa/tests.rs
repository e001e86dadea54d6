//! A key and signatures recorded from the official agent's code, and keys that are none.

use super::*;
use crate::signing::sigv4::{SignatureError, payload_hash};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    private_pkcs1: String,
    public_spki: String,
    canonical_request: String,
    string_to_sign: String,
    authorization: String,
    body: String,
    ec2_message: String,
    ec2_signature: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/rsa.json")).unwrap()
}

const HEADERS: [(&str, &str); 4] = [
    ("Host", "ssm.us-east-1.amazonaws.com"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Type", "application/x-amz-json-1.1"),
    ("X-Amz-Target", "AmazonSSM.RequestManagedInstanceRoleToken"),
];
const NOW_MS: i64 = 1_727_786_096_789;

#[test]
fn the_recorded_request_verifies() {
    let vectors = vectors();
    let hash = payload_hash(vectors.body.as_bytes());
    let recorded = [
        ("X-Amz-Content-Sha256", hash.as_str()),
        ("X-Amz-Date", "20241001T123456Z"),
        ("Authorization", &vectors.authorization),
    ];
    let request = Request::new("POST", "/", "", HEADERS.into_iter().chain(recorded));
    let signed = SignedRequest::parse(&request).unwrap();
    assert_eq!(signed.access_key_id, "mi-0123456789abcdef0");
    assert!(signed.is_node_key_form());
    let canonical = canonical_request(&request, &signed.signed_headers, PathEncoding::Double, &hash);
    assert_eq!(canonical, vectors.canonical_request);
    assert_eq!(string_to_sign(&signed.amz_date, &signed.scope(), &canonical), vectors.string_to_sign);
    let spki = verify_public_key(&vectors.public_spki).unwrap();
    assert!(verify_request(&spki, &signed, &request, &hash));
    assert!(!verify_request(&spki, &signed, &request, &payload_hash(b"{}")));
    let other = NodeKey::generate().unwrap().public_spki_base64().unwrap();
    assert!(!verify_request(&verify_public_key(&other).unwrap(), &signed, &request, &hash));
    for signature in ["", "!", "AAAA"] {
        let forged = SignedRequest { signature: signature.into(), ..signed.clone() };
        assert!(!verify_request(&spki, &forged, &request, &hash));
    }
}

#[test]
fn the_recorded_signature_of_other_bytes_verifies() {
    let vectors = vectors();
    let spki = verify_public_key(&vectors.public_spki).unwrap();
    let signature = STANDARD.decode(&vectors.ec2_signature).unwrap();
    assert!(verify(&spki, vectors.ec2_message.as_bytes(), &signature));
    assert!(!verify(&spki, b"other", &signature));
}

#[test]
fn the_recorded_key_is_read_and_written() {
    let vectors = vectors();
    let key = NodeKey::from_pkcs1_base64(&vectors.private_pkcs1).unwrap();
    assert_eq!(*key.to_pkcs1_base64().unwrap(), vectors.private_pkcs1);
    assert_eq!(key.public_spki_base64().unwrap(), vectors.public_spki);
    assert!(!format!("{key:?}").contains("MII"));
}

#[test]
fn what_a_new_key_signs_verifies() {
    let key = NodeKey::generate().unwrap();
    let spki = key.public_spki_base64().unwrap();
    assert_eq!(spki.len(), 392);
    let again = NodeKey::from_pkcs1_base64(&key.to_pkcs1_base64().unwrap()).unwrap();
    assert_eq!(again.public_spki_base64().unwrap(), spki);

    let node = ManagedNodeId::random();
    let hash = payload_hash(b"{}");
    let plain = Request::new("POST", "/", "", HEADERS);
    let added = again.sign_request(&plain, &hash, &node, "us-east-1", NOW_MS).unwrap();
    let all = HEADERS.into_iter().chain(added.iter().map(|(name, value)| (*name, value.as_str())));
    let request = Request::new("POST", "/", "", all);
    let signed = SignedRequest::parse(&request).unwrap();
    assert_eq!(signed.signed_headers, ["content-type", "host", "x-amz-date", "x-amz-target"]);
    assert_eq!(signed.signature.len(), 344);
    let spki = verify_public_key(&spki).unwrap();
    assert!(verify_request(&spki, &signed, &request, &hash));
}

/// A node's request cannot be turned into another operation.
#[test]
fn the_target_must_be_signed() {
    let authorization = vectors().authorization.replace(";x-amz-target", "");
    let recorded = [("X-Amz-Date", "20241001T123456Z"), ("Authorization", authorization.as_str())];
    let request = Request::new("POST", "/", "", HEADERS.into_iter().chain(recorded));
    let error = SignedRequest::parse(&request).unwrap_err();
    assert_eq!(error, SignatureError::HeaderNotSigned { name: "x-amz-target" });
}

#[test]
fn bad_keys_are_refused() {
    let good = vectors().public_spki;
    let der = STANDARD.decode(&good).unwrap();
    for bad in ["", "!", "AAAA", &good[..388], &vectors().private_pkcs1] {
        assert_eq!(verify_public_key(bad), Err(KeyError::Malformed), "{bad}");
    }
    let trailing = STANDARD.encode([der.as_slice(), &[0]].concat());
    assert_eq!(verify_public_key(&trailing), Err(KeyError::Malformed));
    // The bare PKCS#1 public key is an RSA key too, but not the wire's form.
    let pkcs1 = STANDARD.encode(&der[24..]);
    assert_eq!(verify_public_key(&pkcs1), Err(KeyError::Malformed));
    for bad in ["", "!", "AAAA", &good] {
        assert_eq!(NodeKey::from_pkcs1_base64(bad).err(), Some(KeyError::Malformed), "{bad}");
    }
    assert!(!verify(b"", b"message", b"signature"));
}
