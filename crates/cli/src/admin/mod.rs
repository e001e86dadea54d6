//! `muster admin`: accounts, identities, keys, policies, tasks and the audit trail, for daily use. Identities are
//! those of IAM; the aws CLI has all of its operations. Not for: what applications keep, see `params`.

mod account;
mod audit;
mod event_target;
mod key;
mod master_key;
mod policy;
mod role;
mod task;
mod user;

use crate::{Failure, clock};
use comfy_table::{Table, presets};
use muster_service_model::Timestamp;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  muster admin user create alice --policy AmazonSSMReadOnlyAccess --key
  muster admin key deactivate AKIA… --user alice
  muster admin policy create read-app policy.json
  muster admin policy attach read-app --user alice
  muster admin policy simulate --user alice ssm:GetParameter --resource 'arn:aws:ssm:*:*:parameter/app/*'
  muster admin account create staging
  muster admin audit verify";

/// Accounts, users, keys, policies, roles; tasks, audit, master key.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum AdminCommand {
    /// Accounts: each is a world of its own
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// IAM users
    #[command(subcommand)]
    User(user::UserCommand),
    /// Access keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Policies: what they allow, and to whom
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// IAM roles
    #[command(subcommand)]
    Role(role::RoleCommand),
    /// Background tasks of the server
    #[command(subcommand)]
    Tasks(task::TaskCommand),
    /// The audit trail
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// The key that all other keys are sealed under
    #[command(subcommand)]
    MasterKey(master_key::MasterKeyCommand),
    /// Where events go: webhooks and topics
    #[command(subcommand)]
    EventTarget(event_target::EventTargetCommand),
}

pub(crate) async fn run(command: &AdminCommand) -> Result<ExitCode, Failure> {
    match command {
        AdminCommand::Account(command) => account::run(command).await,
        AdminCommand::User(command) => user::run(command).await,
        AdminCommand::Key(command) => key::run(command).await,
        AdminCommand::Policy(command) => policy::run(command).await,
        AdminCommand::Role(command) => role::run(command).await,
        AdminCommand::Tasks(command) => task::run(command).await,
        AdminCommand::Audit(command) => audit::run(command).await,
        AdminCommand::MasterKey(command) => master_key::run(command).await,
        AdminCommand::EventTarget(command) => event_target::run(command).await,
    }
}

/// A table without lines.
fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    table
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::other(error.to_string()))?;
    println!("{text}");
    Ok(())
}

/// How long ago, as people say it; empty for never.
fn ago(time: Option<Timestamp>) -> String {
    time.map(|time| crate::nodes::ago(clock::now_ms() - time.as_millis())).unwrap_or_default()
}
