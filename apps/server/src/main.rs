//! The control plane's binary: flags, log, start, signals, end. Everything else is the library's.

use clap::Parser;
use muster_server_lib::{
    Config, Server,
    clock::SystemClock,
    config::{LogFormat, Settings},
};
use std::{io, process::ExitCode, sync::Arc};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Muster's control plane: AWS Systems Manager for your own machines.
///
/// Every option can also be set in the environment, as MUSTER_ and its name (MUSTER_DATA_DIR), or in the file of
/// --config (data_dir = "…"); options win over the environment, the environment over the file. The root credentials
/// of a first start are taken from MUSTER_ROOT_ACCESS_KEY_ID and MUSTER_ROOT_SECRET_ACCESS_KEY, or made; either way
/// they are then in DIR/credentials.
#[derive(Debug, Parser)]
#[command(name = "muster-server", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = |name: &str| std::env::var(name).ok();
    let config = match Config::load(arguments.settings, environment) {
        Ok(config) => config,
        Err(error) => return fail(2, &error.to_string()),
    };
    if let Err(error) = start_log(&config) {
        return fail(2, &error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("cannot start the runtime: {error}")),
    };
    runtime.block_on(run(config))
}

async fn run(config: Config) -> ExitCode {
    // Before the start, so that a signal during it is not lost.
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return fail(1, "cannot listen for signals");
    };
    let server = match Server::start(config, Arc::new(SystemClock)).await {
        Ok(server) => server,
        Err(error) => return fail(1, &error.to_string()),
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    tokio::select! {
        () = server.stop() => ExitCode::SUCCESS,
        // Asked twice: whoever runs us does not want to wait.
        _ = terminate.recv() => ExitCode::FAILURE,
        _ = interrupt.recv() => ExitCode::FAILURE,
    }
}

fn start_log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|error| format!("the log filter {:?} is not valid: {error}", config.log_filter))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => {
            builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init();
        }
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "before there is a log, and for whoever started us by hand")]
fn fail(code: u8, text: &str) -> ExitCode {
    eprintln!("muster-server: {text}");
    ExitCode::from(code)
}
