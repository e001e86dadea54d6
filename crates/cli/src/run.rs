//! `muster run`: one shell command on one node or many, and what came of it.

use crate::{
    Failure,
    account::Connection,
    client::Client,
    command::{self, Outcome, Watch},
    display,
    nodes::parse_tag,
};
use muster_ssm_api::{CancelCommand, CancelCommandRequest, SendCommandRequest, Target};
use std::{
    collections::BTreeMap,
    io::{Write as _, stderr, stdout},
    process::ExitCode,
};

const EXAMPLES: &str = "\
Examples:
  muster run mi-0123456789abcdef0 -- uptime
  muster run --tag env=prod -- 'df -h / | tail -1'

One word after `--` is a shell script; several are one command, quoted as they are.";

/// Run a shell command on nodes and wait for the results.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// The nodes
    #[arg(value_name = "NODE", required_unless_present = "tag", conflicts_with = "tag")]
    nodes: Vec<String>,
    /// All nodes with this tag; several tags must all be there
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    tag: Vec<(String, String)>,
    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// The folder to run in
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// Seconds that the command may run on a node
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u32,
    /// Seconds to wait for a node that is not connected
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    delivery_timeout: i32,
    /// A note that stays with the command
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let client = args.connection.client()?;
    let command = command::send(&client, &request(args)).await?;
    let several = args.nodes.len() != 1;
    let outcomes = tokio::select! {
        outcomes = follow(&client, &command, several) => outcomes?,
        _ = tokio::signal::ctrl_c() => {
            let request = CancelCommandRequest { command_id: command.clone(), ..Default::default() };
            client.call::<CancelCommand>(&request).await?;
            eprintln!("cancelled command {command}");
            return Err(Failure::interrupted());
        }
    };
    if outcomes.is_empty() {
        return Err(Failure::other("no node matches"));
    }
    if several {
        let good = outcomes.iter().filter(|outcome| outcome.success).count();
        eprintln!("{good} of {} nodes succeeded (command {command})", outcomes.len());
    }
    Ok(exit_code(&outcomes))
}

fn request(args: &RunArgs) -> SendCommandRequest {
    let mut parameters = BTreeMap::from([
        ("commands".to_owned(), vec![script(&args.command)]),
        ("executionTimeout".to_owned(), vec![args.timeout.to_string()]),
    ]);
    if let Some(directory) = &args.directory {
        parameters.insert("workingDirectory".to_owned(), vec![directory.clone()]);
    }
    let targets: Vec<_> = args
        .tag
        .iter()
        .map(|(key, value)| Target { key: Some(format!("tag:{key}")), values: Some(vec![value.clone()]) })
        .collect();
    SendCommandRequest {
        instance_ids: (!args.nodes.is_empty()).then(|| args.nodes.clone()),
        targets: (!targets.is_empty()).then_some(targets),
        document_name: "AWS-RunShellScript".to_owned(),
        timeout_seconds: Some(args.delivery_timeout),
        comment: args.comment.clone(),
        parameters: Some(parameters),
        // As many at once as there are, and one failure stops none.
        max_concurrency: Some("100%".to_owned()),
        max_errors: Some("100%".to_owned()),
        ..Default::default()
    }
}

/// Prints each result as it comes in.
async fn follow(client: &Client, command: &str, several: bool) -> Result<Vec<Outcome>, Failure> {
    let mut all = Vec::new();
    let mut watch = Watch::new(client, command);
    while let Some(outcomes) = watch.next().await? {
        for outcome in outcomes {
            if several {
                let title = format!("{} {}", outcome.node, outcome.host);
                let exit = if outcome.exit_code < 0 {
                    String::new()
                } else {
                    format!(", exit {}", outcome.exit_code)
                };
                println!("{}", display::bold(&format!("== {}: {}{exit}", title.trim_end(), outcome.status)));
            }
            print_output(&outcome);
            // A command that failed has said why itself.
            if !several && !outcome.success && (outcome.status != "Failed" || outcome.exit_code <= 0) {
                display::error(&format!("{}: {}", outcome.node, outcome.status));
            }
            all.push(outcome);
        }
    }
    Ok(all)
}

/// The two streams, each to its own.
pub(crate) fn print_output(outcome: &Outcome) {
    let line_end = |text: &str| if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    // A reader that has gone away wants no more.
    let _ =
        write!(stdout(), "{}{}", outcome.stdout, line_end(&outcome.stdout)).and_then(|()| stdout().flush());
    let _ = write!(stderr(), "{}{}", outcome.stderr, line_end(&outcome.stderr));
}

/// 0 if all went well; one node's own exit code; else 1.
pub(crate) fn exit_code(outcomes: &[Outcome]) -> ExitCode {
    match outcomes {
        _ if outcomes.iter().all(|outcome| outcome.success) => ExitCode::SUCCESS,
        [outcome] => ExitCode::from(u8::try_from(outcome.exit_code).unwrap_or(1).max(1)),
        _ => ExitCode::FAILURE,
    }
}

/// One word is a script; several are a command, each quoted for the shell.
fn script(words: &[String]) -> String {
    match words {
        [script] => script.clone(),
        _ => words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
    }
}

fn quote(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(script(&words(&["echo $HOME | wc"])), "echo $HOME | wc");
        assert_eq!(script(&words(&["echo", "a b", "it's", ""])), r"echo 'a b' 'it'\''s' ''");
        assert_eq!(
            script(&words(&["systemctl", "restart", "nginx.service"])),
            "systemctl restart nginx.service"
        );
    }
}
