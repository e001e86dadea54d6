//! `muster params`: configuration and secrets in Parameter Store, for daily use. What is a SecureString is masked
//! wherever a person could look over a shoulder, unless `--reveal` says otherwise. Not for: what Parameter Store's API
//! can do beyond that; the aws CLI has all of it.

mod diff;
mod exec;
mod export;
mod format;
mod get;
mod import;
mod set;
mod store;
mod tree;

use crate::Failure;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  muster params set /app/prod/db/password --secure      (the value is read from standard input)
  muster params set /app/prod/db/host db.internal
  muster params tree /app
  muster params get /app/prod/db/password --reveal
  muster params diff /app/staging /app/prod
  muster params import .env --path /app/dev --secure '*PASSWORD*'
  muster params export /app/prod --format yaml --reveal
  muster params exec /app/prod -- ./server              (DB_HOST, DB_PASSWORD in its environment)";

/// Configuration and secrets: Parameter Store.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum ParamsCommand {
    /// Print the values of parameters
    Get(get::GetArgs),
    /// Create a parameter, or give it a new value
    Set(set::SetArgs),
    /// Show a path and what is below it
    Tree(tree::TreeArgs),
    /// Compare two paths, or a path with a file
    Diff(diff::DiffArgs),
    /// Create or change parameters from a file
    Import(import::ImportArgs),
    /// Write the parameters below a path to a file
    Export(export::ExportArgs),
    /// Run a program with parameters in its environment
    Exec(exec::ExecArgs),
}

pub(crate) async fn run(command: &ParamsCommand) -> Result<ExitCode, Failure> {
    match command {
        ParamsCommand::Get(args) => get::run(args).await,
        ParamsCommand::Set(args) => set::run(args).await,
        ParamsCommand::Tree(args) => tree::run(args).await,
        ParamsCommand::Diff(args) => diff::run(args).await,
        ParamsCommand::Import(args) => import::run(args).await,
        ParamsCommand::Export(args) => export::run(args).await,
        ParamsCommand::Exec(args) => exec::run(args).await,
    }
}

/// What stands for a value that is not to be seen. Its length tells nothing.
pub(crate) const MASK: &str = "********";
