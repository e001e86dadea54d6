//! That nothing waits that need not. The figures themselves are the benchmark's affair.

use crate::agent::{Node, eventually, processes, script};
use crate::server::{PATIENCE, Server};
use muster_protocol::message::Status;
use std::time::{Duration, Instant};

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
    println!("resident {} kB after {} commands", resident_kb(node.pid()), times.len());
}

/// What an idle agent costs, over TLS with the system's certificates. Takes a minute and only means something for a
/// release build, so it wants to be asked: `MUSTER_TEST_IDLE=1 MUSTER_TEST_AGENT=…`.
#[tokio::test]
async fn an_idle_agent_costs_next_to_nothing() {
    if std::env::var_os("MUSTER_TEST_IDLE").is_none() {
        return;
    }
    let (mut server, certificate) = Server::start_tls().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let mut node = Node::register_with(&server, &["--ca-file", file.to_str().unwrap()]).await;
    node.start();
    let mut link = server.link().await;
    for number in 0..10 {
        link.send(&script(number, "head -c 2000000 /dev/zero | tr '\\0' x"));
        assert_eq!(link.result().await.document_status, Status::Success);
    }
    eventually("finished", || node.open_commands().is_empty()).await;
    let (before, switches) = (processor_ticks(node.pid()), wake_ups(node.pid()));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let ticks = processor_ticks(node.pid()) - before;
    println!(
        "idle for a minute: {ticks} ticks of the processor, {} wake-ups, resident {} kB",
        wake_ups(node.pid()) - switches,
        resident_kb(node.pid())
    );
    assert!(ticks <= 1 && resident_kb(node.pid()) < 5 * 1024);
}

fn processor_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn wake_ups(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// Resident memory of a process.
fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
