//! One command to all nodes of a large fleet, until every result is durable; the simulator works on the same cores.

use crate::{
    Result, Setting,
    process::{ServerProcess, Usage},
    result::{Row, percentile, sorted},
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const NODES: usize = 10_000;
const RUNS: usize = 3;
const CONNECT_WITHIN: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(120);
const POLL_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let nodes = setting.nodes.unwrap_or(NODES);
    let mut rows = run(setting, nodes, "").await?;
    // The same with the many messages of official agents.
    rows.extend(run(setting, nodes, "style=official").await?);
    Ok(rows)
}

async fn run(setting: &Setting, nodes: usize, script: &str) -> Result<Vec<Row>> {
    let mut server = ServerProcess::start(setting, false).await?;
    let (simulator, connecting) = server.simulate(nodes, script, CONNECT_WITHIN).await?;
    let before = Usage::of(server.process.pid())?;
    let targets = json!({
        "Targets": [{ "Key": "tag:fleet", "Values": ["bench"] }],
        "MaxConcurrency": "100%", "TimeoutSeconds": 600,
    });
    let (mut times, mut sending, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..setting.runs.unwrap_or(RUNS) {
        let used = Usage::of(server.process.pid())?.cpu_ms;
        let begin = Instant::now();
        let command = server.send(targets.clone()).await?;
        sending.push(begin.elapsed().as_secs_f64() * 1000.0);
        loop {
            let list = server.client.call("ssm", "ListCommands", json!({ "CommandId": command })).await?;
            let completed = list["Commands"][0]["CompletedCount"].as_u64().unwrap_or_default();
            if completed as usize >= nodes {
                break;
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("{completed} of {nodes} results within {PATIENCE:?}").into());
            }
            sleep(POLL_EVERY).await;
        }
        times.push(begin.elapsed().as_secs_f64());
        cpu.push((Usage::of(server.process.pid())?.cpu_ms - used) / 1000.0);
    }
    let after = Usage::of(server.process.pid())?;
    let report = server.report(simulator).await?;
    server.stop().await?;
    if report["exactly_once"] != true {
        return Err(format!("a command ran more than once on a node: {report}").into());
    }
    let name = if script.is_empty() { String::new() } else { ", official messages".to_owned() };
    let times = sorted(times);
    let mut row = Row::new(
        format!("{nodes} results durable{name}, median of {}", times.len()),
        percentile(&times, 0.5),
        "s",
    );
    if nodes == NODES {
        row = row.below(5.0);
    }
    Ok(vec![
        row,
        Row::new(format!("the same, slowest{name}"), percentile(&times, 1.0), "s"),
        Row::new(format!("of it: the answer to SendCommand{name}"), percentile(&sorted(sending), 0.5), "ms"),
        Row::new(format!("processor time of the server{name}"), percentile(&sorted(cpu), 0.5), "s"),
        Row::new(format!("server memory before the first command{name}"), before.resident_kb / 1024.0, "MiB"),
        Row::new(format!("server memory after the last{name}"), after.resident_kb / 1024.0, "MiB"),
        Row::new(format!("registering and connecting them{name}"), connecting.as_secs_f64(), "s"),
    ])
}
