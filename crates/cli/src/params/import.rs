//! `muster params import`.

use super::{
    MASK,
    format::{self, Format},
    store::{self, Parameter},
};
use crate::{Failure, account::Connection};
use muster_service_model::Sensitive;
use muster_ssm_api::{ParameterType, PutParameterRequest};
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

/// Create or change parameters from a file.
///
/// Nested keys of JSON and YAML become paths. What has the same value already is left alone, so importing twice does
/// no harm. A parameter that is there keeps its type.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The file: dotenv, JSON or YAML; `-` is standard input
    file: PathBuf,
    /// The path that they go below
    #[arg(long, value_name = "PATH")]
    path: String,
    /// The format [default: by the file's name]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which new ones to encrypt, with * and ?: may be given several times. Alone it means all of them
    #[arg(long, value_name = "GLOB", num_args = 0..=1, default_missing_value = "*")]
    secure: Vec<String>,
    /// The KMS key for those [default: alias/aws/ssm]
    #[arg(long, value_name = "KEY", requires = "secure")]
    key_id: Option<String>,
    /// Delete what is below the path and not in the file
    #[arg(long)]
    prune: bool,
    /// Change nothing: say what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let path = store::path(&args.path)?;
    let entries = format::read(&args.file, args.format)?;
    let client = args.connection.client()?;
    let there = store::below(&client, &path, true).await?;
    let steps = plan(&entries, &there, args.prune, &|key| args.secure.iter().any(|glob| matches(glob, key)));
    let prefix = path.trim_end_matches('/');
    for Step { sign, key, value, kind } in &steps {
        let shown = match kind {
            ParameterType::SecureString => MASK,
            _ => value,
        };
        match sign {
            '-' => println!("- {prefix}/{key}"),
            sign => println!("{sign} {prefix}/{key} = {shown}"),
        }
        if args.dry_run {
            continue;
        }
        let name = format!("{prefix}/{key}");
        if *sign == '-' {
            store::delete(&client, &[name]).await?;
            continue;
        }
        let request = PutParameterRequest {
            name,
            value: Sensitive::new(*value),
            r#type: Some(*kind),
            key_id: args.key_id.clone().filter(|_| *kind == ParameterType::SecureString && *sign == '+'),
            overwrite: Some(*sign == '~'),
            ..Default::default()
        };
        store::put(&client, &request).await?;
    }
    let count = |sign| steps.iter().filter(|step| step.sign == sign).count();
    let unchanged = entries.len() - count('+') - count('~');
    eprintln!(
        "{}{} created, {} changed, {} deleted, {unchanged} as they were",
        if args.dry_run { "would be: " } else { "" },
        count('+'),
        count('~'),
        count('-'),
    );
    Ok(ExitCode::SUCCESS)
}

/// What to do with one parameter: `+` create, `~` change, `-` delete.
#[derive(Debug, PartialEq, Eq)]
struct Step<'a> {
    sign: char,
    key: &'a str,
    value: &'a str,
    kind: ParameterType,
}

fn plan<'a>(
    entries: &'a BTreeMap<String, String>,
    there: &'a BTreeMap<String, Parameter>,
    prune: bool,
    secure: &dyn Fn(&str) -> bool,
) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (key, value) in entries {
        let (sign, kind) = match there.get(key) {
            Some(found) if found.value.expose() == value => continue,
            Some(found) => ('~', found.kind),
            None if secure(key) => ('+', ParameterType::SecureString),
            None => ('+', ParameterType::String),
        };
        steps.push(Step { sign, key, value, kind });
    }
    let gone = there.iter().filter(|(key, _)| prune && !entries.contains_key(*key));
    steps.extend(gone.map(|(key, parameter)| Step { sign: '-', key, value: "", kind: parameter.kind }));
    steps
}

/// Whether a glob of `*` and `?` matches a whole key, or its last part.
fn matches(glob: &str, key: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let last = key.rsplit('/').next().unwrap_or(key);
    [key, last].into_iter().any(|text| glob_matches(&glob, &text.chars().collect::<Vec<_>>()))
}

fn glob_matches(glob: &[char], text: &[char]) -> bool {
    match (glob.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => glob_matches(rest, text),
        (Some(('*', rest)), Some((_, after))) => glob_matches(rest, text) || glob_matches(glob, after),
        (Some((wanted, rest)), Some((found, after))) => {
            (*wanted == '?' || wanted == found) && glob_matches(rest, after)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_done() {
        let entries: BTreeMap<String, String> = [("a", "1"), ("b", "2"), ("db/PASSWORD", "p")]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let parameter =
            |kind, value: &str| Parameter { name: String::new(), kind, value: value.into(), version: 1 };
        let there = BTreeMap::from([
            ("a".to_owned(), parameter(ParameterType::String, "1")),
            ("b".to_owned(), parameter(ParameterType::SecureString, "1")),
            ("old".to_owned(), parameter(ParameterType::String, "1")),
        ]);
        let secure = |key: &str| matches("*PASS*", key);
        let signs = |prune| -> Vec<(char, String, ParameterType)> {
            plan(&entries, &there, prune, &secure)
                .into_iter()
                .map(|step| (step.sign, step.key.to_owned(), step.kind))
                .collect()
        };
        let expected = vec![
            ('~', "b".to_owned(), ParameterType::SecureString),
            ('+', "db/PASSWORD".to_owned(), ParameterType::SecureString),
        ];
        assert_eq!(signs(false), expected);
        assert_eq!(signs(true).last(), Some(&('-', "old".to_owned(), ParameterType::String)));
    }

    #[test]
    fn globs_match_keys_and_their_last_parts() {
        for (glob, key, expected) in [
            ("*", "a/b", true),
            ("*PASSWORD", "db/PASSWORD", true),
            ("PASS?ORD", "db/PASSWORD", true),
            ("db/*", "db/x", true),
            ("b*", "a/c", false),
        ] {
            assert_eq!(matches(glob, key), expected, "{glob} {key}");
        }
    }
}
