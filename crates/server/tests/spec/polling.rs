//! Nodes without a control channel poll for their commands (`ec2messages`), and report by calls.

use crate::command_support::{ok, reaches, send_to, state};
use muster_protocol::message::Status;
use muster_test_support::{
    SimulatedNode, TestServer,
    fleet::{reply_content, reply_step},
};
use serde_json::{Value, json};

/// One poll, which must not fail: the messages.
async fn poll(node: &mut SimulatedNode) -> Vec<Value> {
    let input = json!({
        "Destination": node.id(), "MessagesRequestId": "11111111-2222-3333-4444-555555555555",
        "VisibilityTimeoutInSeconds": 10,
    });
    let answer = node.call("ec2messages", "GetMessages", input).await.unwrap();
    answer["Messages"].as_array().unwrap().clone()
}

async fn call(node: &mut SimulatedNode, operation: &str, message: &Value, further: Value) -> Value {
    let mut input = json!({ "MessageId": message["MessageId"] });
    for (key, value) in further.as_object().unwrap() {
        input[key] = value.clone();
    }
    node.call("ec2messages", operation, input).await.unwrap()
}

async fn reports(node: &mut SimulatedNode, message: &Value, payload: String) {
    let further = json!({ "Payload": payload, "ReplyId": "99999999-2222-3333-4444-555555555555" });
    call(node, "SendReply", message, further).await;
}

async fn ends(node: &mut SimulatedNode, message: &Value, status: Status, code: i64) {
    let step = reply_step(status, code, "out\n", "", 0);
    let steps = [("aws:runShellScript".to_owned(), step)].into();
    let content = reply_content(status, Some(steps), 0);
    reports(node, message, serde_json::to_string(&content).unwrap()).await;
}

fn ids(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["MessageId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_poll_brings_a_command_and_a_reply_its_result() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        let mut poller = node.twin();
        // The poll is there first.
        let (messages, id) = tokio::join!(poll(&mut poller), send_to(&client, &node));
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(message["MessageId"], json!(format!("aws.ssm.{id}.{}", node.id())));
        assert_eq!(message["Destination"], json!(node.id()));
        let topic = message["Topic"].as_str().unwrap();
        assert!(topic.starts_with("aws.ssm.sendCommand."), "{topic}");
        let payload: Value = serde_json::from_str(message["Payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload["CommandId"], json!(id));

        call(&mut node, "AcknowledgeMessage", message, json!({})).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "InProgress");
        // What cannot be read must not be sent for ever.
        reports(&mut node, message, "{".to_owned()).await;
        ends(&mut node, message, Status::Failed, 3).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Failed");
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_not_acknowledged_comes_again() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        send_to(&client, &node).await;
        let first = poll(&mut node).await;
        send_to(&client, &node).await;
        let second = poll(&mut node).await;
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_ne!(ids(&first), ids(&second));
        call(&mut node, "AcknowledgeMessage", &second[0], json!({})).await;
        server.clock().advance_ms(10_001);
        assert_eq!(ids(&poll(&mut node).await), ids(&first));
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_poll_brings_a_cancellation() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        let id = send_to(&client, &node).await;
        let command = poll(&mut node).await.remove(0);
        call(&mut node, "AcknowledgeMessage", &command, json!({})).await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        let cancel = poll(&mut node).await.remove(0);
        assert!(cancel["Topic"].as_str().unwrap().starts_with("aws.ssm.cancelCommand."));
        assert_ne!(cancel["MessageId"], command["MessageId"]);
        let payload: Value = serde_json::from_str(cancel["Payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload, json!({ "CancelMessageId": command["MessageId"] }));
        call(&mut node, "AcknowledgeMessage", &cancel, json!({})).await;
        ends(&mut node, &command, Status::Cancelled, 137).await;
        reaches(&client, &id, node.id(), "Cancelled").await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_the_node_gives_up_fails() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        let id = send_to(&client, &node).await;
        let message = poll(&mut node).await.remove(0);
        let further = json!({ "FailureType": "InternalHandlerException" });
        call(&mut node, "FailMessage", &message, further).await;
        reaches(&client, &id, node.id(), "Failed").await;
        server.remove().await;
    })
    .await;
}
