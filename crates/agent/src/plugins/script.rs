//! What the script plugins share: inputs, the script file, time-out, working directory and environment.

use crate::paths::private_file;
use crate::plugins::{FAILED, StepContext, process};
use muster_protocol::document::flow::StepResult;
use muster_protocol::document::inputs::{get, timeout_seconds};
use muster_protocol::message::Status;
use serde_json::Value;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Variables of the agent's own environment that are nobody else's business.
const PRIVATE_VARIABLES: [&str; 8] = [
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "MUSTER_ACTIVATION_CODE",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
];

/// Inputs of a script step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScriptInputs {
    lines: Vec<String>,
    working_directory: String,
    timeout: Duration,
    environment: Vec<(String, String)>,
}

impl ScriptInputs {
    /// Reads the inputs; keys are case-insensitive. The error is a text for the user.
    pub(super) fn parse(inputs: &Value) -> Result<Self, String> {
        let lines = match get(inputs, "runCommand") {
            Some(Value::Array(lines)) => lines.iter().map(text_of).collect(),
            Some(_) => return Err("runCommand must be a list of strings.".to_owned()),
            None => return Err("runCommand is missing.".to_owned()),
        };
        let environment = match get(inputs, "environment") {
            Some(Value::Object(map)) => {
                map.iter().map(|(name, value)| (name.clone(), text_of(value))).collect()
            }
            _ => Vec::new(),
        };
        Ok(Self {
            lines,
            working_directory: get(inputs, "workingDirectory").map(text_of).unwrap_or_default(),
            timeout: Duration::from_secs(timeout_seconds(inputs)),
            environment,
        })
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// How a kind of script is written and started.
pub(super) struct Interpreter {
    /// Name of the script file.
    pub(super) file_name: &'static str,
    /// What comes before the first line.
    pub(super) prefix: &'static str,
    /// Program to start.
    pub(super) program: PathBuf,
    /// Arguments before the script's path.
    pub(super) arguments: &'static [&'static str],
    /// The same for a script that begins with `#!`.
    pub(super) arguments_of_executed: &'static [&'static str],
    /// Adjusts the finished command.
    pub(super) adjust: fn(&mut Command),
}

/// Runs a script step.
pub(super) fn run(interpreter: &Interpreter, inputs: &Value, context: &mut StepContext<'_>) -> StepResult {
    let inputs = match ScriptInputs::parse(inputs) {
        Ok(inputs) => inputs,
        Err(problem) => {
            context.output.say(&problem);
            return FAILED;
        }
    };
    let script = context.folder.join(interpreter.file_name);
    if let Err(error) = write_script(&script, interpreter.prefix, &inputs.lines) {
        context.output.say(&format!("The script could not be written to {}: {error}", script.display()));
        return FAILED;
    }
    let mut command = Command::new(&interpreter.program);
    let executed = inputs.lines.first().is_some_and(|line| line.starts_with("#!"));
    command
        .args(if executed { interpreter.arguments_of_executed } else { interpreter.arguments })
        .arg(&script);
    if let Some(folder) = working_directory(&inputs.working_directory, &context.downloads) {
        if !folder.is_dir() {
            context.output.say(&format!("The working directory {} does not exist.", folder.display()));
            return FAILED;
        }
        command.current_dir(folder);
    }
    for name in PRIVATE_VARIABLES {
        command.env_remove(name);
    }
    command
        .env("AWS_SSM_INSTANCE_ID", &context.node.instance_id)
        .env("AWS_SSM_REGION_NAME", &context.node.region)
        .env("AWS_SSM_PLATFORM_NAME", &context.node.platform_name)
        .env("AWS_SSM_PLATFORM_VERSION", &context.node.platform_version)
        .env("SSM_COMMAND_ID", context.command_id);
    for (name, value) in inputs.environment.iter().filter(|(name, value)| is_variable(name, value)) {
        command.env(name, value);
    }
    (interpreter.adjust)(&mut command);
    let result =
        process::run(command, inputs.timeout, context.output, context.interrupts, context.on_process);
    if result.status == Status::Failed {
        // The official agent's words, which people look for.
        context.output.conclude(&format!("failed to run commands: exit status {}", result.code));
    }
    result
}

/// What the operating system accepts as a variable.
fn is_variable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

/// Writes the script, executable by this user alone. Closed before it is run: an open one could not be executed.
fn write_script(path: &Path, prefix: &str, lines: &[String]) -> io::Result<()> {
    let mut text = String::from(prefix);
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let mut file = private_file().write(true).create(true).truncate(true).mode(0o700).open(path)?;
    file.write_all(text.as_bytes())
}

/// Where the script runs: an absolute folder as given, a relative one below the downloads if it is there, else where
/// the agent runs (`None`).
fn working_directory(wanted: &str, downloads: &Path) -> Option<PathBuf> {
    if wanted.starts_with('/') {
        return Some(PathBuf::from(wanted));
    }
    let below = downloads.join(wanted);
    below.is_dir().then_some(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn inputs_are_read_without_regard_to_case() {
        let inputs = ScriptInputs::parse(&json!({
            "RunCommand": ["a", 1, null], "TIMEOUTSECONDS": "60", "workingDirectory": "/x", "environment": {"A": "b"}
        }))
        .unwrap();
        assert_eq!(inputs.lines, ["a", "1", ""]);
        assert_eq!(inputs.timeout, Duration::from_secs(60));
        assert_eq!(inputs.environment, [("A".to_owned(), "b".to_owned())]);
        assert!(ScriptInputs::parse(&json!({"runCommand": "a"})).is_err());
        assert!(ScriptInputs::parse(&json!({})).is_err());
        assert!(ScriptInputs::parse(&json!(null)).is_err());
    }

    #[test]
    fn relative_folders_lie_below_the_downloads() {
        let base = tempfile::tempdir().unwrap();
        assert_eq!(working_directory("", &base.path().join("none")), None);
        assert_eq!(working_directory("", base.path()), Some(base.path().join("")));
        assert_eq!(working_directory("a", base.path()), None);
        assert_eq!(working_directory("/etc", base.path()), Some("/etc".into()));
    }
}
