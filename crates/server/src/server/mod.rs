//! Bringing a server up and down. [`Server::start`] reads from top to bottom: each stage needs the ones before it,
//! and each can say why it failed. Not for: what the parts do.

mod data_dir;
mod memory;
mod root_credentials;
#[cfg(test)]
mod tests;

use crate::{
    ControlPlane, account,
    audit::{Audit, AuditError},
    authority::{Authorities, Uses},
    channels::Channels,
    clock::Clock,
    config::Config,
    domain::document::BuiltinDocuments,
    http::{
        Edge, Listener,
        tls::{Certificates, TlsError},
    },
    keys::Keys,
    operations,
    public_parameters::PublicParameters,
    secrets::{MasterKeyError, Secrets},
    tasks::Tasks,
};
use data_dir::DataDir;
use muster_blob::{BlobError, Blobs};
use muster_bus::Bus;
use muster_outbound::{Client, Options, OptionsError};
use muster_store::{Db, OpenOptions, StoreError, delivery, managed_node};
use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

/// While connections end, channels are told to close this often.
const CLOSE_AGAIN: Duration = Duration::from_millis(250);

/// Why a server did not start. Each text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is another program's.
    #[error(
        "cannot listen on {address}: another program uses this port. Stop it, or choose another with \
         --listen {}:PORT (port 0 takes any free one)", address.ip()
    )]
    PortTaken {
        /// As configured.
        address: SocketAddr,
    },
    /// The address cannot be bound for another reason.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {source}", path.display())]
    DataDir {
        /// The folder, or a file in it.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another server has the data folder.
    #[error("the data folder {} is used by another Muster server; stop it, or choose another with --data-dir", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database cannot be opened.
    #[error("cannot open the database: {0}")]
    Store(#[from] StoreError),
    /// The database's secrets are sealed with another master key.
    #[error(
        "the database was made with another master key than {}: put the key that belongs to it there, from a \
         backup or from another server of this database", path.display()
    )]
    OtherMasterKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The blob store cannot be opened.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The audit trail cannot be kept.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Other servers cannot be called.
    #[error("outbound.ca_file: {0}")]
    Outbound(#[from] OptionsError),
    /// TLS cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A document of our own does not parse: a fault of the build.
    #[error("this build is broken: {0}")]
    Documents(String),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    control_plane: Arc<ControlPlane>,
    edge: Arc<Edge>,
    tasks: Arc<Tasks>,
    stop: watch::Sender<bool>,
    listener: Option<JoinHandle<()>>,
    relay: JoinHandle<()>,
    trimmer: JoinHandle<()>,
    // Last: the folder is free when everything else has ended.
    _data_dir: DataDir,
}

impl Server {
    /// Starts a server; it answers requests when this returns.
    ///
    /// # Errors
    /// [`StartError`], with nothing left running.
    pub async fn start(mut config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        // The port first: whether it is free is known without touching a file.
        let listener = bind(&config)?;
        let address =
            listener.address().map_err(|source| StartError::Listen { address: config.listen, source })?;
        config.listen = address;
        let config = Arc::new(config);

        let data_dir = DataDir::open(&config.data_dir)?;
        let replica = data_dir.replica()?;
        let certificates = Certificates::open(&config, Arc::clone(&clock))?;
        let outbound = Client::new(config.outbound.options())?;
        let blobs = Blobs::open(&config.blob_url)?;
        let db = Db::open(OpenOptions::new(config.database.clone())).await?;
        let sample = root_credentials::sample(&db).await?;
        let keys_client = key_service_client(&config)?;
        let secrets = Secrets::open(&config, &keys_client, &db, sample.as_ref(), clock.now_ms()).await?;
        let audit = Audit::open(&config, &secrets)?;
        root_credentials::ensure(&config, &db, &secrets, clock.now_ms()).await?;
        account::ensure(&db, &[&config.account_id], clock.now_ms()).await?;
        // Channels of our last life ended with it, however it ended.
        db.write(managed_node::clear_replica(&replica)).await?;
        db.write(delivery::release(&replica, clock.now_ms())).await?;

        let documents = BuiltinDocuments::load().map_err(StartError::Documents)?;
        let public_parameters = Arc::new(PublicParameters::new(&config.data_dir));
        let control_plane = Arc::new(ControlPlane {
            config,
            db,
            bus: Bus::in_process(),
            outbound,
            blobs,
            audit,
            clock,
            secrets,
            keys: Keys::default(),
            signer: crate::notify::MessageSigner::default(),
            replica,
            authorities: Authorities::default(),
            uses: Uses::default(),
            channels: Channels::default(),
            documents,
            driver: OnceLock::new(),
            public_parameters,
        });
        let tasks = Arc::new(Tasks::spawn(&control_plane));
        // Nobody else sets it.
        let _ = control_plane.driver.set(Arc::clone(&tasks.driver));
        let relay = tokio::spawn({
            let (tasks, control_plane) = (Arc::clone(&tasks), Arc::clone(&control_plane));
            async move { tasks.relay(control_plane).await }
        });

        let edge = Arc::new(Edge::new(Arc::clone(&control_plane), operations::router()));
        let (stop, stopped) = watch::channel(false);
        let listener = tokio::spawn(listener.run(Arc::clone(&edge), certificates, stopped));
        edge.set_ready(true);
        tracing::info!(%address, url = control_plane.config.base_url(), "ready");
        Ok(Self {
            address,
            control_plane,
            edge,
            tasks,
            stop,
            listener: Some(listener),
            relay,
            trimmer: memory::spawn_trimmer(),
            _data_dir: data_dir,
        })
    }

    /// Where it listens; with the port that the system chose if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its parts share.
    pub fn control_plane(&self) -> &Arc<ControlPlane> {
        &self.control_plane
    }

    /// What answers requests, without a port between.
    #[cfg(test)]
    pub(crate) fn edge(&self) -> &Arc<Edge> {
        &self.edge
    }

    /// Stops: takes no more connections, lets running calls end, closes the channels of the nodes, ends the tasks.
    pub async fn stop(mut self) {
        self.edge.set_ready(false);
        self.stop.send_replace(true);
        if let Some(mut listener) = self.listener.take() {
            // More than once: a channel may just have been opened.
            let mut again = tokio::time::interval(CLOSE_AGAIN);
            let ended = loop {
                tokio::select! {
                    ended = &mut listener => break ended,
                    _ = again.tick() => self.control_plane.channels.close_all(),
                }
            };
            if let Err(error) = ended {
                tracing::error!(%error, "the listener failed");
            }
        }
        self.tasks.driver.stop().await;
        // Nothing is recorded any more: what is, gets into its files now rather than at the next start.
        if let Err(error) = Audit::seal(&self.control_plane, i64::MAX).await {
            tracing::warn!(error, "audit events are sealed at the next start");
        }
        // Last of all: closing writes down that the nodes are gone.
        self.control_plane.db.close().await;
        tracing::info!("stopped");
    }
}

impl Drop for Server {
    /// A server that is dropped without [`stop`](Server::stop), as in a failing test, serves no more.
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.control_plane.channels.close_all();
        self.relay.abort();
        self.trimmer.abort();
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

/// For the server that has the master key, which the administrator chose: networks that users must not reach are no
/// matter there.
fn key_service_client(config: &Config) -> Result<Client, OptionsError> {
    Client::new(Options { denied_networks: Vec::new(), ..config.outbound.options() })
}

fn bind(config: &Config) -> Result<Listener, StartError> {
    let address = config.listen;
    Listener::bind(address, config.limits.connections, config.limits.handshakes).map_err(
        |source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken { address },
            _ => StartError::Listen { address, source },
        },
    )
}
