//! An agent process of a test, its data folder, and jobs for it.

use crate::server::{CODE, Link, NODE, PATIENCE, Server};
use muster_protocol::message::AgentJob;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program under test: the one of this build, or another (a release build, say) that the environment names.
fn program() -> String {
    std::env::var("MUSTER_TEST_AGENT").unwrap_or_else(|_| env!("CARGO_BIN_EXE_muster-agent").to_owned())
}

/// A registered node.
pub(crate) struct Node {
    /// Work folder of the test, removed at the end.
    pub(crate) base: tempfile::TempDir,
    variables: Vec<(String, String)>,
    process: Option<Child>,
}

impl Node {
    /// Registers a node with the server; its agent does not run yet.
    pub(crate) async fn register(server: &Server) -> Self {
        Self::register_with(server, &[]).await
    }

    /// The same with more arguments.
    pub(crate) async fn register_with(server: &Server, arguments: &[&str]) -> Self {
        let mut node = Self { base: tempfile::tempdir().unwrap(), variables: Vec::new(), process: None };
        // No step to slow tests down, and no restarts of the machine that runs them.
        node.set("MUSTER_LOG", "debug");
        let boot = node.base.path().join("boot");
        std::fs::write(&boot, "boot-1").unwrap();
        node.set("MUSTER_AGENT_BOOT_ID_FILE", boot.to_str().unwrap());
        std::fs::DirBuilder::new().mode(0o700).create(node.data()).unwrap();
        node.settings(&json!({ "reboot_command": ["/bin/false"] }));
        let mut command = node.command(&["register", "-y", "--endpoint", server.address()]);
        command.args(["--activation-id", "11111111-2222-4333-8444-555555555555", "--region", "eu-west-1"]);
        command.args(arguments).env("MUSTER_ACTIVATION_CODE", CODE).stdout(Stdio::null());
        let status = tokio::task::spawn_blocking(move || command.status()).await.unwrap().unwrap();
        assert!(status.success());
        node
    }

    /// Registers a node and starts its agent; returns with the first connection.
    pub(crate) async fn connected(server: &mut Server) -> (Self, Link) {
        let mut node = Self::register(server).await;
        node.start();
        let link = server.link().await;
        (node, link)
    }

    /// Sets a variable for agents started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Writes the operator's settings.
    pub(crate) fn settings(&self, settings: &Value) {
        std::fs::write(self.data().join("agent.json"), settings.to_string()).unwrap();
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.base.path().join("data")
    }

    /// A file of the test that scripts may write to.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    /// A call of the program on this node's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--data-dir").arg(self.data()).args(arguments).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the agent.
    pub(crate) fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.file("stderr")).unwrap();
        self.process = Some(self.command(&["run"]).stderr(log).spawn().unwrap());
    }

    /// Process id of the agent.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Ends the agent with SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends the agent as systemd does.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert!(process.wait().unwrap().success());
    }

    /// All that the agent logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("agent.log")).unwrap_or_default()
    }

    /// Waits for a line of the log.
    pub(crate) async fn logged(&self, text: &str) {
        eventually(&format!("log line {text:?}"), || self.log().contains(text)).await;
    }

    /// Names of the commands that are not finished and reported.
    pub(crate) fn open_commands(&self) -> Vec<String> {
        names(&self.data().join("commands/active"))
    }

    /// Names of the finished commands.
    pub(crate) fn finished_commands(&self) -> Vec<String> {
        names(&self.data().join("commands/finished"))
    }

    /// Pids of the workers of this node.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let folder = self.data().display().to_string();
        processes(|arguments| arguments.contains("\0worker\0") && arguments.contains(&folder))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        for pid in self.workers() {
            let _ = kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL);
        }
        if std::thread::panicking() {
            println!("--- agent.log\n{}", self.log());
        }
        // A test may have mounted a disk there.
        let _ = nix::mount::umount2(&self.data(), nix::mount::MntFlags::MNT_DETACH);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Processes whose arguments, with NULs between, satisfy a condition.
pub(crate) fn processes(wanted: impl Fn(&str) -> bool) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let arguments = std::fs::read(entry.path().join("cmdline")).ok()?;
            wanted(&String::from_utf8_lossy(&arguments)).then_some(pid)
        })
        .collect()
}

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A command id from a number.
pub(crate) fn command_id(number: u32) -> String {
    format!("11111111-2222-4333-8444-{number:012}")
}

/// The job id of a command of this node.
pub(crate) fn job_id(number: u32) -> String {
    format!("aws.ssm.{}.{NODE}", command_id(number))
}

/// A step that runs a shell script.
pub(crate) fn step(name: &str, script: &str) -> Value {
    json!({ "action": "aws:runShellScript", "name": name, "inputs": { "runCommand": [script] } })
}

/// The content of a job from steps.
pub(crate) fn content(number: u32, steps: &[Value]) -> Value {
    json!({
        "Parameters": {},
        "DocumentContent": { "schemaVersion": "2.2", "mainSteps": steps },
        "CommandId": command_id(number),
        "DocumentName": "AWS-RunShellScript",
    })
}

/// A job from steps.
pub(crate) fn job(number: u32, steps: &[Value]) -> AgentJob {
    AgentJob::send(job_id(number), content(number, steps).to_string())
}

/// A job of one script.
pub(crate) fn script(number: u32, text: &str) -> AgentJob {
    job(number, &[step("s", text)])
}

/// Waits until a script has written its pid.
pub(crate) async fn pid_in(path: &Path) -> u32 {
    let read = || std::fs::read_to_string(path).ok().and_then(|text| text.strip_suffix('\n')?.parse().ok());
    eventually(&format!("a pid in {}", path.display()), || read().is_some()).await;
    read().unwrap()
}

/// Whether a process lives; one that is only waiting to be reaped does not.
pub(crate) fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}
