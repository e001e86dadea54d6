//! `muster-sim`: thousands of nodes in one process, over the real protocol, for trying and measuring a server.
//! Not for: running documents; what these nodes answer is scripted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its user")]

use clap::{Args, Parser, Subcommand};
use muster_test_support::{
    Client, SimulatedFleet, TimeSource,
    fleet::{
        Activation, FleetOptions, Identities, Reconnect, Script, create_activations, enrol, script::duration,
    },
    http::Endpoint,
    raise_open_files, shared_credentials,
};
use std::{
    convert::Infallible,
    error::Error,
    fs,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::interval,
};

/// Holds many simulated nodes in one process.
#[derive(Debug, Parser)]
#[command(name = "muster-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Register nodes (or take them from a file), connect them, answer commands; on SIGTERM or Ctrl-C print a report
    #[command(after_long_help = SCRIPTS)]
    Run(Box<RunArgs>),
}

const SCRIPTS: &str = "\
Scripts are settings with commas between them, for all commands by --script, or for one command as its first line
(`muster-sim exit-code=3,delay=2s` sent as the command to run):

  answer=success|failed|timed-out|ignore   how a command ends; `ignore` does not even acknowledge it [success]
  exit-code=N  stdout=TEXT  stderr=TEXT    what its steps report
  delay=100ms | delay=100ms..2s            how long it takes, evenly by chance [0]
  steps=N                                  at least so many steps [1]
  style=muster|official                    whose messages: official agents send more of them [muster]
  duplicates=N                             send each reply N times more
  cut=STAGE[:SHARE]                        break the connection for this share of the commands, once each, at
                                           receipt, before-ack, after-ack, before-final, after-final
  twins                                    two connections for each identity

Examples:
  muster-sim run --endpoint http://127.0.0.1:8765 --root-credentials muster-data/credentials --nodes 1000
  muster-sim run --endpoint http://127.0.0.1:8765 --identities nodes.json --script delay=1s..5s,cut=before-final:0.2";

#[derive(Debug, Args)]
struct RunArgs {
    /// The server: http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL", env = "MUSTER_ENDPOINT")]
    endpoint: String,
    /// How many nodes [default: all of --identities, else 10]
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Region that they register in
    #[arg(long, value_name = "NAME", default_value = "us-east-1")]
    region: String,
    /// Certificates to trust for https, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Activation to register by
    #[arg(long, value_name = "ID", requires = "activation_code")]
    activation_id: Option<String>,
    /// Its code
    #[arg(
        long,
        value_name = "CODE",
        requires = "activation_id",
        env = "MUSTER_ACTIVATION_CODE",
        hide_env_values = true
    )]
    activation_code: Option<String>,
    /// Credentials file of the server: make activations as needed, each for up to 1,000 nodes
    #[arg(long, value_name = "FILE", conflicts_with = "activation_id")]
    root_credentials: Option<PathBuf>,
    /// Tag of nodes registered through --root-credentials; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    tag: Vec<(String, String)>,
    /// File that keeps who the nodes are: read if it is there, else written
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,
    /// Nodes that register or connect at once
    #[arg(long, value_name = "N", default_value_t = 64)]
    concurrency: usize,
    /// Addresses to call from, with commas between them [default: as many of 127.0.0.2… as a loopback server needs]
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    source_addresses: Vec<IpAddr>,
    /// What nodes do with commands, see below
    #[arg(long, value_name = "SETTINGS", default_value = "")]
    script: Script,
    /// Longest pause before a node comes back, by chance
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    reconnect_within: Duration,
    /// Between two pings of a node
    #[arg(long, value_name = "TIME", default_value = "54s", value_parser = duration)]
    ping: Duration,
    /// Between two heart-beats of a node; 0s for none after the first
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    heartbeat: Duration,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// File that is written once all nodes are connected
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// File for the report, beside standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// Connections that one source address is asked for; about 28,000 are possible.
const CONNECTIONS_PER_SOURCE: usize = 20_000;
const DEFAULT_NODES: usize = 10;
/// Files that are open beside the nodes' sockets.
const OTHER_FILES: u64 = 100;

fn main() -> ExitCode {
    let Task::Run(args) = Cli::parse().command;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&args)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("muster-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &RunArgs) -> Result {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let fleet = tokio::select! {
        fleet = bring_up(args) => fleet?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    tokio::select! {
        watched = watch(args, &fleet) => match watched? {},
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let report = serde_json::to_string_pretty(&fleet.stop().await)?;
    if let Some(file) = &args.report {
        fs::write(file, &report)?;
    }
    println!("{report}");
    Ok(())
}

/// Nodes, on their way to be connected.
async fn bring_up(args: &RunArgs) -> Result<SimulatedFleet> {
    let endpoint = Endpoint::new(&args.endpoint, args.ca_file.as_deref())?;
    let kept = match &args.identities {
        Some(file) if file.exists() => Some(Identities::load(file)?),
        _ => None,
    };
    let count = args.nodes.or_else(|| kept.as_ref().map(|kept| kept.nodes.len())).unwrap_or(DEFAULT_NODES);
    let needed = (count + 2 * args.concurrency) as u64 + OTHER_FILES;
    let allowed = raise_open_files(if args.script.twins { needed + count as u64 } else { needed });
    if allowed < needed {
        return Err(format!(
            "{count} nodes need {needed} open files, {allowed} are allowed: raise `ulimit -Hn`"
        )
        .into());
    }
    let sources = match args.source_addresses.as_slice() {
        [] if endpoint.is_loopback() && count > CONNECTIONS_PER_SOURCE => loopback_sources(count),
        given => given.to_vec(),
    };
    let endpoint = Arc::new(endpoint.from_sources(sources));
    let identities = match kept {
        Some(kept) if kept.nodes.len() >= count => kept.first(count),
        Some(kept) => {
            return Err(format!("the file of identities has {} nodes, not {count}", kept.nodes.len()).into());
        }
        None => {
            let made = register(args, &endpoint, count).await?;
            if let Some(file) = &args.identities {
                made.save(file)?;
            }
            made
        }
    };
    let options = FleetOptions {
        script: args.script.clone(),
        reconnect: Reconnect { pause: args.reconnect_within, ..Reconnect::QUICK },
        ping: args.ping.max(Duration::from_millis(100)),
        heartbeat: Some(args.heartbeat).filter(|heartbeat| !heartbeat.is_zero()),
        concurrency: args.concurrency,
        seed: args.seed,
        time: TimeSource::system(),
    };
    Ok(SimulatedFleet::start(endpoint, identities, options)?)
}

async fn register(args: &RunArgs, endpoint: &Arc<Endpoint>, count: usize) -> Result<Identities> {
    let activations = match (&args.activation_id, &args.activation_code, &args.root_credentials) {
        (Some(id), Some(code), _) => {
            vec![Activation { id: id.clone(), code: code.clone(), registrations: count }]
        }
        (.., Some(file)) => {
            let credentials = shared_credentials(file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            let client = Client::to(endpoint.clone(), credentials, &args.region);
            create_activations(&client, count, &args.tag).await?
        }
        _ => {
            return Err(
                "how shall the nodes register? Give --root-credentials, or an activation's id and code"
                    .into(),
            );
        }
    };
    let (start, registered) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let registering = enrol(
        endpoint.clone(),
        &args.region,
        &activations,
        args.concurrency,
        TimeSource::system(),
        registered.clone(),
    );
    let progress = async {
        // Only registering ends.
        let mut ticks = interval(Duration::from_secs(2));
        loop {
            ticks.tick().await;
            if !args.quiet {
                eprintln!(
                    "{:>7.1} s  registered {} of {count}",
                    start.elapsed().as_secs_f64(),
                    registered.load(Ordering::Relaxed)
                );
            }
        }
    };
    tokio::select! {
        made = registering => Ok(made?),
        never = progress => match never {},
    }
}

/// Shows progress until somebody ends it; tells once when all nodes are connected.
async fn watch(args: &RunArgs, fleet: &SimulatedFleet) -> Result<Infallible> {
    let (start, count) = (Instant::now(), fleet.ids().count());
    let mut ticks = interval(Duration::from_millis(100));
    let (mut ready, mut shown) = (false, None);
    loop {
        let tick = ticks.tick().await;
        let connected = fleet.connected();
        if !ready && connected >= count {
            ready = true;
            if let Some(file) = &args.ready_file {
                fs::write(file, format!("{connected}\n"))?;
            }
        }
        let due = shown.is_none_or(|(at, _)| tick.duration_since(at) >= Duration::from_secs(2));
        let news = shown.is_none_or(|(_, last)| last != connected);
        if !args.quiet && due && news {
            shown = Some((tick, connected));
            eprintln!("{:>7.1} s  connected {connected} of {count}", start.elapsed().as_secs_f64());
        }
    }
}

/// 127.0.0.2 and those after it, as many as are needed.
fn loopback_sources(count: usize) -> Vec<IpAddr> {
    let needed = count.div_ceil(CONNECTIONS_PER_SOURCE).min(250) + 1;
    (2..).take(needed).map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))).collect()
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
