//! Making signatures. Not for: sending the request.

use super::canonical::{PathEncoding, canonical_request, string_to_sign};
use super::credentials::{derive_key, hmac_sha256};
use super::{ALGORITHM, Credentials, TERMINATOR};
use crate::signing::Request;
use crate::signing::percent::encode;
use crate::time;

/// Headers which hops between signer and checker may change, or which cannot be signed.
const UNSIGNED: [&str; 8] = [
    "authorization",
    "connection",
    "expect",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Signs in the header form. `request.headers` must hold `host` and all else that shall be signed (`content-type`,
/// `x-amz-target`); returned are the headers to add: `x-amz-date`, `x-amz-security-token` if there is one,
/// `authorization`.
pub fn sign(
    request: &Request<'_>,
    path: PathEncoding,
    payload_hash: &str,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now_ms: i64,
) -> Vec<(&'static str, String)> {
    let amz_date = time::basic(now_ms);
    let (unsigned, signed_headers) = with_date(request, &amz_date, credentials.expose_session_token());
    let (day, scope) = day_and_scope(&amz_date, region, service);
    let canonical = canonical_request(&unsigned, &signed_headers, path, payload_hash);
    let key = derive_key(credentials.expose_secret(), day, region, service);
    let tag = hmac_sha256(&*key, string_to_sign(&amz_date, &scope, &canonical).as_bytes());
    let authorization =
        authorization(&credentials.access_key_id, &scope, &signed_headers, &hex::encode(tag.as_slice()));
    let mut headers = vec![("x-amz-date", amz_date.clone())];
    if let Some(token) = credentials.expose_session_token() {
        headers.push(("x-amz-security-token", token.to_owned()));
    }
    headers.push(("authorization", authorization));
    headers
}

/// Signs in the query form: returned is the whole query to send. Only `host` is signed of the headers.
#[expect(clippy::too_many_arguments, reason = "each is one element of the signature")]
pub fn presign(
    request: &Request<'_>,
    path: PathEncoding,
    payload_hash: &str,
    credentials: &Credentials,
    region: &str,
    service: &str,
    expires_seconds: u32,
    now_ms: i64,
) -> String {
    let amz_date = time::basic(now_ms);
    let (day, scope) = day_and_scope(&amz_date, region, service);
    let credential = encode(format!("{}/{scope}", credentials.access_key_id).as_bytes());
    let mut query = String::from(request.query);
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={amz_date}\
         &X-Amz-Expires={expires_seconds}&X-Amz-SignedHeaders=host"
    ));
    if let Some(token) = credentials.expose_session_token() {
        query.push_str("&X-Amz-Security-Token=");
        query.push_str(&encode(token.as_bytes()));
    }
    let unsigned = Request { query: &query, ..request.clone() };
    let canonical = canonical_request(&unsigned, &["host"], path, payload_hash);
    let key = derive_key(credentials.expose_secret(), day, region, service);
    let tag = hmac_sha256(&*key, string_to_sign(&amz_date, &scope, &canonical).as_bytes());
    format!("{query}&X-Amz-Signature={}", hex::encode(tag.as_slice()))
}

/// The request with the headers that signing adds, and the sorted names to sign.
pub(crate) fn with_date<'a>(
    request: &Request<'a>,
    amz_date: &'a str,
    session_token: Option<&'a str>,
) -> (Request<'a>, Vec<String>) {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| {
        !["authorization", "x-amz-date", "x-amz-security-token"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    });
    request.headers.push(("x-amz-date", amz_date));
    request.headers.extend(session_token.map(|token| ("x-amz-security-token", token)));
    let mut names: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| !UNSIGNED.contains(&name.as_str()) && !name.starts_with("sec-websocket-"))
        .collect();
    names.sort();
    names.dedup();
    (request, names)
}

/// `yyyymmdd`, and the scope.
pub(crate) fn day_and_scope<'a>(amz_date: &'a str, region: &str, service: &str) -> (&'a str, String) {
    let day = amz_date.split_once('T').map_or(amz_date, |(day, _)| day);
    (day, format!("{day}/{region}/{service}/{TERMINATOR}"))
}

/// The value of the `Authorization` header.
pub(crate) fn authorization(key_id: &str, scope: &str, signed_headers: &[String], signature: &str) -> String {
    let signed_headers = signed_headers.join(";");
    format!("{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
}
