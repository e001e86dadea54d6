//! `muster admin event-target`: where events go.

use super::{ago, policy, print_json, table};
use crate::{Failure, account::Connection, nodes::Output};
use muster_admin_api::{
    DeleteEventTarget, DeleteEventTargetRequest, ListEventTargets, ListEventTargetsRequest,
    ListFailedDeliveries, ListFailedDeliveriesRequest, PutEventTarget, PutEventTargetRequest,
};
use std::{path::PathBuf, process::ExitCode};

/// Where events go: webhooks and topics.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum EventTargetCommand {
    /// Make a target, or change it
    Put {
        /// Its name
        name: String,
        /// A webhook's address, or a topic's ARN
        destination: String,
        /// An EventBridge pattern, JSON, of the events that it wants; `-` is standard input [default: all]
        #[arg(long, value_name = "FILE")]
        pattern: Option<PathBuf>,
        /// The file with the secret that webhook calls are signed with
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the targets
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a target
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// List what could not be delivered
    Failed {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &EventTargetCommand) -> Result<ExitCode, Failure> {
    match command {
        EventTargetCommand::Put { name, destination, pattern, secret_file, connection } => {
            let secret = secret_file.as_deref().map(policy::read).transpose()?;
            let request = PutEventTargetRequest {
                name: name.clone(),
                destination: destination.clone(),
                event_pattern: pattern.as_deref().map(policy::read).transpose()?,
                secret: secret.map(|secret| secret.trim_end().into()),
            };
            connection.client()?.call::<PutEventTarget>(&request).await?;
            eprintln!("events go to {destination}");
        }
        EventTargetCommand::List { output, connection } => {
            let client = connection.client()?;
            let (mut request, mut all) = (ListEventTargetsRequest::default(), Vec::new());
            loop {
                let page = client.call::<ListEventTargets>(&request).await?;
                all.extend(page.event_targets);
                request.next_token = page.next_token;
                if request.next_token.is_none() {
                    break;
                }
            }
            if *output == Output::Json {
                print_json(&all)?;
            } else {
                let mut table = table(["TARGET", "DESTINATION", "MADE", "PATTERN"]);
                for target in all {
                    let made = ago(target.created_date);
                    table.add_row([
                        target.name,
                        target.destination,
                        made,
                        target.event_pattern.unwrap_or_else(|| "all events".to_owned()),
                    ]);
                }
                println!("{table}");
            }
        }
        EventTargetCommand::Delete { name, connection } => {
            connection
                .client()?
                .call::<DeleteEventTarget>(&DeleteEventTargetRequest { name: name.clone() })
                .await?;
            eprintln!("deleted {name}");
        }
        EventTargetCommand::Failed { output, connection } => {
            let client = connection.client()?;
            let (mut request, mut all) = (ListFailedDeliveriesRequest::default(), Vec::new());
            loop {
                let page = client.call::<ListFailedDeliveries>(&request).await?;
                all.extend(page.failed_deliveries);
                request.next_token = page.next_token;
                if request.next_token.is_none() {
                    break;
                }
            }
            if *output == Output::Json {
                print_json(&all)?;
            } else {
                let mut table = table(["WHEN", "DESTINATION", "ATTEMPTS", "WHY"]);
                for failed in all {
                    let when = ago(Some(failed.failed_date));
                    table.add_row([when, failed.destination, failed.attempts.to_string(), failed.error]);
                }
                println!("{table}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
