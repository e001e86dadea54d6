//! The agent at work: one process, one thread, a handful of tasks.

use crate::api::Api;
use crate::channel::Channel;
use crate::clock::Clock;
use crate::command::folder::NodeFacts;
use crate::command::{Manager, Surroundings};
use crate::credentials::Keeper;
use crate::identity::{Identity, IdentityError};
use crate::net::Dialler;
use crate::paths::{DataDir, private_file};
use crate::settings::{Settings, SettingsError};
use crate::status::StatusFile;
use crate::{heartbeat, platform, version};
use std::fs::{File, TryLockError};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::LocalSet;

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Not registered, or damaged.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Wrong settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Another agent works on the same folder.
    #[error("another agent already runs on {0}")]
    AlreadyRunning(String),
    /// The data folder cannot be used.
    #[error("{what}: {source}")]
    Io {
        /// What failed.
        what: String,
        /// Answer of the system.
        source: io::Error,
    },
}

/// Runs until a signal asks for the end. Commands that run go on, and are taken up again by the next agent.
pub(crate) fn run(data: &DataDir) -> Result<(), RunError> {
    let io_error = |what: String| move |source| RunError::Io { what, source };
    let identity = Identity::load(data)?;
    let settings = Settings::load(&data.settings())?;
    data.create().map_err(io_error(format!("{} cannot be created", data.root().display())))?;
    let _lock = lock(data)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Name look-ups and the making of a key are all that threads are for.
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::from_secs(1))
        .build()
        .map_err(io_error("the runtime cannot start".to_owned()))?;
    let tasks = LocalSet::new();
    let work = tasks.run_until(work(data.clone(), identity, settings));
    // Boxed: the future of everything would otherwise lie on the stack for ever.
    let ended = runtime.block_on(Box::pin(work)).map_err(io_error("the agent cannot work".to_owned()));
    // A thread that still waits for a name server must not hold up the end.
    runtime.shutdown_background();
    ended
}

async fn work(data: DataDir, identity: Identity, settings: Settings) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let registration = &identity.registration;
    tracing::info!(
        "muster-agent {} for {} in {} (server: {})",
        version::OWN,
        identity.node,
        registration.region,
        identity.endpoints.ssm
    );
    if !identity.endpoints.messages.tls && !identity.endpoints.messages.is_loopback() {
        tracing::warn!("the connection to {} is not encrypted; use https", identity.endpoints.messages);
    }
    let release = platform::os_release();
    let facts = NodeFacts {
        instance_id: identity.node.to_string(),
        region: registration.region.clone(),
        platform_name: release.name,
        platform_version: release.version,
    };
    let api = Rc::new(Api {
        dialler: Dialler::new(registration.ca_file.clone()),
        clock: Clock::from_environment(),
        region: registration.region.clone(),
    });
    let keeper = Rc::new(Keeper::new(Rc::clone(&api), data.clone()));
    let period = Duration::from_secs(settings.heartbeat_minutes * 60);
    let around = Surroundings {
        data: data.clone(),
        settings,
        api: Rc::clone(&api),
        keeper: Rc::clone(&keeper),
        endpoint: identity.endpoints.messages.clone(),
        facts,
    };
    let (manager, to_manager) = Manager::start(around, identity.node.clone())?;
    let (connected, watching) = watch::channel(false);
    let status = StatusFile::new(&data);
    let channel = Channel::new(&identity, Rc::clone(&api), Rc::clone(&keeper), to_manager, connected, status);
    // The keeper owns an identity of its own: it may exchange the key.
    let own = Identity::load(&data).map_err(io::Error::other)?;
    tokio::task::spawn_local(manager.run());
    tokio::task::spawn_local(channel.run());
    tokio::task::spawn_local(heartbeat::run(Rc::new(identity), api, Rc::clone(&keeper), watching, period));
    tokio::task::spawn_local(async move { keeper.run(own).await });
    notify_ready();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; commands that run go on");
    StatusFile::new(&data).disconnected(Clock::from_environment().local_ms(), "the agent was stopped");
    Ok(())
}

/// One agent a folder: two would answer for the same node.
fn lock(data: &DataDir) -> Result<File, RunError> {
    let path = data.agent_lock();
    let failed = |source| RunError::Io { what: path.display().to_string(), source };
    let file = private_file().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::AlreadyRunning(data.root().display().to_string())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Whether an agent runs on a data folder.
pub(crate) fn is_running(data: &DataDir) -> bool {
    File::open(data.agent_lock())
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn notify_ready() {
    // Does nothing unless systemd waits for it.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
}
