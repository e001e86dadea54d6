//! What AWS takes and says, and when policies are due.

use super::*;

const HOUR: i64 = HOUR_MS;

fn expiration(at: &str) -> String {
    format!(r#"{{"Type":"Expiration","Version":"1.0","Attributes":{{"Timestamp":"{at}"}}}}"#)
}

fn interval(kind: &str, name: &str, count: &str, unit: &str) -> String {
    format!(r#"{{"Type":"{kind}","Version":"1.0","Attributes":{{"{name}":"{count}","Unit":"{unit}"}}}}"#)
}

fn before(count: &str, unit: &str) -> String {
    interval("ExpirationNotification", "Before", count, unit)
}

fn after(count: &str, unit: &str) -> String {
    interval("NoChangeNotification", "After", count, unit)
}

fn read(policies: &[String]) -> Result<Policies, PolicyError> {
    Policies::read(&format!("[{}]", policies.join(",")))
}

fn kinds(actions: &[Action]) -> Vec<&'static str> {
    actions.iter().map(|action| action.kind).collect()
}

#[test]
fn policies_are_shown_as_aws_shows_them() {
    let input = r#"[{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2026-09-28T18:42:02Z"}},
        {"Version": "1.0", "Attributes": {"Unit": "Days", "After": "1"}, "Type": "NoChangeNotification"}]"#;
    let policies = Policies::read(input).unwrap();
    let shown: Vec<_> = policies.shown().collect();
    assert_eq!(shown[0].text, expiration("2026-09-28T18:42:02Z"));
    assert_eq!(shown[1].text, after("1", "Days"));
    assert_eq!(shown.iter().map(|policy| policy.status).collect::<Vec<_>>(), ["Pending", "Pending"]);
    assert_eq!(Policies::from_stored(&policies.stored()), Some(policies));
}

#[test]
fn none_and_doubles() {
    for input in ["[]", "[{}]", " [ { } ] "] {
        let policies = Policies::read(input).unwrap();
        assert_eq!((policies.stored(), policies.next_due(0)), (String::new(), None), "{input}");
    }
    let twice = read(&[expiration("2026-09-28T18:42:02Z"), expiration("2026-09-28T18:42:02Z")]).unwrap();
    assert_eq!(twice.shown().count(), 1);
}

#[test]
fn refusals_are_those_of_aws() {
    let good = || expiration("2030-01-01T00:00:00Z");
    for (input, text) in [
        ("not-json".to_owned(), "Invalid policies input: not-json."),
        ("{}".to_owned(), "Invalid policies input: {}."),
        ("[1]".to_owned(), "Invalid policies input: [1]."),
        (
            r#"[{"Type":"BadType","Version":"1.0","Attributes":{}}]"#.to_owned(),
            "Policy type BadType is not supported.",
        ),
        (r#"[{"Version":"1.0"}]"#.to_owned(), "Policy type null is not supported."),
        (
            r#"[{"Type":"Expiration","Version":"2.0","Attributes":{}}]"#.to_owned(),
            "Policy version 2.0 is not supported.",
        ),
        (r#"[{"Type":"Expiration","Version":"1.0","X":1}]"#.to_owned(), ""),
        (format!("[{}]", after("0", "Days")), "Attribute After must be a positive integer."),
        (format!("[{}]", after("-1", "Days")), "Attribute After must be a positive integer."),
        (
            format!("[{}]", after("0.5", "Days")),
            "Attribute After must be a positive integer smaller than 8760000 .",
        ),
        (
            format!("[{}]", after("8760000", "Hours")),
            "Attribute After must be a positive integer smaller than 8760000 .",
        ),
        (
            format!("[{}]", after("", "Hours")),
            "Attribute After must be a positive integer smaller than 8760000 .",
        ),
        (format!("[{},{}]", good(), before("0", "Hours")), "Attribute Before must be a positive integer."),
        (format!("[{}]", after("1", "Weeks")), "Attribute Unit must be Days or Hours."),
        (
            format!("[{},{}]", good(), expiration("2031-01-01T00:00:00Z")),
            "A parameter can have one Expiration policy.",
        ),
        (
            format!("[{}]", before("1", "Days")),
            "An ExpirationNotification policy needs an Expiration policy.",
        ),
        (format!("[{}]", vec![good(); 11].join(",")), "A parameter can have a maximum of 10 policies."),
        (
            format!("[{}]", interval("NoChangeNotification", "Before", "1", "Days")),
            "Attribute Before is not supported.",
        ),
    ] {
        let refused = Policies::read(&input).unwrap_err().to_string();
        assert!(text.is_empty() || refused == text, "{input}: {refused}");
    }
}

#[test]
fn times_are_iso_8601_with_an_offset() {
    let at = |text: &str| read(&[expiration(text)]).map(|policies| policies.next_due(0).unwrap());
    assert_eq!(at("1970-01-01T01:00:00.000Z"), Ok(HOUR));
    assert_eq!(at("1970-01-01T01:00:00Z"), Ok(HOUR));
    assert_eq!(at("1970-01-01T11:30:00.5+10:30"), Ok(HOUR + 500));
    assert_eq!(at("1970-01-01T11:30:00.50+10:30:00"), Ok(HOUR + 500));
    for bad in
        ["", "2030", "2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z", "soon", "12:00:00:00"]
    {
        assert_eq!(at(bad), Err(PolicyError::Timestamp), "{bad}");
    }
}

#[test]
fn each_is_due_once_and_a_new_value_starts_the_quiet_time_anew() {
    let mut policies =
        read(&[before("2", "Hours"), after("1", "Hours"), expiration("1970-01-01T10:00:00Z")]).unwrap();
    assert_eq!(policies.next_due(0), Some(HOUR));
    assert_eq!(policies.take_due(0, HOUR - 1), []);
    assert_eq!(kinds(&policies.take_due(0, HOUR)), ["NoChangeNotification"]);
    assert_eq!(policies.take_due(0, HOUR), []);
    assert_eq!(policies.next_due(0), Some(8 * HOUR));
    assert_eq!(
        policies.shown().map(|policy| policy.status).collect::<Vec<_>>(),
        ["Pending", "Finished", "Pending"]
    );

    let mut policies = Policies::from_stored(&policies.stored()).unwrap().rearmed();
    assert_eq!(policies.next_due(3 * HOUR), Some(4 * HOUR));
    // Everything is late at once: in the order of time, and the end last.
    let actions = policies.take_due(3 * HOUR, 20 * HOUR);
    assert_eq!(kinds(&actions), ["NoChangeNotification", "ExpirationNotification", "Expiration"]);
    assert_eq!(actions.iter().map(|action| action.deletes).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(
        policies.next_due(3 * HOUR),
        Some(10 * HOUR),
        "an expiration is due until the parameter is gone"
    );
}
