//! `muster params exec`: a program with parameters in its environment. Values travel from the server into the program's
//! memory alone: no file, no argument.

use super::store;
use crate::{Failure, account::Connection};
use std::{
    collections::BTreeMap,
    io,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

/// Run a program with parameters in its environment.
///
/// /app/prod/db/password becomes DB_PASSWORD for the path /app/prod: what follows the path, in capitals, with `_` for
/// everything that is no letter or digit. Of several paths, later ones win; parameters win over the environment. The
/// program takes this one's place, so signals and its exit code are its own.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecArgs {
    /// The paths
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
    /// The parameters alone: nothing of our own environment
    #[arg(long)]
    pristine: bool,
    /// Names as they are, without capitals
    #[arg(long)]
    keep_case: bool,
    /// Before every name: APP_ makes APP_DB_PASSWORD
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &ExecArgs) -> Result<ExitCode, Failure> {
    let client = args.connection.client()?;
    let mut variables = BTreeMap::new();
    for path in &args.paths {
        let path = store::path(path)?;
        let found = store::below(&client, &path, true).await?;
        if found.is_empty() {
            return Err(Failure::other(format!("there is no parameter below {path}")));
        }
        let mut of_path = BTreeMap::new();
        for (key, parameter) in found {
            let name = format!("{}{}", args.prefix, variable(&key, args.keep_case));
            if let Some(other) = of_path.insert(name.clone(), key.clone()) {
                return Err(Failure::usage(format!("{path}/{other} and {path}/{key} would both be {name}")));
            }
            variables.insert(name, parameter.value);
        }
    }
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::usage("there is no program to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
    }
    command.envs(variables.iter().map(|(name, value)| (name, value.expose())));
    // Only comes back if it fails.
    let error = command.exec();
    let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    Err(Failure { message: format!("cannot run {program}: {error}"), code })
}

/// The variable's name: portable, as shells know it.
fn variable(key: &str, keep_case: bool) -> String {
    let name: String =
        key.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let name = if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name };
    if keep_case { name } else { name.to_ascii_uppercase() }
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn keys_become_names_of_variables() {
        assert_eq!(variable("db/pass-word.1", false), "DB_PASS_WORD_1");
        assert_eq!(variable("db/Host", true), "db_Host");
        assert_eq!(variable("1st", false), "_1ST");
    }
}
