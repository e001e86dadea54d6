//! `install --print`: the text of a systemd unit. Nothing is installed: where units go is the administrator's affair.

use super::arguments::InstallOptions;
use super::{Problem, print};
use crate::paths::DataDir;
use crate::platform;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(data: &DataDir, _options: &InstallOptions) -> Result<ExitCode, Problem> {
    let program = std::env::current_exe().map_err(Problem::failed)?;
    let mut text = unit(&program, data.root());
    if platform::runs_from_deleted_file() {
        text = format!("# Check ExecStart: the program was moved while it ran.\n{text}");
    }
    print(&text)
}

fn unit(program: &Path, data: &Path) -> String {
    format!(
        "[Unit]
Description=Muster agent
Documentation=https://github.com/muster-ssm/muster
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
ExecStart={program} run --data-dir {data}
Restart=always
RestartSec=5
# 3: not registered; 2: wrong usage. Trying again does not help.
RestartPreventExitStatus=2 3

# Commands that run are processes of their own, which a restart or an upgrade of the agent must leave alone.
KillMode=process
SendSIGHUP=no
# One command that takes too much memory or too many processes must not end the agent and all others.
OOMPolicy=continue
TasksMax=infinity

# Commands inherit whatever the agent is kept from, and they may be meant to change anything on this machine: so there is
# little here. To lock everything in, run the agent as a user of its own (User=), with a data folder of that user.
LockPersonality=yes

[Install]
WantedBy=multi-user.target
",
        program = quoted(program),
        data = quoted(data),
    )
}

/// A path as one word of a unit file.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "\\\\").replace('%', "%%").replace('"', "\\\"");
    if text.contains([' ', '\t', '\'']) { format!("\"{text}\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_program_and_folder() {
        let text = unit(Path::new("/usr/bin/muster-agent"), Path::new("/var/lib/my agent%"));
        assert!(text.contains("ExecStart=/usr/bin/muster-agent run --data-dir \"/var/lib/my agent%%\"\n"));
        assert!(text.contains("KillMode=process\n") && text.contains("Restart=always\n"));
    }
}
