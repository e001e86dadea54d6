//! Documents of every form, substitution, decisions and flow, by table and by property.

use super::flow::{EXIT_KILLED, FlowControl, Interruption, StepResult};
use super::parameters::{association_values, substitute};
use super::precondition::{Circumstances, Decision, PluginSupport, decide};
use super::*;
use crate::message::Status;
use proptest::prelude::*;
use serde_json::json;

fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_document_of_schema_2() {
    let document = json!({
        "schemaVersion": "2.2", "description": "d",
        "parameters": {"commands": {"type": "StringList", "allowedPattern": "x"}, "limit": {"type": "String", "default": "60"}},
        "mainSteps": [
            {"action": "aws:runShellScript", "name": "one", "isEnd": true, "timeoutSeconds": 5,
             "precondition": {"StringEquals": ["platformType", "Linux"]},
             "inputs": {"runCommand": "{{ commands }}", "timeoutSeconds": "{{ limit }}"}},
            {"ACTION": "aws:x", "Name": "two", "inputs": null},
        ],
    });
    let mut document = Document::parse(&document).unwrap();
    assert_eq!(document.schema_version, SchemaVersion::V2_2);
    assert_eq!(document.parameters["commands"].kind, "StringList");
    assert_eq!(document.parameters["commands"].definition["allowedPattern"], "x");
    let given = document.values(&values(json!({"commands": ["id", "ls"], "not a name": 1})));
    assert_eq!(Value::from(given.clone()), json!({"limit": "60", "commands": ["id", "ls"]}));
    document.apply(&given);
    let [one, two] = document.steps.as_slice() else { panic!("two steps") };
    assert_eq!(one.inputs, json!({"runCommand": ["id", "ls"], "timeoutSeconds": "60"}));
    assert_eq!(one.precondition["StringEquals"], ["platformType", "Linux"]);
    assert_eq!((two.id.as_str(), two.action.as_str(), &two.inputs), ("two", "aws:x", &Value::Null));
    assert_eq!(one.runs(), std::slice::from_ref(&one.inputs));
    assert!(!format!("{document:?}").contains("ls"));
}

#[test]
fn a_document_of_schema_1() {
    let document = json!({
        "schemaVersion": "1.2",
        "parameters": {"commands": {"type": "StringList"}},
        "runtimeConfig": {
            "aws:runShellScript": {"properties": [{"id": "0.aws:runShellScript", "runCommand": "{{ commands }}"}, {"id": "1"}]},
            "aws:psModule": {"settings": {"a": "{{commands}}"}, "properties": {"b": 1}},
        },
    });
    let mut document = Document::parse(&document).unwrap();
    document.apply(&values(json!({"commands": ["id"]})));
    let [shell, module] = document.steps.as_slice() else { panic!("two steps") };
    assert_eq!((shell.id.as_str(), shell.action.as_str()), ("aws:runShellScript", "aws:runShellScript"));
    assert_eq!(shell.runs().len(), 2);
    assert_eq!(shell.runs()[0]["runCommand"], json!(["id"]));
    assert_eq!(module.settings, json!({"a": ["id"]}));
    assert_eq!(module.runs(), [json!({"b": 1})]);
}

#[test]
fn what_is_no_document() {
    let error = |document: Value| Document::parse(&document).unwrap_err();
    let unsupported = error(json!({"schemaVersion": "0.3", "mainSteps": [{}]}));
    assert_eq!(
        unsupported.to_string(),
        "Document with schema version 0.3 is not supported by this version of ssm agent, please update to latest version"
    );
    assert_eq!(error(json!({})), DocumentError::SchemaVersion { version: String::new() });
    for empty in [
        json!({"schemaVersion": "2.2"}),
        json!({"schemaVersion": "2.2", "mainSteps": []}),
        json!({"schemaVersion": "1.2", "mainSteps": [{}]}),
        json!({"schemaVersion": "1.2", "runtimeConfig": {}}),
    ] {
        assert_eq!(error(empty).to_string(), "Unsupported schema format");
    }
    for (member, bad) in [
        ("the document", json!([])),
        ("schemaVersion", json!({"schemaVersion": 2.2})),
        ("mainSteps", json!({"schemaVersion": "2.2", "mainSteps": {}})),
        ("a step of mainSteps", json!({"schemaVersion": "2.2", "mainSteps": [1]})),
        ("name", json!({"schemaVersion": "2.2", "mainSteps": [{"name": 1}]})),
        (
            "precondition",
            json!({"schemaVersion": "2.2", "mainSteps": [{"precondition": {"StringEquals": ["a", 1]}}]}),
        ),
        ("parameters", json!({"schemaVersion": "2.2", "parameters": [], "mainSteps": [{}]})),
        ("runtimeConfig", json!({"schemaVersion": "1.2", "runtimeConfig": []})),
    ] {
        assert!(
            matches!(error(bad), DocumentError::Shape { member: found, .. } if found == member),
            "{member}"
        );
    }
}

#[test]
fn substitution() {
    let values = values(json!({
        "a": "A", "n": 5, "b": true, "list": ["x", "y"], "map": {"k": "v"}, "money": "$$5 $1", "nested": "{{ a }}", "empty": "",
    }));
    let cases = [
        (json!("{{ a }}"), json!("A")),
        (json!("{{a}}"), json!("A")),
        (json!("{{\t\n a }}"), json!("A")),
        (json!("{{ n }}"), json!(5)),
        (json!("{{ b }}"), json!(true)),
        (json!("{{ list }}"), json!(["x", "y"])),
        (json!(["{{ list }}", {"{{ a }}": "{{ map }}"}]), json!([["x", "y"], {"{{ a }}": {"k": "v"}}])),
        (json!(" {{ n }}"), json!(" 5")),
        (json!("{{ list }}."), json!("[\"x\",\"y\"].")),
        (json!("{{a}}{{b}}{{ map }}"), json!("Atrue{\"k\":\"v\"}")),
        (json!("{{ money }}"), json!("$$5 $1")),
        (json!("<{{ money }}>"), json!("<$5 $1>")),
        (json!("{{ nested }}"), json!("{{ a }}")),
        (json!("{{ nested }}!"), json!("{{ a }}!")),
        (json!("{{ missing }} {{ a }}"), json!("{{ missing }} A")),
        (json!("{{ missing }}"), json!("{{ missing }}")),
        (json!("{{{ a }}}"), json!("{A}")),
        (json!("{{ a }"), json!("{{ a }")),
        (json!("{{ a b }}"), json!("{{ a b }}")),
        (json!("{{ssm:a}} {{ ä }} {{}} {{"), json!("{{ssm:a}} {{ ä }} {{}} {{")),
        (json!("{{ empty }}{{ empty }}{{ n }}"), json!("5")),
        (json!(7), json!(7)),
        (json!(null), json!(null)),
    ];
    for (input, expected) in cases {
        assert_eq!(substitute(&input, &values), expected, "{input}");
    }
}

#[test]
fn values_of_associations() {
    let definition = |kind: &str| ParameterDefinition { kind: kind.into(), ..ParameterDefinition::default() };
    let definitions = BTreeMap::from([
        ("s".to_owned(), definition("String")),
        ("l".to_owned(), definition("StringList")),
        ("m".to_owned(), definition("StringMap")),
        ("b".to_owned(), definition("Boolean")),
    ]);
    let given =
        ["s", "l", "m", "b", "other"].map(|name| (name.to_owned(), vec!["1".to_owned(), "2".to_owned()]));
    let values = association_values(&definitions, &BTreeMap::from(given));
    assert_eq!(Value::from(values), json!({"l": ["1", "2"], "m": "1", "s": "1"}));
}

fn decision(schema_version: SchemaVersion, plugin: PluginSupport, precondition: Value) -> Decision {
    let step = Step {
        id: "s".into(),
        action: "aws:x".into(),
        inputs: Value::Null,
        settings: Value::Null,
        precondition: precondition::parse(&precondition).unwrap(),
    };
    let values = values(json!({"p": "Linux", "list": ["a"]}));
    let circumstances =
        Circumstances { schema_version, plugin, platform_type: "linux", after_exit: false, values: &values };
    decide(&step, circumstances)
}

#[test]
fn decisions_by_plugin() {
    use PluginSupport::*;
    use SchemaVersion::*;
    let (met, unmet) = (
        json!({"StringEquals": ["platformType", "LINUX"]}),
        json!({"StringEquals": ["Windows", "platformType"]}),
    );
    let none = json!({});
    let run = |decision| assert_eq!(decision, Decision::Run);
    let skip = |decision, text: &str| {
        assert!(matches!(&decision, Decision::Skip(found) if found.contains(text)), "{decision:?}");
    };
    let fail = |decision, text: &str| {
        assert!(matches!(&decision, Decision::Fail(found) if found.contains(text)), "{decision:?}");
    };
    for version in [V1_2, V2_0] {
        run(decision(version, Supported, none.clone()));
        fail(decision(version, Unsupported, none.clone()), "not supported in current platform");
        fail(decision(version, Unknown, none.clone()), "not supported by this version");
        fail(decision(version, Supported, met.clone()), "prior to 2.2");
    }
    run(decision(V2_2, Supported, none.clone()));
    skip(decision(V2_2, Unsupported, none.clone()), "unsupported plugin: aws:x. Step name: s");
    fail(decision(V2_2, Unknown, none), "not supported by this version");
    run(decision(V2_2, Supported, met.clone()));
    skip(decision(V2_2, Unsupported, met.clone()), "unsupported plugin");
    fail(decision(V2_2, Unknown, met), "not supported by this version");
    let text = "Step execution skipped due to unsatisfied preconditions: '\"StringEquals\": [Windows, platformType]'. Step name: s";
    assert_eq!(decision(V2_2, Supported, unmet.clone()), Decision::Skip(text.into()));
    skip(decision(V2_2, Unsupported, unmet.clone()), "unsupported plugin");
    skip(decision(V2_2, Unknown, unmet), "unsupported plugin");
}

#[test]
fn decisions_by_precondition() {
    #[derive(PartialEq, Debug)]
    enum Kind {
        Run,
        Skip,
        Fail,
    }
    let cases = [
        (json!({"StringEquals": ["platformType", "Linux"]}), Kind::Run),
        (json!({"StringEquals": ["linux", "platformType"]}), Kind::Run),
        (json!({"StringEquals": ["platformType", "MacOS"]}), Kind::Skip),
        (json!({"StringEquals": ["platformType", "platformType"]}), Kind::Fail),
        (json!({"StringEquals": ["platformType", "{{ p }}"]}), Kind::Fail),
        (json!({"StringEquals": ["{{ p }}", "Linux"]}), Kind::Run),
        (json!({"StringEquals": ["{{ p }}", "linux"]}), Kind::Skip),
        (json!({"StringEquals": ["x{{ p }}", "xLinux"]}), Kind::Run),
        (json!({"StringEquals": ["{{ list }}", "[\"a\"]"]}), Kind::Run),
        (json!({"StringEquals": ["{{ p }}", "{{p}}"]}), Kind::Run),
        (json!({"StringEquals": ["{{ p }}", "{{ p }}"]}), Kind::Fail),
        (json!({"StringEquals": ["a", "b"]}), Kind::Fail),
        (json!({"StringEquals": ["a", "a"]}), Kind::Fail),
        (json!({"StringEquals": ["{{ missing }}", "a"]}), Kind::Fail),
        (json!({"StringEquals": ["{{ ssm:a/b }}", "a"]}), Kind::Fail),
        (json!({"StringEquals": ["{{ssm-secure:a:1}}", "{{ p }}"]}), Kind::Fail),
        (json!({"StringEquals": ["platformType"]}), Kind::Fail),
        (json!({"StringEquals": []}), Kind::Fail),
        (json!({"StringLike": ["platformType", "Linux"]}), Kind::Fail),
        // Unmet goes before not understood.
        (json!({"StringLike": [], "StringEquals": ["platformType", "Windows"]}), Kind::Skip),
    ];
    for (precondition, expected) in cases {
        let kind = match decision(SchemaVersion::V2_2, PluginSupport::Supported, precondition.clone()) {
            Decision::Run => Kind::Run,
            Decision::Skip(_) => Kind::Skip,
            Decision::Fail(_) => Kind::Fail,
        };
        assert_eq!(kind, expected, "{precondition}");
    }
}

#[test]
fn flow_after_a_step() {
    use Status::*;
    let success = StepResult { status: Success, code: 0 };
    let failed = StepResult { status: Failed, code: 2 };
    let after = |inputs: Value, result: StepResult| FlowControl::of(&inputs).finish(result);

    let finished = after(json!({}), failed);
    assert_eq!((finished.result, finished.note, finished.ends_document), (failed, None, false));
    let finished = after(json!({"onFailure": "exit"}), failed);
    assert_eq!((finished.result, finished.ends_document, finished.clears_error), (failed, true, false));
    assert!(finished.note.unwrap().contains("onFailure"));
    let finished = after(json!({"onFailure": "successAndExit"}), failed);
    assert_eq!(finished.result, StepResult { status: Success, code: 168 });
    assert!(finished.ends_document);
    assert!(!after(json!({"onFailure": "exit"}), success).ends_document);
    assert!(!after(json!({"onfailure": "exit"}), failed).ends_document);
    assert!(after(json!({"onSuccess": "exit"}), success).ends_document);
    assert!(!after(json!({"onSuccess": "exit"}), failed).ends_document);
    // Neither a cancelled nor a timed-out step is a failed one.
    let timed_out = StepResult { status: TimedOut, code: EXIT_KILLED };
    assert!(!after(json!({"onFailure": "exit"}), timed_out).ends_document);

    let finished = after(json!({}), StepResult { status: Success, code: 168 });
    assert!(finished.ends_document && finished.clears_error && finished.note.unwrap().contains("168"));
    let finished = after(json!({"onFailure": "successAndExit"}), StepResult { status: Failed, code: 169 });
    assert_eq!(
        (finished.result.status, finished.ends_document, finished.clears_error),
        (Failed, true, false)
    );
    assert_eq!(after(json!({}), StepResult { status: Failed, code: 0 }).result.code, 1);

    for finally in [json!(true), json!("true")] {
        let control = FlowControl::of(&json!({"finallyStep": finally}));
        assert!(control.runs_after_exit(2, 3) && !control.runs_after_exit(1, 3));
    }
    assert!(!FlowControl::of(&json!({"finallyStep": "yes"})).runs_after_exit(0, 1));
}

#[test]
fn results_of_processes() {
    use Status::*;
    for (code, interruption, windows, expected) in [
        (0, None, false, (Success, 0)),
        (1, None, false, (Failed, 1)),
        (168, None, false, (Success, 168)),
        (169, None, false, (Failed, 169)),
        (194, None, false, (SuccessAndReboot, 194)),
        (194, None, true, (Failed, 194)),
        (3010, None, true, (SuccessAndReboot, 3010)),
        (137, None, false, (Failed, 137)),
        (143, Some(Interruption::Cancelled), false, (Cancelled, 137)),
        (137, Some(Interruption::TimedOut), false, (TimedOut, 137)),
        (0, Some(Interruption::Shutdown), false, (Failed, 137)),
    ] {
        let result = StepResult::of_process(code, interruption, windows);
        assert_eq!((result.status, result.code), expected, "{code} {interruption:?}");
    }
}

#[test]
fn time_limits() {
    for (value, expected) in [
        (json!(60), 60),
        (json!("60"), 60),
        (json!("60.9"), 60),
        (json!(60.9), 60),
        (json!(5), 5),
        (json!(4), 3600),
        (json!(172_800), 172_800),
        (json!(172_801), 3600),
        (json!(-1), 3600),
        (json!("NaN"), 3600),
        (json!("inf"), 3600),
        (json!("soon"), 3600),
        (json!(["60"]), 3600),
        (json!(null), 3600),
    ] {
        assert_eq!(inputs::timeout_seconds(&json!({"TimeoutSeconds": value})), expected, "{value}");
    }
    assert_eq!(inputs::timeout_seconds(&Value::Null), 3600);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[{} a-c$:]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c{}]{0,4}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn without_values_nothing_changes(input in any_json()) {
        prop_assert_eq!(substitute(&input, &Map::new()), input);
    }

    /// What stands around a token stays, whatever the value, and the value is not looked into.
    #[test]
    fn one_pass(before in "[^{}]{1,8}", value in "[^$]{0,12}", after in "[^{}]{0,8}") {
        let values = values(json!({"a": value}));
        let input = Value::from(format!("{before}{{{{ a }}}}{after}"));
        prop_assert_eq!(substitute(&input, &values), Value::from(format!("{before}{value}{after}")));
    }

    #[test]
    fn a_token_alone_keeps_the_type(value in any_json(), left in "[ \t\n]{0,3}", right in "[ \t\n]{0,3}") {
        let values = values(json!({"a": value}));
        let input = Value::from(format!("{{{{{left}a{right}}}}}"));
        prop_assert_eq!(substitute(&input, &values), value);
    }

    #[test]
    fn any_value_is_survived(document in any_json(), given in any_json(), text: String) {
        let _ = Document::parse(&document);
        let wrapped = json!({"schemaVersion": "2.2", "mainSteps": [{"inputs": document, "name": text}]});
        let mut parsed = Document::parse(&wrapped).unwrap();
        let values = parsed.values(given.as_object().unwrap_or(&Map::new()));
        parsed.apply(&values);
        let _ = (inputs::timeout_seconds(&document), FlowControl::of(&document));
        let _ = precondition::parse(&document);
        let _ = substitute(&Value::from(text), &values);
    }
}
