//! A server in this process, its operator, and machines that become its nodes. Time is moved by the test.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use muster_protocol::{
    ids::ManagedNodeId,
    signing::{
        self,
        rsa::NodeKey,
        sigv4::{Credentials, payload_hash},
    },
};
use muster_server_lib::{
    Config, Server,
    clock::{Clock as _, ManualClock},
    config::RootCredentials,
};
use muster_store::testing::TestDatabase;
use muster_test_support::{
    Client, TimeSource,
    http::{Endpoint, HttpPool},
};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// Where everything happens.
pub(crate) const REGION: &str = "us-east-1";

/// The role that every account is born with, for its nodes.
pub(crate) const ROLE: &str = "service-role/AmazonEC2RunCommandRoleForManagedInstances";

/// An answer: the output, or status, code and text of an error.
pub(crate) type Answer = Result<Value, (u16, String, String)>;

/// A server for one test.
#[derive(Clone)]
pub(crate) struct World {
    /// The account's root.
    pub(crate) root: Client,
    pub(crate) clock: ManualClock,
    pub(crate) time: TimeSource,
    pub(crate) endpoint: Arc<Endpoint>,
    http: Arc<HttpPool>,
    _folder: Arc<TempDir>,
}

/// Runs a specification against a fresh server on each engine.
pub(crate) async fn on_each_server<F, R>(body: F)
where
    F: Fn(World) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    for database in TestDatabase::on_each_engine().await {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config::new(folder.path()).unwrap();
        config.listen.set_port(0);
        config.database = database.options().url;
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        config.root_credentials = Some(RootCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: secret.to_owned().into(),
        });
        let clock = ManualClock::default();
        let server = Server::start(config, Arc::new(clock.clone())).await.unwrap();
        let endpoint = Arc::new(Endpoint::new(&format!("http://{}", server.address()), None).unwrap());
        let time = TimeSource::new({
            let clock = clock.clone();
            move || clock.now_ms()
        });
        let credentials = Credentials::new("AKIDEXAMPLE", secret, None);
        let root = Client::to(Arc::clone(&endpoint), credentials, REGION).with_time(time.clone());
        let http = Arc::new(HttpPool::new(Arc::clone(&endpoint), 4));
        let world = World { root, clock, time, endpoint, http, _folder: folder };
        // A task of its own, so that the server is stopped and the database removed even if the body panics.
        let outcome = tokio::spawn(body(world)).await;
        server.stop().await;
        let url = database.options().url;
        database.remove().await;
        assert!(outcome.is_ok(), "the specification failed on {url:?}, see above");
    }
}

impl World {
    /// An operator's call that must succeed.
    pub(crate) async fn ok(&self, operation: &str, input: Value) -> Value {
        let answer = self.root.call("ssm", operation, input).await;
        answer.unwrap_or_else(|failure| panic!("{operation}: {failure}"))
    }

    /// An operator's call that must fail: status, code, text.
    pub(crate) async fn refused(&self, operation: &str, input: Value) -> (u16, String, String) {
        self.by_root(operation, input).await.expect_err(operation)
    }

    async fn by_root(&self, operation: &str, input: Value) -> Answer {
        let answer = self.root.call("ssm", operation, input).await;
        answer.map_err(|failure| (failure.status, failure.code, failure.message))
    }

    /// A machine that registers with a new activation.
    pub(crate) async fn machine(&self) -> Machine {
        let activation = self.ok("CreateActivation", json!({ "IamRole": ROLE })).await;
        let key = machine_key();
        let input = json!({
            "ActivationId": activation["ActivationId"], "ActivationCode": activation["ActivationCode"],
            "Fingerprint": "print", "PublicKey": key.public_spki_base64().unwrap(), "PublicKeyType": "Rsa",
        });
        let output = self.unsigned("RegisterManagedInstance", input).await.unwrap();
        Machine { id: output["InstanceId"].as_str().unwrap().parse().unwrap(), world: self.clone() }
    }

    /// A call that nobody signed.
    pub(crate) async fn unsigned(&self, operation: &str, input: Value) -> Answer {
        let target = format!("AmazonSSM.{operation}");
        self.post(&self.head(&target), &[], input.to_string().into()).await
    }

    fn head<'a>(&'a self, target: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("host", self.endpoint.authority()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ]
    }

    async fn post(&self, head: &[(&str, &str)], signed: &[(&'static str, String)], body: Bytes) -> Answer {
        let mut request = Request::post("/");
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        for (name, value) in signed {
            request = request.header(*name, value);
        }
        let response = self.http.send(request.body(Full::new(body)).unwrap()).await.unwrap();
        let status = response.status();
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        if status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str();
        let message = text("Message").or_else(|| text("message")).unwrap_or_default().to_owned();
        Err((status.as_u16(), text("__type").unwrap_or_default().to_owned(), message))
    }
}

/// A registered machine. Its keys are the test's, for some tests have two of them.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) id: ManagedNodeId,
    world: World,
}

impl Machine {
    /// A call signed with a key.
    pub(crate) async fn by_key(&self, key: &NodeKey, operation: &str, input: Value) -> Answer {
        let (target, body) = (format!("AmazonSSM.{operation}"), Bytes::from(input.to_string()));
        let head = self.world.head(&target);
        let request = signing::Request::new("POST", "/", "", head);
        let now_ms = self.world.time.now_ms();
        let signed = key.sign_request(&request, &payload_hash(&body), &self.id, REGION, now_ms).unwrap();
        self.world.post(&head, &signed, body).await
    }

    /// New credentials, asked for with a key.
    pub(crate) async fn token(&self, key: &NodeKey) -> Answer {
        self.by_key(key, "RequestManagedInstanceRoleToken", json!({ "Fingerprint": "print" })).await
    }

    /// A client with new credentials.
    pub(crate) async fn client(&self, key: &NodeKey) -> Client {
        let token = self.token(key).await.unwrap();
        let text = |member: &str| token[member].as_str().unwrap().to_owned();
        let credentials =
            Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), Some(text("SessionToken")));
        let client = Client::to(Arc::clone(&self.world.endpoint), credentials, REGION);
        client.with_time(self.world.time.clone())
    }
}

/// The key that [`World::machine`] registers: one for all, since making one takes longer than all the rest.
pub(crate) fn machine_key() -> &'static NodeKey {
    static KEY: LazyLock<NodeKey> = LazyLock::new(|| NodeKey::generate().unwrap());
    &KEY
}
