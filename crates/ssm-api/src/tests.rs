//! The generated tables and types hold together: what a table allows, the type of the same name reads and writes.

use super::*;
use muster_service_model::{
    Constraint, ErrorSchema, Operation, OperationVisitor, Protocol, Sensitive, Shape, Structure, Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

#[test]
fn all_operations_are_listed_in_order() {
    assert_eq!(SERVICE.operations.len(), 154);
    assert!(SERVICE.operations.is_sorted_by(|left, right| left.name < right.name));
    assert!(SERVICE.errors.is_sorted_by(|left, right| left.name < right.name));
    for operation in SERVICE.operations {
        let found = SERVICE.operation(operation.name).expect("it is listed");
        assert_eq!(found.name, operation.name);
        assert_eq!(found.service, "ssm");
    }
    assert!(SERVICE.operation("sendcommand").is_none());
    assert!(SERVICE.operation("").is_none());
}

#[test]
fn the_service_speaks_json() {
    assert_eq!(SERVICE.protocol, Protocol::Json { version: "1.1", target_prefix: "AmazonSSM" });
    assert_eq!((SERVICE.name, SERVICE.signing_name, SERVICE.api_version), ("ssm", "ssm", "2014-11-06"));
}

#[test]
fn errors_are_the_callers_unless_the_model_says_otherwise() {
    let faults: Vec<_> = SERVICE.errors.iter().filter(|error| error.fault).map(|error| error.name).collect();
    assert_eq!(faults, ["InternalServerError"]);
    let status = |error: &ErrorSchema| (error.status, error.code);
    assert_eq!(status(&errors::INTERNAL_SERVER_ERROR), (500, "InternalServerError"));
    assert_eq!(status(&errors::INVALID_INSTANCE_ID), (400, "InvalidInstanceId"));
    let named: Vec<_> = SendCommand::SCHEMA.errors.iter().map(|error| error.name).collect();
    assert!(named.contains(&"UnsupportedPlatformType"));
}

#[test]
fn paging_is_known() {
    let paginator = ListCommands::SCHEMA.paginator.expect("it pages");
    assert_eq!(paginator.input_token, ["NextToken"]);
    assert_eq!(paginator.limit_key, Some("MaxResults"));
    assert_eq!(paginator.result_key, ["Commands"]);
    assert!(SendCommand::SCHEMA.paginator.is_none());
}

#[test]
fn every_type_reads_and_writes_what_its_table_allows() {
    let mut check = RoundTrips::default();
    visit_operations(&mut check);
    assert_eq!(check.seen, 154);
}

#[derive(Default)]
struct RoundTrips {
    seen: usize,
}

impl OperationVisitor for RoundTrips {
    fn visit<O: Operation>(&mut self) {
        self.seen += 1;
        for full in [true, false] {
            round_trip::<O::Input>(O::SCHEMA.input, full);
            round_trip::<O::Output>(O::SCHEMA.output, full);
        }
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(table: &Structure, full: bool) {
    let sample = structure(table, full, 0);
    let typed: T = serde_json::from_value(sample.clone())
        .unwrap_or_else(|error| panic!("{}: {error} in {sample}", table.name));
    assert_eq!(serde_json::to_value(typed).expect("it writes"), sample, "{}", table.name);
}

/// A value for every member, or for the required ones alone; recursive shapes end at some depth.
fn structure(table: &Structure, full: bool, depth: usize) -> Value {
    let members = table.members.iter().filter(|member| member.required || (full && depth < 6));
    members
        .map(|member| (member.name.to_owned(), sample(&member.shape, full, depth + 1)))
        .collect::<Map<_, _>>()
        .into()
}

fn sample(shape: &Shape, full: bool, depth: usize) -> Value {
    match shape {
        Shape::Structure(table) => structure(table, full, depth),
        Shape::List(_) if depth > 8 => json!([]),
        Shape::List(table) => json!([sample(&table.member, full, depth + 1)]),
        Shape::Map(table) => json!({ "key": sample(&table.value, full, depth + 1) }),
        Shape::String(table) => match table.constraint {
            Constraint::Enum(values) => json!(values.last()),
            _ => json!("text"),
        },
        Shape::Integer(_) => json!(7),
        Shape::Long(_) => json!(1_i64 << 40),
        Shape::Double(_) => json!(1.5),
        Shape::Boolean => json!(true),
        Shape::Timestamp(_) => json!(1_700_000_000.125),
        Shape::Blob(_) => json!("AAEC"),
    }
}

#[test]
fn absent_members_are_not_written() {
    let input = SendCommandRequest { document_name: "AWS-RunShellScript".to_owned(), ..Default::default() };
    assert_eq!(
        serde_json::to_value(input).expect("it writes"),
        json!({"DocumentName": "AWS-RunShellScript"})
    );
    let missing = serde_json::from_value::<SendCommandRequest>(json!({}));
    assert_eq!(missing.expect_err("required").to_string(), "missing field `DocumentName`");
}

#[test]
fn enumerations_keep_their_wire_values() {
    assert_eq!(PingStatus::default(), PingStatus::Online);
    assert_eq!(PingStatus::ConnectionLost.to_string(), "ConnectionLost");
    assert_eq!(ParameterTier::from_wire("Intelligent-Tiering"), Some(ParameterTier::IntelligentTiering));
    assert_eq!(ParameterTier::from_wire("intelligent-tiering"), None);
    let values: Vec<_> = PlatformType::ALL.iter().map(|value| value.as_str()).collect();
    assert_eq!(values, ["Windows", "Linux", "MacOS"]);
}

#[test]
fn times_are_numbers_of_seconds() {
    let activation = Activation { expiration_date: Some(Timestamp(1_700_000_000_250)), ..Default::default() };
    let value = serde_json::to_value(&activation).expect("it writes");
    assert_eq!(value, json!({"ExpirationDate": 1_700_000_000.25}));
    assert_eq!(serde_json::from_value::<Activation>(value).expect("it reads"), activation);
}

#[test]
fn secrets_are_not_printed() {
    let parameter = PutParameterRequest { value: Sensitive::new("hunter2"), ..Default::default() };
    assert!(format!("{parameter:?}").contains("value: [redacted]"), "{parameter:?}");

    let parameters = [("password".to_owned(), vec!["hunter2".to_owned()])].into();
    let command = SendCommandRequest { parameters: Some(parameters), ..Default::default() };
    assert!(format!("{command:?}").contains("parameters: [redacted]"), "{command:?}");
    assert!(!format!("{command:#?}").contains("hunter2"));

    // Sensitive by our patch of the model.
    let activation = CreateActivationResult { activation_code: Some("hunter2".into()), ..Default::default() };
    let session = StartSessionResponse { token_value: Some("hunter2".into()), ..Default::default() };
    assert!(!format!("{activation:?} {session:?}").contains("hunter2"));
}

#[test]
fn secrets_are_marked_in_the_tables() {
    for (operation, path) in [
        ("PutParameter", &["Value"][..]),
        ("SendCommand", &["Parameters"]),
        ("CreatePatchBaseline", &["Sources", "Configuration"]),
        ("RegisterTaskWithMaintenanceWindow", &["TaskInvocationParameters", "Lambda", "Payload"]),
    ] {
        let mut table = SERVICE.operation(operation).expect("an operation").input;
        for (position, name) in path.iter().enumerate() {
            let shape = table.member(name).unwrap_or_else(|| panic!("{operation} {name}")).shape;
            assert_eq!(shape.is_sensitive(), position + 1 == path.len(), "{operation} {name}");
            table = match shape {
                Shape::Structure(next) => next,
                Shape::List(list) => match list.member {
                    Shape::Structure(next) => next,
                    _ => break,
                },
                _ => break,
            };
        }
    }
}
