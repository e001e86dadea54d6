//! That nothing waits that need not. The figures themselves are the benchmark's affair.

use crate::agent::{Node, eventually, processes, script};
use crate::server::{PATIENCE, Server};
use muster_protocol::message::Status;
use std::time::Instant;

#[tokio::test]
async fn a_short_command_takes_milliseconds() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let mut times = Vec::new();
    for number in 0..30 {
        let start = Instant::now();
        link.send(&script(number, "true"));
        let reply = link.last_reply().await;
        times.push(start.elapsed());
        assert_eq!(reply.content.document_status, Status::Success);
        link.acknowledge(&reply);
    }
    times.sort();
    println!("p50 {:?}, p90 {:?}, min {:?}", times[15], times[27], times[0]);
    // A bound for a busy test machine and an unoptimised build.
    assert!(times[0] < PATIENCE / 100, "{times:?}");
    eventually("one process when idle", || {
        let folder = node.data().display().to_string();
        processes(|arguments| arguments.contains("muster-agent") && arguments.contains(&folder))
            == [node.pid()]
    })
    .await;
}
