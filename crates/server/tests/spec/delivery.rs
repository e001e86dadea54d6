//! A command reaches its node, or its time is up: the time-outs of delivery and of execution.

use crate::command_support::{answer, command_reaches, reaches, send, send_to, state};
use muster_protocol::message::{AckCode, Status};
use muster_test_support::TestServer;
use serde_json::json;

#[tokio::test]
async fn a_command_that_nobody_takes_is_timed_out() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        let id = send_to(&client, &node).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Pending");
        server.clock().advance_ms(29_000);
        assert_eq!(state(&client, &id, node.id()).await.0, "Pending");
        server.clock().advance_ms(2_000);
        assert_eq!(reaches(&client, &id, node.id(), "TimedOut").await, "DeliveryTimedOut");
        let command = command_reaches(&client, &id, "TimedOut").await;
        assert_eq!(
            (command["StatusDetails"].as_str(), command["DeliveryTimedOutCount"].as_i64()),
            (Some("DeliveryTimedOut"), Some(1))
        );
        // It is too late for the node to be told.
        node.connect().await.unwrap();
        let next = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        assert_eq!(job.command, next);
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_command_that_a_node_never_ends_is_timed_out() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&client, &id, node.id(), "InProgress").await;
        // Past the time for delivery, which counts no more.
        server.clock().advance_ms(60_000);
        node.ping().await.unwrap();
        assert_eq!(state(&client, &id, node.id()).await.0, "InProgress");
        // Past the times for delivery and execution together.
        server.clock().advance_ms(31_000);
        assert_eq!(reaches(&client, &id, node.id(), "TimedOut").await, "DeliveryTimedOut");
        // The result comes after all: it is taken off the node, and changes nothing.
        let late = node.reply(&job, Status::Success, 0, "late\n").await.unwrap();
        node.acknowledged(late).await.unwrap();
        assert_eq!(state(&client, &id, node.id()).await.0, "TimedOut");
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_job_without_acknowledgement_is_sent_again() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send(&client, json!({ "InstanceIds": [node.id()], "TimeoutSeconds": 600 })).await;
        let first = node.next_job().await.unwrap();
        for _ in 0..3 {
            server.clock().advance_ms(60_000);
            node.ping().await.unwrap();
            let again = node.next_job().await.unwrap();
            assert_eq!((again.job_id.as_str(), again.message_id), (first.job_id.as_str(), first.message_id));
        }
        answer(&mut node, &first).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Success");
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_busy_node_is_asked_again_and_one_that_refuses_is_not() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.ack_with(&job, AckCode::ProcessorBufferFull).await.unwrap();
        server.clock().advance_ms(10_000);
        node.ping().await.unwrap();
        let job = node.next_job().await.unwrap();
        answer(&mut node, &job).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Success");

        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.ack_with(&job, AckCode::InvalidDocument).await.unwrap();
        reaches(&client, &id, node.id(), "Failed").await;
        server.remove().await;
    })
    .await;
}
