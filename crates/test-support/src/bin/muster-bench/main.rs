//! `muster-bench`: measures release binaries of Muster from outside, on loopback, and prints each number beside its
//! target. `cargo xtask bench` builds everything and calls it. Only `policy`, whose target is for itself alone, is measured in
//! this process. Not for: profiles of single functions.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its user")]

mod agent;
mod api;
mod fleet;
mod idle;
mod latency;
mod load;
mod parameters;
mod peers;
mod policy;
mod process;
mod result;
mod start;

use clap::Parser;
use muster_test_support::raise_open_files;
use result::{Results, Row};
use std::{error::Error, path::PathBuf, pin::Pin, process::ExitCode};

type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;
type Measuring<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>>> + 'a>>;
type Measure = for<'a> fn(&'a Setting) -> Measuring<'a>;

/// Measures release binaries of Muster.
#[derive(Debug, Parser)]
#[command(name = "muster-bench", version)]
struct Cli {
    /// What to measure: agent, api, fleet, idle, latency, parameters, policy, start [default: all]
    names: Vec<String>,
    /// Folder with muster-server and muster-agent
    #[arg(long, value_name = "DIR")]
    binaries: PathBuf,
    /// Folder for results and for the data of the servers that are measured
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    output: PathBuf,
    /// Nodes of `fleet` [default: 10000] and `idle` [default: 50000]
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Repetitions of `latency` [default: 500], `fleet` [default: 3] and `start` [default: 20]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Parameters of `parameters` [default: 100000]
    #[arg(long, value_name = "N")]
    parameters: Option<usize>,
    /// moto_server, to be measured beside Muster
    #[arg(long, value_name = "FILE")]
    moto_server: Option<PathBuf>,
    /// etcd, to be measured beside Muster
    #[arg(long, value_name = "FILE")]
    etcd: Option<PathBuf>,
    /// Log filter of the servers: `info` is what an operator has by default
    #[arg(long, value_name = "FILTER", default_value = "info")]
    server_log: String,
}

/// What every benchmark gets.
#[derive(Debug)]
struct Setting {
    binaries: PathBuf,
    output: PathBuf,
    nodes: Option<usize>,
    runs: Option<usize>,
    parameters: Option<usize>,
    moto_server: Option<PathBuf>,
    etcd: Option<PathBuf>,
    server_log: String,
    /// How many each process may have.
    open_files: usize,
}

/// For 100,000 nodes.
const WANTED_FILES: u64 = 120_000;

const BENCHES: &[(&str, Measure)] = &[
    ("agent", |setting| Box::pin(agent::measure(setting))),
    ("api", |setting| Box::pin(api::measure(setting))),
    ("fleet", |setting| Box::pin(fleet::measure(setting))),
    ("idle", |setting| Box::pin(idle::measure(setting))),
    ("latency", |setting| Box::pin(latency::measure(setting))),
    ("parameters", |setting| Box::pin(parameters::measure(setting))),
    ("policy", |setting| Box::pin(async { policy::measure(setting) })),
    ("start", |setting| Box::pin(start::measure(setting))),
];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(cli)));
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("muster-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every target was met.
async fn run(cli: Cli) -> Result<bool> {
    let Cli { names, binaries, output, nodes, runs, parameters, moto_server, etcd, server_log } = cli;
    if let Some(unknown) = names.iter().find(|name| BENCHES.iter().all(|(known, _)| known != name)) {
        return Err(format!("no benchmark is called `{unknown}`").into());
    }
    std::fs::create_dir_all(&output)?;
    // Binaries are started with other working folders.
    let (binaries, output) = (binaries.canonicalize()?, output.canonicalize()?);
    // The servers that are started from here take the limit over.
    let open_files = usize::try_from(raise_open_files(WANTED_FILES)).unwrap_or(usize::MAX);
    let setting =
        Setting { binaries, output, nodes, runs, parameters, moto_server, etcd, server_log, open_files };
    let (mut all, mut failures) = (Results::default(), Vec::new());
    for (name, measure) in BENCHES {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("measuring {name}");
        match measure(&setting).await {
            Ok(rows) => all.add(&setting, name, rows)?,
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    println!("\n{}", all.table());
    if failures.is_empty() { Ok(all.all_met()) } else { Err(failures.join("\n").into()) }
}
