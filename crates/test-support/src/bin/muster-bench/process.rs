//! The processes that are measured: a server on a free port with a fresh data folder, a simulator, an agent; and what
//! the kernel says of them. Not for: what they are asked to do.

use crate::{Result, Setting};
use muster_protocol::ids::CommandId;
use muster_test_support::{Client, http::Endpoint, shared_credentials};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

/// Where everything happens.
pub(crate) const REGION: &str = "us-east-1";
/// A process that was told to end has ended by then, or is killed.
/// The role that every account is born with.
const ROLE: &str = "service-role/AmazonEC2RunCommandRoleForManagedInstances";
const END_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A process that ends with its owner.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    name: &'static str,
    errors: PathBuf,
}

impl Process {
    /// Starts a program with its output in files of `folder`.
    pub(crate) fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let path = |kind: &str| folder.join(format!("{name}.{kind}"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(path("out"))?)
            .stderr(File::create(path("err"))?)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        Ok(Self { child, name, errors: path("err") })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// An error if it has ended.
    pub(crate) fn check(&mut self) -> Result {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                Err(format!("{} ended early ({status}); see {}.err", self.name, self.name).into())
            }
        }
    }

    /// The last line that it wrote.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.errors).unwrap_or_default();
        text.lines().next_back().unwrap_or_default().trim().to_owned()
    }

    /// Sends SIGTERM and waits.
    pub(crate) async fn stop(mut self) -> Result {
        if let Ok(pid) = i32::try_from(self.pid()) {
            kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        }
        if timeout(END_WITHIN, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            return Err(format!("{} did not end in time", self.name).into());
        }
        Ok(())
    }
}

/// A server with an empty data folder.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    pub(crate) process: Process,
    pub(crate) folder: Folder,
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) client: Client,
    /// From the start of the process to its first answer.
    pub(crate) started_in: Duration,
}

impl ServerProcess {
    /// Starts one and waits for its first answer.
    pub(crate) async fn start(setting: &Setting, tls: bool) -> Result<Self> {
        Self::start_with(setting, tls, &[]).await
    }

    /// The same with further arguments.
    pub(crate) async fn start_with(setting: &Setting, tls: bool, arguments: &[&str]) -> Result<Self> {
        let folder = Folder::new(setting)?;
        let data = folder.0.join("data");
        let port = free_port()?;
        let mut command = Command::new(setting.binaries.join("muster-server"));
        command.arg("--data-dir").arg(&data).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--log", &setting.server_log]).args(arguments);
        if tls {
            command.arg("--tls-self-signed");
        }
        let begin = Instant::now();
        let mut process = Process::start("server", &mut command, &folder.0)?;
        let ca_file = tls.then(|| data.join("tls/ca.pem"));
        let url = format!("{}://127.0.0.1:{port}", if tls { "https" } else { "http" });
        loop {
            process.check()?;
            // The CA's file appears a moment before the port answers.
            if let Ok(endpoint) = Endpoint::new(&url, ca_file.as_deref()) {
                let probe = Client::to(Arc::new(endpoint), Client::nobody(), REGION);
                if probe.get("/healthz").await.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
            }
            if begin.elapsed() > END_WITHIN {
                return Err("the server does not answer".into());
            }
            sleep(LOOK_EVERY).await;
        }
        let started_in = begin.elapsed();
        let credentials = shared_credentials(&data.join("credentials"))?;
        let endpoint = Endpoint::new(&url, ca_file.as_deref())?;
        let client = Client::to(Arc::new(endpoint), credentials, REGION);
        Ok(Self { process, folder, url, ca_file, client, started_in })
    }

    /// Simulated nodes of the tag `fleet=bench`, in a process of their own, and the time until all were connected.
    pub(crate) async fn simulate(
        &mut self,
        nodes: usize,
        script: &str,
        within: Duration,
    ) -> Result<(Process, Duration)> {
        let program = std::env::current_exe()?.with_file_name("muster-sim");
        let ready = self.folder.0.join("ready");
        let mut command = Command::new(program);
        command.args(["run", "--endpoint", &self.url, "--nodes", &nodes.to_string(), "--tag", "fleet=bench"]);
        command.arg("--root-credentials").arg(self.folder.0.join("data/credentials"));
        command.arg("--ready-file").arg(&ready).args(["--script", script]);
        command.arg("--report").arg(self.folder.0.join("report.json"));
        if let Some(file) = &self.ca_file {
            command.arg("--ca-file").arg(file);
        }
        let begin = Instant::now();
        let mut simulator = Process::start("simulator", &mut command, &self.folder.0)?;
        while !ready.exists() {
            simulator.check()?;
            self.process.check()?;
            if begin.elapsed() > within {
                let last = simulator.last_words();
                return Err(format!("the nodes are not connected within {within:?}: {last}").into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok((simulator, begin.elapsed()))
    }

    /// Ends the simulator; its report.
    pub(crate) async fn report(&self, simulator: Process) -> Result<Value> {
        simulator.stop().await?;
        Ok(serde_json::from_slice(&fs::read(self.folder.0.join("report.json"))?)?)
    }

    /// A real agent, registered and connected.
    pub(crate) async fn agent(&mut self, setting: &Setting) -> Result<(Process, String)> {
        let program = setting.binaries.join("muster-agent");
        let data = self.folder.0.join("agent");
        let activation = self.client.call("ssm", "CreateActivation", json!({ "IamRole": ROLE })).await?;
        let text = |name: &str| activation[name].as_str().unwrap_or_default().to_owned();
        let registered = Command::new(&program)
            .args(["register", "--endpoint", &self.url, "--region", REGION, "-y", "--data-dir"])
            .arg(&data)
            .env("MUSTER_ACTIVATION_ID", text("ActivationId"))
            .env("MUSTER_ACTIVATION_CODE", text("ActivationCode"))
            .stdin(Stdio::null())
            .output()
            .await?;
        if !registered.status.success() {
            let why = String::from_utf8_lossy(&registered.stderr).into_owned();
            return Err(format!("the agent does not register: {why}").into());
        }
        let mut agent = Process::start(
            "agent",
            Command::new(&program).arg("run").arg("--data-dir").arg(&data),
            &self.folder.0,
        )?;
        let begin = Instant::now();
        loop {
            agent.check()?;
            let list = self.client.call("ssm", "DescribeInstanceInformation", json!({})).await?;
            if let Some(id) = list["InstanceInformationList"][0]["InstanceId"].as_str() {
                let status = self.client.call("ssm", "GetConnectionStatus", json!({ "Target": id })).await?;
                if status["Status"] == "connected" {
                    return Ok((agent, id.to_owned()));
                }
            }
            if begin.elapsed() > END_WITHIN {
                return Err("the agent does not connect".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends the script `true`; the command's id.
    pub(crate) async fn send(&self, targets: Value) -> Result<CommandId> {
        let mut input =
            json!({ "DocumentName": "AWS-RunShellScript", "Parameters": { "commands": ["true"] } });
        for (key, value) in targets.as_object().into_iter().flatten() {
            input[key] = value.clone();
        }
        let output = self.client.call("ssm", "SendCommand", input).await?;
        Ok(output["Command"]["CommandId"].as_str().unwrap_or_default().parse()?)
    }

    /// Ends the server and removes its data.
    pub(crate) async fn stop(self) -> Result {
        self.process.stop().await
    }
}

/// A folder that is removed in the end.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(setting: &Setting) -> Result<Self> {
        let path = setting.output.join(format!("work-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory, KiB.
    pub(crate) resident_kb: f64,
    /// Its part that is the process's alone, KiB.
    pub(crate) private_kb: f64,
    /// Threads.
    pub(crate) threads: f64,
    /// Processor time since the start, milliseconds.
    pub(crate) cpu_ms: f64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
        let status = read("status")?;
        let rollup = read("smaps_rollup")?;
        let stat = read("stat")?;
        // The name, in parentheses, may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        Ok(Self {
            resident_kb: member(&status, "VmRSS:"),
            private_kb: member(&rollup, "Private_Dirty:") + member(&rollup, "Private_Clean:"),
            threads: member(&status, "Threads:"),
            // Fields 14 and 15 of the whole line, in ticks of 10 ms.
            cpu_ms: (ticks(11) + ticks(12)) * 10.0,
        })
    }
}

fn member(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Processes whose parent is this one.
pub(crate) fn children(pid: u32) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir("/proc")? {
        let stat = entry?.path().join("stat");
        let Ok(stat) = fs::read_to_string(stat) else { continue };
        let parent = stat.rsplit(')').next().unwrap_or_default().split_whitespace().nth(1);
        count += usize::from(parent == Some(&pid.to_string()));
    }
    Ok(count)
}
