//! The whole front end without a port: what a client gets for what it sends. The port itself is tested with the
//! server, operations with their domains.

mod anything;
mod every_operation;
mod isolation;
mod protocol;
mod signature;

use crate::{
    Config, Server,
    clock::{Clock as _, ManualClock},
    config::RootCredentials,
    secrets::{Claims, NodeClaims},
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use muster_ids::{ManagedNodeId, Region, Tenant};
use muster_protocol::signing::{
    self,
    sigv4::{self, Credentials, PathEncoding},
};
use muster_store::managed_node::{self, Registration};
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc};
use tempfile::TempDir;

const KEY: &str = "AKIDEXAMPLEEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "us-east-1";
const HOST: &str = "muster.test";

/// A server on SQLite, called through its front end.
struct Front {
    server: Server,
    clock: ManualClock,
    _folder: TempDir,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Code and text of an error in JSON.
    fn error(&self) -> (String, String) {
        let body = self.json();
        let text = body.get("message").or(body.get("Message")).and_then(Value::as_str).unwrap_or_default();
        (body["__type"].as_str().unwrap().to_owned(), text.to_owned())
    }
}

/// A request as it stands before it is signed.
#[derive(Debug, Clone)]
struct Draft {
    method: Method,
    uri: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Draft {
    fn new(method: Method, uri: &str) -> Self {
        Self { method, uri: uri.to_owned(), headers: vec![("host", HOST.to_owned())], body: Bytes::new() }
    }

    fn json(target: &str, body: &str) -> Self {
        Self::new(Method::POST, "/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body)
    }

    fn form(body: &str) -> Self {
        Self::new(Method::POST, "/").header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn body(mut self, body: &str) -> Self {
        self.body = Bytes::from(body.to_owned());
        self
    }

    fn sign(self, service: &str, credentials: &Credentials, now_ms: i64) -> Self {
        self.sign_for(REGION, service, credentials, now_ms)
    }

    fn sign_for(mut self, region: &str, service: &str, credentials: &Credentials, now_ms: i64) -> Self {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request = signing::Request::new(self.method.as_str(), path, query, headers);
        let hash = sigv4::payload_hash(&self.body);
        let added = sigv4::sign(&request, PathEncoding::Double, &hash, credentials, region, service, now_ms);
        self.headers.extend(added);
        self
    }

    fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body)).unwrap()
    }
}

fn root() -> Credentials {
    Credentials::new(KEY, SECRET, None)
}

impl Front {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path()).unwrap();
        config.listen.set_port(0);
        config.root_credentials = Some(RootCredentials {
            access_key_id: KEY.to_owned(),
            secret_access_key: SECRET.to_owned().into(),
        });
        change(&mut config);
        let clock = ManualClock::default();
        let server = Server::start(config, Arc::new(clock.clone())).await.unwrap();
        Self { server, clock, _folder: folder }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    async fn send(&self, draft: Draft) -> Answer {
        self.call(draft.request()).await
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Answer {
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let response: Response<Full<Bytes>> = self.server.edge().call(request, peer).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Calls an operation of ssm as root.
    async fn ssm(&self, operation: &str, body: &str) -> Answer {
        let draft = Draft::json(&format!("AmazonSSM.{operation}"), body);
        self.send(draft.sign("ssm", &root(), self.now_ms())).await
    }

    fn tenant(&self) -> Tenant {
        let account = self.server.control_plane().config.account_id.clone();
        Tenant::new(account, Region::parse(REGION).unwrap())
    }

    /// A registered node with this public key (DER).
    async fn register(&self, public_key: Vec<u8>) -> ManagedNodeId {
        let registration = Registration {
            id: ManagedNodeId::random(),
            tenant: self.tenant(),
            activation_id: None,
            name: None,
            iam_role: "service-role/Nodes".to_owned(),
            registered_ms: self.now_ms(),
            fingerprint: "fingerprint".to_owned(),
            public_key,
            public_key_type: "Rsa".to_owned(),
        };
        self.server.control_plane().db.write(managed_node::insert(&registration)).await.unwrap();
        registration.id
    }

    /// Temporary credentials of a node, good for an hour.
    fn credentials_of(&self, node: &ManagedNodeId) -> Credentials {
        let claims =
            NodeClaims { tenant: self.tenant(), node: node.clone(), role: "service-role/Nodes".to_owned() };
        let secrets = &self.server.control_plane().secrets;
        let made = secrets.issue_session(Claims::Node(claims), self.now_ms(), 3_600_000).unwrap();
        Credentials::new(
            made.access_key_id,
            made.secret_access_key.expose(),
            Some(made.session_token.expose().to_owned()),
        )
    }
}
