//! The texts as AWS has them, and that any input is survived.

use super::*;
use muster_service_model::{Member, StringShape};
use proptest::prelude::*;
use serde_json::json;

fn check(operation: &str, input: Value) -> String {
    let operation = muster_ssm_api::SERVICE.operation(operation).unwrap();
    validate(&input, operation, None).map_or_else(|error| error.message, |()| "valid".to_owned())
}

/// Recorded from AWS, but for what our input adds to be whole otherwise.
#[test]
fn recorded_texts() {
    const DOCUMENT: &str = "AWS-RunShellScript";
    let send = |members: Value| {
        let mut input = json!({"DocumentName": DOCUMENT, "InstanceIds": ["mi-0123456789abcdef0"]});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        check("SendCommand", input)
    };
    assert_eq!(send(json!({})), "valid");
    assert_eq!(
        send(json!({"TimeoutSeconds": 1})),
        "1 validation error detected: Value '1' at 'timeoutSeconds' failed to satisfy constraint: Member must have \
         value greater than or equal to 30"
    );
    assert_eq!(
        send(json!({"MaxConcurrency": "0"})),
        "1 validation error detected: Value '0' at 'maxConcurrency' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: ^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$"
    );
    assert_eq!(
        send(json!({"MaxErrors": "-1"})),
        "1 validation error detected: Value '-1' at 'maxErrors' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: ^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$"
    );
    assert_eq!(
        check("DescribeInstanceInformation", json!({"MaxResults": 4})),
        "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value \
         greater than or equal to 5"
    );
    assert_eq!(
        check("DescribeInstanceInformation", json!({"Filters": [{"Key": "PingStatus", "Values": []}]})),
        "1 validation error detected: Value at 'filters.1.member.values' failed to satisfy constraint: Member must \
         have length greater than or equal to 1"
    );
}

static SHORT: StringShape = StringShape {
    name: "Short",
    length: Bounds { min: Some(1), max: Some(3) },
    constraint: Constraint::Pattern("[a-z]*"),
    sensitive: false,
};
static COLOUR: StringShape = StringShape {
    name: "Colour",
    length: Bounds::NONE,
    constraint: Constraint::Enum(&["Red", "Blue"]),
    sensitive: false,
};
static SECRET: StringShape =
    StringShape { name: "Secret", length: Bounds::at_most(3), constraint: Constraint::Any, sensitive: true };
static PAIR: Structure = Structure {
    name: "Pair",
    members: &[
        Member::required("Name", Shape::String(&SHORT)),
        Member::optional("Secret", Shape::String(&SECRET)),
    ],
    sensitive: false,
};
const fn list(member: Shape) -> ListShape {
    let length = Bounds::at_most(2);
    ListShape { name: "List", member, member_name: None, flattened: false, length, sensitive: false }
}
static PAIRS: ListShape = list(Shape::Structure(&PAIR));
static COLOURS: ListShape = list(Shape::String(&COLOUR));
static SHORTS: ListShape = list(Shape::String(&SHORT));
static SECRETS: ListShape = list(Shape::String(&SECRET));
static MAP: MapShape = MapShape {
    name: "Map",
    key: &SHORT,
    value: Shape::List(&SHORTS),
    flattened: false,
    length: Bounds::NONE,
    sensitive: false,
};
static COLOUR_MAP: MapShape = MapShape { value: Shape::String(&COLOUR), ..MAP };
static ALL: Structure = Structure {
    name: "All",
    members: &[
        Member::optional("Pairs", Shape::List(&PAIRS)),
        Member::optional("Colours", Shape::List(&COLOURS)),
        Member::optional("Shorts", Shape::List(&SHORTS)),
        Member::optional("Secrets", Shape::List(&SECRETS)),
        Member::optional("Map", Shape::Map(&MAP)),
        Member::optional("ColourMap", Shape::Map(&COLOUR_MAP)),
        Member::optional("Secret", Shape::String(&SECRET)),
        Member::optional("Number", Shape::Long(Bounds { min: Some(1), max: Some(9) })),
    ],
    sensitive: false,
};

fn all(input: Value) -> Vec<String> {
    let mut report = Report::new(true, None);
    report.structure(&input, &ALL, &Path::Root);
    let texts = report.texts.iter().map(|text| text.replace(" failed to satisfy constraint:", ""));
    texts.collect()
}

#[test]
fn paths_and_values() {
    const RULES: &str = "[Member must have length less than or equal to 3, Member must have length greater than or \
                         equal to 1, Member must satisfy regular expression pattern: [a-z]*]";
    let text = |text: &str| vec![text.to_owned()];
    assert_eq!(
        all(json!({"Pairs": [{"Name": "a"}, {}]})),
        text("Value null at 'pairs.2.member.name' Member must not be null")
    );
    assert_eq!(
        all(json!({"Pairs": [{"Name": "a", "Secret": "s3cr3t"}]})),
        text("Value at 'pairs.1.member.secret' Member must have length less than or equal to 3")
    );
    assert_eq!(
        all(json!({"Pairs": [{"Name": "a", "Secret": "s"}, {"Name": "b"}, {"Name": "c"}]})),
        text(
            "Value '[Pair(name=a, secret=*** Sensitive Data Redacted ***), Pair(name=b, secret=null), Pair(name=c, \
             secret=null)]' at 'pairs' Member must have length less than or equal to 2"
        )
    );
    assert_eq!(
        all(json!({"Colours": ["Red", "Green"]})),
        text(
            "Value '[Red, Green]' at 'colours' Member must satisfy constraint: [Member must satisfy enum value set: \
             [Red, Blue]]"
        )
    );
    assert_eq!(
        all(json!({"Shorts": ["A"]})),
        text(&format!("Value '[A]' at 'shorts' Member must satisfy constraint: {RULES}"))
    );
    assert_eq!(
        all(json!({"Colours": [null]})),
        text(
            "Value '[null]' at 'colours' Member must satisfy constraint: [Member must satisfy enum value set: [Red, \
             Blue], Member must not be null]"
        )
    );
    assert_eq!(
        all(json!({"Secrets": ["s3cr3t"]})),
        text(
            "Value at 'secrets' Member must satisfy constraint: [Member must have length less than or equal to 3]"
        )
    );
    assert_eq!(
        all(json!({"Map": {"k": ["A"], "LONG": []}})),
        [
            format!("Value '{{k=[A], LONG=[]}}' at 'map' Map keys must satisfy constraint: {RULES}"),
            format!("Value '[A]' at 'map.k.member' Member must satisfy constraint: {RULES}"),
        ]
    );
    assert_eq!(
        all(json!({"ColourMap": {"k": "Green"}})),
        text(
            "Value '{k=Green}' at 'colourMap' Map value must satisfy constraint: [Member must satisfy enum value \
             set: [Red, Blue]]"
        )
    );
    assert_eq!(
        all(json!({"Number": 10})),
        text("Value '10' at 'number' Member must have value less than or equal to 9")
    );
    assert_eq!(all(json!({"Number": null, "Pairs": [], "Other": 1})), Vec::<String>::new());
}

#[test]
fn several_violations_are_counted_and_joined() {
    let mut report = Report::new(true, None);
    report.structure(&json!({"Pairs": [{"Name": "INVALID"}]}), &ALL, &Path::Root);
    assert_eq!(
        report.finish().unwrap_err().message,
        "2 validation errors detected: Value 'INVALID' at 'pairs.1.member.name' failed to satisfy constraint: Member \
         must have length less than or equal to 3; Value 'INVALID' at 'pairs.1.member.name' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [a-z]*"
    );
}

#[test]
fn a_value_without_end_is_cut_and_so_is_the_list_of_errors() {
    let many: Vec<_> = (0..500).map(|_| json!({"Name": "x".repeat(5000)})).collect();
    let mut report = Report::new(true, None);
    report.structure(&json!({"Pairs": many}), &ALL, &Path::Root);
    assert_eq!(report.count, 501);
    let text = report.finish().unwrap_err().message;
    assert!(text.starts_with("501 validation errors detected: ") && text.len() < 600_000, "{}", text.len());
}

#[test]
fn patterns_mean_what_they_mean_in_java() {
    for (pattern, good, bad) in [
        (r"^\d+$", vec!["12"], vec!["1x", "", "٣", "1\n"]),
        (r"\w*", vec!["", "a_1"], vec!["ä", "a b"]),
        (r"[\w.-]{1,5}", vec!["a.b-_"], vec!["ä", "abcdef"]),
        (r"[^\s]+", vec!["ä\u{a0}"], vec!["a b", "a\u{b}b"]),
        (r"[\S]+", vec!["a"], vec![" "]),
        (r"^(?!\s*$).+", vec!["a", " a"], vec!["", "  "]),
        (r"^.{1,100000}$", vec!["a"], vec!["", "a\nb"]),
        (r"[a-z]{0,2000}", vec!["", "abc"], vec!["A", "a1"]),
        (r"a|b", vec!["a", "b"], vec!["ab", "xa"]),
        (r"^[\\/]{1,70}$", vec!["\\/"], vec!["x"]),
        (r"[\w-\/]+", vec!["a-/"], vec!["."]),
        (r"[\w-]+", vec!["a-"], vec!["."]),
        (r"[a\]b]{1,99}", vec!["]"], vec!["c", ""]),
    ] {
        good.iter().for_each(|text| assert!(pattern::matches(pattern, text), "{pattern} {text:?}"));
        bad.iter().for_each(|text| assert!(!pattern::matches(pattern, text), "{pattern} {text:?}"));
    }
    assert!(!pattern::matches(r"^.{1,100000}$", &"a".repeat(100_001)));
    // A text that would take for ever is refused in time.
    assert!(!pattern::matches(r"^(?=(a+)+$)(a|aa)+$", &format!("{}b", "a".repeat(5000))));
}

fn strings(shape: &Shape, seen: &mut Vec<*const ()>, visit: &mut impl FnMut(&'static StringShape)) {
    let (address, inner): (*const (), Vec<Shape>) = match shape {
        Shape::Structure(shape) => {
            (std::ptr::from_ref(*shape).cast(), shape.members.iter().map(|member| member.shape).collect())
        }
        Shape::List(shape) => (std::ptr::from_ref(*shape).cast(), vec![shape.member]),
        Shape::Map(shape) => (std::ptr::from_ref(*shape).cast(), vec![Shape::String(shape.key), shape.value]),
        Shape::String(shape) => return visit(shape),
        _ => return,
    };
    if !seen.contains(&address) {
        seen.push(address);
        inner.iter().for_each(|shape| strings(shape, seen, visit));
    }
}

#[test]
fn every_pattern_of_every_model_compiles() {
    let mut patterns = std::collections::BTreeSet::new();
    let mut seen = Vec::new();
    for operation in crate::http::route::SERVICES.iter().flat_map(|service| service.operations) {
        strings(&Shape::Structure(operation.input), &mut seen, &mut |shape| {
            if let Constraint::Pattern(pattern) = shape.constraint {
                patterns.insert(pattern);
            }
        });
    }
    assert!(patterns.len() > 50, "{}", patterns.len());
    let bad: Vec<_> = patterns.into_iter().filter(|pattern| !pattern::compiles(pattern)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".*".prop_map(Value::String),
    ];
    let names = prop::sample::select(vec![
        "Filters",
        "Key",
        "Values",
        "Parameters",
        "InstanceIds",
        "Targets",
        "DocumentName",
        "Tags",
        "Comment",
        "CommandId",
        "Name",
        "Secret",
        "Pairs",
        "Map",
        "Type",
        "MaxResults",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_input_is_survived(input in any_json(), index in 0..muster_ssm_api::SERVICE.operations.len()) {
        let operation = muster_ssm_api::SERVICE.operations[index];
        if let Err(error) = validate(&input, operation, None) {
            prop_assert!(error.message.contains(" detected: Value "), "{}", error.message);
        }
        let _ = all(input);
    }

    #[test]
    fn the_count_is_that_of_the_violations(good in 0_usize..4, bad in 0_usize..4) {
        let elements = std::iter::repeat_n(json!({"Name": "a"}), good).chain(std::iter::repeat_n(json!({}), bad));
        let mut report = Report::new(true, None);
        report.structure(&json!({"Pairs": elements.collect::<Vec<_>>()}), &ALL, &Path::Root);
        prop_assert_eq!(report.count, bad + usize::from(good + bad > 2));
    }
}

#[test]
fn an_installation_has_bounds_of_its_own() {
    let operations = muster_ssm_api::SERVICE.operations;
    let operation = operations.iter().find(|operation| operation.name == "GetParameters").unwrap();
    let of = |count: usize| json!({ "Names": vec!["x"; count] });
    for (lifted, count, good) in [
        (None, 10, true),
        (None, 11, false),
        (Some(("Names", 12)), 12, true),
        (Some(("Names", 12)), 13, false),
    ] {
        assert_eq!(validate(&of(count), operation, lifted).is_ok(), good, "{lifted:?} {count}");
    }
    let refused = validate(&of(13), operation, Some(("Names", 12))).unwrap_err().message;
    assert!(refused.ends_with("Member must have length less than or equal to 12"), "{refused}");
}
