//! Clocks that differ: what a signature may be off by, and that a node whose clock is wrong is told so.

use muster_test_support::{REGION, SimulatedNode, TestServer, TimeSource, fleet::NodeError};
use serde_json::json;

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn an_operator_may_be_five_minutes_off() {
    TestServer::on_each_engine(|server| async move {
        for (off, allowed) in [(-6, false), (-4, true), (0, true), (4, true), (6, false)] {
            let client = server.client().with_time(server.time().shifted(off * MINUTE_MS));
            let answer = client.call("ssm", "DescribeActivations", json!({})).await;
            assert_eq!(answer.is_ok(), allowed, "{off} minutes: {answer:?}");
            if let Err(failure) = answer {
                assert_eq!(failure.status, 400);
                let word = if off < 0 { "Signature expired" } else { "Signature not yet current" };
                assert!(failure.message.contains(word), "{failure}");
            }
        }
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_clock_is_wrong_is_told() {
    TestServer::on_each_engine(|server| async move {
        let activation = server.activation(1, &[]).await;
        let wrong = TimeSource::system().shifted(30 * MINUTE_MS);
        // Registration carries no signature, and so no time.
        let mut node =
            SimulatedNode::register(server.endpoint(), REGION, &activation.id, &activation.code, wrong)
                .await
                .unwrap();
        let Err(NodeError::Refused(failure)) = node.connect().await else { panic!("it must be refused") };
        assert!(failure.message.contains("not yet current"), "{failure}");
        // Time goes by for the server alone: now both agree.
        server.clock().advance_ms(30 * MINUTE_MS);
        node.connect().await.unwrap();
        server.remove().await;
    })
    .await;
}
