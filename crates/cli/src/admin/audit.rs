//! `muster admin audit`.

use super::{print_json, table};
use crate::{Failure, account::Connection, nodes::Output};
use muster_admin_api::{VerifyAudit, VerifyAuditRequest};
use std::process::ExitCode;

/// The audit trail.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that no record was changed, removed or added
    ///
    /// Exit code 0: the trail is whole; 1: it is not.
    Verify {
        /// Of one account alone
        #[arg(long, value_name = "ID")]
        account_id: Option<String>,
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &AuditCommand) -> Result<ExitCode, Failure> {
    let AuditCommand::Verify { account_id, output, connection } = command;
    let request = VerifyAuditRequest { account_id: account_id.clone(), ..Default::default() };
    let answer = connection.client()?.call::<VerifyAudit>(&request).await?;
    if *output == Output::Json {
        print_json(&answer)?;
    } else if answer.verified {
        println!("The audit trail is whole: {} events in {} files.", answer.events, answer.files);
        println!(
            "Calls of the last minute are in the servers' journals, and checked when they come into a file."
        );
    } else {
        let mut table = table(["ACCOUNT", "REGION", "FILE", "PROBLEM"]);
        for problem in &answer.problems {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let file = problem.key.clone().or_else(|| problem.sequence.map(|number| number.to_string()));
            table.add_row([
                text(&problem.account_id),
                text(&problem.region),
                file.unwrap_or_default(),
                problem.problem.clone(),
            ]);
        }
        println!("{table}");
        eprintln!("the audit trail is NOT whole: {} problems", answer.problems.len());
    }
    Ok(if answer.verified { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
