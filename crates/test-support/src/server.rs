//! A server inside the test's process: on a port of its own, with data of its own, on a clock that the test moves.
//!
//! It has a runtime to itself, so that it can also be ended as `kill -9` would: all at once, in the middle of anything.
//! Not for: the binary, its flags and its signals.

use crate::{
    Client, TimeSource,
    fleet::{
        Activation, FleetOptions, Identities, NodeError, Script, SimulatedFleet, SimulatedNode,
        create_activations, enrol,
    },
    http::Endpoint,
    shared_credentials,
};
use muster_protocol::signing::sigv4::Credentials;
use muster_server_lib::{Config, Server, clock::Clock as _, clock::ManualClock};
use muster_store::testing::TestDatabase;
use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::sleep};

/// The region that tests work in.
pub const REGION: &str = "us-east-1";
/// Nodes that connect are connected by then.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);
/// Nodes of a fleet that connect at once.
const CONCURRENCY: usize = 32;

/// A server for one test.
#[derive(Debug)]
pub struct TestServer {
    running: Option<Running>,
    config: Config,
    clock: ManualClock,
    credentials: Credentials,
    endpoint: Arc<Endpoint>,
    database: Option<TestDatabase>,
    _folder: TempDir,
}

#[derive(Debug)]
struct Running {
    server: Server,
    runtime: Runtime,
}

impl TestServer {
    /// Runs a test once for each engine at hand: SQLite always, PostgreSQL if `MUSTER_TEST_POSTGRES_URL` names one.
    ///
    /// # Panics
    /// When the test does, with the engine's name; or when the server does not start.
    pub async fn on_each_engine<F, R>(test: F)
    where
        F: Fn(Self) -> R,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::on_each_engine_with(|_| {}, test).await;
    }

    /// The same, with settings changed before the start.
    ///
    /// # Panics
    /// When the test does, with the engine's name; or when the server does not start.
    pub async fn on_each_engine_with<F, R>(change: impl Fn(&mut Config), test: F)
    where
        F: Fn(Self) -> R,
        R: Future<Output = ()> + Send + 'static,
    {
        for database in TestDatabase::on_each_engine().await {
            let engine = if database.options().url.is_sqlite() { "SQLite" } else { "PostgreSQL" };
            let server = Self::start(database, &change).await;
            let outcome = tokio::spawn(test(server)).await;
            assert!(outcome.is_ok(), "the test failed on {engine}, see above");
        }
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn start(database: TestDatabase, change: &impl Fn(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut config = Config::new(folder.path().join("data")).expect("the settings are valid");
        config.listen.set_port(0);
        config.database = database.options().url;
        change(&mut config);
        let clock = ManualClock::default();
        let running = launch(&config, &clock).await;
        config.listen = running.server.address();
        let credentials =
            shared_credentials(&config.data_dir.join("credentials")).expect("there is a root key");
        let endpoint = Endpoint::new(&format!("http://{}", config.listen), None).expect("the address is one");
        Self {
            running: Some(running),
            config,
            clock,
            credentials,
            endpoint: Arc::new(endpoint),
            database: Some(database),
            _folder: folder,
        }
    }

    /// Stops the server as SIGTERM does; starts it again on the same data and port.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.running = Some(launch(&self.config, &self.clock).await);
    }

    /// Ends the server in the middle of whatever it does, without a last word to anybody; starts it again on the same
    /// data and port.
    pub async fn crash_and_restart(&mut self) {
        self.crash();
        self.running = Some(launch(&self.config, &self.clock).await);
    }

    /// Stops the server as SIGTERM does.
    pub async fn stop(&mut self) {
        if let Some(Running { server, runtime }) = self.running.take() {
            // Its own runtime must do it: it has the tasks.
            let _ = runtime.spawn(server.stop()).await;
            runtime.shutdown_background();
        }
    }

    /// Ends the server in the middle of whatever it does.
    pub fn crash(&mut self) {
        if let Some(Running { server, runtime }) = self.running.take() {
            // Its tasks first, so that none of them gets to say good-bye.
            runtime.shutdown_background();
            drop(server);
        }
    }

    /// The clock, the server's and that of all clients and nodes from here.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The same clock for clients and nodes.
    pub fn time(&self) -> TimeSource {
        let clock = self.clock.clone();
        TimeSource::new(move || clock.now_ms())
    }

    /// Where it is.
    pub fn endpoint(&self) -> Arc<Endpoint> {
        self.endpoint.clone()
    }

    /// A client with the root credentials.
    pub fn client(&self) -> Client {
        Client::to(self.endpoint(), self.credentials.clone(), REGION).with_time(self.time())
    }

    /// An activation for so many nodes.
    ///
    /// # Panics
    /// When the server refuses.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn activation(&self, nodes: usize, tags: &[(&str, &str)]) -> Activation {
        let tags: Vec<_> = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let activations =
            create_activations(&self.client(), nodes, &tags).await.expect("an activation is made");
        activations.into_iter().next().expect("there is one for up to a thousand nodes")
    }

    /// A node that has registered, not connected.
    ///
    /// # Panics
    /// When the server refuses.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn registered_node(&self) -> SimulatedNode {
        let activation = self.activation(1, &[]).await;
        self.register(&activation).await.expect("the node registers")
    }

    /// Registers a node by an activation.
    ///
    /// # Errors
    /// What the server said.
    pub async fn register(&self, activation: &Activation) -> Result<SimulatedNode, NodeError> {
        SimulatedNode::register(self.endpoint(), REGION, &activation.id, &activation.code, self.time()).await
    }

    /// A node that is connected and has sent its heart-beat.
    ///
    /// # Panics
    /// When the server refuses.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn node(&self) -> SimulatedNode {
        let mut node = self.registered_node().await;
        node.heartbeat().await.expect("the heart-beat is taken");
        node.connect().await.expect("the channel opens");
        node
    }

    /// Up to a thousand connected nodes with this tag, which do as the script says.
    ///
    /// # Panics
    /// When the server refuses, or they are not connected within a minute.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn fleet(&self, nodes: usize, tag: (&str, &str), script: Script) -> SimulatedFleet {
        let activation = self.activation(nodes, &[tag]).await;
        let registered = Arc::new(AtomicUsize::new(0));
        let identities: Identities =
            enrol(self.endpoint(), REGION, &[activation], CONCURRENCY, self.time(), registered)
                .await
                .expect("the nodes register");
        let options = FleetOptions {
            script,
            concurrency: CONCURRENCY,
            heartbeat: None,
            time: self.time(),
            ..FleetOptions::default()
        };
        let fleet = SimulatedFleet::start(self.endpoint(), identities, options).expect("the key is good");
        let connected = fleet.wait_connected(nodes, CONNECT_WITHIN).await;
        assert!(connected, "not all nodes connected: {:?}", fleet.report());
        fleet
    }

    /// Ends the server and removes its database; a PostgreSQL schema stays if this is not called.
    pub async fn remove(mut self) {
        self.stop().await;
        if let Some(database) = self.database.take() {
            database.remove().await;
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Starts a server on a runtime of its own. One that was ended a moment ago may still hold port or folder.
#[expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
async fn launch(config: &Config, clock: &ManualClock) -> Running {
    const TRIES: u32 = 200;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("server")
        .enable_all()
        .build()
        .expect("a runtime can be made");
    for attempt in 1.. {
        let starting = Server::start(config.clone(), Arc::new(clock.clone()));
        match runtime.spawn(starting).await.expect("the start does not panic") {
            Ok(server) => return Running { server, runtime },
            Err(error) if attempt == TRIES => panic!("the server does not start: {error}"),
            Err(_) => sleep(Duration::from_millis(25)).await,
        }
    }
    unreachable!("the loop has an end")
}
