//! `muster params diff`.

use super::{
    MASK,
    format::{self, Format},
    store,
};
use crate::{Failure, account::Connection, client::Client};
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

/// Compare two paths, or a path with a file.
///
/// Exit code 0: nothing differs; 1: something does. A file is told from a path by not beginning with `/`, or by
/// beginning with `./`.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// A path of parameters, or a file
    left: String,
    /// What it is compared with: another path or file
    right: String,
    /// Print SecureString values in clear
    #[arg(long)]
    reveal: bool,
    /// The format of files [default: by their names]
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let client = args.connection.client()?;
    let left = side(&client, &args.left, args.format).await?;
    let right = side(&client, &args.right, args.format).await?;
    let lines = compare(&left, &right, args.reveal);
    for line in &lines {
        println!("{line}");
    }
    Ok(if lines.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Entry {
    value: String,
    secret: bool,
}

async fn side(
    client: &Client,
    text: &str,
    format: Option<Format>,
) -> Result<BTreeMap<String, Entry>, Failure> {
    if text.starts_with('/') {
        // Decrypted to compare; what is printed is another matter.
        let found = store::below(client, &store::path(text)?, true).await?;
        return Ok(found
            .into_iter()
            .map(|(key, parameter)| {
                let secret = parameter.is_secret();
                (key, Entry { value: parameter.value.expose().to_owned(), secret })
            })
            .collect());
    }
    let entries = format::read(&PathBuf::from(text), format)?;
    Ok(entries.into_iter().map(|(key, value)| (key, Entry { value, secret: false })).collect())
}

/// `- key = value` of what is left alone, `+ …` of what is right alone; both if they differ. What is a secret on
/// either side is masked on both.
fn compare(left: &BTreeMap<String, Entry>, right: &BTreeMap<String, Entry>, reveal: bool) -> Vec<String> {
    let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut lines = Vec::new();
    for key in keys {
        let (of_left, of_right) = (left.get(key), right.get(key));
        if of_left.map(|entry| &entry.value) == of_right.map(|entry| &entry.value) {
            continue;
        }
        let secret = [of_left, of_right].into_iter().flatten().any(|entry| entry.secret) && !reveal;
        for (sign, entry) in [('-', of_left), ('+', of_right)] {
            if let Some(entry) = entry {
                lines.push(format!("{sign} {key} = {}", if secret { MASK } else { &entry.value }));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_and_secrets_are_not() {
        let side = |entries: &[(&str, &str, bool)]| {
            entries
                .iter()
                .map(|(key, value, secret)| {
                    ((*key).to_owned(), Entry { value: (*value).to_owned(), secret: *secret })
                })
                .collect::<BTreeMap<_, _>>()
        };
        let left = side(&[("a", "1", false), ("b", "2", false), ("p", "x", true), ("same", "s", true)]);
        let right = side(&[("b", "3", false), ("c", "4", false), ("p", "y", false), ("same", "s", true)]);
        assert_eq!(
            compare(&left, &right, false),
            ["- a = 1", "- b = 2", "+ b = 3", "+ c = 4", "- p = ********", "+ p = ********"]
        );
        assert_eq!(compare(&left, &right, true)[4..], ["- p = x", "+ p = y"]);
        assert!(compare(&left, &left, false).is_empty());
    }
}
