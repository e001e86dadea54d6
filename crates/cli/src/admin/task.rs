//! `muster admin tasks`.

use super::{print_json, table};
use crate::{Failure, account::Connection, nodes::Output};
use muster_admin_api::{ListTasks, ListTasksRequest, RunTask, RunTaskRequest};
use std::process::ExitCode;

/// Background tasks of the server.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TaskCommand {
    /// List the tasks of the server that answers, and how they went
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// Run a task now
    Run {
        /// Its name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &TaskCommand) -> Result<ExitCode, Failure> {
    match command {
        TaskCommand::List { output, connection } => {
            let tasks = connection.client()?.call::<ListTasks>(&ListTasksRequest {}).await?.tasks;
            if *output == Output::Json {
                print_json(&tasks)?;
            } else {
                let mut table = table(["TASK", "RUNS", "FAILED", "TOOK", "WHAT IT DOES"]);
                for task in tasks {
                    let took = task.last_duration_ms.map(|took| format!("{took} ms")).unwrap_or_default();
                    let text = match task.last_error {
                        Some(error) => format!("{} (failed: {error})", task.description),
                        None => task.description,
                    };
                    table.add_row([task.name, task.runs.to_string(), task.failures.to_string(), took, text]);
                }
                println!("{table}");
            }
        }
        TaskCommand::Run { name, connection } => {
            connection.client()?.call::<RunTask>(&RunTaskRequest { name: name.clone() }).await?;
            eprintln!("{name} was told to run");
        }
    }
    Ok(ExitCode::SUCCESS)
}
