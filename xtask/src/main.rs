//! Project tasks: `cargo xtask --help` lists them. Everything that CI does and all that a newcomer needs is here, so
//! that both run the same code.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its user")]

mod bench;
mod build;
mod check_deps;
mod ci;
mod codegen;
mod console;
mod packages;
mod postgres;
mod project;
mod python;
mod shell;
mod suites;
mod tidy;
mod up;

use clap::Parser;
use std::process::ExitCode;

/// Why a task ended early, for a person to read.
type Error = Box<dyn std::error::Error>;
type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Tasks of the Muster project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build Muster, start it, enrol this machine and run a first command on it.
    Up(up::UpArgs),
    /// Run every test: units, properties, golden files, and end to end with boto3 and the aws CLI, on both databases.
    Test(suites::TestArgs),
    /// Everything that CI runs: formatting, lints, generated code, house rules, first start, tests.
    Ci,
    /// Run the benchmarks.
    Bench(bench::BenchArgs),
    /// Rewrite the golden files from what the code does now.
    Bless,
    /// Check which crate may see which.
    CheckDeps,
    /// Generate code from the service models.
    Codegen(codegen::CodegenArgs),
    /// Check the house rules that no lint knows.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Up(args) => up::run(&args),
        Task::Test(args) => suites::run(&args),
        Task::Ci => ci::run(),
        Task::Bench(args) => bench::run(&args),
        Task::Bless => suites::bless(),
        Task::CheckDeps => check_deps::run(),
        Task::Codegen(args) => codegen::run(args),
        Task::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            console::error(&why.to_string());
            ExitCode::FAILURE
        }
    }
}
