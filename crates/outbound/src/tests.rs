//! The client against servers that behave, misbehave, or are not to be reached.

use super::*;
use bytes::Bytes;
use http::Request;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

fn options() -> Options {
    Options { proxy_from_environment: false, max_response_bytes: 64, ..Options::default() }
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

/// Reads the head of a request; `None` at the end of the connection.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// A server that answers every request alike; its address, and how often it was connected to.
async fn server(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream, answer));
        }
    });
    (address, connections)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &'static str) {
    while head(&mut stream).await.is_some() {
        if stream.write_all(answer.as_bytes()).await.is_err() || answer.is_empty() {
            break;
        }
        stream.flush().await.unwrap();
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// 66 bytes that are not announced.
const CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
    21\r\n123456789012345678901234567890123\r\n21\r\n123456789012345678901234567890123\r\n";

#[tokio::test]
async fn connections_are_kept() {
    let (address, connections) = server(HELLO).await;
    let client = Client::new(options()).unwrap();
    for _ in 0..3 {
        let answer = client.send(get(&format!("http://{address}/x?y"))).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, b"hello".as_slice()));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_answers() {
    let (address, connections) =
        server("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n").await;
    let answer = Client::new(options()).unwrap().send(get(&format!("http://{address}/"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), connections.load(Ordering::SeqCst)), (302, 1));
}

#[tokio::test]
async fn denied_networks_are_not_reached_by_any_spelling() {
    let (address, connections) = server(HELLO).await;
    let denied_networks = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
    let client = Client::new(Options { denied_networks, ..options() }).unwrap();
    let port = address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f.1"] {
        let error = client.send(get(&format!("http://{host}:{port}/"))).await.unwrap_err();
        let unresolved = matches!(error, OutboundError::Resolve(_)) && !host.starts_with(['[', 'l']);
        assert!(matches!(error, OutboundError::Denied(_)) || unresolved, "{host}: {error}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    let error = Client::new(options()).unwrap().send(get("http://169.254.169.254/latest")).await.unwrap_err();
    assert_eq!(error, OutboundError::Denied("169.254.169.254".parse().unwrap()));
}

#[tokio::test]
async fn every_bound_holds() {
    let (long, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n").await;
    let (endless, _) = server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n").await;
    let (larger, _) = server(CHUNKS).await;
    let (broken, _) = server("").await;
    let (garbage, _) = server("SSH-2.0-OpenSSH\r\n\r\n").await;
    let client = Client::new(options()).unwrap();
    let soon = Duration::from_millis(200);
    let error = async |address: SocketAddr| {
        client.send_within(soon, get(&format!("http://{address}/"))).await.unwrap_err()
    };
    assert_eq!(error(long).await, OutboundError::TooLarge(64));
    assert_eq!(error(larger).await, OutboundError::TooLarge(64));
    assert_eq!(error(endless).await, OutboundError::TimedOut);
    assert!(matches!(error(broken).await, OutboundError::Exchange(_)));
    assert!(matches!(error(garbage).await, OutboundError::Exchange(_)));
    for url in ["/path", "ftp://x/", "//x/"] {
        assert_eq!(client.send(get(url)).await.unwrap_err(), OutboundError::Url, "{url}");
    }
}

#[tokio::test]
async fn what_does_not_answer_is_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = Client::new(options()).unwrap();
    assert!(matches!(client.send(get(&format!("http://{free}/"))).await, Err(OutboundError::Connect(_))));
    let url = "http://no-such-host.invalid/secret?token=1";
    let error = client.send(get(url)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Resolve(_)), "{error}");
    assert!(!error.to_string().contains("token"), "{error}");
}

#[tokio::test]
async fn certificates_are_checked() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, HELLO));
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let trusting = Client::new(Options { ca_file: Some(file.clone()), ..options() }).unwrap();
    let url = format!("https://localhost:{port}/");
    assert_eq!(trusting.send(get(&url)).await.unwrap().status(), 200);
    let stranger = Client::new(options()).unwrap().send(get(&url)).await.unwrap_err();
    assert!(matches!(stranger, OutboundError::Tls(_)), "{stranger}");
    let other_name = trusting.send(get(&format!("https://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(matches!(other_name, OutboundError::Tls(_)), "{other_name}");

    std::fs::write(&file, "nothing").unwrap();
    assert!(Client::new(Options { ca_file: Some(file), ..options() }).is_err());
}

#[tokio::test]
async fn proxies_are_asked_in_their_ways() {
    let (target, direct) = server(HELLO).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let (sender, mut heads) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = head(&mut stream).await.unwrap();
            let connect = head.starts_with("CONNECT");
            sender.send(head).unwrap();
            if connect {
                stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
            } else {
                stream.write_all(HELLO.as_bytes()).await.unwrap();
            }
            drop::<TcpStream>(stream);
        }
    });
    let matcher = hyper_util::client::proxy::matcher::Matcher::builder()
        .all(format!("http://user:pass@{proxy}"))
        .no("localhost")
        .build();
    let client = Client::with_proxies(options(), Some(matcher)).unwrap();
    client.send(get("http://plain.invalid/p")).await.unwrap();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET http://plain.invalid/p HTTP/1.1"), "{head}");
    assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnz"), "{head}");
    let error = client.send(get("https://tls.invalid/p")).await.unwrap_err();
    assert_eq!(error, OutboundError::Proxy("HTTP/1.1 403 Forbidden".to_owned()));
    assert!(heads.recv().await.unwrap().starts_with("CONNECT tls.invalid:443 HTTP/1.1"));
    // An address in the URL is checked even where the proxy would connect.
    let error = client.send(get("https://169.254.169.254/")).await.unwrap_err();
    assert!(matches!(error, OutboundError::Denied(_)), "{error}");
    client.send(get(&format!("http://localhost:{}/", target.port()))).await.unwrap();
    assert_eq!(direct.load(Ordering::SeqCst), 1);
    assert!(!format!("{client:?}").contains("pass"));
}
