//! Many nodes that are connected and have nothing to do: what each costs the server.

use crate::{
    Result, Setting,
    process::{ServerProcess, Usage},
    result::Row,
};
use std::time::Duration;
use tokio::time::sleep;

const NODES: usize = 50_000;
/// What the server keeps for other things, and some for the calls of nodes.
const OTHER_FILES: usize = 700;
const CONNECT_WITHIN: Duration = Duration::from_secs(900);
/// After connecting: the server gives freed memory back every half a minute.
const SETTLE: Duration = Duration::from_secs(40);
/// Over so long the processor time is taken.
const WATCH: Duration = Duration::from_secs(20);

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let most = setting.open_files.saturating_sub(OTHER_FILES);
    let wanted = setting.nodes.unwrap_or(NODES);
    let nodes = wanted.min(most);
    if nodes < wanted {
        eprintln!(
            "idle: {wanted} nodes need a higher `ulimit -Hn`; this machine allows {nodes}, which are measured"
        );
    }
    let mut rows = run(setting, nodes, false).await?;
    rows.extend(run(setting, nodes, true).await?);
    Ok(rows)
}

async fn run(setting: &Setting, nodes: usize, tls: bool) -> Result<Vec<Row>> {
    let mut server = ServerProcess::start(setting, tls).await?;
    let empty = Usage::of(server.process.pid())?;
    let (simulator, connecting) = server.simulate(nodes, "", CONNECT_WITHIN).await?;
    let connected = Usage::of(server.process.pid())?;
    sleep(SETTLE).await;
    let begin = Usage::of(server.process.pid())?;
    sleep(WATCH).await;
    let idle = Usage::of(server.process.pid())?;
    let report = server.report(simulator).await?;
    server.stop().await?;
    let still = report["connected"].as_u64().unwrap_or_default() as f64;
    let name = if tls { "over TLS" } else { "plain" };
    let (target, count) = (if tls { 30.0 } else { 12.0 }, nodes as f64);
    Ok(vec![
        Row::new(
            format!("memory of the server per idle node, {name}, {nodes}"),
            (idle.resident_kb - empty.resident_kb) / count,
            "KiB",
        )
        .below(target),
        Row::new(format!("memory of the server, {name}"), idle.resident_kb / 1024.0, "MiB"),
        Row::new(
            format!("memory of the server when the last had connected, {name}"),
            connected.resident_kb / 1024.0,
            "MiB",
        ),
        Row::new(format!("memory of the server without nodes, {name}"), empty.resident_kb / 1024.0, "MiB"),
        Row::new(format!("nodes still connected, {name}"), still, "").exactly(count),
        Row::new(
            format!("processor time of the server, {name}"),
            (idle.cpu_ms - begin.cpu_ms) / WATCH.as_secs_f64(),
            "ms/s",
        ),
        Row::new(format!("registering and connecting them, {name}"), connecting.as_secs_f64(), "s"),
    ])
}
