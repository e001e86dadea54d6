//! `muster up`: from nothing to a first command, in one process that stays in the foreground.
//!
//! It is an operator like any other: it starts the two other programs, makes an activation through the public API,
//! registers this machine with it and sends a command. Everything lands in one data folder, and nothing outside it.

mod children;
mod folder;
mod node;
mod port;
mod server;

use crate::{
    Failure, account,
    client::Client,
    command::{self, Outcome, Watch},
    display, run as day_to_day,
};
use children::Children;
use folder::DataFolder;
use muster_ssm_api::SendCommandRequest;
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// Start a server, make this machine its first node and run a command on it.
///
/// Everything is kept in the data folder: a second start finds its server and its node again. Ctrl-C stops both.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    /// Where everything is kept; nothing outside it is touched
    #[arg(long, value_name = "DIR", default_value = account::DEFAULT_FOLDER)]
    data_dir: PathBuf,
    /// The port to listen on, on 127.0.0.1; 0 takes a free one [default: as last time, or 8765]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The region that this machine is registered in [default: as last time, or us-east-1]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// End after the first command, with its exit code
    #[arg(long)]
    exit: bool,
    /// The server's program [default: muster-server beside this one]
    #[arg(long, value_name = "FILE", env = "MUSTER_SERVER_BINARY")]
    server_binary: Option<PathBuf>,
    /// The agent's program [default: muster-agent beside this one]
    #[arg(long, value_name = "FILE", env = "MUSTER_AGENT_BINARY")]
    agent_binary: Option<PathBuf>,
}

/// Runs until Ctrl-C, or until the first command has ended with `--exit`.
pub(crate) async fn run(args: UpArgs) -> Result<ExitCode, Failure> {
    let server_binary = binary("muster-server", args.server_binary.as_deref())?;
    let agent_binary = binary("muster-agent", args.agent_binary.as_deref())?;
    let folder = DataFolder::open(&args.data_dir)?;
    eprintln!("Muster {}, data in {}", env!("CARGO_PKG_VERSION"), folder.path().display());
    let mut interrupt = interruptions()?;
    let mut children = Children::default();
    let work = async {
        let (client, outcome) =
            bring_up(&args, &folder, &server_binary, &agent_binary, &mut children).await?;
        let code = day_to_day::exit_code(&outcome);
        if args.exit {
            return Ok(code);
        }
        print_next_steps(&client, &folder);
        Err(children.first_end().await)
    };
    let result = tokio::select! {
        result = work => result,
        () = interrupt.next() => {
            eprintln!();
            Ok(ExitCode::SUCCESS)
        }
    };
    let step = display::step("Stopping");
    children.stop().await;
    step.done("stopped");
    result
}

async fn bring_up(
    args: &UpArgs,
    folder: &DataFolder,
    server_binary: &Path,
    agent_binary: &Path,
    children: &mut Children,
) -> Result<(Client, Vec<Outcome>), Failure> {
    let last = folder.last_time();
    let port = port::choose(args.port, last.as_ref().map(|last| last.port))?;
    let region = match (&args.region, last) {
        (Some(region), _) => region.clone(),
        (None, Some(last)) => last.region,
        (None, None) => "us-east-1".to_owned(),
    };
    let client = server::start(server_binary, folder, port, &region, children).await?;
    folder.remember(client.endpoint(), &region)?;
    let node = node::start(agent_binary, folder, &client, children).await?;
    let outcome = first_command(&client, &node).await?;
    Ok((client, outcome))
}

/// Sends the first command, shows what it printed.
async fn first_command(client: &Client, node: &str) -> Result<Vec<Outcome>, Failure> {
    let step = display::step("Running a first command");
    let script = r#"echo "Hello from $(hostname), run by $(whoami) through the AWS Systems Manager API.""#;
    let request = SendCommandRequest {
        instance_ids: Some(vec![node.to_owned()]),
        document_name: "AWS-RunShellScript".to_owned(),
        comment: Some("first command of muster up".to_owned()),
        parameters: Some(BTreeMap::from([(
            "commands".to_owned(),
            vec![script.to_owned(), "uname -a".to_owned()],
        )])),
        ..Default::default()
    };
    let command = command::send(client, &request).await?;
    let mut watch = Watch::new(client, &command);
    let mut all = Vec::new();
    while let Some(outcomes) = watch.next().await? {
        all.extend(outcomes);
    }
    let status = all.first().map_or("no result", |outcome| outcome.status.as_str());
    step.done(&format!("AWS-RunShellScript: {status}"));
    eprintln!();
    for outcome in &all {
        for line in outcome.stdout.lines().chain(outcome.stderr.lines()) {
            println!("    {line}");
        }
    }
    Ok(all)
}

/// What to paste into another terminal.
fn print_next_steps(client: &Client, folder: &DataFolder) {
    println!();
    println!("Muster is up at {}. In another terminal:", display::bold(client.endpoint()));
    println!();
    println!("export AWS_ENDPOINT_URL={}", client.endpoint());
    println!("export AWS_SHARED_CREDENTIALS_FILE={}", shell_word(&folder.credentials()));
    println!("export AWS_REGION={0} AWS_DEFAULT_REGION={0}", client.region());
    println!();
    println!("aws ssm describe-instance-information");
    println!();
    println!("Ctrl-C stops it; everything is kept in {}.", folder.path().display());
}

/// A path that can be pasted.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A program of ours: where it was said to be, or beside this one.
fn binary(name: &str, told: Option<&Path>) -> Result<PathBuf, Failure> {
    let found = match told {
        Some(path) => path.to_path_buf(),
        None => {
            let own = env::current_exe().and_then(|path| path.canonicalize());
            let own =
                own.map_err(|error| Failure::other(format!("cannot tell where this program is: {error}")))?;
            own.with_file_name(name)
        }
    };
    if found.is_file() {
        return Ok(found);
    }
    Err(Failure::usage(format!(
        "`{name}` is not at {}. It belongs beside `muster`; `cargo xtask up` builds and places all three, \
         or name it with --{}-binary",
        found.display(),
        name.trim_start_matches("muster-")
    )))
}

/// Ctrl-C, or the word of a service manager.
struct Interruptions {
    signals: Vec<tokio::signal::unix::Signal>,
}

fn interruptions() -> Result<Interruptions, Failure> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let signals = kinds.into_iter().map(signal).collect::<Result<_, _>>();
    let signals = signals.map_err(|error| Failure::other(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(Interruptions { signals })
}

impl Interruptions {
    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let hit = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if hit { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}
