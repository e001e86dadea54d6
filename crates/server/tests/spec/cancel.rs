//! `CancelCommand`: before a node has the command, while it runs, after it ended.

use crate::command_support::{QUIET, answer, command_reaches, ok, reaches, send, send_to, state};
use muster_protocol::message::Status;
use muster_test_support::{
    TestServer,
    fleet::{JobRequest, Script},
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_nobody_has_taken_ends_at_once() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.registered_node().await);
        node.heartbeat().await.unwrap();
        let id = send_to(&client, &node).await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        assert_eq!(state(&client, &id, node.id()).await, ("Cancelled".to_owned(), "Cancelled".to_owned()));
        command_reaches(&client, &id, "Cancelled").await;
        node.connect().await.unwrap();
        // It may be told of the cancellation, never of the command.
        while !node.no_job_within(QUIET).await.unwrap() {
            let job = node.next_job().await.unwrap();
            assert!(matches!(job.request, JobRequest::Cancel(_)), "{job:?}");
            node.ack(&job).await.unwrap();
        }
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn what_runs_is_ended_by_its_node() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&client, &id, node.id(), "InProgress").await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Cancelling");
        let cancel = node.next_job().await.unwrap();
        assert!(matches!(&cancel.request, JobRequest::Cancel(cancelled) if *cancelled == job.job_id));
        assert_ne!(cancel.job_id, job.job_id);
        node.ack(&cancel).await.unwrap();
        node.begin(&cancel).await.unwrap();
        let reply = node.reply(&job, Status::Cancelled, 137, "").await.unwrap();
        node.acknowledged(reply).await.unwrap();
        assert_eq!(state(&client, &id, node.id()).await.0, "Cancelled");
        command_reaches(&client, &id, "Cancelled").await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_waits_for_a_node_that_is_away() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&client, &id, node.id(), "InProgress").await;
        node.cut();
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        node.connect().await.unwrap();
        let cancel = node.next_job().await.unwrap();
        node.cut();
        node.connect().await.unwrap();
        let again = node.next_job().await.unwrap();
        assert_eq!(again.job_id, cancel.job_id, "it was not acknowledged");
        node.ack(&again).await.unwrap();
        let reply = node.reply(&job, Status::Cancelled, 137, "").await.unwrap();
        node.acknowledged(reply).await.unwrap();
        reaches(&client, &id, node.id(), "Cancelled").await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn what_ends_by_itself_first_has_ended_so() {
    TestServer::on_each_engine(|server| async move {
        let (client, mut node) = (server.client(), server.node().await);
        let id = send_to(&client, &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&client, &id, node.id(), "InProgress").await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        // The result was on its way already.
        let reply = node.reply(&job, Status::Success, 0, "done\n").await.unwrap();
        node.acknowledged(reply).await.unwrap();
        assert_eq!(state(&client, &id, node.id()).await.0, "Success");

        let id = send_to(&client, &node).await;
        let mut job = node.next_job().await.unwrap();
        while job.command != id {
            node.ack(&job).await.unwrap();
            job = node.next_job().await.unwrap();
        }
        answer(&mut node, &job).await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        assert_eq!(state(&client, &id, node.id()).await.0, "Success");
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn of_many_nodes_some_run_and_some_wait() {
    TestServer::on_each_engine(|server| async move {
        let hour = Duration::from_secs(3600);
        let script = Script { delay: (hour, hour), ..Script::default() };
        let fleet = server.fleet(8, ("group", "d"), script).await;
        let client = server.client();
        let targets = json!({ "Targets": [{ "Key": "tag:group", "Values": ["d"] }], "MaxConcurrency": "3" });
        let id = send(&client, targets).await;
        muster_test_support::eventually(crate::command_support::SOON, || async {
            (fleet.count(&id, |entry| entry.executions == 1) == 3).then_some(())
        })
        .await;
        ok(&client, "CancelCommand", json!({ "CommandId": id })).await;
        let command = command_reaches(&client, &id, "Cancelled").await;
        assert_eq!(command["CompletedCount"], 8);
        assert_eq!(fleet.count(&id, |entry| entry.ended == Some(Status::Cancelled)), 3);
        assert_eq!(fleet.count(&id, |entry| entry.executions > 0), 3, "the others were never told");
        fleet.stop().await;
        server.remove().await;
    })
    .await;
}
