//! Forms, XML and times; the JSON codec's answers are tested through the whole front end.

use super::*;
use muster_service_model::{
    Bounds, Constraint, HttpBinding, ListShape, MapShape, Member, Shape, StringShape, Structure,
    TimestampFormat,
};
use proptest::prelude::*;
use serde_json::json;

static TEXT: StringShape =
    StringShape { name: "Text", length: Bounds::NONE, constraint: Constraint::Any, sensitive: false };
static INNER: Structure = Structure {
    name: "Inner",
    members: &[
        Member::optional("Name", Shape::String(&TEXT)),
        Member::optional("Count", Shape::Integer(Bounds::NONE)),
    ],
    sensitive: false,
};
const fn list(member: Shape, flattened: bool, member_name: Option<&'static str>) -> ListShape {
    ListShape { name: "List", member, member_name, flattened, length: Bounds::NONE, sensitive: false }
}
const fn map(value: Shape, flattened: bool) -> MapShape {
    MapShape { name: "Map", key: &TEXT, value, flattened, length: Bounds::NONE, sensitive: false }
}
static LIST: ListShape = list(Shape::Structure(&INNER), false, None);
static FLAT: ListShape = list(Shape::String(&TEXT), true, None);
static NAMED: ListShape = list(Shape::Integer(Bounds::NONE), false, Some("item"));
static MAP: MapShape = map(Shape::String(&TEXT), false);
static FLAT_MAP: MapShape = map(Shape::Structure(&INNER), true);
static EVERYTHING: Structure = Structure {
    name: "Everything",
    members: &[
        Member::optional("Text", Shape::String(&TEXT)),
        Member::optional("Flag", Shape::Boolean),
        Member::optional("At", Shape::Timestamp(TimestampFormat::Default)),
        Member::optional(
            "Bytes",
            Shape::Blob(&muster_service_model::BlobShape {
                name: "B",
                length: Bounds::NONE,
                sensitive: false,
            }),
        ),
        Member::optional("Ratio", Shape::Double(Bounds::NONE)),
        Member::optional("Inner", Shape::Structure(&INNER)).location_name("inner"),
        Member::optional("List", Shape::List(&LIST)),
        Member::optional("Flat", Shape::List(&FLAT)),
        Member::optional("Named", Shape::List(&NAMED)),
        Member::optional("Map", Shape::Map(&MAP)),
        Member::optional("FlatMap", Shape::Map(&FLAT_MAP)),
    ],
    sensitive: false,
};
static OPERATION: OperationSchema = OperationSchema {
    service: "test",
    name: "Try",
    http: HttpBinding { method: "POST", uri: "/" },
    input: &EVERYTHING,
    output: &EVERYTHING,
    result_wrapper: Some("TryResult"),
    errors: &[],
    paginator: None,
};

fn query(form: &str) -> QueryCodec {
    QueryCodec { form: Form::parse(form.as_bytes()).unwrap(), xml_namespace: "urn:test" }
}

fn decode(form: &str) -> Result<Value, ApiError> {
    query(form).decode(&Bytes::new(), &OPERATION)
}

#[test]
fn a_form_becomes_the_models_value() {
    let form = "Action=Try&Text=a%20b+c&Flag=true&At=2026-11-20T12%3A00%3A00.5Z&Bytes=AAAA&Ratio=1.5&inner.Name=n\
                &List.member.2.Name=second&List.member.10.Name=third&List.member.1.Count=1&Flat.1=x&Flat.2=y\
                &Named.item.1=7&Map.entry.1.key=k&Map.entry.1.value=v&FlatMap.1.key=f&FlatMap.1.value.Count=-3&Other=1";
    let expected = json!({
        "Text": "a b c", "Flag": true, "At": 1_795_176_000.5, "Bytes": "AAAA", "Ratio": 1.5,
        "Inner": {"Name": "n"}, "List": [{"Count": 1}, {"Name": "second"}, {"Name": "third"}],
        "Flat": ["x", "y"], "Named": [7], "Map": {"k": "v"}, "FlatMap": {"f": {"Count": -3}},
    });
    assert_eq!(decode(form).unwrap(), expected);
    assert_eq!(decode("List=&Map=").unwrap(), json!({"List": [], "Map": {}}));
    assert_eq!(decode("").unwrap(), json!({}));
    for bad in ["Flag=yes", "At=never", "Bytes=*", "Ratio=NaN", "Named.item.1=1.5", "Named.item.1="] {
        assert_eq!(decode(bad).unwrap_err().schema.code, "SerializationException", "{bad}");
    }
}

#[test]
fn values_become_xml() {
    let value = json!({
        "Text": "<a & \"b\">\r\u{1}", "Flag": false, "At": 1_795_176_000.5, "Inner": {"Name": "n"},
        "List": [{"Count": 1}, {}], "Flat": ["x", "y"], "Named": [7], "Map": {"k": "v"}, "FlatMap": {"f": {"Count": 3}},
        "Unknown": 1,
    });
    let response = query("").encode(&value, &OPERATION, "id");
    let expected = "\
<TryResponse xmlns=\"urn:test\">
  <TryResult>
    <Text>&lt;a &amp; &quot;b&quot;&gt;&#xD;\u{fffd}</Text>
    <Flag>false</Flag>
    <At>2026-11-20T12:00:00.500Z</At>
    <inner>
      <Name>n</Name>
    </inner>
    <List>
      <member>
        <Count>1</Count>
      </member>
      <member/>
    </List>
    <Flat>x</Flat>
    <Flat>y</Flat>
    <Named>
      <item>7</item>
    </Named>
    <Map>
      <entry>
        <key>k</key>
        <value>v</value>
      </entry>
    </Map>
    <FlatMap>
      <key>f</key>
      <value>
        <Count>3</Count>
      </value>
    </FlatMap>
  </TryResult>
  <ResponseMetadata>
    <RequestId>id</RequestId>
  </ResponseMetadata>
</TryResponse>
";
    assert_eq!(std::str::from_utf8(response.body()).unwrap(), expected);
}

#[test]
fn common_errors_have_other_names_in_query() {
    use crate::error::{ACCESS_DENIED, INTERNAL, SERIALIZATION, VALIDATION};
    for (schema, status, code, kind) in [
        (&VALIDATION, 400, "ValidationError", "Sender"),
        (&SERIALIZATION, 400, "MalformedInput", "Sender"),
        (&ACCESS_DENIED, 403, "AccessDenied", "Sender"),
        (&INTERNAL, 500, "InternalFailure", "Receiver"),
    ] {
        let response = query("").encode_error(&ApiError::new(schema, "<text>"), "id");
        let expected = format!(
            "<ErrorResponse xmlns=\"urn:test\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
             <Message>&lt;text&gt;</Message>\n  </Error>\n  <RequestId>id</RequestId>\n</ErrorResponse>\n"
        );
        assert_eq!((response.status().as_u16(), response.body().as_ref()), (status, expected.as_bytes()));
    }
}

#[test]
fn times_are_read_in_every_form_that_clients_send() {
    for (text, seconds) in [
        ("1795176000", 1_795_176_000.0),
        ("1795176000.25", 1_795_176_000.25),
        ("2026-11-20T12:00:00Z", 1_795_176_000.0),
        ("2026-11-20T13:00:00.25+01:00", 1_795_176_000.25),
        ("2026-11-20T12:00", 1_795_176_000.0),
        ("2026-11-20", 1_795_132_800.0),
    ] {
        assert_eq!(scalar::parse_time(text), Some(json!(seconds)), "{text}");
    }
    for bad in ["", "tomorrow", "1e300", "NaN", "2026-13-01", "12:00"] {
        assert_eq!(scalar::parse_time(bad), None, "{bad}");
    }
    assert_eq!(scalar::iso8601(1_795_176_000.0).unwrap(), "2026-11-20T12:00:00Z");
}

#[test]
fn a_form_is_bounded() {
    assert!(Form::parse(".".repeat(40).as_bytes()).is_err());
    let many: String = (0..20_001).map(|index| format!("a{index}=&")).collect();
    assert!(Form::parse(many.as_bytes()).is_err());
    assert_eq!(percent_decode(b"a+b%2fc%zz%4", false), "a+b/c%zz%4");
    assert_eq!(percent_decode(b"%ff", false), "\u{fffd}");
}

proptest! {
    #[test]
    fn any_form_is_survived(form: Vec<u8>, at in "[A-Za-z]{1,4}(\\.(member|entry|[0-9]{1,12}|key|value)){0,6}") {
        if let Ok(form) = Form::parse(&form) {
            let _ = QueryCodec { form, xml_namespace: "" }.decode(&Bytes::new(), &OPERATION);
        }
        let _ = decode(&format!("{at}=x&List.{at}=1&FlatMap.{at}=2"));
    }

    #[test]
    fn any_json_is_survived(body in "[\\[\\]{}\",:0-9a-zA-Z .\\\\u-]{0,60}") {
        let _ = JsonCodec { content_type: CONTENT_TYPE_1_1 }.decode(&Bytes::from(body), &OPERATION);
    }
}
