//! `muster params get`.

use super::store;
use crate::{Failure, account::Connection, nodes::Output};
use serde_json::json;
use std::process::ExitCode;

/// Print the values of parameters.
///
/// One name prints the bare value, for scripts; several print a line each. A name may carry a version or a label:
/// /app/db/host:3, /app/db/host:stable.
#[derive(Debug, clap::Args)]
pub(crate) struct GetArgs {
    /// The parameters
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Print SecureString values in clear
    #[arg(long)]
    reveal: bool,
    /// How to print
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &GetArgs) -> Result<ExitCode, Failure> {
    let client = args.connection.client()?;
    let (found, missing) = store::named(&client, &args.names, args.reveal).await?;
    match args.output {
        Output::Json => {
            let list: Vec<_> = found
                .iter()
                .map(|parameter| {
                    json!({
                        "Name": parameter.name, "Type": parameter.kind.as_str(), "Version": parameter.version,
                        "Value": parameter.shown(args.reveal),
                    })
                })
                .collect();
            println!("{:#}", json!(list));
        }
        Output::Table => {
            for parameter in &found {
                match args.names.len() {
                    1 => println!("{}", parameter.shown(args.reveal)),
                    _ => println!("{}\t{}", parameter.name, parameter.shown(args.reveal)),
                }
            }
        }
    }
    if missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::other(format!("there is no parameter {}", missing.join(", "))))
}
