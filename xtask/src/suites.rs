//! `cargo xtask test`: every test of the project. The Rust suites run once, their storage parts on both engines; the
//! end-to-end suite starts real servers and agents and runs once per engine.

use crate::{Result, build, codegen, console, postgres, project, python, shell};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// Run every test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TestArgs {
    /// Only tests whose name contains this (Rust) or that match it (pytest's `-k`).
    #[arg(long, value_name = "X")]
    filter: Option<String>,
    /// The database behind the servers.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// Which tests: the Rust ones, or those that drive real processes from outside.
    #[arg(long, value_enum, default_value_t)]
    suite: Suite,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
    #[default]
    All,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    Rust,
    E2e,
    #[default]
    All,
}

/// Runs the suites; an error when one of them failed, after all have run.
pub(crate) fn run(args: &TestArgs) -> Result {
    run_with(args, false)
}

/// Rewrites what codegen and the golden tests own.
pub(crate) fn bless() -> Result {
    codegen::run(codegen::CodegenArgs::default())?;
    run_with(&TestArgs { engine: Engine::All, ..TestArgs::default() }, true)?;
    console::note("golden files are rewritten; look at `git diff`");
    Ok(())
}

fn run_with(args: &TestArgs, bless: bool) -> Result {
    let whole = console::step("Testing");
    // What may be missing, before what takes long.
    let programs = if args.suite == Suite::Rust { None } else { Some(python::environment()?) };
    if args.engine != Engine::Sqlite {
        postgres::provide()?;
    }
    let binaries = build::for_tests()?;
    let postgres = if args.engine == Engine::Sqlite { None } else { Some(postgres::start()?) };
    let setting = Setting { binaries, postgres, programs, bless };

    let mut results = Vec::new();
    if args.suite != Suite::E2e {
        results.push(("unit, property and golden tests", setting.rust(args)));
    }
    if args.suite != Suite::Rust {
        if args.engine != Engine::Postgres {
            results.push(("end to end, on SQLite", setting.end_to_end(args, "sqlite")));
        }
        if args.engine != Engine::Sqlite && !bless {
            results.push(("end to end, on PostgreSQL", setting.end_to_end(args, "postgres")));
        }
    }
    drop(setting);

    let time = console::spell(whole.elapsed());
    let mut failed = 0;
    for (what, result) in &results {
        match result {
            Ok(()) => console::note(&format!("passed: {what}")),
            Err(why) => {
                failed += 1;
                console::note(&format!("FAILED: {what} ({why})"));
            }
        }
    }
    if failed == 0 {
        console::note(&format!("all passed, in {time}"));
        return Ok(());
    }
    Err(format!("{failed} of {} suites failed, in {time}", results.len()).into())
}

/// What the suites run with.
struct Setting {
    binaries: PathBuf,
    postgres: Option<postgres::Postgres>,
    programs: Option<PathBuf>,
    bless: bool,
}

impl Setting {
    fn rust(&self, args: &TestArgs) -> Result {
        let step = console::step("Running unit, property and golden tests");
        let mut cargo = shell::cargo()?;
        cargo.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
        if let Some(filter) = &args.filter {
            cargo.args(["--", filter]);
        }
        self.describe(&mut cargo)?;
        shell::show(&mut cargo)?;
        step.done();
        Ok(())
    }

    fn end_to_end(&self, args: &TestArgs, engine: &str) -> Result {
        let step = console::step(format!("Running the end-to-end tests on {engine}"));
        let programs = self.programs.as_deref().ok_or("no Python environment")?;
        let mut pytest = Command::new(programs.join("python"));
        pytest.args(["-m", "pytest", "tests", "-q", "--numprocesses", &workers()]);
        if let Some(filter) = &args.filter {
            pytest.args(["-k", filter]);
        }
        if self.bless {
            pytest.args(["-m", "golden"]);
        }
        pytest.current_dir(project::root()?);
        pytest.env("MUSTER_TEST_ENGINE", engine).env("PYTHONDONTWRITEBYTECODE", "1");
        self.describe(&mut pytest)?;
        let status = pytest.stdin(Stdio::null()).status()?;
        let nothing_matched = status.code() == Some(5) && args.filter.is_some();
        if !status.success() && !nothing_matched {
            return Err(format!("pytest ended with {status}").into());
        }
        step.done();
        Ok(())
    }

    /// Tells the tests what there is, by environment variables.
    fn describe(&self, command: &mut Command) -> Result {
        command.env("MUSTER_TEST_BINARIES", &self.binaries);
        if let Some(postgres) = &self.postgres {
            command.env("MUSTER_TEST_POSTGRES_URL", &postgres.url);
            command.env("PATH", shell::path_with(&postgres.programs)?);
        }
        if self.bless {
            command.env("MUSTER_BLESS", "1").env("INSTA_UPDATE", "always");
        }
        Ok(())
    }
}

/// How many end-to-end tests run at once: they wait more than they compute.
fn workers() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    std::env::var("MUSTER_TEST_WORKERS").unwrap_or_else(|_| (cores * 2).clamp(2, 8).to_string())
}

/// Where `botocore/data` is, once the Python environment is there.
pub(crate) fn botocore(programs: &Path) -> Result<PathBuf> {
    let ask = "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'data'))";
    Ok(shell::capture(Command::new(programs.join("python")).args(["-c", ask]))?.into())
}
