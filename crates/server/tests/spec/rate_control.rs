//! `MaxConcurrency` and `MaxErrors`: how many nodes run at once, and when the rest is spared.

use crate::command_support::{command_reaches, invocations, send};
use muster_test_support::{TestServer, fleet::Script};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

fn count(invocations: &[(String, String)]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, status) in invocations {
        *counts.entry(status.as_str()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn never_more_nodes_at_once_than_allowed() {
    TestServer::on_each_engine(|server| async move {
        let delay = (Duration::from_millis(20), Duration::from_millis(80));
        let fleet = server.fleet(10, ("group", "a"), Script { delay, ..Script::default() }).await;
        let client = server.client();
        let targets = json!({ "Targets": [{ "Key": "tag:group", "Values": ["a"] }], "MaxConcurrency": "3" });
        let id = send(&client, targets).await;
        let mut most = 0;
        loop {
            // Told and not ended on the node's side is in flight on the server's side.
            most = most.max(fleet.count(&id, |entry| entry.ended.is_none()));
            let known = invocations(&client, &id).await;
            let counts = count(&known);
            assert!(counts.get("InProgress").copied().unwrap_or_default() <= 3, "{counts:?}");
            if counts.get("Success") == Some(&10) {
                break;
            }
        }
        assert!((1..=3).contains(&most), "{most} at once");
        let command = command_reaches(&client, &id, "Success").await;
        assert_eq!(
            (command["TargetCount"].as_i64(), command["CompletedCount"].as_i64()),
            (Some(10), Some(10))
        );
        assert!(fleet.report().exactly_once);
        fleet.stop().await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn too_many_errors_spare_the_rest() {
    TestServer::on_each_engine(|server| async move {
        let script: Script = "answer=failed,exit-code=7".parse().unwrap();
        let fleet = server.fleet(10, ("group", "b"), script).await;
        let client = server.client();
        let id = send(
            &client,
            json!({ "Targets": [{ "Key": "tag:group", "Values": ["b"] }], "MaxConcurrency": "1", "MaxErrors": "1" }),
        )
        .await;
        let command = command_reaches(&client, &id, "Failed").await;
        // One error is borne; the second stops the command.
        assert_eq!(command["ErrorCount"], 2);
        let ran = fleet.count(&id, |_| true);
        assert_eq!(ran, 2, "nodes that were never told must not be");
        let known = invocations(&client, &id).await;
        assert_eq!(count(&known), BTreeMap::from([("Failed", 10)]));
        fleet.stop().await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn errors_within_the_limit_do_not_stop_a_command() {
    TestServer::on_each_engine(|server| async move {
        let script: Script = "answer=failed".parse().unwrap();
        let fleet = server.fleet(4, ("group", "c"), script).await;
        let id = send(
            &server.client(),
            json!({ "Targets": [{ "Key": "tag:group", "Values": ["c"] }], "MaxConcurrency": "2", "MaxErrors": "100%" }),
        )
        .await;
        let command = command_reaches(&server.client(), &id, "Failed").await;
        assert_eq!((command["CompletedCount"].as_i64(), command["ErrorCount"].as_i64()), (Some(4), Some(4)));
        assert_eq!(fleet.count(&id, |entry| entry.executions == 1), 4);
        fleet.stop().await;
        server.remove().await;
    })
    .await;
}
