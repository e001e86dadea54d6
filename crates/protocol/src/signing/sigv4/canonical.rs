//! The canonical request and the string to sign, in every reading that the world's signers use.
//!
//! Signers agree on requests that need no escaping, and differ on the rest: whether a `+` in a query is a plus, a space
//! or left alone; whether dots and double slashes in a path are resolved. [`readings`] lists what a request may have
//! been signed as; each names the same request, so that accepting any of them gives nothing away.

use super::ALGORITHM;
use crate::digest::sha256_hex;
use crate::signing::Request;
use crate::signing::percent::{Plus, decode, encode, encode_into};
use std::borrow::Cow;

/// How a path enters the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathEncoding {
    /// Every service but S3: the path of the wire is resolved (`.`, `..`, `//`) and encoded once more.
    Double,
    /// S3: the path of the wire, encoded once, each slash meant.
    Single,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathReading {
    Resolved,
    AsSent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueryReading {
    Encoded(Plus),
    /// Sorted, but no character touched (botocore with a query in its URL).
    AsSent,
}

/// The query parameter that holds the signature, and so is no part of what is signed.
const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// The canonical request as a signer should make it. `signed_headers` are lower case and sorted.
pub fn canonical_request(
    request: &Request<'_>,
    signed_headers: &[impl AsRef<str>],
    path: PathEncoding,
    payload_hash: &str,
) -> String {
    let uri = canonical_path(request.path, path, PathReading::Resolved);
    let query = canonical_query(request.query, QueryReading::Encoded(Plus::Literal));
    assemble(request, signed_headers, &uri, &query, payload_hash)
}

/// The string to sign. `amz_date` is `yyyymmddThhmmssZ`, `scope` is `yyyymmdd/region/service/aws4_request`.
pub fn string_to_sign(amz_date: &str, scope: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{amz_date}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// Every canonical request that this request may have been signed as; nearly always one.
pub(crate) fn readings(
    request: &Request<'_>,
    signed_headers: &[impl AsRef<str>],
    path: PathEncoding,
    payload_hash: &str,
) -> Vec<String> {
    let distinct = |texts: &mut Vec<String>, text: String| {
        if !texts.contains(&text) {
            texts.push(text);
        }
    };
    let mut uris = Vec::with_capacity(1);
    for reading in [PathReading::Resolved, PathReading::AsSent] {
        distinct(&mut uris, canonical_path(request.path, path, reading));
    }
    let mut queries = Vec::with_capacity(1);
    for reading in
        [QueryReading::Encoded(Plus::Literal), QueryReading::AsSent, QueryReading::Encoded(Plus::Space)]
    {
        distinct(&mut queries, canonical_query(request.query, reading));
    }
    let mut readings = Vec::with_capacity(uris.len() * queries.len());
    for uri in &uris {
        for query in &queries {
            readings.push(assemble(request, signed_headers, uri, query, payload_hash));
        }
    }
    readings
}

fn assemble(
    request: &Request<'_>,
    signed_headers: &[impl AsRef<str>],
    uri: &str,
    query: &str,
    payload_hash: &str,
) -> String {
    let mut text = String::with_capacity(512);
    for part in [request.method, "\n", uri, "\n", query, "\n"] {
        text.push_str(part);
    }
    for name in signed_headers {
        text.push_str(name.as_ref());
        text.push(':');
        for (index, value) in request.header_values(name.as_ref()).enumerate() {
            if index > 0 {
                text.push(',');
            }
            push_header_value(&mut text, value);
        }
        text.push('\n');
    }
    text.push('\n');
    for (index, name) in signed_headers.iter().enumerate() {
        if index > 0 {
            text.push(';');
        }
        text.push_str(name.as_ref());
    }
    text.push('\n');
    text.push_str(payload_hash);
    text
}

/// Trimmed, with runs of white space made one space.
fn push_header_value(text: &mut String, value: &str) {
    for (index, word) in value.split_ascii_whitespace().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

fn canonical_path(path: &str, encoding: PathEncoding, reading: PathReading) -> String {
    let path = if path.is_empty() { "/" } else { path };
    let mut output = String::with_capacity(path.len());
    match (encoding, reading) {
        (PathEncoding::Double, PathReading::Resolved) => {
            encode_into(&mut output, resolve(path).as_bytes(), true);
        }
        (PathEncoding::Double, PathReading::AsSent) => encode_into(&mut output, path.as_bytes(), true),
        (PathEncoding::Single, PathReading::Resolved) => {
            encode_into(&mut output, &decode(path, Plus::Literal), true);
        }
        (PathEncoding::Single, PathReading::AsSent) => output.push_str(path),
    }
    output
}

/// Removes empty and dot segments; keeps a slash at the end.
fn resolve(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let trailing = path.ends_with('/') && !segments.is_empty();
    Cow::Owned(format!("/{}{}", segments.join("/"), if trailing { "/" } else { "" }))
}

fn canonical_query(query: &str, reading: QueryReading) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != SIGNATURE_PARAMETER)
        .map(|(name, value)| match reading {
            QueryReading::AsSent => (Cow::Borrowed(name), Cow::Borrowed(value)),
            QueryReading::Encoded(plus) => {
                (Cow::Owned(encode(&decode(name, plus))), Cow::Owned(encode(&decode(value, plus))))
            }
        })
        .collect();
    pairs.sort();
    let mut output = String::with_capacity(query.len());
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            output.push('&');
        }
        output.push_str(name);
        output.push('=');
        output.push_str(value);
    }
    output
}
