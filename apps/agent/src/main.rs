//! `muster-agent`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    muster_agent_lib::cli::main()
}
