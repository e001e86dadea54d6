//! `diagnostics`: checks what the agent needs, one line each, and says how to mend what is wrong.
//!
//! Works with and without a running agent, and changes nothing: the control channel is asked for but not opened, which
//! would take it from the running agent.

use super::arguments::Form;
use super::table::table;
use super::{Problem, block_on, exit, print};
use crate::api::{Api, ApiError, RoleToken, Signer};
use crate::channel::create_channel;
use crate::clock::{Clock, describe_duration};
use crate::endpoint::Endpoint;
use crate::identity::{Identity, IdentityError};
use crate::net::{Dialler, NetError};
use crate::paths::DataDir;
use crate::platform;
use crate::run;
use crate::status::StatusFile;
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;

/// Less free space than this is a problem.
const LEAST_FREE: u64 = 64 << 20;
/// A clock further off than this is a problem, although the agent allows for it.
const CLOCK_LIMIT_MS: i64 = 60_000;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Success,
    Failed,
    Skipped,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }
}

struct Check {
    name: &'static str,
    status: Status,
    note: String,
}

#[derive(Default)]
struct Report(Vec<Check>);

impl Report {
    fn add(&mut self, name: &'static str, status: Status, note: impl Into<String>) {
        self.0.push(Check { name, status, note: note.into() });
    }

    fn result(&mut self, name: &'static str, result: Result<String, String>) {
        match result {
            Ok(note) => self.add(name, Status::Success, note),
            Err(note) => self.add(name, Status::Failed, note),
        }
    }

    fn skip(&mut self, names: &[&'static str], reason: &str) {
        for name in names {
            self.add(name, Status::Skipped, reason);
        }
    }
}

/// Runs all checks and prints them.
pub(super) fn run(data: &DataDir, form: Form) -> Result<ExitCode, Problem> {
    let mut report = Report::default();
    let identity = Identity::load(data);
    report.result("Registration", registration(&identity));
    report.result("Permissions", permissions(data));
    report.result("Disk space", disk_space(data));
    agent_process(data, &mut report);
    match &identity {
        Ok(identity) => block_on(network(identity, &mut report))?,
        Err(_) => report.skip(
            &["Proxy", "Connection", "Clock", "Credentials", "Control channel"],
            "needs a registration",
        ),
    }
    let failed = report.0.iter().any(|check| check.status == Status::Failed);
    print(&render(&report, form)?)?;
    Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
}

fn render(report: &Report, form: Form) -> Result<String, Problem> {
    match form {
        Form::Table => {
            let rows: Vec<[&str; 3]> = report
                .0
                .iter()
                .map(|check| [check.name, check.status.as_str(), check.note.as_str()])
                .collect();
            Ok(table(["Check", "Status", "Note"], &rows))
        }
        Form::Json => {
            let checks: Vec<_> = report
                .0
                .iter()
                .map(|check| json!({ "Check": check.name, "Status": check.status.as_str(), "Note": check.note }))
                .collect();
            let text = serde_json::to_string_pretty(&json!({ "DiagnosticsOutput": checks }));
            Ok(format!("{}\n", text.map_err(Problem::failed)?))
        }
    }
}

fn registration(identity: &Result<Identity, IdentityError>) -> Result<String, String> {
    let identity = identity.as_ref().map_err(ToString::to_string)?;
    Ok(format!("{} in {}, server {}", identity.node, identity.registration.region, identity.endpoints.ssm))
}

fn permissions(data: &DataDir) -> Result<String, String> {
    for (path, wanted) in [(data.root().to_owned(), 0o700), (data.registration(), 0o600)] {
        let shown = path.display();
        let found = std::fs::metadata(&path).map_err(|error| format!("{shown}: {error}"))?;
        let mode = found.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "{shown} has mode {mode:04o}, others can get at it: chmod {wanted:o} {shown}"
            ));
        }
    }
    let probe = data.root().join("write-test");
    let written = std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe));
    written.map_err(|error| {
        format!("{} cannot be written by this user ({error}): run as the agent's user", data.root().display())
    })?;
    Ok(format!("{} is private and writable", data.root().display()))
}

fn disk_space(data: &DataDir) -> Result<String, String> {
    let (bytes, inodes) = platform::free_space(data.root()).map_err(|error| error.to_string())?;
    let free = format!("{} MiB free", bytes >> 20);
    if bytes < LEAST_FREE {
        return Err(format!(
            "{free} at {}: delete something, or lower retention_bytes in agent.json",
            data.root().display()
        ));
    }
    match inodes {
        Some(count) if count < 1000 => {
            Err(format!("only {count} inodes free at {}: delete files", data.root().display()))
        }
        _ => Ok(free),
    }
}

fn agent_process(data: &DataDir, report: &mut Report) {
    const NAME: &str = "Agent process";
    if !run::is_running(data) {
        report.add(
            NAME,
            Status::Failed,
            "it does not run: systemctl start muster-agent, or muster-agent run",
        );
        return;
    }
    match StatusFile::new(data).read() {
        Some(status) if status.connected => {
            report.add(
                NAME,
                Status::Success,
                format!("runs (pid {}), connected since {}", status.pid, status.since),
            );
        }
        Some(status) => {
            let note = format!("runs (pid {}) but is not connected: {}", status.pid, status.reason);
            report.add(NAME, Status::Failed, note);
        }
        None => report.add(NAME, Status::Success, "runs, and has not tried to connect yet"),
    }
}

async fn network(identity: &Identity, report: &mut Report) {
    let api = Api {
        dialler: Dialler::new(identity.registration.ca_file.clone()),
        clock: Clock::from_environment(),
        region: identity.registration.region.clone(),
    };
    match api.dialler.proxy_for(&identity.endpoints.ssm) {
        Some(proxy) => report.add("Proxy", Status::Success, format!("{proxy} (from the environment)")),
        None => report.add("Proxy", Status::Skipped, "none in the environment for this server"),
    }
    let connection = connection(&api, identity).await;
    let reachable = connection.is_ok();
    report.result("Connection", connection);
    if !reachable {
        report.skip(&["Clock", "Credentials", "Control channel"], "needs a connection");
        return;
    }
    report.result("Clock", clock(&api, &identity.endpoints.ssm).await);
    let signer = Signer::Key(&identity.key, &identity.node);
    let token = api.role_token(&identity.endpoints.ssm, &identity.registration.fingerprint, signer).await;
    report.result("Credentials", token.as_ref().map(describe_token).map_err(explain_token));
    match token {
        Err(_) => report.skip(&["Control channel"], "needs credentials"),
        Ok(token) => {
            let channel =
                create_channel(&api, &identity.endpoints.messages, &identity.node, &token.credentials).await;
            let channel = channel.map(|_| "the server grants one".to_owned());
            report.result("Control channel", channel.map_err(|error| error.to_string()));
        }
    }
}

async fn connection(api: &Api, identity: &Identity) -> Result<String, String> {
    let endpoints = &identity.endpoints;
    api.dialler.dial(&endpoints.ssm).await.map_err(|error| explain_connection(&error))?;
    if endpoints.messages != endpoints.ssm {
        api.dialler.dial(&endpoints.messages).await.map_err(|error| explain_connection(&error))?;
    }
    let kind = if endpoints.ssm.tls { "encrypted, certificate trusted" } else { "not encrypted" };
    if endpoints.ssm.tls || endpoints.ssm.is_loopback() {
        Ok(format!("{} answers ({kind})", endpoints.ssm))
    } else {
        Err(format!("{} answers, but everybody on the way can read along: use https", endpoints.ssm))
    }
}

fn explain_connection(error: &NetError) -> String {
    let advice = match error {
        NetError::Resolve { .. } => "; check the name and /etc/resolv.conf",
        NetError::Connect { .. } | NetError::Timeout { .. } => {
            "; check that the server runs, and firewall and proxy on the way"
        }
        NetError::Proxy { .. } => "; check https_proxy and no_proxy, and the proxy's rules",
        NetError::Trust(_) | NetError::Tls { .. } | NetError::Broken { .. } => "",
    };
    format!("{error}{advice}")
}

async fn clock(api: &Api, endpoint: &Endpoint) -> Result<String, String> {
    let difference = api.clock_difference_ms(endpoint).await.map_err(|error| error.to_string())?;
    let text = describe_duration(difference);
    if difference.abs() < CLOCK_LIMIT_MS {
        return Ok("agrees with the server's".to_owned());
    }
    let side = if difference > 0 { "behind" } else { "ahead of" };
    Err(format!(
        "{text} {side} the server's; the agent allows for it, but set it right (timedatectl set-ntp true)"
    ))
}

fn describe_token(token: &RoleToken) -> String {
    format!("given until {}", muster_protocol::iso_millis(token.expires_ms))
}

fn explain_token(error: &ApiError) -> String {
    let advice = match error.code() {
        Some("MachineFingerprintDoesNotMatch" | "AccessDeniedException" | "InvalidInstanceId") => {
            "; the server does not know this node (any more): register it again with `muster-agent register -y`"
        }
        Some("InvalidSignatureException" | "RequestTimeTooSkewed") => "; check the clock of this machine",
        _ => "",
    };
    format!("{error}{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_are_told_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path());
        let set = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        std::fs::write(data.registration(), "{}").unwrap();
        set(data.root(), 0o700);
        set(&data.registration(), 0o644);
        assert!(permissions(&data).unwrap_err().contains("chmod 600"));
        set(&data.registration(), 0o600);
        assert!(permissions(&data).is_ok());
        set(data.root(), 0o755);
        assert!(permissions(&data).unwrap_err().contains("chmod 700"));
    }

    #[test]
    fn both_forms_say_the_same() {
        let mut report = Report::default();
        report.add("Clock", Status::Failed, "1h00m behind the server's");
        assert!(
            render(&report, Form::Table).is_ok_and(|text| text.contains("│ Clock │ Failed │ 1h00m behind"))
        );
        let json = render(&report, Form::Json).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["DiagnosticsOutput"][0]["Status"], "Failed");
    }
}
