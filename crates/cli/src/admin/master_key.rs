//! `muster admin master-key`.

use crate::{Failure, account::Connection};
use muster_admin_api::{
    DescribeMasterKey, DescribeMasterKeyRequest, MasterKey, RotateMasterKey, RotateMasterKeyRequest,
};
use std::process::ExitCode;

/// The key that all other keys are sealed under.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum MasterKeyCommand {
    /// Show where it is, and how many keys it seals; never the key itself
    Show {
        #[command(flatten)]
        connection: Connection,
    },
    /// Make a new one and seal all data keys with it; the server goes on working meanwhile
    Rotate {
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &MasterKeyCommand) -> Result<ExitCode, Failure> {
    match command {
        MasterKeyCommand::Show { connection } => {
            let answer = connection.client()?.call::<DescribeMasterKey>(&DescribeMasterKeyRequest {}).await?;
            print(&answer.master_key);
        }
        MasterKeyCommand::Rotate { connection } => {
            let answer = connection.client()?.call::<RotateMasterKey>(&RotateMasterKeyRequest {}).await?;
            print(&answer.master_key);
            eprintln!("Keep a copy of the new master key: without it nothing that is sealed can be read.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(key: &MasterKey) {
    println!("Master key  {}", key.master_key_id);
    println!("Kept by     {}", key.provider);
    println!("Data keys   {}", key.data_keys);
}
