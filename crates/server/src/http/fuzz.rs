//! Entries for the fuzzer: what runs on a stranger's bytes before its signature is checked, and on a caller's
//! before a handler sees them. Built for fuzzing alone. Not for: handlers, which the property tests reach.

use super::{
    auth::{self, Rules},
    codec::{CONTENT_TYPE_1_1, Codec, Form, JsonCodec, QueryCodec},
    route::{self, SERVICES},
    validate,
};
use bytes::Bytes;
use muster_service_model::Protocol;

/// Two bytes choose the operation, the rest is its body.
pub fn input(data: &[u8]) {
    let Some(([high, low], body)) = data.split_first_chunk::<2>() else { return };
    let count: usize = SERVICES.iter().map(|service| service.operations.len()).sum();
    let index = (usize::from(*high) << 8 | usize::from(*low)) % count.max(1);
    let mut all =
        SERVICES.iter().flat_map(|service| service.operations.iter().map(move |found| (service, found)));
    let Some((service, operation)) = all.nth(index) else { return };
    let codec: Box<dyn Codec> = match service.protocol {
        Protocol::Json { .. } => Box::new(JsonCodec { content_type: CONTENT_TYPE_1_1 }),
        _ => match Form::parse(body) {
            Ok(form) => Box::new(QueryCodec { form, xml_namespace: "" }),
            Err(_) => return,
        },
    };
    let checked = codec
        .decode(&Bytes::copy_from_slice(body), operation)
        .and_then(|input| validate::validate(&input, operation, None));
    if let Err(error) = checked {
        assert!(error.schema.status < 500);
        codec.encode_error(&error, "id");
    }
}

/// A request in its text form: a line of method and target, lines of headers, an empty line, a body.
pub fn request(data: &[u8]) {
    let (head, body) = match data.windows(2).position(|two| two == b"\n\n") {
        Some(end) => (data.get(..end).unwrap_or_default(), data.get(end + 2..).unwrap_or_default()),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut first = lines.next().unwrap_or_default().splitn(2, |&byte| byte == b' ');
    let mut request = http::Request::builder()
        .method(first.next().unwrap_or_default())
        .uri(first.next().unwrap_or_default());
    for line in lines {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else { return };
    let (parts, ()) = request.into_parts();
    auth::fuzz(&parts, Rules::strict("ssm"));
    let body = Bytes::copy_from_slice(body);
    match route::route(&parts, &body) {
        Ok(call) => drop(call.codec.decode(&body, call.operation)),
        Err(unrouted) => assert!(unrouted.answer("id").status().as_u16() < 500),
    }
}
