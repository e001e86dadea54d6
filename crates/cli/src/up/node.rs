//! Making this machine a node, once, and starting its agent.

use super::{children::Children, folder::DataFolder};
use crate::{Failure, activation::DEFAULT_ROLE, client::Client, display, nodes};
use muster_ssm_api::{
    ConnectionStatus, CreateActivation, CreateActivationRequest, GetConnectionStatus,
    GetConnectionStatusRequest, InstanceInformation, InstanceInformationStringFilter, PingStatus,
};
use serde::Deserialize;
use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

/// An agent connects within this time, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is of interest here in `muster-agent status`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    instance_id: String,
    region: String,
    server: String,
}

/// Registers this machine if it is not yet a node of this server, starts the agent, waits until it is online; its id.
pub(super) async fn start(
    binary: &Path,
    folder: &DataFolder,
    client: &Client,
    children: &mut Children,
) -> Result<String, Failure> {
    let node = match known(binary, folder, client).await? {
        Some(node) => node,
        None => register(binary, folder, client).await?,
    };
    let step = display::step("Starting the agent");
    let mut command = Command::new(binary);
    command.arg("run").arg("--data-dir").arg(folder.node());
    let online = async {
        children.start("muster-agent", command, &folder.log("agent"))?;
        wait_online(client, &node, folder, children).await
    };
    match online.await {
        Ok(()) => {
            step.done(&format!("{node} is online"));
            Ok(node)
        }
        Err(failure) => {
            step.failed();
            Err(failure)
        }
    }
}

/// The node that this folder's agent is, if the server still knows it under this address.
async fn known(binary: &Path, folder: &DataFolder, client: &Client) -> Result<Option<String>, Failure> {
    let mut command = Command::new(binary);
    command.args(["status", "--output", "json", "--data-dir"]).arg(folder.node());
    let output = run(&mut command).await?;
    let Ok(status) = serde_json::from_slice::<Status>(&output.stdout) else {
        // Not registered.
        return Ok(None);
    };
    if status.region != client.region() || status.server != client.endpoint() {
        return Ok(None);
    }
    Ok(describe(client, &status.instance_id).await?.map(|_| status.instance_id))
}

async fn run(command: &mut Command) -> Result<Output, Failure> {
    let output = command.stdin(Stdio::null()).output().await;
    output.map_err(|error| Failure::other(format!("cannot start muster-agent: {error}")))
}

async fn register(binary: &Path, folder: &DataFolder, client: &Client) -> Result<String, Failure> {
    let step = display::step("Registering this machine");
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let request = CreateActivationRequest {
        iam_role: DEFAULT_ROLE.to_owned(),
        default_instance_name: Some(host.trim().to_owned()).filter(|name| !name.is_empty()),
        description: Some("this machine, by muster up".to_owned()),
        ..Default::default()
    };
    let activation = client.call::<CreateActivation>(&request).await?;
    let mut command = Command::new(binary);
    command.args(["register", "-y", "--endpoint", client.endpoint(), "--region", client.region()]);
    command.arg("--data-dir").arg(folder.node());
    // Not as arguments: those are for all to see.
    command.env("MUSTER_ACTIVATION_ID", activation.activation_id.unwrap_or_default());
    command.env("MUSTER_ACTIVATION_CODE", activation.activation_code.unwrap_or_default().expose());
    let output = run(&mut command).await?;
    if !output.status.success() {
        step.failed();
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::other(format!("this machine could not be registered: {}", text.trim())));
    }
    match known(binary, folder, client).await? {
        Some(node) => {
            step.done(&format!("this machine is {node}"));
            Ok(node)
        }
        None => {
            step.failed();
            Err(Failure::other("the agent registered, but the server does not know this machine"))
        }
    }
}

async fn wait_online(
    client: &Client,
    node: &str,
    folder: &DataFolder,
    children: &mut Children,
) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = GetConnectionStatusRequest { target: node.to_owned() };
        let connection = client.call::<GetConnectionStatus>(&request).await?;
        if connection.status == Some(ConnectionStatus::Connected) {
            let online =
                describe(client, node).await?.and_then(|node| node.ping_status) == Some(PingStatus::Online);
            if online {
                return Ok(());
            }
        }
        children.check()?;
        if Instant::now() > deadline {
            return Err(Failure::other(format!(
                "{node} does not come online; the agent's log is {}",
                folder.log("agent").display()
            )));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn describe(client: &Client, node: &str) -> Result<Option<InstanceInformation>, Failure> {
    let filter =
        InstanceInformationStringFilter { key: "InstanceIds".to_owned(), values: vec![node.to_owned()] };
    Ok(nodes::list(client, vec![filter]).await?.into_iter().next())
}
