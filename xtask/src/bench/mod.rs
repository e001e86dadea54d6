//! `cargo xtask bench`: builds Muster for use, and lets `muster-bench` measure it and print each number beside its
//! target. Each benchmark is a line in [`BENCHES`] and a file beside `muster-bench`. Not for: measuring.

mod peers;

use crate::{Result, build, console, project, shell};
use std::process::Command;

/// Run the benchmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// The benchmarks to run [default: all].
    names: Vec<String>,
    /// List them and run none.
    #[arg(long)]
    list: bool,
    /// Nodes of `fleet` [default: 10000] and `idle` [default: 50000].
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Repetitions of `latency` [default: 500], `fleet` [default: 3] and `start` [default: 20].
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Parameters of `parameters` [default: 100000].
    #[arg(long, value_name = "N")]
    parameters: Option<usize>,
}

/// All of them, in alphabetical order: the name on the command line, and one line on what it measures.
const BENCHES: &[(&str, &str)] = &[
    ("agent", "what an idle agent costs: memory, processor time, size"),
    ("api", "signed calls per second on 16 connections"),
    ("fleet", "one command to 10,000 nodes, until every result is durable"),
    ("idle", "what 50,000 idle nodes cost the server, plain and over TLS"),
    ("latency", "from SendCommand to a visible Success, with a real agent"),
    ("parameters", "Parameter Store under load, beside moto_server and etcd"),
    ("policy", "decisions under 1, 10 and 50 IAM policies"),
    ("start", "from the start of a server on an empty folder to its first answer"),
];

/// Exit code of `muster-bench` when all was measured and a target was missed.
const TARGET_MISSED: i32 = 2;

/// Runs what was asked for. A missed target is printed, and no error: the machine may be a slow or busy one.
pub(crate) fn run(args: &BenchArgs) -> Result {
    if args.list {
        for (name, about) in BENCHES {
            println!("{name:<20} {about}");
        }
        return Ok(());
    }
    if let Some(unknown) = args.names.iter().find(|name| BENCHES.iter().all(|(known, _)| known != name)) {
        return Err(
            format!("no benchmark is called `{unknown}`; `cargo xtask bench --list` names them").into()
        );
    }
    let binaries = build::release()?;
    let step = console::step("Building the benchmarks");
    // Without the server in their own process, which would be built a second time.
    let package = ["-p", "muster-test-support", "--no-default-features"];
    shell::show(shell::cargo()?.args(["build", "--release", "--bins"]).args(package))?;
    step.done();

    let step = console::step("Measuring (close what else uses this machine)");
    let mut bench = Command::new(project::target()?.join("release/muster-bench"));
    bench.args(&args.names).arg("--binaries").arg(&binaries).arg("--output").arg(project::scratch("bench")?);
    for (option, value) in [("--nodes", args.nodes), ("--runs", args.runs), ("--parameters", args.parameters)]
    {
        if let Some(value) = value {
            bench.args([option, &value.to_string()]);
        }
    }
    if args.names.is_empty() || args.names.iter().any(|name| name == "parameters") {
        for (option, program) in [("--moto-server", peers::moto_server()), ("--etcd", peers::etcd())] {
            if let Some(program) = program {
                bench.arg(option).arg(program);
            }
        }
    }
    bench.current_dir(project::root()?);
    let status = bench.status().map_err(|error| format!("cannot start muster-bench: {error}"))?;
    step.done();
    match status.code() {
        Some(0) => Ok(()),
        Some(TARGET_MISSED) => {
            console::warn("a target was missed, see above");
            Ok(())
        }
        _ => Err(format!("muster-bench ended with {status}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(BENCHES.is_sorted_by_key(|(name, _)| name));
    }
}
