//! `status`: what this node is, whether its agent runs, and what it does.

use super::arguments::Form;
use super::{Problem, exit, print};
use crate::identity::{IdentityError, Registration};
use crate::paths::DataDir;
use crate::run;
use crate::status::StatusFile;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn show(data: &DataDir, form: Form) -> Result<ExitCode, Problem> {
    let registration = Registration::load(data).map_err(|error| {
        let code =
            if matches!(error, IdentityError::Missing(_)) { exit::NOT_REGISTERED } else { exit::FAILED };
        Problem { text: error.to_string(), code }
    })?;
    let running = run::is_running(data);
    let status = StatusFile::new(data).read().filter(|_| running);
    let connected = status.as_ref().is_some_and(|status| status.connected);
    let (since, reason) = status.map(|status| (status.since, status.reason)).unwrap_or_default();
    let commands = count(&data.active());
    let server = registration.endpoint.clone().unwrap_or_else(|| format!("AWS, {}", registration.region));
    match form {
        Form::Json => {
            let value = json!({
                "InstanceId": registration.instance_id,
                "Region": registration.region,
                "Server": server,
                "DataDir": data.root(),
                "Running": running,
                "Connected": connected,
                "Since": since,
                "Reason": reason,
                "OpenCommands": commands,
                "FinishedCommands": count(&data.finished()),
            });
            print(&format!("{}\n", serde_json::to_string_pretty(&value).map_err(Problem::failed)?))
        }
        Form::Table => {
            let connection = match (running, connected) {
                (false, _) => "the agent does not run".to_owned(),
                (true, true) => format!("open since {since}"),
                (true, false) if reason.is_empty() => "not open yet".to_owned(),
                (true, false) => format!("not open since {since}: {reason}"),
            };
            print(&format!(
                "Node        {}\nRegion      {}\nServer      {server}\nData        {}\nConnection  {connection}\nCommands    {commands} open\n",
                registration.instance_id,
                registration.region,
                data.root().display(),
            ))
        }
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
