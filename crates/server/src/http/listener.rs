//! The port: accepting, TLS handshakes, HTTP/1.1, and an end that lets running calls finish.
//!
//! Own loop, since every connection needs TCP_NODELAY, a bound on the time for its head, and a place among those
//! that the process has descriptors for. Not for: requests.

use super::{
    Edge,
    tls::Certificates,
    transport::{Place, Transport},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::{ServerConfig, server::Acceptor};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::LazyConfigAcceptor;

/// Nodes that lost their server come back all at once.
const BACKLOG: u32 = 4096;
/// For a request's head; also how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(75);
/// For each half of a TLS handshake: until the client has said hello, and from its turn to the end.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Calls that run when the server is told to stop get so long to end.
const DRAIN: Duration = Duration::from_secs(10);
/// Largest head. Session tokens and signatures need a few KiB.
const MAX_HEAD: usize = 32 << 10;
/// Descriptors kept for the database, blobs and logs.
const RESERVED_DESCRIPTORS: u64 = 256;
/// How long to wait when the system has no descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// A full server says so once in a while, not for every connection.
const WARN_AGAIN: Duration = Duration::from_secs(60);
/// How often certificates are looked at: files may be replaced, our own end one day.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(3600);

/// The bound port, not served yet.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    connections: usize,
    handshakes: usize,
}

/// Raises the soft limit of open files to the hard one; what it is then.
fn raise_descriptor_limit() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

impl Listener {
    /// Binds the port. `connections` of 0 takes as many as the process may open files.
    ///
    /// # Errors
    /// What the system says: the address is taken, or not this machine's.
    pub(crate) fn bind(address: SocketAddr, connections: usize, handshakes: usize) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let possible = raise_descriptor_limit().saturating_sub(RESERVED_DESCRIPTORS).max(16);
        let possible = usize::try_from(possible).unwrap_or(usize::MAX).min(u32::MAX as usize >> 4);
        let connections = if connections == 0 { possible } else { connections.min(possible) };
        Ok(Self { socket: socket.listen(BACKLOG)?, connections, handshakes })
    }

    /// The address, with the port that the system chose if it was 0.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` turns true; then accepts no more, and returns when the last connection is closed or
    /// the time for that is over.
    pub(crate) async fn run(
        self,
        edge: Arc<Edge>,
        certificates: Option<Certificates>,
        stop: watch::Receiver<bool>,
    ) {
        let mut stopped = stop.clone();
        let places = Arc::new(Semaphore::new(self.connections));
        let handshakes = Arc::new(Semaphore::new(self.handshakes));
        let accepting = async {
            let mut check = tokio::time::interval(CERTIFICATE_CHECK);
            check.tick().await;
            let mut warned = None;
            loop {
                let accepted = tokio::select! {
                    accepted = accept(&self.socket, &places, &mut warned) => accepted,
                    _ = check.tick() => {
                        certificates.iter().for_each(Certificates::refresh);
                        continue;
                    }
                };
                let Some((stream, peer, permit)) = accepted else { continue };
                let place = Place::new(permit, edge.metrics.connections().clone());
                let settings = certificates.as_ref().map(Certificates::current);
                let (edge, handshakes, stop) = (edge.clone(), handshakes.clone(), stop.clone());
                tokio::spawn(async move {
                    let transport = match settings {
                        None => Some(Transport::plain(stream, place)),
                        Some(settings) => handshake(settings, stream, place, &handshakes, stop.clone()).await,
                    };
                    if let Some(transport) = transport {
                        serve(edge, transport, peer, stop).await;
                    }
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stopping(&mut stopped) => {}
        }
        drop(self.socket);
        let all = u32::try_from(self.connections).unwrap_or(u32::MAX);
        if timeout(DRAIN, places.acquire_many(all)).await.is_err() {
            let open = self.connections - places.available_permits();
            tracing::warn!(open, "stopped with open connections");
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
    warned: &mut Option<Instant>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    if places.available_permits() == 0 && warned.is_none_or(|warned| warned.elapsed() > WARN_AGAIN) {
        tracing::warn!("as many connections as allowed are open; new ones wait");
        *warned = Some(Instant::now());
    }
    let permit = places.clone().acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "a connection was gone at once");
                return None;
            }
            Some((stream, peer, permit))
        }
        Err(error) if is_of_connection(&error) => None,
        Err(error) => {
            tracing::error!(%error, "cannot accept connections");
            sleep(EXHAUSTED).await;
            None
        }
    }
}

/// Whether the error is the one connection's and not the port's.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Ends when the server is told to stop, or is gone.
async fn stopping(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn handshake(
    settings: Arc<ServerConfig>,
    stream: TcpStream,
    place: Place,
    handshakes: &Semaphore,
    mut stop: watch::Receiver<bool>,
) -> Option<Transport> {
    let shaking = async {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let hello = timeout(HANDSHAKE, hello).await.map_err(|_| io::ErrorKind::TimedOut)??;
        // Bounded, and first come first served: ten thousand at once would all time out. Who says nothing
        // has no turn yet.
        let _turn = handshakes.acquire().await.map_err(io::Error::other)?;
        let stream =
            timeout(HANDSHAKE, hello.into_stream(settings)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok::<_, io::Error>(Transport::tls(stream, place))
    };
    let transport = tokio::select! {
        transport = shaking => transport,
        () = stopping(&mut stop) => return None,
    };
    transport.inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed")).ok()
}

async fn serve(edge: Arc<Edge>, transport: Transport, peer: SocketAddr, mut stop: watch::Receiver<bool>) {
    let tls = transport.tls_details();
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Some(tls) = tls {
            request.extensions_mut().insert(tls);
        }
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(edge.call(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(transport), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stopping(&mut stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended with an error");
    }
}
