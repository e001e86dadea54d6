//! `completions SHELL`.

use super::arguments::Arguments;
use super::{Problem, print};
use std::process::ExitCode;

fn generated(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::description(), "muster-agent", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn print_completions(shell: clap_complete::Shell) -> Result<ExitCode, Problem> {
    print(&generated(shell))
}
