//! The command line.

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs commands of a Muster server (or of AWS Systems Manager) on this machine
///
/// Register once, then run; usually systemd does the latter:
///
///   muster-agent register --endpoint https://muster.example:8765 \
///       --activation-id ID --activation-code - --region eu-west-1
///   muster-agent install --print > /etc/systemd/system/muster-agent.service
///   systemctl enable --now muster-agent
///
/// Settings are members of agent.json in the data folder: command_workers, command_queue,
/// output_limit_bytes, retention_hours, retention_bytes, heartbeat_minutes, reboot_command.
/// MUSTER_LOG is error, warn, info or debug. Proxies come from https_proxy, http_proxy, no_proxy.
///
/// Exit codes: 0 done; 1 it did not work (the text says why); 2 wrong usage;
/// 3 this node is not registered; 4 another agent runs on the same data folder.
#[derive(Debug, Parser)]
#[command(name = "muster-agent", version, verbatim_doc_comment, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Folder of the agent's data [default: /var/lib/muster-agent for root, else ~/.local/state/muster-agent]
    #[arg(long, global = true, value_name = "DIR", env = "MUSTER_AGENT_DATA_DIR", hide_env_values = true)]
    pub(super) data_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Enrol this machine with an activation
    Register(RegisterOptions),
    /// Work until a signal asks for the end
    Run,
    /// Show registration, connection and commands of this node
    Status(OutputOptions),
    /// Check everything that the agent needs, and say how to mend what is wrong
    Diagnostics(OutputOptions),
    /// Print a systemd unit for this agent
    Install(InstallOptions),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The official agent's `-version`.
    #[command(skip)]
    Version,
}

/// Options of `register`.
#[derive(Debug, Args)]
pub(super) struct RegisterOptions {
    /// Address of the server, http[s]://host[:port]; without it, AWS's own in the region
    #[arg(long, value_name = "URL", env = "MUSTER_ENDPOINT")]
    pub(super) endpoint: Option<String>,
    /// Code of the activation; `-` reads it from standard input. Better there or in MUSTER_ACTIVATION_CODE than here,
    /// where every user of this machine sees it
    #[arg(long, value_name = "CODE", env = "MUSTER_ACTIVATION_CODE", hide_env_values = true)]
    pub(super) activation_code: Option<String>,
    /// Id of the activation
    #[arg(long, value_name = "ID", env = "MUSTER_ACTIVATION_ID")]
    pub(super) activation_id: Option<String>,
    /// Region of the node
    #[arg(long, value_name = "REGION", env = "MUSTER_REGION")]
    pub(super) region: Option<String>,
    /// Certificates to trust besides the system's, PEM
    #[arg(long, value_name = "FILE", env = "MUSTER_CA_FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Do not ask when this node is registered already: register it anew
    #[arg(short = 'y', long = "yes")]
    pub(super) yes: bool,
    /// Remove the present registration (and do no more, when no activation is given)
    #[arg(long)]
    pub(super) clear: bool,
}

/// How to print.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct OutputOptions {
    /// Form of the output
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Table)]
    pub(super) output: Form,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Options of `install`.
#[derive(Debug, Args)]
pub(super) struct InstallOptions {
    /// Print the unit; nothing is installed by this command
    #[arg(long, required = true)]
    pub(super) print: bool,
}

impl Arguments {
    /// Reads the command line, the official agent's spellings too.
    pub(super) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.collect();
        match official(&words) {
            Some(Official::Version) => Ok(Self { data_dir: None, verb: Verb::Version }),
            Some(Official::Register(words)) => Self::try_parse_from(words),
            None => Self::try_parse_from(words),
        }
    }

    /// The description of the command line, for completions.
    pub(super) fn description() -> clap::Command {
        Self::command()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Official {
    Version,
    Register(Vec<OsString>),
}

/// Translates `-register -code X -id Y -region Z [-y] [-clear]` and `-version`. Words may follow `=` as in Go's flags.
fn official(words: &[OsString]) -> Option<Official> {
    const NAMES: [(&str, &str); 6] = [
        ("-code", "--activation-code"),
        ("-id", "--activation-id"),
        ("-region", "--region"),
        ("-clear", "--clear"),
        ("-y", "-y"),
        ("-endpoint", "--endpoint"),
    ];
    let given: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    if given.first() == Some(&"-version") {
        return Some(Official::Version);
    }
    if !given.contains(&"-register") {
        return None;
    }
    let mut translated: Vec<OsString> = words.iter().take(1).cloned().collect();
    translated.push("register".into());
    for word in words.iter().skip(1).filter(|word| *word != "-register") {
        let text = word.to_string_lossy();
        let (name, value) = text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
        match NAMES.iter().find(|(theirs, _)| *theirs == name) {
            Some((_, ours)) => {
                translated.push((*ours).into());
                translated.extend(value.map(OsString::from));
            }
            None => translated.push(word.clone()),
        }
    }
    Some(Official::Register(translated))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::read(line.split(' ').map(OsString::from))
    }

    #[test]
    fn description_is_sound() {
        Arguments::description().debug_assert();
    }

    #[test]
    fn both_spellings_register() {
        for line in [
            "muster-agent register --activation-code C --activation-id I --region eu-west-1 -y",
            "muster-agent -register -code C -id I -region eu-west-1 -y",
            "muster-agent -y -register -code=C -id=I -region=eu-west-1",
        ] {
            let Verb::Register(options) = read(line).unwrap().verb else { panic!("{line}") };
            assert_eq!(options.activation_code.as_deref(), Some("C"), "{line}");
            assert_eq!(options.activation_id.as_deref(), Some("I"));
            assert_eq!(options.region.as_deref(), Some("eu-west-1"));
            assert!(options.yes && !options.clear);
        }
        let Verb::Register(options) = read("muster-agent -register -clear").unwrap().verb else { panic!() };
        assert!(options.clear);
        assert!(matches!(read("muster-agent -version").unwrap().verb, Verb::Version));
    }

    #[test]
    fn the_data_folder_may_stand_anywhere() {
        for line in ["muster-agent --data-dir /d run", "muster-agent run --data-dir /d"] {
            assert_eq!(read(line).unwrap().data_dir, Some(PathBuf::from("/d")));
        }
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in
            ["muster-agent", "muster-agent nothing", "muster-agent install", "muster-agent status -o xml"]
        {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
