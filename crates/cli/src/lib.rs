//! The operator's command line: an evaluation set-up in one command, and the daily work with nodes and commands.
//!
//! It speaks the public AWS API like any other client, and needs nothing of the server beyond it. Not for: what runs on
//! a node, see the agent; nor the server's own options.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its user")]

mod account;
mod activation;
mod admin;
mod client;
mod clock;
mod command;
mod display;
mod failure;
mod ini;
mod nodes;
mod params;
mod run;
mod up;

use clap::{CommandFactory as _, Parser};
use failure::Failure;
use std::process::ExitCode;

/// Run commands on your machines, over the AWS Systems Manager API.
///
/// Start with `muster up`: it starts a server, makes this machine its first node and runs a command on it.
///
/// Exit codes: 0 all went well; 1 a command failed on a node (`muster run` on one node: that command's own code);
/// 2 wrong usage; 3 the server refused or could not be reached; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 100)]
enum Cli {
    /// Start a server, make this machine its first node and run a command on it
    Up(up::UpArgs),
    /// List the managed nodes
    Nodes(nodes::NodesArgs),
    /// Run a shell command on nodes and wait for the results
    Run(run::RunArgs),
    /// Configuration and secrets: Parameter Store
    #[command(subcommand)]
    Params(params::ParamsCommand),
    /// Accounts, users, keys, policies, roles; tasks, audit, master key
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Let machines join: activations
    #[command(subcommand)]
    Activation(activation::ActivationCommand),
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// The whole program: arguments to exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(carry_out(cli)),
        Err(error) => Err(Failure::other(format!("cannot start: {error}"))),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            display::error(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

async fn carry_out(cli: Cli) -> Result<ExitCode, Failure> {
    match cli {
        Cli::Up(args) => up::run(args).await,
        Cli::Nodes(args) => nodes::run(&args).await,
        Cli::Run(args) => run::run(&args).await,
        Cli::Params(command) => params::run(&command).await,
        Cli::Admin(command) => admin::run(&command).await,
        Cli::Activation(args) => activation::run(&args).await,
        Cli::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "muster", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
