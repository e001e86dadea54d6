//! Signed calls per second on 16 connections; this process makes them on the same cores.

use crate::{
    Result, Setting,
    process::{REGION, ServerProcess, Usage},
    result::{Row, percentile, sorted},
};
use muster_test_support::fleet::{create_activations, enrol};
use muster_test_support::{Client, TimeSource, http::Endpoint};
use serde_json::{Value, json};
use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURE: Duration = Duration::from_secs(5);

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let server = ServerProcess::start(setting, false).await?;
    // A node that is never there: its commands are stored, and nothing else happens.
    let activations = create_activations(&server.client, 1, &[]).await?;
    let endpoint = Arc::new(Endpoint::new(&server.url, None)?);
    let registered = Arc::new(AtomicUsize::new(0));
    let nodes = enrol(endpoint, REGION, &activations, 1, TimeSource::system(), registered).await?.nodes;
    let node = nodes.first().map(|node| node.id.clone()).ok_or("no node was registered")?;
    let command = server.send(json!({ "InstanceIds": [&node] })).await?;

    let mut rows = Vec::new();
    let send = json!({
        "DocumentName": "AWS-RunShellScript", "Parameters": { "commands": ["true"] }, "InstanceIds": [&node],
    });
    for (operation, input) in [
        ("GetCommandInvocation", json!({ "CommandId": command, "InstanceId": node })),
        ("DescribeInstanceInformation", json!({})),
        ("SendCommand", send),
    ] {
        load(&server.client, operation, &input, WARM_UP).await?;
        let used = Usage::of(server.process.pid())?.cpu_ms;
        let times = sorted(load(&server.client, operation, &input, MEASURE).await?);
        let used = Usage::of(server.process.pid())?.cpu_ms - used;
        let calls = times.len() as f64;
        rows.push(Row::new(
            format!("{operation}, {CONNECTIONS} connections"),
            calls / MEASURE.as_secs_f64(),
            "/s",
        ));
        rows.push(Row::new(format!("{operation}, p50"), percentile(&times, 0.5), "ms"));
        rows.push(Row::new(format!("{operation}, p99"), percentile(&times, 0.99), "ms"));
        rows.push(Row::new(
            format!("{operation}, server's processor time per call"),
            used * 1000.0 / calls,
            "us",
        ));
    }
    server.stop().await?;
    Ok(rows)
}

/// Calls again and again; how long each took, in milliseconds.
async fn load(client: &Client, operation: &'static str, input: &Value, during: Duration) -> Result<Vec<f64>> {
    let end = Instant::now() + during;
    let mut callers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, input) = (client.clone(), input.clone());
        callers.spawn(async move {
            let mut times = Vec::new();
            let mut begin = Instant::now();
            while begin < end {
                client.call("ssm", operation, input.clone()).await?;
                let now = Instant::now();
                times.push((now - begin).as_secs_f64() * 1000.0);
                begin = now;
            }
            Ok::<_, muster_test_support::ApiFailure>(times)
        });
    }
    let mut all = Vec::new();
    while let Some(times) = callers.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}
