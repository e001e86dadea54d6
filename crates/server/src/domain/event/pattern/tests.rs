//! What matches, what does not, and what is no pattern.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn matches(pattern: Value, event: Value) -> bool {
    Pattern::parse(&pattern.to_string()).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(&event)
}

fn refusal(pattern: &str) -> String {
    Pattern::parse(pattern).unwrap_err().to_string()
}

#[test]
fn fields_are_joined_by_and_values_by_or() {
    let event = json!({
        "source": "aws.ssm", "detail-type": "Parameter Store Change", "resources": ["a", "b"],
        "detail": { "name": "/prod/db", "operation": "Update", "version": 3, "empty": [], "nothing": null }
    });
    for (pattern, expected) in [
        (json!({ "source": ["aws.ssm"] }), true),
        (json!({ "source": ["aws.ec2"] }), false),
        (json!({ "source": ["aws.ec2", "aws.ssm"], "detail": { "operation": ["Update"] } }), true),
        (json!({ "source": ["aws.ssm"], "detail": { "operation": ["Delete"] } }), false),
        (json!({ "resources": ["b"] }), true),
        (json!({ "resources": ["c"] }), false),
        (json!({ "detail": { "version": [3] } }), true),
        (json!({ "detail": { "version": [3.0] } }), true),
        (json!({ "detail": { "version": ["3"] } }), false),
        (json!({ "detail": { "nothing": [null] } }), true),
        (json!({ "detail": { "absent": [null] } }), false),
        (json!({ "detail": ["x"] }), false),
        (json!({ "source": { "deeper": ["x"] } }), false),
        (json!({ "source": { "deeper": [{ "exists": false }] } }), true),
        (json!({ "detail": { "empty": [{ "exists": false }] } }), true),
        (json!({ "detail": [{ "exists": true }] }), false),
        (json!({ "detail": { "name": [{ "exists": true }] } }), true),
        (json!({ "gone": { "too": [{ "exists": false }] } }), true),
    ] {
        assert_eq!(matches(pattern.clone(), event.clone()), expected, "{pattern}");
    }
}

#[test]
fn every_operator_matches_what_it_says() {
    for (condition, yes, no) in [
        (
            json!({ "prefix": "/prod/" }),
            vec![json!("/prod/"), json!("/prod/x")],
            vec![json!("/pro"), json!(1)],
        ),
        (json!({ "prefix": { "equals-ignore-case": "PRod" } }), vec![json!("pRODuct")], vec![json!("pro")]),
        (json!({ "suffix": ".png" }), vec![json!("a.png")], vec![json!("a.PNG"), json!(null)]),
        (json!({ "suffix": { "equals-ignore-case": ".png" } }), vec![json!("a.PNG")], vec![json!("png")]),
        (json!({ "equals-ignore-case": "aLice" }), vec![json!("ALICE")], vec![json!("alic"), json!(true)]),
        (
            json!({ "wildcard": "/a/*/c" }),
            vec![json!("/a/b/c"), json!("/a//c")],
            vec![json!("/a/c"), json!("/a/b/d")],
        ),
        (json!({ "wildcard": "*a*b*" }), vec![json!("ab"), json!("xaybz")], vec![json!("ba"), json!("")]),
        (json!({ "wildcard": "a\\*\\\\" }), vec![json!("a*\\")], vec![json!("ab\\")]),
        (json!({ "wildcard": "aa*aa" }), vec![json!("aaaa")], vec![json!("aaa")]),
        (json!({ "anything-but": "x" }), vec![json!("y"), json!(1), json!(null)], vec![json!("x")]),
        (json!({ "anything-but": ["x", 1] }), vec![json!("1")], vec![json!("x"), json!(1.0)]),
        (json!({ "anything-but": { "prefix": "x" } }), vec![json!("yx")], vec![json!("xy")]),
        (
            json!({ "anything-but": { "suffix": ["x", "y"] } }),
            vec![json!("xa")],
            vec![json!("ax"), json!("ay")],
        ),
        (json!({ "anything-but": { "wildcard": "*/lib/*" } }), vec![json!("/bin")], vec![json!("/lib/x")]),
        (json!({ "anything-but": { "equals-ignore-case": ["x"] } }), vec![json!("y")], vec![json!("X")]),
        (json!({ "numeric": ["=", 5] }), vec![json!(5), json!(5.0)], vec![json!(5.1), json!("5")]),
        (json!({ "numeric": [">", 0, "<=", 5] }), vec![json!(0.1), json!(5)], vec![json!(0), json!(6)]),
        (json!({ "numeric": [">=", -1] }), vec![json!(-1)], vec![json!(-1.5)]),
        (json!({ "numeric": ["<", 1] }), vec![json!(-9)], vec![json!(1)]),
        (
            json!({ "cidr": "10.0.0.0/24" }),
            vec![json!("10.0.0.255")],
            vec![json!("10.0.1.0"), json!("x"), json!("::a00:1")],
        ),
        (json!({ "cidr": "10.9.9.9/0" }), vec![json!("1.2.3.4")], vec![json!("::1")]),
        (json!({ "cidr": "2001:db8::/32" }), vec![json!("2001:db8::1")], vec![json!("2001:db9::1")]),
        (json!({ "cidr": "1.2.3.4/32" }), vec![json!("1.2.3.4")], vec![json!("1.2.3.5")]),
    ] {
        let pattern = json!({ "f": [condition] });
        for value in yes {
            assert!(matches(pattern.clone(), json!({ "f": value })), "{pattern} {value}");
        }
        for value in no {
            assert!(!matches(pattern.clone(), json!({ "f": value })), "{pattern} {value}");
        }
        let only_absent = pattern.to_string().contains("\"exists\":false");
        assert_eq!(matches(pattern.clone(), json!({})), only_absent, "{pattern} on an absent field");
    }
}

#[test]
fn alternatives_stand_at_any_level() {
    let pattern = json!({
        "source": ["s"],
        "detail": { "$or": [{ "a": [1] }, { "b": { "$or": [{ "c": [2] }, { "d": [3] }] }, "e": [4] }] }
    });
    for (detail, expected) in [
        (json!({ "a": 1 }), true),
        (json!({ "b": { "d": 3 }, "e": 4 }), true),
        (json!({ "b": { "d": 3 }, "e": 5 }), false),
        (json!({ "b": { "c": 3 }, "e": 4 }), false),
        (json!({}), false),
    ] {
        assert_eq!(
            matches(pattern.clone(), json!({ "source": "s", "detail": detail })),
            expected,
            "{detail}"
        );
    }
    assert!(!matches(pattern, json!({ "source": "t", "detail": { "a": 1 } })));
}

#[test]
fn one_element_of_a_list_must_have_all() {
    let pattern = json!({ "items": { "kind": ["a"], "size": [1] } });
    assert!(matches(
        pattern.clone(),
        json!({ "items": [{ "kind": "b", "size": 1 }, { "kind": "a", "size": 1 }] })
    ));
    assert!(!matches(pattern, json!({ "items": [{ "kind": "b", "size": 1 }, { "kind": "a", "size": 2 }] })));
}

#[test]
fn refusals_speak_as_aws() {
    for (pattern, reason) in [
        (r#"[]"#, "Filter is not an object"),
        (r#"{}"#, "Empty objects are not allowed"),
        (r#"{"key":{}}"#, "Empty objects are not allowed"),
        (r#"{"key":[]}"#, "Empty arrays are not allowed"),
        (r#"{"$or":[]}"#, "Empty arrays are not allowed"),
        (r#"{"$or":["x"]}"#, "Filter is not an object"),
        (r#"{"key":"value"}"#, "\"key\" must be an object or an array"),
        (r#"{"key":[["value"]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"key":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator"),
        (r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#, "Only one key allowed in match expression"),
        (r#"{"key":[{"suffix":100}]}"#, "suffix match pattern must be a string"),
        (r#"{"key":[{"suffix":["a"]}]}"#, "suffix match pattern must be a string"),
        (r#"{"key":[{"exists":"no"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"key":[{"cidr":"x"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"key":[{"cidr":"bad-filter/8"}]}"#, "Nonstandard IP address: bad-filter"),
        (r#"{"key":[{"cidr":"10.0.0.0/x"}]}"#, "Malformed CIDR, mask bits must be an integer"),
        (r#"{"key":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]"),
        (r#"{"key":[{"numeric":["operator"]}]}"#, "Unrecognized numeric range operator: operator"),
        (r#"{"key":[{"numeric":[1,"<="]}]}"#, "Invalid member in numeric match: 1"),
        (r#"{"key":[{"numeric":["=","000"]}]}"#, "Value of equals must be numeric"),
        (r#"{"key":[{"numeric":[">="]}]}"#, "Value of >= must be numeric"),
        (r#"{"key":[{"numeric":["<",100,">",10]}]}"#, "Too many elements in numeric expression"),
        (r#"{"key":[{"numeric":[">=",1,">",2]}]}"#, "Bad numeric range operator: >"),
        (r#"{"key":[{"numeric":[">",3,"<",1]}]}"#, "Bottom must be less than top"),
        (r#"{"key":[{"numeric":[">",20,"<="]}]}"#, "Value of <= must be numeric"),
        (r#"{"key":[{"numeric":[">",20,30]}]}"#, "Bad value in numeric range: 30"),
        (r#"{"key":[{"numeric":[">",20,"<",30,"<",50]}]}"#, "Too many terms in numeric range expression"),
        (r#"{"key":[{"anything-but":{"wrong":null}}]}"#, "Unsupported anything-but pattern: wrong"),
        (r#"{"key":[{"anything-but":{"prefix":false}}]}"#, "prefix match pattern must be a string"),
        (r#"{"key":[{"wildcard":"a**b"}]}"#, "Consecutive wildcard characters at pos 1"),
        (r#"{"key":[{"wildcard":"a\\b"}]}"#, "Invalid escape character at pos 1"),
        (r#"{"key":"#, "failed to parse JSON. line 1, column 7"),
    ] {
        assert_eq!(refusal(pattern), reason, "{pattern}");
    }
    let deep = format!("{}[1]{}", "{\"a\":".repeat(100), "}".repeat(100));
    assert_eq!(refusal(&deep), "Too many levels of objects");
}

#[test]
fn size_is_that_of_filter_policies() {
    let size = |text: &str| Pattern::parse(text).unwrap().size();
    assert_eq!(size(r#"{"a":[1,2],"b":[1]}"#), Size { leaves: 2, combinations: 2, nested: false });
    // AWS's own example: 4 x 2 levels, 1 x 3 levels, 2 x 1 level.
    let nested = r#"{"a":{"b":[1,2,3,4],"c":{"d":[1]}},"e":[1,2]}"#;
    assert_eq!(size(nested), Size { leaves: 3, combinations: 8 * 3 * 2, nested: true });
}

/// Any JSON that could be an event's field.
fn plain() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-8000i32..8000).prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        "[ab/*\\\\]{0,6}".prop_map(Value::from),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        "[a-c]",
        Just("$or".to_owned()),
        Just("numeric".to_owned()),
        Just("anything-but".to_owned()),
        Just("prefix".to_owned()),
        Just("wildcard".to_owned()),
        Just("exists".to_owned()),
        Just("cidr".to_owned()),
    ];
    plain().prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The pattern that names every leaf of an event: what the event is, it matches.
fn exact(event: &Value) -> Value {
    match event {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), exact(value))).collect(),
        plain => json!([plain]),
    }
}

fn regex_of(wildcard: &str) -> String {
    let mut regex = String::from("(?s)^");
    let mut characters = wildcard.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => regex.push_str(".*"),
            '\\' => regex.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            plain => regex.push_str(&regex::escape(&plain.to_string())),
        }
    }
    regex + "$"
}

proptest! {
    #[test]
    fn no_json_breaks_the_parser_or_the_matcher(pattern in json_value(), event in json_value()) {
        if let Ok(pattern) = Pattern::parse(&pattern.to_string()) {
            pattern.matches(&event);
            pattern.size();
        }
    }

    #[test]
    fn an_event_matches_the_pattern_of_its_own_leaves(
        event in prop::collection::btree_map("[a-d]", plain(), 1..4), added in plain(), deeper in any::<bool>(),
    ) {
        let mut event: Value = Value::Object(event.into_iter().collect());
        if deeper {
            event = json!({ "detail": event });
        }
        let pattern = exact(&event);
        event["further"] = added.clone();
        prop_assert!(matches(pattern.clone(), event.clone()));
        // A field that is not there is no match.
        let mut more = pattern;
        more["missing"] = json!([added]);
        prop_assert!(!matches(more, event));
    }

    #[test]
    fn anything_but_is_the_opposite_for_single_values(value in plain(), listed in prop::collection::vec(plain(), 1..4)) {
        let event = json!({ "f": value });
        let one_of = matches(json!({ "f": listed }), event.clone());
        prop_assert_eq!(matches(json!({ "f": [{ "anything-but": listed }] }), event), !one_of);
    }

    #[test]
    fn alternatives_are_the_union(one in plain(), other in plain(), a in plain(), b in plain()) {
        let event = json!({ "a": a, "b": b });
        let (first, second) = (json!({ "a": [one] }), json!({ "b": [other] }));
        let either = matches(first.clone(), event.clone()) || matches(second.clone(), event.clone());
        prop_assert_eq!(matches(json!({ "$or": [first, second] }), event), either);
    }

    #[test]
    fn wildcards_are_those_of_a_regular_expression(
        wildcard in "([ab]|\\*[ab]|\\\\\\*|\\\\\\\\){0,6}\\*?", text in "[ab*\\\\]{0,10}",
    ) {
        let regex = regex::Regex::new(&regex_of(&wildcard)).unwrap();
        let pattern = json!({ "f": [{ "wildcard": wildcard }] });
        prop_assert_eq!(matches(pattern, json!({ "f": text.clone() })), regex.is_match(&text));
    }

    #[test]
    fn ranges_are_those_of_numbers(
        bottom in -50i32..50, width in 1i32..50, number in -120i32..120, ends in any::<(bool, bool)>(),
    ) {
        let top = bottom + width;
        let (lower, upper) = (if ends.0 { ">=" } else { ">" }, if ends.1 { "<=" } else { "<" });
        let expected = (number > bottom || ends.0 && number == bottom) && (number < top || ends.1 && number == top);
        let pattern = json!({ "f": [{ "numeric": [lower, bottom, upper, top] }] });
        prop_assert_eq!(matches(pattern, json!({ "f": number })), expected);
    }
}
