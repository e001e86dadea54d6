//! Starting the server and waiting until it answers.

use super::{children::Children, folder::DataFolder};
use crate::{Failure, client::Client, display};
use muster_protocol::signing::sigv4::Credentials;
use std::{path::Path, time::Duration};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

/// The server writes its credentials and answers within this time, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it; a client with the root credentials.
pub(super) async fn start(
    binary: &Path,
    folder: &DataFolder,
    port: u16,
    region: &str,
    children: &mut Children,
) -> Result<Client, Failure> {
    let step = display::step("Starting the server");
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(binary);
    command.arg("--data-dir").arg(folder.server()).args([
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--no-tls",
    ]);
    let started = async {
        children.start("muster-server", command, &folder.log("server"))?;
        // Any credentials will do to ask whether it is ready.
        let probe = Client::new(&endpoint, region, Credentials::new("", "", None), None)?;
        let deadline = Instant::now() + PATIENCE;
        while !probe.is_ready().await {
            children.check()?;
            if Instant::now() > deadline {
                return Err(Failure::other(format!(
                    "the server does not answer; its log is {}",
                    folder.log("server").display()
                )));
            }
            sleep(Duration::from_millis(10)).await;
        }
        let credentials = folder.read_credentials().ok_or_else(|| {
            Failure::other(format!("the server wrote no credentials to {}", folder.credentials().display()))
        })?;
        Ok(Client::new(&endpoint, region, credentials, None)?)
    };
    match started.await {
        Ok(client) => {
            step.done(&format!("server at {endpoint}"));
            Ok(client)
        }
        Err(failure) => {
            step.failed();
            Err(failure)
        }
    }
}
