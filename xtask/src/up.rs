//! `cargo xtask up`: build for use, then hand over to `muster up`. Not for: starting anything itself.

use crate::{Result, build, console};
use std::{os::unix::process::CommandExt as _, path::PathBuf, process::Command};

/// Build Muster, start it, enrol this machine and run a first command on it.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    /// End after the first command, with its exit code.
    #[arg(long)]
    exit: bool,
    /// The port to listen on [default: 8765].
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Where everything is kept; nothing outside it is touched [default: ./muster-data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Builds, then becomes `muster up`, so that Ctrl-C and the exit code are its own.
pub(crate) fn run(args: &UpArgs) -> Result {
    let binaries = build::release()?;
    console::note(&format!("binaries: {}", crate::project::shown(&binaries)));
    let mut muster = Command::new(binaries.join("muster"));
    muster.arg("up");
    if args.exit {
        muster.arg("--exit");
    }
    if let Some(port) = args.port {
        muster.args(["--port", &port.to_string()]);
    }
    if let Some(folder) = &args.data_dir {
        muster.arg("--data-dir").arg(folder);
    }
    Err(format!("cannot start {}: {}", binaries.join("muster").display(), muster.exec()).into())
}
