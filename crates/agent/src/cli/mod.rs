//! What can be called: `muster-agent register | run | status | diagnostics | install | completions`, and the official
//! agent's spellings.

mod arguments;
mod completions;
mod diagnostics;
mod install;
mod register;
mod show_status;
mod table;

use crate::command::WORKER;
use crate::paths::DataDir;
use crate::{log, run, worker};
use arguments::{Arguments, Verb};
use std::io::{self, Write as _};
use std::process::ExitCode;
use tracing::Level;

/// Exit codes, as `--help` documents them.
pub(crate) mod exit {
    /// It did not work.
    pub(crate) const FAILED: u8 = 1;
    /// Not registered yet.
    pub(crate) const NOT_REGISTERED: u8 = 3;
    /// Another agent runs on the same data folder.
    pub(crate) const ALREADY_RUNNING: u8 = 4;
}

/// The whole program.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Workers first: they start with every command, and need nothing of what follows.
    if arguments.next().is_some_and(|word| word == WORKER) {
        log::start(level(), None);
        return worker::main(arguments.filter_map(|word| word.into_string().ok()));
    }
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit::FAILED));
        }
    };
    match dispatch(arguments) {
        Ok(code) => code,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "muster-agent: {}", problem.text);
            ExitCode::from(problem.code)
        }
    }
}

/// A failure for the user, and its exit code.
struct Problem {
    text: String,
    code: u8,
}

impl Problem {
    fn failed(error: impl ToString) -> Self {
        Self { text: error.to_string(), code: exit::FAILED }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, Problem> {
    let data = DataDir::choose(arguments.data_dir).map_err(Problem::failed)?;
    match arguments.verb {
        Verb::Register(options) => {
            log::start(Level::WARN, None);
            register::register(&data, options)
        }
        Verb::Run => {
            data.create().map_err(|error| {
                Problem::failed(format!("{} cannot be created: {error}", data.root().display()))
            })?;
            log::start(level(), Some(&data.log()));
            run::run(&data).map(|()| ExitCode::SUCCESS).map_err(|error| {
                let code = match &error {
                    run::RunError::Identity(crate::identity::IdentityError::Missing(_)) => {
                        exit::NOT_REGISTERED
                    }
                    run::RunError::AlreadyRunning(_) => exit::ALREADY_RUNNING,
                    _ => exit::FAILED,
                };
                Problem { text: error.to_string(), code }
            })
        }
        Verb::Status(output) => show_status::show(&data, output.output),
        Verb::Diagnostics(output) => {
            log::start(Level::ERROR, None);
            diagnostics::run(&data, output.output)
        }
        Verb::Install(options) => install::run(&data, &options),
        Verb::Completions { shell } => completions::print_completions(shell),
        Verb::Version => print(&format!("SSM Agent version: {}\n", crate::version::ON_THE_WIRE)),
    }
}

/// `MUSTER_LOG`: error, warn, info (the default) or debug.
fn level() -> Level {
    std::env::var("MUSTER_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or(Level::INFO)
}

/// Writes to standard output; a closed one is no error.
fn print(text: &str) -> Result<ExitCode, Problem> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::failed(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Runs one small asynchronous task to its end.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Problem> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Problem::failed)?;
    let result = runtime.block_on(Box::pin(future));
    runtime.shutdown_background();
    Ok(result)
}
