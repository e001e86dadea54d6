//! From `SendCommand` to a success that a poll sees: a real agent, the script `true`.

use crate::{
    Result, Setting,
    process::ServerProcess,
    result::{Row, percentile, sorted},
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const RUNS: usize = 500;
const WARM_UP: usize = 20;
const POLL_EVERY: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let mut server = ServerProcess::start(setting, false).await?;
    let (agent, node) = server.agent(setting).await?;
    let runs = setting.runs.unwrap_or(RUNS);
    let (mut whole, mut sending, mut on_node) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..WARM_UP + runs {
        let begin = Instant::now();
        let command = server.send(json!({ "InstanceIds": [&node] })).await?;
        let sent = begin.elapsed();
        let invocation = loop {
            let input = json!({ "CommandId": command, "InstanceId": node });
            let invocation = server.client.call("ssm", "GetCommandInvocation", input).await?;
            match invocation["Status"].as_str() {
                Some("Success") => break invocation,
                Some("Pending" | "InProgress") if begin.elapsed() < PATIENCE => sleep(POLL_EVERY).await,
                other => return Err(format!("the command ended as {other:?}").into()),
            }
        };
        if run >= WARM_UP {
            whole.push(begin.elapsed().as_secs_f64() * 1000.0);
            sending.push(sent.as_secs_f64() * 1000.0);
            on_node.extend(elapsed_ms(invocation["ExecutionElapsedTime"].as_str().unwrap_or_default()));
        }
    }
    agent.stop().await?;
    server.stop().await?;
    let (whole, sending, on_node) = (sorted(whole), sorted(sending), sorted(on_node));
    Ok(vec![
        Row::new(format!("SendCommand to visible Success, p50 of {runs}"), percentile(&whole, 0.5), "ms")
            .below(15.0),
        Row::new("the same, p90", percentile(&whole, 0.9), "ms"),
        Row::new("the same, p99", percentile(&whole, 0.99), "ms").below(60.0),
        Row::new("the same, longest", percentile(&whole, 1.0), "ms"),
        Row::new("of it: the answer to SendCommand, p50", percentile(&sending, 0.5), "ms"),
        Row::new("of it: the step on the node, p50", percentile(&on_node, 0.5), "ms"),
    ])
}

/// `PT0.003S` in milliseconds.
fn elapsed_ms(text: &str) -> Option<f64> {
    let seconds: f64 = text.strip_prefix("PT")?.strip_suffix('S')?.parse().ok()?;
    Some(seconds * 1000.0)
}
