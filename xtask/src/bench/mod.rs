//! `cargo xtask bench`: measures Muster and prints the numbers side by side. Each benchmark is a file of this folder
//! and a line in [`BENCHES`].

use crate::{Result, console};

/// Run the benchmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// The benchmarks to run [default: all].
    names: Vec<String>,
    /// List them and run none.
    #[arg(long)]
    list: bool,
}

/// A benchmark.
struct Bench {
    /// What it is called on the command line.
    name: &'static str,
    /// One line on what it measures.
    about: &'static str,
    /// Runs it and prints its numbers.
    run: fn() -> Result,
}

/// All of them, in alphabetical order.
const BENCHES: &[Bench] = &[];

/// Runs what was asked for.
pub(crate) fn run(args: &BenchArgs) -> Result {
    if args.list {
        for bench in BENCHES {
            println!("{:<20} {}", bench.name, bench.about);
        }
        return Ok(());
    }
    if let Some(unknown) = args.names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        return Err(
            format!("no benchmark is called `{unknown}`; `cargo xtask bench --list` names them").into()
        );
    }
    for bench in
        BENCHES.iter().filter(|bench| args.names.is_empty() || args.names.iter().any(|n| n == bench.name))
    {
        let step = console::step(format!("Measuring {}", bench.about));
        (bench.run)()?;
        step.done();
    }
    Ok(())
}
