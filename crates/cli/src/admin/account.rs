//! `muster admin account`.

use super::{ago, print_json, table};
use crate::{Failure, account::Connection, nodes::Output};
use muster_admin_api::{
    AccountStatus, CreateAccount, CreateAccountRequest, ListAccounts, ListAccountsRequest, UpdateAccount,
    UpdateAccountRequest,
};
use std::process::ExitCode;

/// Accounts: each is a world of its own.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account and print the access key of its root
    Create {
        /// A name for people
        name: String,
        /// Its id, twelve digits [default: any free one]
        #[arg(long, value_name = "ID")]
        account_id: Option<String>,
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the accounts
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// Refuse everything that an account's identities and nodes ask for, from now on
    Suspend {
        /// Its id
        account_id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Let a suspended account work again
    Activate {
        /// Its id
        account_id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &AccountCommand) -> Result<ExitCode, Failure> {
    match command {
        AccountCommand::Create { name, account_id, output, connection } => {
            let request = CreateAccountRequest { name: name.clone(), account_id: account_id.clone() };
            let answer = connection.client()?.call::<CreateAccount>(&request).await?;
            match output {
                Output::Json => print_json(&answer)?,
                Output::Table => {
                    let key = &answer.root_access_key;
                    eprintln!(
                        "Account {} ({name}). The secret is not shown again:",
                        answer.account.account_id
                    );
                    println!("export AWS_ACCESS_KEY_ID={}", key.access_key_id);
                    println!("export AWS_SECRET_ACCESS_KEY={}", key.secret_access_key.expose());
                }
            }
        }
        AccountCommand::List { output, connection } => {
            let client = connection.client()?;
            let (mut request, mut all) = (ListAccountsRequest::default(), Vec::new());
            loop {
                let page = client.call::<ListAccounts>(&request).await?;
                all.extend(page.accounts);
                request.next_token = page.next_token;
                if request.next_token.is_none() {
                    break;
                }
            }
            if *output == Output::Json {
                print_json(&all)?;
            } else {
                let mut table = table(["ACCOUNT", "NAME", "STATUS", "MADE"]);
                for account in all {
                    let made = ago(Some(account.created_date));
                    table.add_row([account.account_id, account.name, account.status.to_string(), made]);
                }
                println!("{table}");
            }
        }
        AccountCommand::Suspend { account_id, connection } => {
            set_status(connection, account_id, AccountStatus::Suspended).await?;
        }
        AccountCommand::Activate { account_id, connection } => {
            set_status(connection, account_id, AccountStatus::Active).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_status(connection: &Connection, account_id: &str, status: AccountStatus) -> Result<(), Failure> {
    let request = UpdateAccountRequest {
        account_id: account_id.to_owned(),
        status: Some(status),
        ..Default::default()
    };
    let answer = connection.client()?.call::<UpdateAccount>(&request).await?;
    eprintln!("account {account_id} is {}", answer.account.status);
    Ok(())
}
