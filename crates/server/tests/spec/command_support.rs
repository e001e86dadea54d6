//! Calls of Run Command that several specifications make. Not for: what is expected of them.

use muster_protocol::ids::{CommandId, ManagedNodeId};
use muster_test_support::{Client, SimulatedNode, eventually, fleet::Job};
use serde_json::{Value, json};
use std::time::Duration;

/// What happens in the background is seen by then: its tasks look every five seconds when nobody wakes them.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// Long enough that what must not happen would have happened.
pub(crate) const QUIET: Duration = Duration::from_millis(300);

/// A call that must succeed.
pub(crate) async fn ok(client: &Client, operation: &str, input: Value) -> Value {
    let answer = client.call("ssm", operation, input).await;
    answer.unwrap_or_else(|failure| panic!("{operation}: {failure}"))
}

/// Sends `true`, with these further members of the request.
pub(crate) async fn send(client: &Client, further: Value) -> CommandId {
    let mut input = json!({
        "DocumentName": "AWS-RunShellScript",
        "Parameters": { "commands": ["true"], "executionTimeout": ["60"] },
        "TimeoutSeconds": 30,
    });
    for (key, value) in further.as_object().unwrap() {
        input[key] = value.clone();
    }
    let output = ok(client, "SendCommand", input).await;
    output["Command"]["CommandId"].as_str().unwrap().parse().unwrap()
}

/// Sends `true` to one node.
pub(crate) async fn send_to(client: &Client, node: &SimulatedNode) -> CommandId {
    send(client, json!({ "InstanceIds": [node.id()] })).await
}

/// The command as `ListCommands` shows it.
pub(crate) async fn command(client: &Client, id: &CommandId) -> Value {
    ok(client, "ListCommands", json!({ "CommandId": id })).await["Commands"][0].clone()
}

/// Status and details on a node.
pub(crate) async fn state(client: &Client, id: &CommandId, node: &ManagedNodeId) -> (String, String) {
    let input = json!({ "CommandId": id, "InstanceId": node });
    let output = ok(client, "GetCommandInvocation", input).await;
    let text = |member: &str| output[member].as_str().unwrap().to_owned();
    (text("Status"), text("StatusDetails"))
}

/// Waits until a command on a node has this status; its details.
pub(crate) async fn reaches(client: &Client, id: &CommandId, node: &ManagedNodeId, status: &str) -> String {
    eventually(SOON, || async {
        let (now, details) = state(client, id, node).await;
        (now == status).then_some(details)
    })
    .await
}

/// Waits until the whole command has this status; it then.
pub(crate) async fn command_reaches(client: &Client, id: &CommandId, status: &str) -> Value {
    eventually(SOON, || async {
        let now = command(client, id).await;
        (now["Status"] == status).then_some(now)
    })
    .await
}

/// Every invocation of a command: node and status.
pub(crate) async fn invocations(client: &Client, id: &CommandId) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({ "CommandId": id, "MaxResults": 50 });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let mut page = ok(client, "ListCommandInvocations", input).await;
        for invocation in page["CommandInvocations"].as_array().unwrap() {
            let text = |member: &str| invocation[member].as_str().unwrap().to_owned();
            all.push((text("InstanceId"), text("Status")));
        }
        token = page["NextToken"].take();
        if token.as_str().is_none_or(str::is_empty) {
            return all;
        }
    }
}

/// The node takes the job, runs it, and has its result acknowledged.
pub(crate) async fn answer(node: &mut SimulatedNode, job: &Job) {
    node.execute(job).await.unwrap();
    let reply = node.reply(job, muster_protocol::message::Status::Success, 0, "done\n").await.unwrap();
    node.acknowledged(reply).await.unwrap();
}
