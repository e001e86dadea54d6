//! The server ends in the middle of commands and comes back: whatever way it ended, every command ends as it should,
//! and ran once.

use crate::command_support::{SOON, answer, command_reaches, invocations, reaches, send, send_to};
use muster_protocol::message::Status;
use muster_test_support::{SimulatedFleet, TestServer, eventually, fleet::Script};
use serde_json::{Value, json};
use std::time::Duration;

const NODES: usize = 500;

fn to_all(group: &str) -> Value {
    json!({ "Targets": [{ "Key": "tag:group", "Values": [group] }], "MaxConcurrency": "100%", "TimeoutSeconds": 600 })
}

fn slow() -> Script {
    Script { delay: (Duration::from_millis(50), Duration::from_millis(1500)), ..Script::default() }
}

/// Waits until some nodes have run the command and others have not.
async fn midway(fleet: &SimulatedFleet, id: &muster_protocol::ids::CommandId, share: usize) {
    eventually(SOON, || async {
        (fleet.count(id, |entry| entry.acknowledged) >= NODES * share / 100).then_some(())
    })
    .await;
}

async fn all_well(server: &TestServer, fleet: SimulatedFleet, id: &muster_protocol::ids::CommandId) {
    let command = command_reaches(&server.client(), id, "Success").await;
    assert_eq!(command["CompletedCount"], NODES);
    let known = invocations(&server.client(), id).await;
    assert_eq!(known.len(), NODES);
    assert!(known.iter().all(|(_, status)| status == "Success"));
    assert!(fleet.wait_acknowledged(id, NODES, SOON).await, "replies stay on nodes: {:?}", fleet.report());
    let report = fleet.stop().await;
    assert_eq!(report.commands[id].executed_once, NODES, "{report:?}");
    assert!(report.exactly_once);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_while_500_nodes_work() {
    TestServer::on_each_engine(|mut server| async move {
        let fleet = server.fleet(NODES, ("group", "stop"), slow()).await;
        let id = send(&server.client(), to_all("stop")).await;
        midway(&fleet, &id, 10).await;
        server.restart().await;
        all_well(&server, fleet, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_three_times_while_500_nodes_work() {
    TestServer::on_each_engine(|mut server| async move {
        let fleet = server.fleet(NODES, ("group", "crash"), slow()).await;
        let id = send(&server.client(), to_all("crash")).await;
        for share in [5, 30, 60] {
            midway(&fleet, &id, share).await;
            server.crash_and_restart().await;
        }
        all_well(&server, fleet, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_at_every_stage_while_500_nodes_work() {
    TestServer::on_each_engine(|server| async move {
        let script: Script =
            "delay=10ms..500ms,style=official,duplicates=1,cut=receipt:0.2,cut=before-ack:0.2,\
                              cut=after-ack:0.2,cut=before-final:0.2,cut=after-final:0.2"
                .parse()
                .unwrap();
        let fleet = server.fleet(NODES, ("group", "cuts"), script).await;
        let id = send(&server.client(), to_all("cuts")).await;
        all_well(&server, fleet, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_are_renewed_all_the_time() {
    TestServer::on_each_engine(|server| async move {
        let fleet = server.fleet(NODES, ("group", "renewed"), slow()).await;
        let id = send(&server.client(), to_all("renewed")).await;
        for share in [5, 20, 40, 60, 80] {
            midway(&fleet, &id, share).await;
            fleet.cut(0.5);
        }
        all_well(&server, fleet, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_while_nobody_was_connected_is_delivered_after_a_crash() {
    TestServer::on_each_engine(|mut server| async move {
        let mut node = server.registered_node().await;
        node.heartbeat().await.unwrap();
        let id = send_to(&server.client(), &node).await;
        server.crash_and_restart().await;
        node.connect().await.unwrap();
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&server.client(), &id, node.id(), "InProgress").await;
        // It crashes once more before the result comes.
        server.crash_and_restart().await;
        let reply = node.spool(&job, Status::Success, 0, "done\n");
        node.connect().await.unwrap();
        node.acknowledged(reply).await.unwrap();
        reaches(&server.client(), &id, node.id(), "Success").await;
        assert_eq!(node.executions(&id), 1);
        let next = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        assert_eq!(job.command, next);
        answer(&mut node, &job).await;
        server.remove().await;
    })
    .await;
}
