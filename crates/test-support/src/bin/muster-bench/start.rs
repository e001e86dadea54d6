//! From the start of the server's process on an empty folder to its first answer.

use crate::{
    Result, Setting,
    process::ServerProcess,
    result::{Row, percentile, sorted},
};

const RUNS: usize = 20;

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (tls, name) in [(false, ""), (true, ", with a new CA for TLS")] {
        let mut times = Vec::new();
        for _ in 0..setting.runs.unwrap_or(RUNS) {
            let server = ServerProcess::start(setting, tls).await?;
            times.push(server.started_in.as_secs_f64() * 1000.0);
            server.stop().await?;
        }
        let times = sorted(times);
        let median = Row::new(
            format!("empty folder to first answer{name}, median of {}", times.len()),
            percentile(&times, 0.5),
            "ms",
        );
        rows.push(Row::new(format!("the same, fastest{name}"), percentile(&times, 0.0), "ms"));
        rows.insert(rows.len() - 1, if tls { median } else { median.below(200.0) });
        rows.push(Row::new(format!("the same, slowest{name}"), percentile(&times, 1.0), "ms"));
    }
    Ok(rows)
}
