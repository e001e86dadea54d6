//! Whatever comes in, the answer is not our fault: no panic and no status of 500 or more, for every operation of
//! every service.

use super::*;
use crate::http::route::SERVICES;
use muster_service_model::{
    Bounds, Constraint, OperationSchema, Protocol, ServiceSchema, Shape, StringShape, Structure,
};
use proptest::prelude::*;
use serde_json::{Map, json};
use std::sync::{Mutex, OnceLock};
use tokio::runtime::Runtime;

/// One server for all cases: what is tested is that it survives them.
fn with_front(test: impl AsyncFnOnce(&Front)) {
    static FRONT: OnceLock<Mutex<(Runtime, Front)>> = OnceLock::new();
    let shared = FRONT.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let front = runtime.block_on(Front::start());
        Mutex::new((runtime, front))
    });
    let shared = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (runtime, front) = &*shared;
    runtime.block_on(test(front));
}

/// Every operation; those that are built several times over, since the others end early.
fn operations() -> &'static [(&'static ServiceSchema, &'static OperationSchema)] {
    static ALL: OnceLock<Vec<(&ServiceSchema, &OperationSchema)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let router = crate::operations::router();
        let each =
            SERVICES.iter().flat_map(|service| service.operations.iter().map(|found| (*service, *found)));
        each.flat_map(|found| std::iter::repeat_n(found, if router.has(found.1) { 12 } else { 1 })).collect()
    })
}

/// A supply of choices; used up, it yields zeros, so that every input is finite and shrinks.
struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % below.max(1)
    }

    fn structure(&mut self, shape: &Structure, depth: usize) -> Value {
        let mut output = Map::new();
        for member in shape.members {
            if member.required || (depth < 4 && self.next(2) == 1) {
                output.insert(member.name.to_owned(), self.value(&member.shape, depth + 1));
            }
        }
        Value::Object(output)
    }

    /// Mostly what the shape wants.
    fn value(&mut self, shape: &Shape, depth: usize) -> Value {
        if self.next(40) == 1 {
            return self.nonsense();
        }
        match shape {
            Shape::Structure(shape) => self.structure(shape, depth),
            Shape::List(shape) => {
                let count = self.count(shape.length, depth);
                (0..count).map(|_| self.value(&shape.member, depth + 1)).collect()
            }
            Shape::Map(shape) => {
                let count = self.count(shape.length, depth);
                let entries =
                    (0..count).map(|_| (self.string(shape.key), self.value(&shape.value, depth + 1)));
                Value::Object(entries.collect())
            }
            Shape::String(shape) => Value::String(self.string(shape)),
            Shape::Integer(bounds) | Shape::Long(bounds) => json!(self.number(*bounds)),
            Shape::Double(_) => json!(0.5),
            Shape::Boolean => json!(self.next(2) == 1),
            Shape::Timestamp(_) => match self.next(3) {
                0 => json!(1_795_169_115.764),
                1 => json!("2026-11-20T12:00:00Z"),
                _ => json!(-1e11),
            },
            Shape::Blob(_) => json!("AAAA"),
        }
    }

    fn count(&mut self, bounds: Bounds, depth: usize) -> usize {
        let most = if depth < 5 { 3 } else { 0 };
        usize::try_from(bounds.min.unwrap_or(0)).unwrap_or(0).min(5) + self.next(most + 1)
    }

    fn number(&mut self, bounds: Bounds) -> i64 {
        let choices = [
            bounds.min.unwrap_or(0),
            bounds.max.unwrap_or(1),
            0,
            -1,
            i64::from(i32::MAX),
            i64::MAX,
            i64::MIN,
        ];
        choices.get(self.next(choices.len())).copied().unwrap_or(0)
    }

    fn string(&mut self, shape: &StringShape) -> String {
        const TEXTS: [&str; 22] = [
            "AWS-RunShellScript",
            "mi-0123456789abcdef0",
            "i-0123456789abcdef0",
            "ManagedInstance",
            "Key",
            "11111111-2222-3333-4444-555555555555",
            "1",
            "",
            "*",
            "100%",
            "a.b:c/d",
            "äöü\u{1F600}",
            "\0",
            "arn:aws:ssm:us-east-1:000000000000:document/x",
            "{{ x }}",
            "PingStatus",
            "Online",
            "tag:x",
            "12345678901234567890",
            "2026-11-20T12:00:00Z",
            "' OR 1=1 --",
            "%00%s\u{202e}\r\n",
        ];
        if let Constraint::Enum(values) = shape.constraint
            && self.next(8) != 1
        {
            return values.get(self.next(values.len())).copied().unwrap_or_default().to_owned();
        }
        let text = TEXTS.get(self.next(TEXTS.len())).copied().unwrap_or_default();
        let min = usize::try_from(shape.length.min.unwrap_or(0)).unwrap_or(0).min(500);
        if text.chars().count() < min {
            text.chars().chain("a".chars().cycle()).take(min).collect()
        } else {
            text.into()
        }
    }

    fn nonsense(&mut self) -> Value {
        let all = [
            json!(null),
            json!(true),
            json!(1e308),
            json!(-0.0),
            json!("\0"),
            json!([[[]]]),
            json!({"": {"": null}}),
            json!([null]),
            json!(u64::MAX),
            json!("x".repeat(5000)),
            json!({"a": [1]}),
        ];
        all.get(self.next(all.len())).cloned().unwrap_or_default()
    }

    /// Changes some bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.next(4) {
            let at = self.next(bytes.len() + 1);
            match self.next(3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, u8::try_from(self.next(256)).unwrap()),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << 3),
            }
        }
    }
}

fn flatten(prefix: &str, value: &Value, output: &mut String) {
    let join = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(&join(name), value, output))
        }
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| flatten(&join(&format!("member.{}", index + 1)), value, output)),
        Value::String(text) => output.push_str(&format!("&{prefix}={}", text.replace(['&', '%', '+'], ""))),
        other => output.push_str(&format!("&{prefix}={other}")),
    }
}

fn draft(
    front: &Front,
    service: &ServiceSchema,
    operation: &OperationSchema,
    choices: &mut Choices,
) -> Draft {
    let input = choices.structure(operation.input, 0);
    let mut draft = match service.protocol {
        Protocol::Json { target_prefix, .. } => {
            Draft::json(&format!("{target_prefix}.{}", operation.name), &input.to_string())
        }
        _ => {
            let mut body = format!("Action={}&Version={}", operation.name, service.api_version);
            flatten("", &input, &mut body);
            Draft::form(&body)
        }
    };
    let mut body = draft.body.to_vec();
    choices.mutate(&mut body);
    draft.body = body.into();
    // Mostly signed well, so that it gets far.
    match choices.next(12) {
        1 => draft,
        2 => draft.sign(service.signing_name, &Credentials::new(KEY, "x", None), front.now_ms()),
        _ => draft.sign(service.signing_name, &root(), front.now_ms()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn no_input_of_an_operation_is_our_fault(
        index in 0..operations().len(),
        choices in prop::collection::vec(any::<u16>(), 0..120),
    ) {
        let (service, operation) = operations()[index];
        with_front(async |front| {
            let draft = draft(front, service, operation, &mut Choices(choices.into_iter()));
            let shown = String::from_utf8_lossy(&draft.body).into_owned();
            let answer = front.send(draft).await;
            assert!(answer.status < 500, "{}: {shown}: {}", operation.name, answer.text());
        });
    }

    #[test]
    fn no_request_is_our_fault(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "OPTIONS", "X"]),
        path in prop_oneof![
            Just("/".to_owned()),
            "/[a-z%0-9./]{0,20}",
            "/v1/control-channel/[a-z0-9%-]{0,24}",
            "/v1/muster/outputs/[a-z0-9%/-]{0,40}",
        ],
        query in "[A-Za-z0-9=&%.+*-]{0,60}",
        headers in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "authorization", "x-amz-target", "content-type", "x-amz-date", "x-amz-security-token",
                    "x-amz-content-sha256", "host", "date", "sec-websocket-key", "upgrade", "connection",
                    "user-agent",
                ]),
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40),
                    "AWS4-HMAC-SHA256 Credential=[A-Za-z0-9/]{0,60}, SignedHeaders=[a-z;-]{0,30}, Signature=[0-9a-f+/=]{0,70}"
                        .prop_map(String::into_bytes),
                    prop::sample::select(vec![
                        "AmazonSSM.ListCommands", "AmazonSSM.RegisterManagedInstance", "application/x-amz-json-1.1",
                        "application/x-www-form-urlencoded", "20261120T120000Z", "websocket", "upgrade",
                    ])
                    .prop_map(|text| text.as_bytes().to_vec()),
                ],
            ),
            0..8,
        ),
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut request = Request::builder().method(method).uri(if query.is_empty() { path } else { format!("{path}?{query}") });
        for (name, value) in headers {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                request = request.header(name, value);
            }
        }
        if let Ok(request) = request.body(Full::new(Bytes::from(body))) {
            with_front(async |front| {
                let answer = front.call(request).await;
                assert!(answer.status < 500, "{answer:?}");
            });
        }
    }

    #[test]
    fn an_unsigned_registration_is_not_our_fault(body in prop::collection::vec(any::<u8>(), 0..200)) {
        with_front(async |front| {
            let mut draft = Draft::json("AmazonSSM.RegisterManagedInstance", "");
            draft.body = body.into();
            assert!(front.send(draft).await.status < 500);
        });
    }
}
