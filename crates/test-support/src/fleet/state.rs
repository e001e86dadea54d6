//! What the nodes of a fleet share, and what is known about each while it runs. Not for: running them.

use super::{
    api::{NodeApi, NodeCredentials, NodeError},
    identity::NodeIdentity,
    ledger::Ledger,
    options::FleetOptions,
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, Semaphore};

/// A node of a fleet.
#[derive(Debug)]
pub(super) struct NodeState {
    pub(super) identity: NodeIdentity,
    ledger: Mutex<Ledger>,
    credentials: Mutex<Option<NodeCredentials>>,
    /// Rings when there is an order.
    pub(super) wake: Notify,
    /// The connection shall break.
    pub(super) cut: AtomicBool,
}

impl NodeState {
    pub(super) fn new(identity: NodeIdentity) -> Self {
        Self {
            identity,
            ledger: Mutex::default(),
            credentials: Mutex::default(),
            wake: Notify::new(),
            cut: AtomicBool::new(false),
        }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Credentials that still last; asks for new ones when there are none.
    pub(super) async fn credentials(&self, api: &NodeApi) -> Result<NodeCredentials, NodeError> {
        let kept = self.kept().clone();
        if let Some(kept) = kept.filter(|kept| kept.fresh(api.time.now_ms())) {
            return Ok(kept);
        }
        let new = api.role_token(&self.identity).await?;
        *self.kept() = Some(new.clone());
        Ok(new)
    }

    /// The server took them for nothing.
    pub(super) fn forget_credentials(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> MutexGuard<'_, Option<NodeCredentials>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers of a fleet.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Open channels.
    pub(super) connected: AtomicUsize,
    /// Channels opened since the start.
    pub(super) opened: AtomicU64,
    /// Channels that the server ended.
    pub(super) closed: AtomicU64,
    /// Channels that the script, or a test, cut.
    pub(super) cut: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(super) fn note_error(&self, kind: String) {
        *self.lock().entry(kind).or_default() += 1;
    }

    pub(super) fn errors(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All of a fleet.
#[derive(Debug)]
pub(super) struct FleetState {
    pub(super) api: NodeApi,
    pub(super) options: FleetOptions,
    pub(super) nodes: Vec<std::sync::Arc<NodeState>>,
    pub(super) counters: Counters,
    /// Limits how many nodes connect at once.
    pub(super) opening: Semaphore,
    pub(super) stopping: AtomicBool,
}

impl FleetState {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
