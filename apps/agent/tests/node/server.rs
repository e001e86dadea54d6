//! The scripted server: answers the agent's requests, checks its signatures, and hands each control channel to the test.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use muster_protocol::control_channel::{ServerChannel, ServerEvent};
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::message::{AckCode, AgentJob, ReplyContent, channel_response};
use muster_protocol::signing::rsa::{verify_public_key, verify_request};
use muster_protocol::signing::sigv4::{PathEncoding, SignedRequest, derive_key, payload_hash};
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use uuid::Uuid;

/// The node's id.
pub(crate) const NODE: &str = "mi-0123456789abcdef0";
/// The activation's code.
pub(crate) const CODE: &str = "activation-code-of-20+";
/// How long any wait may take before the test fails. Generous: test machines are busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "secret";
const SKEW_MS: i64 = 5 * 60 * 1000;

/// What the server knows and does.
#[derive(Default)]
pub(crate) struct State {
    /// Public keys that it accepts, base64.
    pub(crate) keys: Vec<String>,
    /// A key that was sent for rotation.
    pub(crate) offered_key: Option<String>,
    /// Ask for a new key with the next token.
    pub(crate) want_new_key: bool,
    /// Take the offered key, but break the connection instead of answering.
    pub(crate) lose_key_answer: bool,
    /// Refuse control channels.
    pub(crate) closed: bool,
    /// Heart-beats.
    pub(crate) heartbeats: Vec<Value>,
    /// Uploads by path.
    pub(crate) uploads: BTreeMap<String, Vec<u8>>,
    /// Requests refused for their time.
    pub(crate) refused_for_time: usize,
    /// Tokens given out.
    pub(crate) tokens: usize,
}

/// The server.
pub(crate) struct Server {
    address: String,
    state: Arc<Mutex<State>>,
    links: mpsc::UnboundedReceiver<Link>,
}

impl Server {
    /// Starts a server on a free port.
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Starts a server that speaks TLS; also returns the certificate to trust, PEM.
    pub(crate) async fn start_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        (Self::start_with(Some(TlsAcceptor::from(Arc::new(config)))).await, made.cert.pem())
    }

    async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = if tls.is_some() {
            format!("https://localhost:{port}")
        } else {
            format!("http://127.0.0.1:{port}")
        };
        let state = Arc::new(Mutex::new(State::default()));
        let (sender, links) = mpsc::unbounded_channel();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (state, links) = (Arc::clone(&shared), sender.clone());
                let service = service_fn(move |request| serve(request, Arc::clone(&state), links.clone()));
                let http = hyper::server::conn::http1::Builder::new();
                let tls = tls.clone();
                tokio::spawn(async move {
                    // How a connection ends is the agent's affair, and what it makes of it the test's.
                    let _ = match tls {
                        None => http.serve_connection(TokioIo::new(stream), service).with_upgrades().await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            http.serve_connection(TokioIo::new(stream), service).with_upgrades().await
                        }
                    };
                });
            }
        });
        Self { address, state, links }
    }

    /// Its address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its state.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Drops a control channel that is waiting here. Whether there was one.
    pub(crate) fn try_link(&mut self) -> bool {
        self.links.try_recv().is_ok()
    }

    /// The next control channel, opened.
    pub(crate) async fn link(&mut self) -> Link {
        let mut link =
            tokio::time::timeout(PATIENCE, self.links.recv()).await.expect("a connection").unwrap();
        let opened = link.event().await;
        assert!(
            matches!(&opened, ServerEvent::Opened { platform_type, .. } if platform_type == "linux"),
            "{opened:?}"
        );
        link
    }
}

type Outcome = Result<Response<Full<Bytes>>, Infallible>;

async fn serve(
    mut request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    links: mpsc::UnboundedSender<Link>,
) -> Outcome {
    let upgrade =
        request.headers().contains_key("sec-websocket-key").then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(Response::new(Full::default())) };
    let body = body.to_bytes();
    let target = parts.headers.get("x-amz-target").map(|value| value.to_str().unwrap().to_owned());
    if target.as_deref() == Some("AmazonSSM.RegisterManagedInstance") {
        return Ok(register(&body, &state));
    }
    if let Err(refusal) = authenticate(&parts, &body, &state) {
        return Ok(refusal);
    }
    let mut state = state.lock().unwrap();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let answer = match (target.as_deref(), upgrade) {
        (Some("AmazonSSM.RequestManagedInstanceRoleToken"), _) => {
            state.tokens += 1;
            json_answer(&json!({
                "AccessKeyId": "ASIATEST", "SecretAccessKey": SECRET, "SessionToken": "token",
                "TokenExpirationDate": (now_ms() + 3_600_000) / 1000,
                "UpdateKeyPair": std::mem::take(&mut state.want_new_key),
            }))
        }
        (Some("AmazonSSM.UpdateManagedInstancePublicKey"), _) => {
            let key = input["NewPublicKey"].as_str().unwrap().to_owned();
            state.offered_key = Some(key.clone());
            state.keys = vec![key];
            if std::mem::take(&mut state.lose_key_answer) {
                error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
            } else {
                json_answer(&json!({}))
            }
        }
        (Some("AmazonSSM.UpdateInstanceInformation"), _) => {
            state.heartbeats.push(input);
            json_answer(&json!({}))
        }
        (None, None) if parts.method == "PUT" => {
            state.uploads.insert(path, body.to_vec());
            json_answer(&json!({}))
        }
        (None, _) if state.closed => error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        (None, None) if path == format!("/v1/control-channel/{NODE}") => {
            let mut answer = Response::new(Full::from(channel_response("channel-token")));
            *answer.status_mut() = StatusCode::CREATED;
            answer
        }
        (None, Some(upgrade)) => {
            let key = derive_accept_key(parts.headers["sec-websocket-key"].as_bytes());
            tokio::spawn(async move {
                let io = TokioIo::new(upgrade.await.unwrap());
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                carry(socket, links).await;
            });
            Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "Upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-accept", key)
                .body(Full::default())
                .unwrap()
        }
        other => panic!("unexpected request {other:?} {path}"),
    };
    Ok(answer)
}

fn register(body: &[u8], state: &Mutex<State>) -> Response<Full<Bytes>> {
    let input: Value = serde_json::from_slice(body).unwrap();
    if input["ActivationCode"] != CODE {
        return error(StatusCode::BAD_REQUEST, "InvalidActivation");
    }
    state.lock().unwrap().keys = vec![input["PublicKey"].as_str().unwrap().to_owned()];
    json_answer(&json!({ "InstanceId": NODE }))
}

fn authenticate(
    parts: &http::request::Parts,
    body: &[u8],
    state: &Mutex<State>,
) -> Result<(), Response<Full<Bytes>>> {
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let request = muster_protocol::signing::Request::new(
        parts.method.as_str(),
        parts.uri.path(),
        parts.uri.query().unwrap_or_default(),
        headers,
    );
    let signed = SignedRequest::parse(&request)
        .map_err(|_| error(StatusCode::FORBIDDEN, "MissingAuthenticationToken"))?;
    let mut state = state.lock().unwrap();
    if (signed.signed_at_ms - now_ms()).abs() > SKEW_MS {
        state.refused_for_time += 1;
        return Err(error(StatusCode::BAD_REQUEST, "InvalidSignatureException"));
    }
    let hash = payload_hash(body);
    let good = if signed.access_key_id == NODE {
        state
            .keys
            .iter()
            .any(|key| verify_request(&verify_public_key(key).unwrap(), &signed, &request, &hash))
    } else {
        let day = signed.amz_date.get(..8).unwrap();
        let key = derive_key(SECRET, day, "eu-west-1", &signed.service);
        signed.verify(&key, &request, PathEncoding::Double, &hash)
    };
    if good { Ok(()) } else { Err(error(StatusCode::BAD_REQUEST, "AccessDeniedException")) }
}

fn json_answer(value: &Value) -> Response<Full<Bytes>> {
    Response::new(Full::from(value.to_string()))
}

fn error(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let mut answer = json_answer(&json!({ "__type": code, "message": "as scripted" }));
    *answer.status_mut() = status;
    answer
}

/// One open control channel, in the hands of the test. Dropping it cuts the connection.
pub(crate) struct Link {
    channel: ServerChannel,
    to_agent: mpsc::UnboundedSender<Vec<u8>>,
    from_agent: mpsc::UnboundedReceiver<(Vec<u8>, bool)>,
}

async fn carry<S>(mut socket: WebSocketStream<S>, links: mpsc::UnboundedSender<Link>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (to_agent, mut outgoing) = mpsc::unbounded_channel::<Vec<u8>>();
    let (incoming, from_agent) = mpsc::unbounded_channel();
    let channel = ServerChannel::new(ManagedNodeId::parse(NODE).unwrap());
    let _ = links.send(Link { channel, to_agent, from_agent });
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => { let _ = incoming.send((bytes.to_vec(), false)); }
                Some(Ok(Message::Text(text))) => { let _ = incoming.send((text.as_bytes().to_vec(), true)); }
                Some(Ok(_)) => {}
                _ => return,
            },
            bytes = outgoing.recv() => match bytes {
                Some(bytes) => { if socket.send(Message::Binary(bytes.into())).await.is_err() { return } }
                None => return,
            },
        }
    }
}

/// A final or intermediate reply.
pub(crate) struct Reply {
    /// Job it is about.
    pub(crate) job_id: String,
    /// Its frame.
    pub(crate) message_id: Uuid,
    /// What it says.
    pub(crate) content: ReplyContent,
}

impl Link {
    /// The next thing the agent says.
    pub(crate) async fn event(&mut self) -> ServerEvent {
        let (bytes, text) = tokio::time::timeout(PATIENCE, self.from_agent.recv())
            .await
            .expect("a message of the agent")
            .expect("the connection is open");
        let mut events = self.channel.on_message(&bytes, text, now_ms()).unwrap();
        assert_eq!(events.len(), 1);
        events.remove(0)
    }

    /// Sends a job.
    pub(crate) fn send(&mut self, job: &AgentJob) {
        let frame = self.channel.send_job(job, now_ms());
        self.to_agent.send(frame).unwrap();
    }

    /// Sends raw bytes.
    pub(crate) fn send_raw(&self, bytes: Vec<u8>) {
        self.to_agent.send(bytes).unwrap();
    }

    /// Acknowledges a reply.
    pub(crate) fn acknowledge(&mut self, reply: &Reply) {
        let frame = self.channel.acknowledge_reply(&reply.job_id, reply.message_id, now_ms());
        self.to_agent.send(frame).unwrap();
    }

    /// The next acknowledgement of a job; replies before it are dropped.
    pub(crate) async fn job_ack(&mut self) -> (String, AckCode) {
        loop {
            if let ServerEvent::JobAck { job_id, code, .. } = self.event().await {
                return (job_id, code);
            }
        }
    }

    /// The next reply; acknowledgements before it are dropped.
    pub(crate) async fn reply(&mut self) -> Reply {
        loop {
            if let ServerEvent::Reply { job_id, message_id, content, .. } = self.event().await {
                return Reply { job_id, message_id, content };
            }
        }
    }

    /// The next reply that ends a job, not acknowledged. Those of single steps are acknowledged on the way.
    pub(crate) async fn last_reply(&mut self) -> Reply {
        loop {
            let reply = self.reply().await;
            if reply.content.document_status.terminal() {
                return reply;
            }
            self.acknowledge(&reply);
        }
    }

    /// The final result of a job, acknowledged.
    pub(crate) async fn result(&mut self) -> ReplyContent {
        let reply = self.last_reply().await;
        self.acknowledge(&reply);
        reply.content
    }
}

#[allow(clippy::disallowed_methods, reason = "the scripted server lives in real time")]
pub(crate) fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}
