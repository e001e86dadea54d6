//! Parameters through the router, on every engine.

use crate::testing::{Bench, Caller, on_each_bench, tenant};
use muster_ssm_api::{
    DeleteParameter, DeleteParameters, DescribeParameters, GetParameter, GetParameterHistory, GetParameters,
    GetParametersByPath, LabelParameterVersion, PutParameter, UnlabelParameterVersion,
};
use muster_store::{
    event,
    event_target::{self, EventTarget},
    tag,
    testing::on_each_engine,
};
use serde_json::{Value, json};

/// `more` over a String parameter.
fn input(name: &str, more: Value) -> Value {
    let mut input = json!({ "Name": name, "Value": "v", "Type": "String" });
    if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
        input.extend(more);
    }
    input
}

async fn put(root: &Caller, name: &str, more: Value) -> i64 {
    root.must::<PutParameter>(input(name, more)).await["Version"].as_i64().unwrap()
}

async fn refusal<O: muster_service_model::Operation>(root: &Caller, input: Value) -> (&'static str, String) {
    match root.call::<O>(input).await {
        Ok(output) => panic!("{} answered {output}", O::SCHEMA.name),
        Err(error) => (error.schema.code, error.message),
    }
}

async fn got(root: &Caller, name: &str) -> Value {
    root.must::<GetParameter>(json!({ "Name": name, "WithDecryption": true })).await["Parameter"].take()
}

fn names(page: &Value) -> Vec<&str> {
    page["Parameters"].as_array().unwrap().iter().map(|entry| entry["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_parameter_is_read_as_it_was_put() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let made = root.must::<PutParameter>(input("/a/b", json!({ "Value": "text\0ä" }))).await;
        assert_eq!(made, json!({ "Version": 1, "Tier": "Standard" }));
        let found = got(&root, "/a/b").await;
        assert!(found["LastModifiedDate"].is_number());
        for (member, expected) in [
            ("Name", json!("/a/b")),
            ("Type", json!("String")),
            ("Value", json!("text\0ä")),
            ("Version", json!(1)),
            ("ARN", json!("arn:aws:ssm:us-east-1:123456789012:parameter/a/b")),
            ("DataType", json!("text")),
        ] {
            assert_eq!(found[member], expected, "{member}");
        }
        assert_eq!(found.get("Selector"), None);
        let by_arn = got(&root, "arn:aws:ssm:us-east-1:123456789012:parameter/a/b").await;
        assert_eq!(by_arn, found);
        for (caller, name) in [
            (&root, "/a/c"),
            (&root, "/a"),
            (&bench.root("eu-west-1"), "/a/b"),
            (&root, "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"),
            (&root, "/a/b:1:2"),
        ] {
            let refused = refusal::<GetParameter>(caller, json!({ "Name": name })).await;
            assert_eq!(refused, ("ParameterNotFound", String::new()), "{name}");
        }
        assert_eq!(root.code::<GetParameter>(json!({ "Name": "a/b" })).await, "ValidationException");
        let not_ours = json!({ "Name": "arn:aws:ssm:us-east-1:999999999999:parameter/a/b" });
        assert_eq!(root.code::<GetParameter>(not_ours).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_name_at_the_root_has_two_spellings() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        put(&root, "x", json!({})).await;
        assert_eq!(got(&root, "/x").await["Name"], "/x");
        assert_eq!(got(&root, "x").await["Name"], "x");
        assert_eq!(got(&root, "arn:aws:ssm:r:123456789012:parameter/x").await["Name"], "x");
        assert_eq!(root.code::<PutParameter>(input("/x", json!({}))).await, "ParameterAlreadyExists");
        assert_eq!(put(&root, "/x", json!({ "Overwrite": true })).await, 2);
        assert_eq!(names(&root.must::<DescribeParameters>(json!({})).await), ["x"]);
    })
    .await;
}

#[tokio::test]
async fn versions_and_labels_select() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for number in 1..=3 {
            let value = json!({ "Value": format!("v{number}"), "Overwrite": true });
            assert_eq!(put(&root, "/x", value).await, number);
        }
        let label = |version: Option<i64>, labels: &[&str]| {
            let mut input = json!({ "Name": "/x", "Labels": labels });
            if let Some(version) = version {
                input["ParameterVersion"] = json!(version);
            }
            input
        };
        let done = root.must::<LabelParameterVersion>(label(None, &["prod", "1st", "awsx", "a b"])).await;
        assert_eq!(done, json!({ "InvalidLabels": ["1st", "a b", "awsx"], "ParameterVersion": 3 }));
        assert_eq!(got(&root, "/x:prod").await["Value"], "v3");
        // A label stands on one version.
        root.must::<LabelParameterVersion>(label(Some(2), &["prod", "test"])).await;
        let found = got(&root, "/x:prod").await;
        assert_eq!(
            (&found["Value"], &found["Selector"], &found["Name"]),
            (&json!("v2"), &json!(":prod"), &json!("/x"))
        );
        assert_eq!(got(&root, "/x:1").await["Value"], "v1");
        assert_eq!(got(&root, "/x:1").await["Selector"], ":1");

        let history = root.must::<GetParameterHistory>(json!({ "Name": "/x", "MaxResults": 2 })).await;
        let entries = history["Parameters"].as_array().unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry["Version"].as_i64()).collect::<Vec<_>>(),
            [Some(1), Some(2)]
        );
        assert_eq!(entries[0]["Labels"], json!([]));
        assert_eq!(entries[1]["Labels"], json!(["prod", "test"]));
        assert_eq!(entries[1]["LastModifiedUser"], "arn:aws:iam::123456789012:root");
        let rest = json!({ "Name": "/x", "NextToken": history["NextToken"] });
        let rest = root.must::<GetParameterHistory>(rest).await;
        assert_eq!(rest["Parameters"][0]["Value"], "v3");
        assert_eq!(rest.get("NextToken"), None);

        let input = json!({ "Name": "/x", "ParameterVersion": 2, "Labels": ["prod", "never"] });
        let done = root.must::<UnlabelParameterVersion>(input).await;
        assert_eq!(done, json!({ "RemovedLabels": ["prod"], "InvalidLabels": ["never"] }));

        let version = "Systems Manager could not find version 9 of /x. Verify the version and try again.";
        let missing = ("ParameterVersionNotFound", version.to_owned());
        assert_eq!(refusal::<GetParameter>(&root, json!({ "Name": "/x:9" })).await, missing);
        assert_eq!(refusal::<LabelParameterVersion>(&root, label(Some(9), &["l"])).await, missing);
        let unlabel = json!({ "Name": "/x", "ParameterVersion": 9, "Labels": ["l"] });
        assert_eq!(refusal::<UnlabelParameterVersion>(&root, unlabel).await, missing);
        assert_eq!(root.code::<GetParameter>(json!({ "Name": "/x:prod" })).await, "ParameterVersionNotFound");
        assert_eq!(root.code::<GetParameter>(json!({ "Name": "/y:prod" })).await, "ParameterNotFound");
        let absent = json!({ "Name": "/y", "ParameterVersion": 1, "Labels": ["l"] });
        assert_eq!(root.code::<LabelParameterVersion>(absent.clone()).await, "ParameterNotFound");
        assert_eq!(root.code::<UnlabelParameterVersion>(absent).await, "ParameterNotFound");
        assert_eq!(root.code::<GetParameterHistory>(json!({ "Name": "/y" })).await, "ParameterNotFound");
    })
    .await;
}

#[tokio::test]
async fn a_version_has_ten_labels() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        put(&root, "/x", json!({})).await;
        let labels = |from: i32, to: i32| -> Vec<String> { (from..to).map(|n| format!("l{n}")).collect() };
        let label = |labels: Vec<String>| json!({ "Name": "/x", "Labels": labels });
        root.must::<LabelParameterVersion>(label(labels(0, 10))).await;
        root.must::<LabelParameterVersion>(label(labels(0, 3))).await;
        let code = root.code::<LabelParameterVersion>(label(labels(9, 11))).await;
        assert_eq!(code, "ParameterVersionLabelLimitExceeded");
    })
    .await;
}

#[tokio::test]
async fn the_oldest_version_goes_unless_it_is_labelled() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.limits.parameter_versions = 3);
        let root = bench.root("r");
        let next = || put(&root, "/x", json!({ "Overwrite": true }));
        for number in 1..=4 {
            assert_eq!(next().await, number);
        }
        root.must::<LabelParameterVersion>(json!({ "Name": "/x", "ParameterVersion": 2, "Labels": ["l"] }))
            .await;
        let again = input("/x", json!({ "Overwrite": true }));
        let (code, text) = refusal::<PutParameter>(&root, again).await;
        assert_eq!(code, "ParameterMaxVersionLimitExceeded");
        assert!(
            text.contains("version of /x by") && text.contains("Version 2, the oldest version"),
            "{text}"
        );
        root.must::<LabelParameterVersion>(json!({ "Name": "/x", "ParameterVersion": 4, "Labels": ["l"] }))
            .await;
        assert_eq!(next().await, 5);
        let history = root.must::<GetParameterHistory>(json!({ "Name": "/x" })).await;
        assert_eq!(history["Parameters"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_no_parameter_can_be() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| {
            config.limits.parameter_standard_characters = 4;
            config.limits.parameter_advanced_characters = 8;
        });
        let root = bench.root("r");
        put(&root, "/x", json!({ "Tier": "Advanced" })).await;
        for (input, code) in [
            (input("/a b", json!({})), "ValidationException"),
            (input("/a/../b", json!({})), "ValidationException"),
            (input("ssmx", json!({})), "ValidationException"),
            (input("/aws/x", json!({})), "AccessDeniedException"),
            (input(&"/1".repeat(16), json!({})), "HierarchyLevelLimitExceededException"),
            (input("/x", json!({})), "ParameterAlreadyExists"),
            (input("/y", json!({ "Value": "" })), "ValidationException"),
            (input("/y", json!({ "Value": "12345" })), "ValidationException"),
            (input("/y", json!({ "Value": "123456789", "Tier": "Advanced" })), "ValidationException"),
            (input("/y", json!({ "Value": "{{x}}", "Tier": "Advanced" })), "ValidationException"),
            (input("/y", json!({ "Type": "StringList", "Value": "a,,b" })), "ValidationException"),
            (input("/y", json!({ "KeyId": "alias/aws/ssm" })), "ValidationException"),
            (input("/y", json!({ "DataType": "Text" })), "ValidationException"),
            (input("/y", json!({ "DataType": "integer" })), "ValidationException"),
            (input("/y", json!({ "AllowedPattern": "(" })), "InvalidAllowedPatternException"),
            (input("/y", json!({ "AllowedPattern": r"\d+" })), "ParameterPatternMismatchException"),
            (input("/x", json!({ "Tier": "Standard", "Overwrite": true })), "ValidationException"),
            (
                input("/y", json!({ "Overwrite": true, "Tags": [{ "Key": "k", "Value": "v" }] })),
                "ValidationException",
            ),
            (input("/y", json!({ "Tags": [{ "Key": "aws:k", "Value": "v" }] })), "ValidationException"),
            (json!({ "Name": "/y", "Value": "v" }), "ValidationException"),
        ] {
            assert_eq!(root.code::<PutParameter>(input.clone()).await, code, "{input}");
        }
        assert_eq!(names(&root.must::<DescribeParameters>(json!({})).await), ["/x"]);
    })
    .await;
}

#[tokio::test]
async fn a_pattern_stays_and_cannot_hang_the_server() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        put(&root, "/x", json!({ "Value": "100", "AllowedPattern": r"\d{1,4}" })).await;
        let over = |value: &str| input("/x", json!({ "Value": value, "Overwrite": true }));
        let (code, text) = refusal::<PutParameter>(&root, over("10,000")).await;
        assert_eq!(code, "ParameterPatternMismatchException");
        assert_eq!(text, r"Parameter value, cannot be validated against allowedPattern: \d{1,4}");
        root.must::<PutParameter>(over("10")).await;
        let value = format!("{}!", "a".repeat(4000));
        let evil = json!({ "Value": value, "AllowedPattern": r"(?=(a+)+$)(a|aa)+" });
        let code = root.code::<PutParameter>(input("/y", evil)).await;
        assert_eq!(code, "ParameterPatternMismatchException");
    })
    .await;
}

#[tokio::test]
async fn an_account_has_so_many_parameters() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| {
            config.limits.standard_parameters = 2;
            config.limits.advanced_parameters = 1;
        });
        let root = bench.root("r");
        put(&root, "/1", json!({})).await;
        put(&root, "/2", json!({})).await;
        let (code, text) = refusal::<PutParameter>(&root, input("/3", json!({}))).await;
        assert_eq!(code, "ParameterLimitExceeded");
        let start =
            "You have reached the maximum number of standard parameters for this AWS account and Region (2).";
        assert!(text.starts_with(start), "{text}");
        // Another region has its own; what goes makes room; and there is the advanced tier.
        put(&bench.root("s"), "/3", json!({})).await;
        let made = root.must::<PutParameter>(input("/3", json!({ "Tier": "Intelligent-Tiering" }))).await;
        assert_eq!(made["Tier"], "Advanced");
        let upgrade = input("/1", json!({ "Tier": "Advanced", "Overwrite": true }));
        assert_eq!(root.code::<PutParameter>(upgrade).await, "ParameterLimitExceeded");
        root.must::<DeleteParameter>(json!({ "Name": "/1" })).await;
        put(&root, "/4", json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn several_at_once() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for name in ["/b", "a", "/c/d"] {
            put(&root, name, json!({})).await;
        }
        let wanted = json!({ "Names": ["/c/d", "/none", "/b:1", "a", "/b:7", "/c/d", "a b", "/b"] });
        let found = root.must::<GetParameters>(wanted).await;
        assert_eq!(names(&found), ["/b", "/b", "/c/d", "a"]);
        assert_eq!(found["InvalidParameters"], json!(["/none", "/b:7", "a b"]));
        let gone = json!({ "Names": ["/c/d", "/none", "aws-x", "a", "a"] });
        let gone = root.must::<DeleteParameters>(gone).await;
        let expected = json!({ "DeletedParameters": ["/c/d", "a"], "InvalidParameters": ["/none", "aws-x"] });
        assert_eq!(gone, expected);
        let left = root.must::<DescribeParameters>(json!({})).await;
        assert_eq!(names(&left), ["/b"]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_parameter_is_gone_with_all_it_had() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        put(&root, "/x", json!({ "Tags": [{ "Key": "k", "Value": "v" }] })).await;
        let here = tenant("r");
        let resource = tag::Resource { tenant: &here, kind: "Parameter", id: "/x" };
        assert_eq!(tag::of_resource(&bench.control_plane.db, resource).await.unwrap().len(), 1);
        put(&root, "/x", json!({ "Overwrite": true })).await;
        assert_eq!(root.must::<DeleteParameter>(json!({ "Name": "/x" })).await, json!({}));
        assert_eq!(root.code::<DeleteParameter>(json!({ "Name": "/x" })).await, "ParameterNotFound");
        assert_eq!(root.code::<DeleteParameter>(json!({ "Name": "aws-x/y" })).await, "ValidationException");
        assert_eq!(
            root.code::<DeleteParameter>(json!({ "Name": "/aws-x/y" })).await,
            "AccessDeniedException"
        );
        assert_eq!(tag::of_resource(&bench.control_plane.db, resource).await, Ok(vec![]));
        assert_eq!(put(&root, "/x", json!({})).await, 1);
    })
    .await;
}

#[tokio::test]
async fn hierarchies_are_walked_page_by_page() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for name in ["/a/1", "/a/2", "/a/b/1", "/a/b/c/1", "/a-b/1", "/ab", "x", "/a"] {
            put(&root, name, json!({})).await;
        }
        let walk = async |path: &str, recursive: bool, size: i64| {
            let mut found = Vec::new();
            let mut token = Value::Null;
            loop {
                let mut input = json!({ "Path": path, "Recursive": recursive, "MaxResults": size });
                if token.is_string() {
                    input["NextToken"] = token;
                }
                let page = root.must::<GetParametersByPath>(input).await;
                found.extend(names(&page).into_iter().map(str::to_owned));
                token = page["NextToken"].clone();
                if token.is_null() {
                    return found;
                }
            }
        };
        for size in [1, 2, 10] {
            assert_eq!(walk("/a", false, size).await, ["/a/1", "/a/2"]);
            assert_eq!(walk("/a/", true, size).await, ["/a/1", "/a/2", "/a/b/1", "/a/b/c/1"]);
            assert_eq!(walk("/", false, size).await, ["/a", "/ab", "x"]);
            assert_eq!(walk("/", true, size).await.len(), 8);
            assert_eq!(walk("/none", true, size).await, [""; 0]);
        }
        for (path, code) in [("a", "ValidationException"), ("/a//b", "ValidationException")] {
            assert_eq!(root.code::<GetParametersByPath>(json!({ "Path": path })).await, code);
        }
        let forged = json!({ "Path": "/a", "NextToken": "AAAA" });
        assert_eq!(root.code::<GetParametersByPath>(forged).await, "InvalidNextToken");
    })
    .await;
}

#[tokio::test]
async fn hierarchies_are_filtered() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        put(&root, "/a/1", json!({ "Value": "old" })).await;
        put(&root, "/a/2", json!({ "Type": "StringList" })).await;
        put(&root, "/a/b/3", json!({})).await;
        for name in ["/a/1", "/a/b/3"] {
            root.must::<LabelParameterVersion>(json!({ "Name": name, "Labels": ["l"] })).await;
        }
        put(&root, "/a/1", json!({ "Value": "new", "Overwrite": true })).await;
        let by = |filter: Value| json!({ "Path": "/a", "Recursive": true, "ParameterFilters": [filter] });
        let found =
            root.must::<GetParametersByPath>(by(json!({ "Key": "Label", "Values": ["l", "m"] }))).await;
        assert_eq!(names(&found), ["/a/1", "/a/b/3"]);
        assert_eq!(found["Parameters"][0]["Value"], "old");
        let found =
            root.must::<GetParametersByPath>(by(json!({ "Key": "Type", "Values": ["StringList"] }))).await;
        assert_eq!(names(&found), ["/a/2"]);
        let begins = json!({ "Key": "Type", "Option": "BeginsWith", "Values": ["String"] });
        assert_eq!(names(&root.must::<GetParametersByPath>(by(begins)).await).len(), 3);
        for (filter, code) in [
            (json!({ "Key": "Name", "Values": ["x"] }), "InvalidFilterKey"),
            (json!({ "Key": "tag:x", "Values": ["x"] }), "InvalidFilterKey"),
            (json!({ "Key": "Type", "Values": ["Text"] }), "InvalidFilterOption"),
            (json!({ "Key": "Type", "Option": "Contains", "Values": ["String"] }), "InvalidFilterOption"),
            (json!({ "Key": "Label", "Option": "BeginsWith", "Values": ["l"] }), "InvalidFilterOption"),
            (json!({ "Key": "Type" }), "InvalidFilterValue"),
        ] {
            let input = by(filter);
            assert_eq!(root.code::<GetParametersByPath>(input.clone()).await, code, "{input}");
        }
    })
    .await;
}

#[tokio::test]
async fn parameters_are_described() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let all = json!({ "Description": "words", "AllowedPattern": ".*", "Type": "SecureString" });
        put(&root, "/a/1", all).await;
        put(&root, "/a/b/2", json!({ "Tier": "Advanced" })).await;
        put(&root, "x", json!({ "DataType": "integer", "Value": "1" })).await;
        let found = root.must::<DescribeParameters>(json!({ "MaxResults": 1 })).await;
        let entry = &found["Parameters"][0];
        for (member, expected) in [
            ("Name", json!("/a/1")),
            ("ARN", json!("arn:aws:ssm:r:123456789012:parameter/a/1")),
            ("Type", json!("SecureString")),
            ("KeyId", json!("alias/aws/ssm")),
            ("LastModifiedUser", json!("arn:aws:iam::123456789012:root")),
            ("Description", json!("words")),
            ("AllowedPattern", json!(".*")),
            ("Version", json!(1)),
            ("Tier", json!("Standard")),
            ("Policies", json!([])),
            ("DataType", json!("text")),
        ] {
            assert_eq!(entry[member], expected, "{member}");
        }
        assert_eq!(entry.get("Value"), None);
        assert!(found["NextToken"].is_string());
        let by = async |filters: Value| {
            let found = root.must::<DescribeParameters>(json!({ "ParameterFilters": filters })).await;
            names(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        for (filters, expected) in [
            (json!([{ "Key": "Name", "Values": ["/a/1", "/x"] }]), &["/a/1", "x"][..]),
            (json!([{ "Key": "Name", "Option": "BeginsWith", "Values": ["/a"] }]), &["/a/1", "/a/b/2"]),
            (json!([{ "Key": "Name", "Option": "Contains", "Values": ["/b"] }]), &["/a/b/2"]),
            (json!([{ "Key": "Type", "Values": ["SecureString"] }]), &["/a/1"]),
            (json!([{ "Key": "KeyId", "Values": ["alias/aws/ssm"] }]), &["/a/1"]),
            (json!([{ "Key": "Tier", "Values": ["Advanced"] }]), &["/a/b/2"]),
            (json!([{ "Key": "DataType", "Values": ["integer"] }]), &["x"]),
            (json!([{ "Key": "Path", "Values": ["/a"] }]), &["/a/1"]),
            (json!([{ "Key": "Path", "Option": "Recursive", "Values": ["/a"] }]), &["/a/1", "/a/b/2"]),
            (json!([{ "Key": "Path", "Values": ["/", "/a/b"] }]), &["/a/b/2", "x"]),
            (json!([{ "Key": "Path", "Values": ["/a"] }, { "Key": "Type", "Values": ["String"] }]), &[]),
        ] {
            assert_eq!(by(filters.clone()).await, expected, "{filters}");
        }
        let old = json!({ "Filters": [{ "Key": "Name", "Values": ["/a"] }] });
        assert_eq!(names(&root.must::<DescribeParameters>(old).await), ["/a/1", "/a/b/2"]);
        for (filters, code) in [
            (json!([{ "Key": "Label", "Values": ["l"] }]), "InvalidFilterKey"),
            (
                json!([{ "Key": "Name", "Values": ["a"] }, { "Key": "Name", "Values": ["b"] }]),
                "InvalidFilterKey",
            ),
            (json!([{ "Key": "Name" }]), "InvalidFilterValue"),
            (json!([{ "Key": "Path", "Option": "Equals", "Values": ["/a"] }]), "InvalidFilterOption"),
            (json!([{ "Key": "Path", "Values": ["/aws"] }]), "ValidationException"),
            (json!([{ "Key": "Path", "Values": ["a"] }]), "ValidationException"),
            (json!([{ "Key": "Tier", "Values": ["x"] }]), "InvalidFilterOption"),
        ] {
            let input = json!({ "ParameterFilters": filters });
            assert_eq!(root.code::<DescribeParameters>(input.clone()).await, code, "{input}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_change_is_an_event() {
    on_each_bench(|bench| async move {
        let (root, db) = (bench.root("r"), &bench.control_plane.db);
        put(&root, "/unheard", json!({})).await;
        let target = EventTarget {
            tenant: tenant("r"),
            name: "t".to_owned(),
            destination: "https://localhost/".to_owned(),
            pattern: None,
            secret_sealed: None,
            created_ms: 0,
        };
        db.write(event_target::put(&target, 10)).await.unwrap();
        put(&root, "x", json!({ "Description": "words", "Type": "SecureString" })).await;
        put(&root, "/x", json!({ "Overwrite": true, "Type": "String" })).await;
        root.must::<LabelParameterVersion>(json!({ "Name": "/x", "Labels": ["l"] })).await;
        root.must::<DeleteParameters>(json!({ "Names": ["/x"] })).await;
        root.call::<DeleteParameter>(json!({ "Name": "/x" })).await.unwrap_err();
        let waiting = event::waiting(db, 10).await.unwrap();
        let mut details: Vec<Value> = waiting
            .iter()
            .map(|event| {
                let content: event::Content = serde_json::from_str(&event.content).unwrap();
                assert_eq!(content.resources, ["arn:aws:ssm:r:123456789012:parameter/x"]);
                assert_eq!((&*content.source, &*content.detail_type), ("aws.ssm", "Parameter Store Change"));
                content.detail
            })
            .collect();
        details.sort_by_key(|detail| detail["operation"].as_str().map(str::to_owned));
        let detail = |operation: &str, kind: &str| {
            json!({ "operation": operation, "name": "x", "type": kind, "description": "words" })
        };
        let mut labelled = detail("LabelParameterVersion", "String");
        for (member, value) in [("label", "l"), ("fromVersion", ""), ("toVersion", "2")] {
            labelled[member] = json!(value);
        }
        let expected =
            [detail("Create", "SecureString"), detail("Delete", "String"), labelled, detail("Update", "String")];
        assert_eq!(details, expected);
    })
    .await;
}

#[tokio::test]
async fn secure_strings_are_encrypted_for_their_parameter() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        for (name, tier) in [("/s", "Standard"), ("/t", "Advanced")] {
            let secret = json!({ "Type": "SecureString", "Value": "hunter2", "Tier": tier });
            put(&root, name, secret).await;
            assert_eq!(got(&root, name).await["Value"], "hunter2");
            let sealed = root.must::<GetParameter>(json!({ "Name": name })).await;
            let sealed = sealed["Parameter"]["Value"].as_str().unwrap();
            assert_ne!(sealed, "hunter2");
        }
        // An overwrite without a type or key keeps both; a plain type makes it plain.
        let next = json!({ "Name": "/s", "Value": "hunter3", "Overwrite": true });
        root.must::<PutParameter>(next).await;
        assert_eq!(got(&root, "/s").await["Type"], "SecureString");
        assert_eq!(got(&root, "/s").await["Value"], "hunter3");
        assert_eq!(got(&root, "/s:1").await["Value"], "hunter2");
        put(&root, "/s", json!({ "Overwrite": true })).await;
        let plain = root.must::<GetParameter>(json!({ "Name": "/s" })).await;
        assert_eq!(plain["Parameter"]["Value"], "v");
        let history = root.must::<GetParameterHistory>(json!({ "Name": "/s", "WithDecryption": true })).await;
        assert_eq!(history["Parameters"][0]["Value"], "hunter2");
        assert_eq!(history["Parameters"][0]["KeyId"], "alias/aws/ssm");
        let unknown = json!({ "Type": "SecureString", "KeyId": "alias/none" });
        let (code, text) = refusal::<PutParameter>(&root, input("/u", unknown)).await;
        assert_eq!(code, "InvalidKeyId");
        assert!(text.contains("Error Code: NotFoundException"), "{text}");
        // What was made for one parameter is of no use to another.
        let here = tenant("r");
        let stored =
            muster_store::parameter::find(&bench.control_plane.db, &here, "/t").await.unwrap().unwrap();
        assert!(!format!("{stored:?}").contains("hunter2"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_writer_of_a_race_has_a_version_of_its_own() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let writers: Vec<_> = (0..64)
            .map(|number| {
                let root = root.clone();
                let value = json!({ "Value": number.to_string(), "Overwrite": true });
                tokio::spawn(async move { (put(&root, "/x", value).await, number.to_string()) })
            })
            .collect();
        let mut written = std::collections::BTreeMap::new();
        for writer in writers {
            let (version, value) = writer.await.unwrap();
            assert_eq!(written.insert(version, value), None, "two writers made version {version}");
        }
        assert!(written.keys().copied().eq(1..=64));
        for (version, value) in [1, 33, 64].into_iter().map(|version| (version, &written[&version])) {
            assert_eq!(got(&root, &format!("/x:{version}")).await["Value"], **value);
        }
        // Without `Overwrite` one makes it, the others are told so.
        let makers: Vec<_> = (0..16)
            .map(|_| {
                let root = root.clone();
                tokio::spawn(async move { root.call::<PutParameter>(input("/y", json!({}))).await })
            })
            .collect();
        let mut made = 0;
        for maker in makers {
            match maker.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error.schema.code, "ParameterAlreadyExists"),
            }
        }
        assert_eq!(made, 1);
    })
    .await;
}
