//! `muster params tree`.

use super::store::{self, Parameter};
use crate::{Failure, account::Connection, display};
use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode};

/// Show a path and what is below it.
#[derive(Debug, clap::Args)]
pub(crate) struct TreeArgs {
    /// The path
    #[arg(default_value = "/")]
    path: String,
    /// Print names only
    #[arg(long)]
    names: bool,
    /// Print SecureString values in clear
    #[arg(long, conflicts_with = "names")]
    reveal: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &TreeArgs) -> Result<ExitCode, Failure> {
    let path = store::path(&args.path)?;
    let client = args.connection.client()?;
    let found = store::below(&client, &path, args.reveal).await?;
    if found.is_empty() {
        return Err(Failure::other(format!("there is no parameter below {path}")));
    }
    let mut root = Branch::default();
    for (relative, parameter) in &found {
        root.add(relative, parameter);
    }
    let mut text = String::new();
    root.draw("", &mut text, &|parameter| (!args.names).then(|| parameter.shown(args.reveal).to_owned()));
    print!("{}\n{text}", display::bold(&path));
    eprintln!("{} parameters", found.len());
    Ok(ExitCode::SUCCESS)
}

/// A level of the hierarchy: a parameter, a path, or both of one name.
#[derive(Debug, Default)]
struct Branch<'a> {
    parameter: Option<&'a Parameter>,
    below: BTreeMap<&'a str, Branch<'a>>,
}

impl<'a> Branch<'a> {
    fn add(&mut self, relative: &'a str, parameter: &'a Parameter) {
        let mut at = self;
        for part in relative.split('/') {
            at = at.below.entry(part).or_default();
        }
        at.parameter = Some(parameter);
    }

    fn draw(&self, indent: &str, text: &mut String, value: &dyn Fn(&Parameter) -> Option<String>) {
        let last = self.below.len().saturating_sub(1);
        for (index, (name, branch)) in self.below.iter().enumerate() {
            let (corner, bar) = if index == last { ("└── ", "    ") } else { ("├── ", "│   ") };
            // Writing to a String does not fail.
            let _ = write!(text, "{indent}{corner}{name}");
            if let Some(value) = branch.parameter.and_then(value) {
                // A value of several lines would break the picture.
                let _ = write!(text, " = {}", value.escape_debug().to_string().replace("\\\"", "\""));
            }
            text.push('\n');
            branch.draw(&format!("{indent}{bar}"), text, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_ssm_api::ParameterType;

    #[test]
    fn levels_are_drawn_under_their_paths() {
        let parameter = |name: &str, kind, value: &str| Parameter {
            name: name.to_owned(),
            kind,
            value: value.into(),
            version: 1,
        };
        let host = parameter("/a/db/host", ParameterType::String, "h\ni");
        let password = parameter("/a/db/password", ParameterType::SecureString, "p");
        let db = parameter("/a/db", ParameterType::String, "x");
        let mut root = Branch::default();
        for (relative, parameter) in [("db/host", &host), ("db/password", &password), ("db", &db)] {
            root.add(relative, parameter);
        }
        let mut text = String::new();
        root.draw("", &mut text, &|parameter| Some(parameter.shown(false).to_owned()));
        assert_eq!(text, "└── db = x\n    ├── host = h\\ni\n    └── password = ********\n");
    }
}
