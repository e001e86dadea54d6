//! `muster admin key`: access keys of users.

use super::{ago, print_json, table};
use crate::{Failure, account::Connection, client::Client, nodes::Output};
use muster_iam_api::{
    AccessKey, CreateAccessKey, CreateAccessKeyRequest, DeleteAccessKey, DeleteAccessKeyRequest,
    GetAccessKeyLastUsed, GetAccessKeyLastUsedRequest, ListAccessKeys, ListAccessKeysRequest, StatusType,
    UpdateAccessKey, UpdateAccessKeyRequest,
};
use std::process::ExitCode;

/// Access keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it
    Create {
        /// Whose [default: the caller's]
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// List keys, and when they were used
    List {
        /// Whose [default: the caller's]
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Let a key sign nothing more, for now
    Deactivate(Which),
    /// Let it sign again
    Activate(Which),
    /// Delete a key for ever
    Delete(Which),
}

/// A key.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Its id
    key_id: String,
    /// Whose [default: the caller's]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(command: &KeyCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyCommand::Create { user, output, connection } => {
            let key = create(&connection.client()?, user.clone()).await?;
            print(&key, *output)?;
        }
        KeyCommand::List { user, connection } => list(&connection.client()?, user.clone()).await?,
        KeyCommand::Deactivate(which) => set_status(which, StatusType::Inactive).await?,
        KeyCommand::Activate(which) => set_status(which, StatusType::Active).await?,
        KeyCommand::Delete(Which { key_id, user, connection }) => {
            let request = DeleteAccessKeyRequest { access_key_id: key_id.clone(), user_name: user.clone() };
            connection.client()?.call::<DeleteAccessKey>(&request).await?;
            eprintln!("deleted {key_id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn create(client: &Client, user: Option<String>) -> Result<AccessKey, Failure> {
    Ok(client.call::<CreateAccessKey>(&CreateAccessKeyRequest { user_name: user }).await?.access_key)
}

/// The one time that a secret is seen.
pub(super) fn print(key: &AccessKey, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        return print_json(key);
    }
    eprintln!("A key of {}. The secret is not shown again:", key.user_name);
    println!("export AWS_ACCESS_KEY_ID={}", key.access_key_id);
    println!("export AWS_SECRET_ACCESS_KEY={}", key.secret_access_key.expose());
    Ok(())
}

async fn list(client: &Client, user: Option<String>) -> Result<(), Failure> {
    let (mut request, mut table) = (
        ListAccessKeysRequest { user_name: user, ..Default::default() },
        table(["KEY", "USER", "STATUS", "MADE", "USED", "FOR"]),
    );
    loop {
        let page = client.call::<ListAccessKeys>(&request).await?;
        for key in page.access_key_metadata {
            let id = key.access_key_id.unwrap_or_default();
            let used = GetAccessKeyLastUsedRequest { access_key_id: id.clone() };
            let used = client.call::<GetAccessKeyLastUsed>(&used).await?.access_key_last_used;
            table.add_row([
                id,
                key.user_name.unwrap_or_default(),
                key.status.map(|status| status.to_string()).unwrap_or_default(),
                ago(key.create_date),
                ago(used.as_ref().and_then(|used| used.last_used_date)),
                used.map(|used| used.service_name).unwrap_or_default(),
            ]);
        }
        request.marker = page.marker;
        if request.marker.is_none() {
            println!("{table}");
            return Ok(());
        }
    }
}

async fn set_status(which: &Which, status: StatusType) -> Result<(), Failure> {
    let Which { key_id, user, connection } = which;
    let request = UpdateAccessKeyRequest { access_key_id: key_id.clone(), user_name: user.clone(), status };
    connection.client()?.call::<UpdateAccessKey>(&request).await?;
    eprintln!("{key_id} is {status}");
    Ok(())
}
