//! The distiller, the committed models, and what is made of small ones.

use super::layout::{Domains, Layout};
use super::model::{Model, read_json};
use super::{distil, emit, project_root};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SERVICES: [&str; 4] = ["ec2messages", "ssm", "ssm-agent", "sts"];

fn committed(service: &str) -> Value {
    let root = project_root().expect("a root");
    read_json(&root.join(format!("model/{service}.json"))).expect("a committed model")
}

/// A description as botocore has it, with all that the distiller treats specially.
fn description() -> Value {
    json!({
        "version": "2.0",
        "documentation": "<p>Prose.</p>",
        "metadata": {
            "apiVersion": "2020-01-01", "endpointPrefix": "demo", "protocol": "query",
            "xmlNamespace": "https://demo/", "serviceFullName": "Demo", "uid": "demo-1", "signatureVersion": "v4",
        },
        "operations": {
            "Put": {
                "name": "Put",
                "http": {"method": "POST", "requestUri": "/"},
                "input": {"shape": "PutRequest"},
                "output": {"shape": "PutResponse", "resultWrapper": "PutResult"},
                "errors": [{"shape": "Refused"}],
                "documentation": "<p>Prose.</p>",
            },
            "Forget": {"name": "Forget", "http": {"method": "POST", "requestUri": "/"}},
        },
        "shapes": {
            "PutRequest": {
                "type": "structure",
                "required": ["Tree"],
                "members": {
                    "Tree": {"shape": "Tree", "documentation": "<p>Prose.</p>"},
                    "Secrets": {"shape": "Secrets", "box": true},
                    "Name": {"shape": "Name", "idempotencyToken": true},
                },
                "documentation": "<p>Prose.</p>",
            },
            "PutResponse": {"type": "structure", "members": {"Kind": {"shape": "Kind"}}},
            "Tree": {"type": "structure", "members": {"Left": {"shape": "Tree"}, "Right": {"shape": "Tree"}}},
            "Secrets": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "sensitive": true},
            "Name": {"type": "string", "min": 1, "max": 8, "pattern": "^(?!\\s*$)[\\w\"-]+\\z"},
            "Kind": {"type": "string", "enum": ["A-B", "a_b", "Unknown"]},
            "Refused": {
                "type": "structure", "members": {"message": {"shape": "Name"}}, "exception": true,
                "error": {"code": "RefusedCode", "httpStatusCode": 403, "senderFault": true},
            },
        },
    })
}

fn distilled() -> Value {
    let waiters = json!({"waiters": {"Done": {"description": "Prose.", "operation": "Put", "delay": 5}}});
    distil::distil("demo", &description(), &json!({"pagination": {}}), &waiters).expect("it distils")
}

fn assert_no_prose(value: &Value, place: &str) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                // A member may well be named so: then it is an object that names a shape.
                let prose =
                    matches!(name.as_str(), "documentation" | "documentationUrl" | "deprecatedMessage");
                assert!(!prose || member.get("shape").is_some(), "prose at {place}/{name}");
                assert_no_prose(member, &format!("{place}/{name}"));
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| assert_no_prose(element, place)),
        Value::String(text) => assert!(!text.contains("<p>"), "prose at {place}: {text}"),
        _ => {}
    }
}

#[test]
fn the_distiller_keeps_the_wire_and_drops_the_prose() {
    let model = distilled();
    assert_no_prose(&model, "");
    assert_eq!(model["shapes"]["Name"], description()["shapes"]["Name"], "patterns are kept verbatim");
    assert_eq!(model["operations"]["Put"]["output"], "PutResponse");
    assert_eq!(model["operations"]["Put"]["resultWrapper"], "PutResult");
    assert_eq!(model["operations"]["Put"]["errors"], json!(["Refused"]));
    assert_eq!(model["waiters"]["Done"], json!({"operation": "Put", "delay": 5}));
    let operations: Vec<_> = model["operations"].as_object().expect("an object").keys().collect();
    assert_eq!(operations, ["Forget", "Put"], "sorted");
    let members: Vec<_> =
        model["shapes"]["PutRequest"]["members"].as_object().expect("an object").keys().collect();
    assert_eq!(members, ["Tree", "Secrets", "Name"], "in the model's order");
}

#[test]
fn an_unheard_of_trait_is_an_error() {
    let mut description = description();
    description["shapes"]["Name"]["eventstream"] = json!(true);
    let error = distil::distil("demo", &description, &json!({"pagination": {}}), &json!({"waiters": {}}));
    assert_eq!(
        error.expect_err("refused").to_string(),
        "Name: unheard-of shape trait `eventstream`: decide in distil.rs"
    );
}

#[test]
fn committed_models_are_whole_and_free_of_prose() {
    for service in SERVICES {
        let value = committed(service);
        assert_no_prose(&value, service);
        Model::from_value(value, None).unwrap_or_else(|error| panic!("{service}: {error}"));
    }
}

#[test]
fn ssm_is_all_there() {
    let model = Model::from_value(committed("ssm"), None).expect("a whole model");
    assert_eq!(model.operations.len(), 154);
    assert_eq!(model.errors().count(), 140);
    let mut reached = BTreeSet::new();
    for reference in model.find("OpsAggregator").expect("a shape").references() {
        model.reach(&reference.shape, &mut reached).expect("shapes");
    }
    assert!(reached.contains("OpsAggregator"), "a recursive shape");
    let pattern = model.find("AlarmName").expect("a shape").pattern.as_deref();
    assert_eq!(pattern, Some(r"^(?!\s*$).+"));
}

#[test]
fn every_operation_has_one_domain() {
    let model = Model::from_value(distilled(), None).expect("a whole model");
    let refused = |domains: Value| {
        let domains: Domains = serde_json::from_value(domains).expect("domains");
        Layout::new(&model, &domains).err().expect("refused").to_string()
    };
    assert_eq!(refused(json!({"a": ["Put"]})), "`Forget` has no domain");
    assert_eq!(refused(json!({"a": ["Put", "Forget"], "b": ["Put"]})), "`Put` is in `a` and in `b`");
    assert_eq!(refused(json!({"a": ["Get"]})), "domain `a`: unknown operation `Get`");
}

#[test]
fn shapes_live_where_they_are_used() {
    let model = Model::from_value(distilled(), None).expect("a whole model");
    let domains: Domains = serde_json::from_value(json!({"a": ["Put"], "b": ["Forget"]})).expect("domains");
    let layout = Layout::new(&model, &domains).expect("a layout");
    for (shape, home) in
        [("PutRequest", "a"), ("Name", "shared"), ("Refused", "errors"), ("ForgetInput", "b")]
    {
        assert_eq!(layout.home(shape).expect("a home"), home, "{shape}");
    }
}

#[test]
fn a_patch_changes_the_model_alone() {
    let patch = json!({"shapes": {"Name": {"pattern": null, "max": 9}}});
    let model = Model::from_value(distilled(), Some(patch)).expect("a whole model");
    let name = model.find("Name").expect("a shape");
    assert_eq!((name.min, name.max, name.pattern.as_deref()), (Some(1), Some(9), None));
}

#[test]
fn broken_models_are_refused() {
    let refused =
        |patch: Value| Model::from_value(distilled(), Some(patch)).expect_err("refused").to_string();
    assert_eq!(refused(json!({"shapes": {"Kind": null}})), "PutResponse: unknown shape `Kind`");
    assert_eq!(refused(json!({"operations": {"Put": {"input": "Name"}}})), "Put: `Name` is no structure");
    assert_eq!(refused(json!({"operations": {"Put": {"errors": ["Tree"]}}})), "Put: `Tree` is no error");
    assert_eq!(
        refused(json!({"shapes": {"Tree": {"required": ["Root"]}}})),
        "Tree: requires `Root`, which is no member"
    );
}

#[test]
fn generated_code_boxes_cycles_and_hides_secrets() {
    let model = Model::from_value(distilled(), None).expect("a whole model");
    let domains: Domains = serde_json::from_value(json!({"demo": ["Forget", "Put"]})).expect("domains");
    let layout = Layout::new(&model, &domains).expect("a layout");
    let source = emit::single(&layout, "model/demo.json", "Demo.").expect("source");
    for expected in [
        "pub left: Option<Box<Tree>>",
        "pub tree: Tree",
        ".field(\"secrets\", &format_args!(\"[redacted]\"))",
        "Member::optional(\"Name\", Shape::String(&NAME)).idempotency_token()",
        "Constraint::Pattern(\"^(?!\\\\s*$)[\\\\w\\\"-]+\\\\z\")",
        "code: \"RefusedCode\"",
        "status: 403",
        "result_wrapper: Some(\"PutResult\")",
        "AB2",
        "pub struct ForgetOutput {}",
    ] {
        assert!(source.contains(expected), "{expected} is not in:\n{source}");
    }
    assert!(!source.contains("field(\"secrets\", &self.secrets)"));
}
