//! `aws:runPowerShellScript` on Linux: PowerShell 7, where it is installed.

use crate::plugins::script::{Interpreter, run};
use crate::plugins::{FAILED, Plugin, StepContext};
use muster_protocol::document::flow::StepResult;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The plugin.
pub(super) struct RunPowerShellScript;

impl Plugin for RunPowerShellScript {
    fn run(&self, inputs: &Value, context: &mut StepContext<'_>) -> StepResult {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(program) = find_power_shell(std::env::split_paths(&path)) else {
            context.output.say(
                "PowerShell is not installed on this node (looked for /usr/bin/powershell and pwsh in PATH).",
            );
            return FAILED;
        };
        let interpreter = Interpreter {
            file_name: "_script.ps1",
            // PowerShell reads a file without this mark in a code page of its own choice.
            prefix: "\u{feff}",
            program,
            arguments: &["-f"],
            arguments_of_executed: &["-f"],
            adjust: |command| {
                // PowerShell fails without a home, and colours its errors for a terminal.
                if std::env::var_os("HOME").is_none() {
                    command.env("HOME", "/root");
                }
                command.env_remove("TERM");
            },
        };
        run(&interpreter, inputs, context)
    }
}

fn find_power_shell(folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    [PathBuf::from("/usr/bin/powershell"), PathBuf::from("/usr/bin/pwsh")]
        .into_iter()
        .chain(folders.map(|folder| folder.join("pwsh")))
        .find(|path| Path::is_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_pwsh_in_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pwsh"), "").unwrap();
        assert!(find_power_shell([folder.path().to_owned()].into_iter()).is_some());
    }
}
