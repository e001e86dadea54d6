//! `muster params export`.

use super::{format::Format, store};
use crate::{Failure, account::Connection};
use std::{
    fs::{OpenOptions, Permissions},
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::PathBuf,
    process::ExitCode,
};

/// Write the parameters below a path to a file.
///
/// Without --reveal secrets are left out, and their names are told: a mask would come back as their value.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The path
    path: String,
    /// The format
    #[arg(long, short, value_enum, default_value = "dotenv")]
    format: Format,
    /// The file; only its owner may read it [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With SecureString values, in clear
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let path = store::path(&args.path)?;
    let client = args.connection.client()?;
    let found = store::below(&client, &path, args.reveal).await?;
    if found.is_empty() {
        return Err(Failure::other(format!("there is no parameter below {path}")));
    }
    let (secrets, clear): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, parameter)| parameter.is_secret() && !args.reveal);
    let entries =
        clear.into_iter().map(|(key, parameter)| (key, parameter.value.expose().to_owned())).collect();
    let text = args.format.write(&entries)?;
    match &args.output {
        None => print!("{text}"),
        Some(file) => {
            let mut options = OpenOptions::new();
            let opened = options.write(true).create(true).truncate(true).mode(0o600).open(file);
            opened
                .and_then(|mut opened| {
                    // One that was there keeps its mode when it is opened.
                    opened.set_permissions(Permissions::from_mode(0o600))?;
                    opened.write_all(text.as_bytes())
                })
                .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))?;
        }
    }
    if !secrets.is_empty() {
        let names: Vec<_> = secrets.iter().map(|(key, _)| key.as_str()).collect();
        eprintln!("left out, since they are secrets (--reveal takes them along): {}", names.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}
