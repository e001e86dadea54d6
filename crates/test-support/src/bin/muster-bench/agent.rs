//! What an idle agent costs its machine.

use crate::{
    Result, Setting,
    process::{ServerProcess, Usage, children},
    result::Row,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// Its start-up calls are over by then.
const SETTLE: Duration = Duration::from_secs(10);
const WATCH: Duration = Duration::from_secs(60);
const COMMANDS: usize = 10;

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let size = std::fs::metadata(setting.binaries.join("muster-agent"))?.len() as f64;
    let mut server = ServerProcess::start(setting, false).await?;
    let (agent, node) = server.agent(setting).await?;
    sleep(SETTLE).await;
    let fresh = Usage::of(agent.pid())?;
    for _ in 0..COMMANDS {
        server.send(json!({ "InstanceIds": [&node] })).await?;
    }
    sleep(SETTLE).await;
    let before = Usage::of(agent.pid())?;
    sleep(WATCH).await;
    let after = Usage::of(agent.pid())?;
    let processes = 1 + children(agent.pid())?;
    agent.stop().await?;
    server.stop().await?;
    Ok(vec![
        Row::new("binary", size / (1 << 20) as f64, "MiB").below(8.0),
        Row::new("resident memory, idle, before the first command", fresh.resident_kb / 1024.0, "MiB"),
        Row::new(
            format!("resident memory, idle, after {COMMANDS} commands"),
            after.resident_kb / 1024.0,
            "MiB",
        )
        .below(5.0),
        Row::new("of it: its own", after.private_kb / 1024.0, "MiB"),
        Row::new("processes, idle", processes as f64, "").exactly(1.0),
        Row::new("threads, idle", after.threads, ""),
        // Two of the kernel's ticks.
        Row::new(format!("processor time over {} s", WATCH.as_secs()), after.cpu_ms - before.cpu_ms, "ms")
            .below(21.0),
    ])
}
