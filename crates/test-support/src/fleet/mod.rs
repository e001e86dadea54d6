//! Simulated nodes over the real protocol: by the thousand and by script ([`SimulatedFleet`]), or one by one and step
//! by step ([`SimulatedNode`]). Not for: running documents.

mod api;
mod enrol;
mod identity;
mod ledger;
mod node;
mod options;
mod reply;
mod report;
pub mod script;
mod state;
mod stepped;
mod work;

pub use api::NodeError;
pub use enrol::{Activation, EnrolError, create_activations, enrol};
pub use identity::{Identities, IdentityError, NodeIdentity};
pub use ledger::{Entry, Ledger};
pub use options::{FleetOptions, Reconnect};
pub use reply::{content as reply_content, step as reply_step};
pub use report::{CommandReport, Report};
pub use script::{Answer, Script, Stage, Style};
pub use stepped::{Job, JobRequest, SimulatedNode};

use crate::http::Endpoint;
use api::NodeApi;
use muster_protocol::{
    ids::{CommandId, ManagedNodeId},
    signing::rsa::KeyError,
};
use state::{Counters, FleetState, NodeState};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Between two looks at a number that grows.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// So long the nodes may take to close their channels.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Nodes that connect, answer and come back by themselves, on the runtime that started them.
#[derive(Debug)]
pub struct SimulatedFleet {
    state: Arc<FleetState>,
    tasks: JoinSet<()>,
}

impl SimulatedFleet {
    /// Lets these nodes connect, and returns at once.
    ///
    /// # Errors
    /// A key that cannot be used.
    pub fn start(
        endpoint: Arc<Endpoint>,
        identities: Identities,
        options: FleetOptions,
    ) -> Result<Self, KeyError> {
        let Identities { region, key, nodes } = identities;
        let api = NodeApi::new(endpoint, region.as_str(), key, options.concurrency, options.time.clone())?;
        let opening = Semaphore::new(options.concurrency.max(1));
        let twins = if options.script.twins { 2 } else { 1 };
        let nodes: Vec<_> = nodes.into_iter().map(|identity| Arc::new(NodeState::new(identity))).collect();
        let state = Arc::new(FleetState {
            api,
            options,
            nodes,
            counters: Counters::default(),
            opening,
            stopping: AtomicBool::new(false),
        });
        let mut tasks = JoinSet::new();
        for (index, node) in state.nodes.iter().enumerate() {
            for twin in 0..twins {
                tasks.spawn(node::run(state.clone(), node.clone(), index, twin));
            }
        }
        Ok(Self { state, tasks })
    }

    /// Open channels as of now.
    pub fn connected(&self) -> usize {
        self.state.counters.connected.load(Ordering::Relaxed)
    }

    /// Waits until so many channels are open; whether they are.
    pub async fn wait_connected(&self, count: usize, within: Duration) -> bool {
        self.wait(within, || self.connected() >= count).await
    }

    /// Waits until all nodes have had the acknowledgement of their final reply to a command; whether they have.
    pub async fn wait_acknowledged(&self, command: &CommandId, count: usize, within: Duration) -> bool {
        self.wait(within, || self.count(command, |entry| entry.acknowledged) >= count).await
    }

    /// Nodes whose entry for a command fulfils this.
    pub fn count(&self, command: &CommandId, fulfils: impl Fn(&Entry) -> bool) -> usize {
        let nodes = self.state.nodes.iter();
        nodes.filter(|node| node.ledger().find(command).is_some_and(&fulfils)).count()
    }

    /// The ids of its nodes.
    pub fn ids(&self) -> impl Iterator<Item = &ManagedNodeId> {
        self.state.nodes.iter().map(|node| &node.identity.id)
    }

    /// What a node has been told and has done.
    pub fn ledger(&self, node: &ManagedNodeId) -> Option<Ledger> {
        let node = self.state.nodes.iter().find(|state| state.identity.id == *node)?;
        Some(node.ledger().clone())
    }

    /// Breaks the connections of a share of the nodes, evenly spread.
    pub fn cut(&self, share: f64) {
        let mut owed = 0.0;
        for node in &self.state.nodes {
            owed += share;
            if owed >= 1.0 {
                owed -= 1.0;
                node.cut.store(true, Ordering::Relaxed);
                node.wake.notify_one();
            }
        }
    }

    /// What has become of it so far.
    pub fn report(&self) -> Report {
        report::report(&self.state)
    }

    /// Lets its nodes close their channels; what has become of it.
    pub async fn stop(mut self) -> Report {
        let mut report = self.report();
        self.state.stopping.store(true, Ordering::Relaxed);
        for node in &self.state.nodes {
            // Twins share a bell.
            node.wake.notify_one();
            node.wake.notify_waiters();
        }
        let tasks = &mut self.tasks;
        // Those that hang are dropped with the set.
        let _ = timeout(STOP_WITHIN, async { while tasks.join_next().await.is_some() {} }).await;
        report.commands = self.report().commands;
        report
    }

    async fn wait(&self, within: Duration, holds: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !holds() {
            if start.elapsed() > within {
                return false;
            }
            sleep(LOOK_EVERY).await;
        }
        true
    }
}
