//! The `muster` binary. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    muster_cli_lib::main()
}
