//! Other people's servers that are measured beside Muster, if this machine has them. Not for: installing them.

use crate::{
    Result, Setting,
    process::{Folder, Process, free_port},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{
    net::TcpStream,
    process::Command,
    time::{Instant, sleep},
};

const START_WITHIN: Duration = Duration::from_secs(60);

/// `moto_server`.
pub(crate) struct Moto {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    _folder: Folder,
}

impl Moto {
    /// Starts it; `None` without one.
    pub(crate) async fn start(setting: &Setting) -> Result<Option<Self>> {
        let Some(program) = &setting.moto_server else { return Ok(None) };
        let (folder, port) = (Folder::new(setting)?, free_port()?);
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let (process, address) = started("moto_server", command, folder.path(), port).await?;
        Ok(Some(Self { process, address, _folder: folder }))
    }
}

/// `etcd`, one member.
pub(crate) struct Etcd {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    _folder: Folder,
}

impl Etcd {
    /// Starts it; `None` without one.
    pub(crate) async fn start(setting: &Setting) -> Result<Option<Self>> {
        let Some(program) = &setting.etcd else { return Ok(None) };
        let (folder, port, peers) = (Folder::new(setting)?, free_port()?, free_port()?);
        let (client, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peers}"));
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(folder.path().join("etcd")).args(["--name", "bench"]);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("bench={peer}"), "--log-level", "error"]);
        command.args(["--quota-backend-bytes", &(8_u64 << 30).to_string()]);
        let (process, address) = started("etcd", command, folder.path(), port).await?;
        Ok(Some(Self { process, address, _folder: folder }))
    }

    /// Keys and values, as its gateway takes them.
    pub(crate) fn encode(text: &str) -> String {
        STANDARD.encode(text)
    }
}

async fn started(
    name: &'static str,
    mut command: Command,
    folder: &Path,
    port: u16,
) -> Result<(Process, SocketAddr)> {
    let mut process = Process::start(name, &mut command, folder)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begin = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        process.check()?;
        if begin.elapsed() > START_WITHIN {
            return Err(format!("{name} does not answer").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok((process, address))
}
